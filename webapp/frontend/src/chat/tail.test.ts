import { expect, it } from "vitest";

import type { RoomFact } from "./core";
import type { RoomSettings } from "./frames";
import { Tail } from "./tail";

function joined(hasGap = false): RoomFact {
  const channel = { id: "7", login: "anna", name: "Anna" };
  const stage = { pin: null, poll: null, raid: null, vote: null };
  return { type: "joined", channel, settings: {} as RoomSettings, you: null, stage, hasGap };
}

function told(type: string, event: Record<string, unknown> = {}): RoomFact {
  const place = { epoch: "e", offset: 1 };
  return { type: "told", told: { frameId: "f", at: 1, type, channelId: "7", place, skipped: 3, event } };
}

function types(facts: readonly RoomFact[]): string[] {
  return facts.map((fact) => (fact.type === "told" ? fact.told.type : fact.type));
}

it("gives who comes later what others were told: the lines, and how things are", () => {
  const tail = new Tail();
  expect(tail.facts(true)).toEqual([]);
  for (const fact of [
    joined(true),
    told("channel.chat.message"),
    told("channel.chat.pin", { pin: 1 }),
    told("stream.viewers"),
    told("channel.poll.begin"),
    told("channel.chat.message_delete"),
    told("channel.chat.pin", { pin: null }),
    told("channel.poll.end"),
    { type: "voted" as const, pollId: "p", choiceId: "1" },
  ]) {
    tail.hear(fact);
  }
  expect(types(tail.facts(true))).toEqual(["joined", "channel.chat.message", "channel.chat.message_delete", "channel.chat.pin", "channel.poll.end", "voted"]);
  expect(tail.facts(true)[0]).toMatchObject({ hasGap: false });
  expect(tail.facts(true)[1]).toMatchObject({ told: { skipped: 0 } });
  expect(tail.facts(true)[3]).toMatchObject({ told: { event: { pin: null } } });
  expect(types(tail.facts(false))).toEqual(["joined"]);
});

it("believes the answer to joining again more than what was told before", () => {
  const tail = new Tail();
  tail.hear(told("channel.raid.pending"));
  tail.hear(told("channel.chat.notification"));
  tail.hear(joined());
  expect(types(tail.facts(true))).toEqual(["joined", "channel.chat.notification"]);
  tail.hear({ type: "refused", code: "msg_banned", message: "" });
  expect(types(tail.facts(false))).toEqual(["refused"]);
});

it("keeps the last lines only", () => {
  const tail = new Tail();
  for (let number = 0; number < 1000; number += 1) tail.hear(told("channel.chat.message", { number }));
  const lines = tail.facts(true);
  expect(lines).toHaveLength(150);
  expect(lines.at(-1)).toMatchObject({ told: { event: { number: 999 } } });
});
