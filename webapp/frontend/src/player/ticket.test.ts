import { beforeEach, describe, expect, it } from "vitest";

import { Renewal, type Verdict } from "./ticket";

const URL = "http://media/hls/anna/index.m3u8";

function ticket(life: number): { readonly kind: "ticket"; readonly ticket: { expires_in: number; hls_url: string } } {
  return { kind: "ticket", ticket: { expires_in: life, hls_url: URL } };
}

let now = 0;
let asked: number[] = [];
let over: Verdict[] = [];
let verdict: Verdict = ticket(300);
let release: (() => void) | null = null;

function renewal(random = 0.5): Renewal {
  return new Renewal({
    ask: async () => {
      asked.push(now);
      await (release === null
        ? Promise.resolve()
        : new Promise<void>((resolve) => {
            release = resolve;
          }));
      return verdict;
    },
    onOver: (why) => over.push(why),
    now: () => now,
    random: () => random,
  });
}

/** Let `seconds` go by, looking once in each. */
async function pass(subject: Renewal, seconds: number, watched = true): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    now += 1;
    subject.look(watched);
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await Promise.resolve();
  }
}

describe("a ticket", () => {
  beforeEach(() => {
    now = 1000;
    asked = [];
    over = [];
    verdict = ticket(300);
    release = null;
  });

  it("is renewed at 60 % of its life, again and again", async () => {
    const subject = renewal();
    subject.begin(ticket(300).ticket);
    await pass(subject, 600);
    expect(asked).toEqual([1180, 1360, 1540]);
    expect(over).toEqual([]);
  });

  it("is renewed at different times by those who came together, always well before its end", async () => {
    for (const [random, at] of [
      [0, 1150],
      [0.999, 1210],
    ] as const) {
      now = 1000;
      asked = [];
      const subject = renewal(random);
      subject.begin(ticket(300).ticket);
      await pass(subject, 220);
      expect(asked).toEqual([at]);
    }
  });

  it("that lasts for seconds is renewed in time", async () => {
    verdict = ticket(5);
    const subject = renewal();
    subject.begin(ticket(5).ticket);
    await pass(subject, 9);
    expect(asked).toEqual([1003, 1006, 1009]);
  });

  it("is asked for again and again while the server does not answer, and its life begins anew then", async () => {
    verdict = { kind: "unavailable", message: "" };
    const subject = renewal();
    subject.begin(ticket(300).ticket);
    await pass(subject, 190);
    expect(asked).toEqual([1180, 1185, 1190]);
    verdict = ticket(300);
    await pass(subject, 190);
    expect(asked.slice(3)).toEqual([1195, 1375]);
    expect(over).toEqual([]);
  });

  it("is not renewed during a pause, and at once when it is over", async () => {
    const subject = renewal();
    subject.begin(ticket(300).ticket);
    await pass(subject, 1000, false);
    expect(asked).toEqual([]);
    await pass(subject, 1);
    expect(asked).toEqual([2001]);
  });

  it.each([
    { kind: "refused", reason: "follow", message: "Follow first." },
    { kind: "open" },
  ] as const)("that is not given any more is over, once ($kind)", async (why) => {
    verdict = why;
    const subject = renewal();
    subject.begin(ticket(300).ticket);
    await pass(subject, 1000);
    expect(asked.length).toBe(1);
    expect(over).toEqual([why]);
  });

  it("is asked for once at a time", async () => {
    release = () => undefined;
    const subject = renewal();
    subject.begin(ticket(300).ticket);
    await pass(subject, 500);
    expect(asked.length).toBe(1);
    release();
    await settle();
    release = null;
    await pass(subject, 180);
    expect(asked.length).toBe(2);
  });

  it("of a player that was closed is nobody's", async () => {
    release = () => undefined;
    verdict = { kind: "refused", reason: "follow", message: "" };
    const subject = renewal();
    subject.begin(ticket(300).ticket);
    await pass(subject, 181);
    subject.stop();
    release();
    await settle();
    await pass(subject, 1000);
    expect(asked.length).toBe(1);
    expect(over).toEqual([]);
  });
});
