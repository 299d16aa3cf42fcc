import { describe, expect, it } from "vitest";

import { LineBuffer } from "./buffer";
import type { Chatter, JoinedStage, Pin, Poll, Raid, RoomSettings, Told } from "./frames";
import { RoomStore } from "./room";

const AT_ONCE = {
  now: () => 0,
  later: (act: () => void) => {
    act();
  },
  nextFrame: (act: () => void) => {
    act();
  },
};

const NO_STAGE = { pin: null, poll: null, raid: null };

function person(id: string, ...roles: string[]): Chatter {
  return { chatter_user_id: id, chatter_user_login: `u${id}`, chatter_user_name: `U${id}`, color: "", badges: [], roles };
}

class Stage {
  readonly store = new RoomStore(new LineBuffer(), AT_ONCE);
  #offset = 0;

  constructor(...roles: string[]) {
    this.join({}, roles);
  }

  join(staged: Partial<JoinedStage>, roles: string[] = []): void {
    const settings = { slow_mode: false } as unknown as RoomSettings;
    const channel = { id: "7", login: "anna", name: "Anna" };
    const stage = { ...NO_STAGE, vote: null, ...staged };
    this.store.hear({ type: "joined", channel, settings, you: person("1", ...roles), stage, hasGap: false });
  }

  tell(type: string, event: Record<string, unknown>, isAfterGap = false): void {
    this.#offset += 1;
    const place = { epoch: "e", offset: this.#offset };
    const told: Told = { frameId: `7-e-${this.#offset}`, at: 1000, type, channelId: "7", place, skipped: 0, event };
    this.store.hear({ type: "told", told, isAfterGap });
  }

  say(userId: string, id: string): void {
    const message = { text: "hi", fragments: [{ type: "text", text: "hi" }] };
    this.tell("channel.chat.message", { ...person(userId), message_id: id, message, reply: null });
  }

  codes(): string[] {
    return this.store.view().lines.flatMap((line) => (line.kind === "remark" ? [line.remark.code] : []));
  }

  struck(): string[] {
    return this.store.view().lines.flatMap((line) => (line.kind === "message" && line.isStruck ? [line.message.message_id] : []));
  }
}

describe("a room", () => {
  it("strikes out what is deleted, cleared, or of who is banned", () => {
    const stage = new Stage();
    for (const id of ["a", "b", "c"]) stage.say(id === "c" ? "3" : "2", id);
    stage.tell("channel.chat.message_delete", { message_id: "a" });
    expect(stage.struck()).toEqual(["a"]);
    stage.tell("channel.chat.clear_user_messages", { target_user_id: "3", target_user_login: "u3", duration_seconds: null });
    expect(stage.struck()).toEqual(["a", "c"]);
    stage.tell("channel.chat.clear", {});
    expect(stage.struck()).toEqual(["a", "b", "c"]);
    expect(stage.codes()).toEqual(["cleared"]);
  });

  it("tells moderators alone who was banned", () => {
    const banned = { target_user_id: "3", target_user_login: "u3", duration_seconds: 60 };
    const viewer = new Stage();
    viewer.tell("channel.chat.clear_user_messages", banned);
    expect(viewer.codes()).toEqual([]);
    const moderator = new Stage("moderator");
    moderator.tell("channel.chat.clear_user_messages", banned);
    expect(moderator.codes()).toEqual(["timedout"]);
  });

  it("knows until when one may not write oneself", () => {
    const stage = new Stage();
    const me = { target_user_id: "1", target_user_login: "u1" };
    stage.tell("channel.chat.clear_user_messages", { ...me, duration_seconds: 60 });
    expect(stage.store.view().barredUntil).toBe(61_000);
    stage.tell("channel.chat.clear_user_messages", { ...me, duration_seconds: 0 });
    expect(stage.store.view().barredUntil).toBe(61_000);
    stage.tell("channel.chat.clear_user_messages", { ...me, duration_seconds: null });
    expect(stage.store.view().barredUntil).toBe(Infinity);
    stage.tell("channel.unban", { user_id: "1", user_login: "u1" });
    expect(stage.store.view().barredUntil).toBe(0);
  });

  it("shows a warning to who was warned", () => {
    const stage = new Stage();
    stage.tell("channel.warning.send", { user_id: "2", reason: "not me" });
    expect(stage.store.view().warning).toBeNull();
    stage.tell("channel.warning.send", { user_id: "1", reason: "be kind" });
    expect(stage.store.view().warning).toBe("be kind");
    stage.store.acknowledged();
    expect(stage.store.view().warning).toBeNull();
  });

  it("has a held message once, with what became of it", () => {
    const stage = new Stage("moderator");
    const hold = { message_id: "h", user_login: "u2", user_name: "U2", message: "buy", category: "" };
    stage.tell("automod.message.hold", hold);
    stage.store.holds([hold]);
    stage.tell("automod.message.update", { message_id: "h", status: "denied" });
    const holds = stage.store.view().lines.filter((line) => line.kind === "remark" && line.remark.code === "hold");
    expect(holds).toMatchObject([{ remark: { status: "denied" } }]);
  });

  it("learns one's new roles from what one says", () => {
    const stage = new Stage();
    const message = { text: "", fragments: [] };
    stage.tell("channel.chat.message", { ...person("1", "moderator"), message_id: "x", message, reply: null });
    expect(stage.store.view().you?.roles).toEqual(["moderator"]);
  });

  it("knows who wrote last, and not without end", () => {
    const stage = new Stage();
    for (let id = 0; id < 700; id += 1) stage.say(String(id), `m${id}`);
    expect(stage.store.people()).toHaveLength(500);
    expect(stage.store.people()[0]?.login).toBe("u699");
  });

  it("says that there is a gap", () => {
    const stage = new Stage();
    stage.tell("channel.chat.message", { ...person("2"), message_id: "a", message: { text: "", fragments: [] } }, true);
    expect(stage.codes()).toEqual(["gap"]);
  });

  it("shows what is pinned, voted on and raided as long as it counts", () => {
    const stage = new Stage();
    const now = (): unknown => stage.store.view().stage;
    stage.tell("channel.chat.pin", { pin: { message_id: "p" } });
    stage.tell("channel.poll.begin", { id: "q", status: "ACTIVE" });
    stage.tell("channel.raid.pending", { broadcaster_user_id: "7", from_broadcaster_user_id: "7", raid_id: "r" });
    expect(now()).toMatchObject({ pin: { message_id: "p" }, poll: { id: "q" }, raid: { raid_id: "r" } });
    stage.tell("channel.chat.pin", { pin: null });
    stage.tell("channel.poll.end", { id: "q", status: "ARCHIVED" });
    stage.tell("channel.raid.cancel", { raid_id: "r" });
    expect(now()).toEqual(NO_STAGE);
    stage.tell("channel.raid", { broadcaster_user_id: "7", from_broadcaster_user_id: "9", raid_id: "s" });
    expect(now()).toEqual(NO_STAGE); // it arrives here
  });

  it("knows after joining again what was voted for, and what one looks at no longer", () => {
    const stage = new Stage();
    const pin = { message_id: "p" } as Pin;
    const poll = { id: "q", status: "ACTIVE" } as Poll;
    const raid = { raid_id: "r", from_broadcaster_user_id: "7" } as Raid;
    stage.join({ pin, poll, vote: "2", raid });
    expect(stage.store.view()).toMatchObject({ stage: { pin, poll, raid }, votes: { q: "2" } });
    stage.store.dismiss("raid");
    stage.store.dismiss("pin");
    stage.tell("channel.raid", { ...raid, broadcaster_user_id: "7" });
    stage.join({ pin, poll, raid });
    expect(stage.store.view()).toMatchObject({ stage: { pin: null, poll, raid: null }, votes: {} }); // somebody else, who has not voted
    stage.tell("channel.chat.pin", { pin: null });
    stage.tell("channel.chat.pin", { pin });
    stage.tell("channel.raid.pending", { ...raid, raid_id: "next", broadcaster_user_id: "7" });
    expect(stage.store.view().stage).toMatchObject({ pin, raid: { raid_id: "next" } });
  });

  it("lets nothing that it does not know disturb it", () => {
    const stage = new Stage();
    stage.tell("channel.of.tomorrow", { anything: [1, { two: 3 }] });
    stage.tell("channel.warning.send", {});
    expect(stage.codes()).toEqual([]);
  });
});
