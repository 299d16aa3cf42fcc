import { describe, expect, it } from "vitest";

import { ANSWER_MS, ChatCore, QUIET_MS, RESEND_MS, WELCOME_MS, type Effect } from "./core";
import type { Answer, Frame, RoomSettings, Told } from "./frames";

const SETTINGS = { slow_mode: false } as unknown as RoomSettings;
const WELCOME: Frame = { kind: "welcome", userId: null };

/** A core, and a server that answers as the real one does. */
class Site {
  readonly core = new ChatCore(() => 0.5);
  now = 0;
  /** Everything that was done, oldest first. */
  done: Effect[] = [];

  run(): void {
    this.done.push(...this.core.take());
  }

  sent(): Record<string, unknown>[] {
    this.run();
    return this.done.flatMap((effect) => (effect.type === "send" ? [JSON.parse(effect.text) as Record<string, unknown>] : []));
  }

  last(type: string): Record<string, unknown> {
    const found = this.sent().filter((request) => request.type === type).at(-1);
    if (!found) throw new Error(`no ${type} was sent`);
    return found;
  }

  opens(): number {
    this.run();
    return this.done.filter(({ type }) => type === "open").length;
  }

  texts(): string[] {
    this.run();
    return this.done.flatMap((effect) =>
      effect.type === "room" && effect.fact.type === "told" ? [String(effect.fact.told.event.message_id)] : [],
    );
  }

  /** Messages before which others are missing. */
  afterGaps(): string[] {
    this.run();
    return this.done.flatMap((effect) =>
      effect.type === "room" && effect.fact.type === "told" && effect.fact.isAfterGap === true
        ? [String(effect.fact.told.event.message_id)]
        : [],
    );
  }

  gaps(): boolean[] {
    this.run();
    return this.done.flatMap((effect) => (effect.type === "room" && effect.fact.type === "joined" ? [effect.fact.hasGap] : []));
  }

  welcome(): void {
    this.core.opened(this.now);
    this.core.received(WELCOME, this.now);
  }

  answer(answer: Partial<Answer> & { request_id: string }): void {
    this.core.received({ kind: "answer", answer: { ok: true, ...answer } }, this.now);
  }

  joined(offset: number, recovered = false, epoch = "e", history = 0): void {
    const { id, channel } = this.last("join") as { id: string; channel: string };
    const found = { id: "7", login: channel, name: channel };
    this.answer({ request_id: id, channel: found, epoch, offset, recovered, history, settings: SETTINGS, you: null });
  }

  say(id: string, offset: number, epoch = "e", type = "channel.chat.message"): void {
    this.core.received({ kind: "told", told: told(id, offset, epoch, type) }, this.now);
  }

  lose(code = 1006): void {
    this.core.closed(code, this.now);
  }

  wake(): void {
    this.now = this.core.wakeAt ?? this.now;
    this.core.tick(this.now);
  }

  come(offset = 10): void {
    this.core.join("anna", this.now);
    this.welcome();
    this.joined(offset);
  }
}

function told(id: string, offset: number, epoch: string, type: string): Told {
  return { frameId: `7-${epoch}-${offset}`, at: 0, type, channelId: "7", place: { epoch, offset }, skipped: 0, event: { message_id: id } };
}

describe("the connection of a page", () => {
  it("opens when a room is read, and joins it after the welcome", () => {
    const site = new Site();
    site.core.join("anna", 0);
    expect(site.opens()).toBe(1);
    expect(site.sent()).toEqual([]);
    site.welcome();
    expect(site.last("join")).toMatchObject({ channel: "anna" });
    expect(site.last("join")).not.toHaveProperty("since");
  });

  it("comes back with the place of the last event, and without a gap when all of it comes again", () => {
    const site = new Site();
    site.come(10);
    site.say("a", 11);
    site.lose();
    site.wake();
    site.welcome();
    expect(site.last("join")).toMatchObject({ since: { epoch: "e", offset: 11 } });
    site.joined(13, true);
    site.say("b", 12);
    site.say("c", 13);
    expect(site.texts()).toEqual(["a", "b", "c"]);
    expect(site.gaps()).toEqual([false, false]);
  });

  it("does not take the place of the answer for its own before what was missed is there", () => {
    const site = new Site();
    site.come(10);
    site.lose();
    site.wake();
    site.welcome();
    site.joined(13, true);
    site.say("a", 11);
    site.lose(); // before 12 and 13 were told
    site.wake();
    site.welcome();
    expect(site.last("join")).toMatchObject({ since: { epoch: "e", offset: 11 } });
  });

  it("tells all who read a room what was voted for, once it counts", () => {
    const site = new Site();
    site.come();
    const vote = { type: "vote", channel: "anna", poll_id: "p", choice_id: "2" };
    site.answer({ request_id: site.core.ask(vote, 0), ok: false });
    site.answer({ request_id: site.core.ask(vote, 0) });
    site.run();
    const facts = site.done.flatMap((effect) => (effect.type === "room" && effect.fact.type === "voted" ? [effect.fact] : []));
    expect(facts).toEqual([{ type: "voted", pollId: "p", choiceId: "2" }]);
  });

  it("says that lines are missing only where the last ones do not go back to what was seen", () => {
    const site = new Site();
    site.come(10);
    site.say("a", 11);
    const comeBack = (epoch: string, history: number): void => {
      site.lose();
      site.wake();
      site.welcome();
      site.joined(60, false, epoch, history);
    };
    comeBack("restarted", 50);
    for (const [index, id] of ["a", "b"].entries()) site.say(id, index, "restarted");
    comeBack("few", 2);
    for (const [index, id] of ["c", "d"].entries()) site.say(id, index, "few");
    comeBack("many", 50);
    for (const [index, id] of ["x", "y"].entries()) site.say(id, index, "many");
    comeBack("many", 0);
    site.say("z", 61, "many");
    comeBack("none", 0);
    site.say("0", 61, "none");
    expect(site.texts()).toEqual(["a", "b", "c", "d", "x", "y", "z", "0"]);
    expect(site.afterGaps()).toEqual(["x", "z"]);
  });

  it("says that there is a gap when the server cannot fill it", () => {
    const site = new Site();
    site.come(10);
    site.lose();
    site.wake();
    site.welcome();
    site.joined(3, false, "other");
    expect(site.gaps()).toEqual([false, true]);
    site.lose();
    site.wake();
    site.welcome();
    expect(site.last("join")).toMatchObject({ since: { epoch: "other", offset: 3 } });
  });

  it("is not led back by messages of before", () => {
    const site = new Site();
    site.come(10);
    site.say("old", 8);
    site.lose();
    site.wake();
    site.welcome();
    expect(site.last("join")).toMatchObject({ since: { epoch: "e", offset: 10 } });
  });

  it("shows a message once, under whatever offset and epoch it comes", () => {
    const site = new Site();
    site.come();
    site.say("a", 11);
    site.say("a", 11);
    site.say("a", 12);
    site.say("a", 1, "other");
    expect(site.texts()).toEqual(["a"]);
  });

  it("shows each count of viewers, although it has the place of another event", () => {
    const site = new Site();
    site.come();
    for (let times = 0; times < 3; times += 1) site.say("", 10, "e", "stream.viewers");
    expect(site.texts()).toHaveLength(3);
  });

  it("waits longer with each failure, and at most half a minute", () => {
    const site = new Site();
    site.come();
    const waits: number[] = [];
    for (let tries = 0; tries < 12; tries += 1) {
      site.lose();
      waits.push((site.core.wakeAt ?? NaN) - site.now);
      site.wake();
    }
    expect(waits.slice(0, 3)).toEqual([375, 750, 1500]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
    expect([...waits].sort((a, b) => a - b)).toEqual(waits);
  });

  it("comes back after a random moment when the server said that it stops", () => {
    const site = new Site();
    site.come();
    site.core.received({ kind: "goodbye" }, 0);
    site.lose(1012);
    expect(site.core.wakeAt).toBe(1500);
  });

  it("does not hurry back to a server that has too many of this account", () => {
    const site = new Site();
    site.come();
    site.lose(1008);
    expect(site.core.wakeAt).toBeGreaterThan(10_000);
  });

  it("gives up on a connection that is never welcomed", () => {
    const site = new Site();
    site.core.join("anna", 0);
    site.core.tick(WELCOME_MS);
    expect(site.core.status).toBe("waiting");
    expect(site.core.take().map(({ type }) => type)).toContain("close");
  });

  it("asks whether the other side is there when nothing was heard, and leaves when no answer comes", () => {
    const site = new Site();
    site.come();
    site.core.tick(QUIET_MS);
    const ping = site.last("ping");
    site.now = QUIET_MS + 1;
    site.answer({ request_id: String(ping.id) });
    expect(site.core.status).toBe("open");
    site.wake();
    site.wake();
    expect(site.core.status).toBe("waiting");
  });

  it("waits while the machine is offline, and comes back at once when it is not", () => {
    const site = new Site();
    site.come();
    site.core.offline();
    expect(site.core.status).toBe("offline");
    expect(site.core.wakeAt).toBeNull();
    site.core.online(5);
    expect(site.core.status).toBe("connecting");
  });

  it("closes when the last room is left", () => {
    const site = new Site();
    site.come();
    site.core.leave("anna");
    expect(site.core.status).toBe("idle");
    expect(site.core.take().map(({ type }) => type)).toContain("close");
  });

  it("asks again for a room that could not be looked up", () => {
    const site = new Site();
    site.core.join("anna", 0);
    site.welcome();
    const { id } = site.last("join") as { id: string };
    site.answer({ request_id: id, ok: false, drop_reason: { code: "msg_unavailable", message: "", seconds_left: null } });
    site.wake();
    expect(site.last("join").id).not.toBe(id);
  });
});

describe("a message", () => {
  const HI = { type: "send", channel: "anna", text: "hi", nonce: "n" };

  function answers(site: Site): (Effect & { type: "answered" })[] {
    site.run();
    return site.done.filter((effect) => effect.type === "answered");
  }

  it("is sent at once, and its answer is told", () => {
    const site = new Site();
    site.come();
    const id = site.core.ask(HI, 0);
    expect(site.last("send")).toEqual({ ...HI, id });
    site.answer({ request_id: id, is_sent: true });
    expect(answers(site)).toMatchObject([{ id, outcome: { ok: true } }]);
  });

  it("whose answer was lost is sent again with its nonce, after the room was joined", () => {
    const site = new Site();
    site.come();
    site.core.ask(HI, 0);
    site.lose();
    site.wake();
    site.welcome();
    expect(site.sent().filter(({ type }) => type === "send")).toHaveLength(1);
    site.joined(11, true);
    expect(site.sent().filter(({ type, nonce }) => type === "send" && nonce === "n")).toHaveLength(2);
    expect(answers(site)).toEqual([]);
  });

  it("waits for the connection, and is lost when that takes too long for the server to know it again", () => {
    const site = new Site();
    site.core.join("anna", 0);
    const id = site.core.ask(HI, 0);
    site.core.tick(RESEND_MS);
    expect(answers(site)).toEqual([{ type: "answered", id, outcome: { lost: true } }]);
  });

  it("of somebody who logged out is not said by who logged in", () => {
    const site = new Site();
    site.core.identify("1", 0);
    site.core.join("anna", 0);
    site.core.ask(HI, 0);
    site.core.identify("2", 0);
    expect(answers(site)).toMatchObject([{ outcome: { lost: true } }]);
  });

  it("is not kept without end", () => {
    const site = new Site();
    site.core.join("anna", 0);
    for (let count = 0; count < 60; count += 1) site.core.ask(HI, 0);
    expect(answers(site)).toHaveLength(10);
  });
});

describe("what moderators do", () => {
  const BAN = { type: "ban", channel: "anna", user_login: "ben" };

  it("is not done later, when nobody expects it any more", () => {
    const site = new Site();
    site.come();
    site.core.ask(BAN, 0);
    site.lose();
    site.run();
    expect(site.done.filter(({ type }) => type === "answered")).toMatchObject([{ outcome: { lost: true } }]);
    site.wake();
    site.welcome();
    site.joined(11, true);
    expect(site.sent().filter(({ type }) => type === "ban")).toHaveLength(1);
  });

  it("has an answer in ten seconds, or none", () => {
    const site = new Site();
    site.come();
    site.core.ask(BAN, 0);
    site.core.tick(ANSWER_MS);
    site.run();
    expect(site.done.filter(({ type }) => type === "answered")).toMatchObject([{ outcome: { lost: true } }]);
  });
});

describe("who reads", () => {
  it("is asked for anew when somebody logs in, keeping the place", () => {
    const site = new Site();
    site.core.identify(null, 0);
    site.come(10);
    site.core.identify("7", 0);
    expect(site.opens()).toBe(2);
    site.core.received({ kind: "welcome", userId: "7" }, 0);
    expect(site.last("join")).toMatchObject({ since: { epoch: "e", offset: 10 } });
  });

  it("is settled by the server: who is somebody else for it is asked for once", () => {
    const site = new Site();
    site.core.identify("7", 0);
    site.core.join("anna", 0);
    site.welcome();
    site.welcome();
    expect(site.opens()).toBe(2);
    expect(site.core.status).toBe("open");
  });
});
