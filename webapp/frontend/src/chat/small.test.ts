import { describe, expect, it } from "vitest";

import { waitAsAdvised, waitBeforeTry } from "./backoff";
import { identity, readFrame } from "./frames";
import { lengthOf, slowSeconds } from "./limits";
import { findLinks } from "./links";
import { badgesBy, emotePath, emoteSources, group, type BadgeSets, type Emote } from "./pictures";
import { parsePreferences } from "./preferences";
import { CROWD_GAP_MS, GAP_MS, Pulse, THRONG_GAP_MS } from "./pulse";
import { Seen } from "./seen";
import type { Chatter, RoomSettings } from "./frames";
import { COMMANDS } from "./commands";
import { COMMAND_TEXTS } from "./commands.texts";
import { TEXTS } from "./texts";

describe("frames", () => {
  const event = { broadcaster_user_id: "7", message_id: "m" };
  const metadata = { message_id: "7-e-4", message_type: "notification", message_timestamp: "2026-11-22T19:40:00.123Z" };
  const payload = { subscription: { type: "channel.chat.message" }, event, epoch: "e", offset: 4 };

  it("that are no JSON, or other JSON, are passed over", () => {
    for (const data of ["", "{", "null", "[]", "1", "{}", '{"metadata":1,"payload":2}', '{"metadata":{"message_type":"x"},"payload":{}}']) {
      expect(readFrame(data)).toBeNull();
    }
    expect(readFrame(JSON.stringify({ metadata, payload: { ...payload, offset: "4" } }))).toBeNull();
    expect(readFrame(JSON.stringify({ metadata, payload: { ...payload, event: [] } }))).toBeNull();
  });

  it("tell an event with its place", () => {
    const frame = readFrame(JSON.stringify({ metadata, payload }));
    expect(frame).toMatchObject({
      kind: "told",
      told: { frameId: "7-e-4", at: Date.UTC(2026, 10, 22, 19, 40, 0, 123), type: "channel.chat.message", channelId: "7", skipped: 0 },
    });
  });

  it("of moderators alone are never taken for doubles", () => {
    const frame = readFrame(JSON.stringify({ metadata, payload: { ...payload, subscription: { type: "automod.message.hold" } } }));
    expect(frame?.kind === "told" && identity(frame.told)).toBeNull();
  });
});

describe("links", () => {
  it("are cut out, without the end of the sentence", () => {
    expect(findLinks("see https://example.org/a?b=1, ok")).toEqual([
      { text: "see ", href: null },
      { text: "https://example.org/a?b=1", href: "https://example.org/a?b=1" },
      { text: ", ok", href: null },
    ]);
  });

  it("keep a bracket that is theirs", () => {
    expect(findLinks("(https://x.org/a_(b))").map(({ text }) => text)).toEqual(["(", "https://x.org/a_(b)", ")"]);
  });

  it("are none with a scheme that could run, a password, or invisible letters", () => {
    for (const text of ["javascript:alert(1)", "data:text/html,<b>", "https://bank.example@evil.example/", "http://"]) {
      expect(findLinks(text).every(({ href }) => href === null)).toBe(true);
    }
    expect(findLinks("https://a.org/\u202egpj")[0]?.text).toBe("https://a.org/");
  });

  it("lose nothing of the text", () => {
    const text = "<img src=x> http://a.b/<c> https://??? (http://a.b) ...http://c.d...";
    expect(findLinks(text).map((piece) => piece.text).join("")).toBe(text);
  });

  it("are found in a long text in no time", () => {
    const text = "http://".repeat(70) + ")".repeat(2000);
    expect(findLinks(text).map((piece) => piece.text).join("")).toBe(text);
  });
});

describe("what was seen", () => {
  it("is known again, and forgotten in the end", () => {
    const seen = new Seen(100);
    expect(seen.add("a")).toBe(true);
    for (let count = 0; count < 99; count += 1) seen.add(String(count));
    expect(seen.add("a")).toBe(false);
    for (let count = 0; count < 300; count += 1) seen.add(`more ${count}`);
    expect(seen.add("a")).toBe(true);
  });
});

describe("the wait before another try", () => {
  it("is left to chance by half, and bounded", () => {
    expect([waitBeforeTry(0, 0), waitBeforeTry(0, 0.999)]).toEqual([250, 500]);
    expect(waitBeforeTry(1000, 0.999)).toBeLessThanOrEqual(30_000);
    expect([waitAsAdvised(0), waitAsAdvised(0.5)]).toEqual([0, 1500]);
  });
});

describe("drawing", () => {
  it("follows a single line at once, and many at most every so often", () => {
    let now = 0;
    let beats = 0;
    const waiting: { at: number; act: () => void }[] = [];
    const pulse = new Pulse(
      () => {
        beats += 1;
      },
      {
        now: () => now,
        later: (act, ms) => {
          waiting.push({ at: now + ms, act });
        },
        nextFrame: (act) => {
          act();
        },
      },
    );
    pulse.want();
    expect(beats).toBe(1);
    const after = (end: number, everyMs: number): number => {
      const before = beats;
      for (; now < end; now += 1) {
        if (now % everyMs === 0) pulse.want();
        const [first] = waiting;
        if (first && first.at <= now) {
          waiting.shift();
          first.act();
        }
      }
      return beats - before;
    };
    expect(after(1000, 40)).toBeLessThanOrEqual(1000 / GAP_MS);
    expect(after(2000, 13)).toBeLessThanOrEqual(2 + 1000 / CROWD_GAP_MS);
    expect(after(3000, 1)).toBeLessThanOrEqual(2 + 1000 / THRONG_GAP_MS);
    expect(after(5000, 500)).toBeGreaterThanOrEqual(4); // each by itself again
  });
});

describe("the length of a message", () => {
  it("is counted in code points, as the server does", () => {
    expect(lengthOf("aä😀")).toBe(3);
  });
});

describe("slow mode", () => {
  const settings = { slow_mode: true, slow_mode_wait_time_seconds: 30, subscriber_slow_mode_wait_time_seconds: 5 } as RoomSettings;
  const you = (...roles: string[]): Chatter => ({ roles }) as unknown as Chatter;

  it("spares moderators and VIPs, and may be another for subscribers", () => {
    expect(slowSeconds(settings, you())).toBe(30);
    expect(slowSeconds(settings, you("subscriber"))).toBe(5);
    expect(slowSeconds({ ...settings, subscriber_slow_mode_wait_time_seconds: null }, you("subscriber"))).toBe(30);
    expect(slowSeconds(settings, you("vip"))).toBe(0);
    expect(slowSeconds(settings, you("moderator", "subscriber"))).toBe(0);
    expect(slowSeconds({ ...settings, slow_mode: false }, you())).toBe(0);
    expect(slowSeconds(null, null)).toBe(0);
  });
});

describe("pictures", () => {
  it("are found by an id that is no path", () => {
    expect(emotePath("../x?", false, "1.0")).toBe("/emotes/..%2Fx%3F/default/dark/1.0");
    expect(emoteSources("7", true)).toBe("/emotes/7/static/dark/1.0 1x, /emotes/7/static/dark/2.0 2x, /emotes/7/static/dark/3.0 4x");
  });

  it("of the channel take the place of the site's badges", () => {
    const sets = (title: string): BadgeSets => ({
      data: [{ set_id: "s", versions: [{ id: "1", title, image_url_1x: "http://h/a.png", image_url_2x: "/b.png", image_url_4x: "/c.png" }] }],
    });
    const badge = badgesBy(sets("site"), sets("channel")).get("s/1");
    expect(badge).toEqual({ title: "channel", src: "/a.png", srcSet: "/a.png 1x, /b.png 2x, /c.png 4x" });
  });

  it("that one may not use are there, but not among the usable", () => {
    const emote = (id: string): Emote => ({ id }) as unknown as Emote;
    const groups = group([emote("1")], [emote("2"), emote("3")], [emote("1"), emote("2"), emote("9")]);
    expect(groups.elsewhere.map(({ id }) => id)).toEqual(["9"]);
    expect([...groups.usable]).toEqual(["1", "2", "9"]);
  });
});

describe("preferences", () => {
  it("that nobody here wrote are the usual ones", () => {
    for (const text of [null, "", "{", "7", "[]", '{"size":"giant","hasTimes":"yes"}']) {
      expect(parsePreferences(text)).toEqual({ hasTimes: false, isAlternating: false, isStill: false, size: "normal" });
    }
    expect(parsePreferences('{"size":"huge","hasTimes":true}')).toMatchObject({ size: "huge", hasTimes: true });
  });
});

describe("texts", () => {
  it("say what each command does, and each refusal, in both languages", () => {
    for (const { name } of COMMANDS) expect(COMMAND_TEXTS.de[name]).not.toBe("");
    expect(Object.keys(TEXTS.de.refusals)).toEqual(Object.keys(TEXTS.en.refusals));
    expect(TEXTS.en.span(5400)).toBe("1 h 30 min");
    expect(TEXTS.de.refusals.msg_slowmode?.(7)).toContain("7 Sek.");
  });
});
