import { describe, expect, it } from "vitest";

import { LineBuffer, type Line } from "./buffer";
import type { ChatMessage } from "./frames";

function line(id: number, userId = "1"): Line {
  const message = { message_id: String(id), chatter_user_id: userId, reply: null } as unknown as ChatMessage;
  return { kind: "message", key: `k${id}`, at: id, message, isStruck: false, isEven: false };
}

function filled(most: number, count: number): LineBuffer {
  const buffer = new LineBuffer(most);
  for (let id = 0; id < count; id += 1) buffer.add(line(id, String(id % 2)));
  return buffer;
}

const keys = (buffer: LineBuffer): string[] => buffer.view().map(({ key }) => key);
const struck = (buffer: LineBuffer): string[] =>
  buffer.view().flatMap((one) => (one.kind === "message" && one.isStruck ? [one.key] : []));

describe("the lines of a room", () => {
  it("are the newest few, in their order", () => {
    expect(keys(filled(3, 10))).toEqual(["k7", "k8", "k9"]);
  });

  it("stay few, however much is said", () => {
    const buffer = filled(5, 100_000);
    expect(buffer.view()).toHaveLength(5);
    expect(buffer.messagesOf("1").length).toBeLessThanOrEqual(10);
  });

  it("stand still while somebody reads, and what came meanwhile is counted", () => {
    const buffer = filled(3, 3);
    buffer.hold();
    for (let id = 3; id < 20; id += 1) buffer.add(line(id));
    expect(keys(buffer)).toEqual(["k0", "k1", "k2"]);
    expect(buffer.newer).toBe(17);
    buffer.release();
    expect(keys(buffer)).toEqual(["k17", "k18", "k19"]);
    expect(buffer.newer).toBe(0);
  });

  it("are struck out where they stand, also in what stands still", () => {
    const buffer = filled(4, 4);
    buffer.hold();
    for (let id = 4; id < 20; id += 1) buffer.add(line(id));
    buffer.strikeMessage("1");
    expect(struck(buffer)).toEqual(["k1"]);
    buffer.release();
    expect(struck(buffer)).toEqual([]);
  });

  it("of one person are struck out together, those of others are not", () => {
    const buffer = filled(4, 4);
    buffer.strikeUser("1");
    expect(struck(buffer)).toEqual(["k1", "k3"]);
  });

  it("are all struck out when the room is emptied, but for what the page says itself", () => {
    const buffer = filled(4, 2);
    buffer.add({ kind: "remark", key: "r", at: 0, remark: { code: "gap" } });
    buffer.strikeAll();
    expect(struck(buffer)).toEqual(["k0", "k1"]);
  });

  it("that are not touched stay the same objects, so that they are not drawn anew", () => {
    const buffer = filled(4, 4);
    const before = buffer.view();
    buffer.strikeMessage("2");
    const after = buffer.view();
    expect(after.map((one, index) => one === before[index])).toEqual([true, true, false, true]);
  });

  it("of a thread are found by its first message", () => {
    const buffer = filled(9, 2);
    const reply = line(5);
    if (reply.kind === "message") {
      const answer = { ...reply.message, reply: { thread_message_id: "0" } } as unknown as ChatMessage;
      buffer.add({ ...reply, message: answer });
    }
    expect(buffer.thread("0").map(({ key }) => key)).toEqual(["k0", "k5"]);
  });
});
