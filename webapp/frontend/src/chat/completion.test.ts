import { describe, expect, it } from "vitest";

import { complete, take, type Sources } from "./completion";
import { isToldToRoom } from "./commands";
import { Recall } from "./recall";

const SOURCES: Sources = {
  emotes: [
    { id: "1", code: "annaLove" },
    { id: "2", code: "LoveIt" },
    { id: "3", code: "<b>love</b>" },
  ],
  people: [
    { login: "ben", name: "Ben" },
    { login: "berta", name: "BÉRTA" },
  ],
  roles: new Set(["everybody"]),
};

function offered(text: string, sources = SOURCES): string[] {
  return complete(text, text.length, sources)?.offers.map((offer) => offer.text) ?? [];
}

describe("completion", () => {
  it("offers emotes after a colon, those that begin so first", () => {
    expect(offered("hi :love")).toEqual(["LoveIt", "annaLove", "<b>love</b>"]);
  });

  it("leaves smileys alone", () => {
    expect(offered(":D")).toEqual([]);
    expect(offered(":)")).toEqual([]);
  });

  it("offers people after an at sign, the latest first", () => {
    expect(offered("hi @be")).toEqual(["@ben", "@berta"]);
    expect(offered("hi @BÉR")).toEqual(["@berta"]);
  });

  it("offers commands at the beginning only, and those that one may give", () => {
    expect(offered("/m")).toEqual(["/me", "/mods"]);
    expect(offered("a /m")).toEqual([]);
    const all: Sources = { ...SOURCES, roles: new Set(["everybody", "moderators", "owners"]) };
    expect(offered("/mo", all)).toEqual(["/mods", "/monitor", "/mod"]);
  });

  it("offers people where a command names one", () => {
    expect(offered("/ban be")).toEqual(["ben", "berta"]);
    expect(offered("/clear be")).toEqual([]);
    expect(offered("/ban ben be")).toEqual([]);
  });

  it("offers nothing for plain words", () => {
    expect(offered("love")).toEqual([]);
    expect(offered("")).toEqual([]);
  });

  it("puts an offer in the place of the word, with a space to go on", () => {
    const text = "hi @be there";
    const completion = complete(text, 6, SOURCES);
    const offer = completion?.offers[0];
    if (!completion || !offer) throw new Error("nothing was offered");
    expect(take(text, completion, offer)).toEqual({ text: "hi @ben there", caret: 8 });
    const last = complete("hi @be", 6, SOURCES);
    expect(last && take("hi @be", last, offer)).toEqual({ text: "hi @ben ", caret: 8 });
  });
});

describe("what a command did", () => {
  it("is not told twice where the room says it", () => {
    expect(["/ban @Ben for spam", ".timeout ben 10m", "/clear"].every(isToldToRoom)).toBe(true);
    expect(["/slow 30", "say /ban ben", "/clearly"].some(isToldToRoom)).toBe(false);
  });
});

describe("one's own messages", () => {
  it("come back one after the other, and then what was being written", () => {
    const recall = new Recall();
    recall.add("one");
    recall.add("two");
    expect(recall.older("thr")).toBe("two");
    expect(recall.older("two")).toBe("one");
    expect(recall.older("one")).toBeNull();
    expect(recall.newer()).toBe("two");
    expect(recall.newer()).toBe("thr");
    expect(recall.newer()).toBeNull();
  });

  it("are bounded, and the same twice is one", () => {
    const recall = new Recall();
    for (let count = 0; count < 200; count += 1) recall.add(String(count >> 1));
    let steps = 0;
    for (let text = recall.older(""); text !== null; text = recall.older(text)) steps += 1;
    expect(steps).toBe(50);
  });
});
