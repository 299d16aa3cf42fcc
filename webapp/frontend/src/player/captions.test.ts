import { describe, expect, it } from "vitest";

import { escaped } from "./caption-track";
import { blocksOf, CaptionTimeline, pairsOf, type CaptionSample } from "./captions";

/** An SEI message of pairs in hexadecimal; each is `field first second`. */
function sei(...pairs: string[]): Uint8Array {
  const bytes = pairs.flatMap((pair) => {
    const [head = 0, first = 0, second = 0] = [pair.slice(0, 2), pair.slice(2, 4), pair.slice(4)].map((one) => Number.parseInt(one, 16));
    return [head, first, second];
  });
  return Uint8Array.from([0xc0 | pairs.length, 0xff, ...bytes]);
}

function said(pts: number, text: string): CaptionSample {
  const letters = Array.from({ length: Math.ceil(text.length / 2) }, (_, index) =>
    [text.charCodeAt(index * 2), text.charCodeAt(index * 2 + 1) || 0].map((code) => code.toString(16).padStart(2, "0")).join(""),
  );
  return { pts, bytes: sei(...["1420", "142e", "1470", ...letters, "142f"].map((pair) => `fc${pair}`)) };
}

const WIPED = (pts: number): CaptionSample => ({ pts, bytes: sei("fc142c") });

function text(timeline: CaptionTimeline, position: number): string {
  return timeline.at(position).rows.map((row) => row.text).join("\n");
}

describe("captions in step with the picture", () => {
  it("come when playback reaches them, and go when they are wiped", () => {
    const timeline = new CaptionTimeline();
    timeline.take([said(10, "one"), said(12, "two"), WIPED(14)]);
    expect([9.9, 10, 11.9, 12.1, 14].map((at) => text(timeline, at))).toEqual(["", "one", "one", "two", ""]);
  });

  it("say since when they are what they are, and stay the same object", () => {
    const timeline = new CaptionTimeline();
    timeline.take([said(10, "one")]);
    const screen = timeline.at(10.04);
    expect(screen.since).toBe(10);
    expect(timeline.at(11)).toBe(screen);
  });

  it("are put in the order of the pictures, as B-frames come later than what they precede", () => {
    const timeline = new CaptionTimeline();
    timeline.take([{ pts: 10.2, bytes: sei("fc6364") }, { pts: 10.1, bytes: sei("fc1429", "fc1470", "fc6162") }]);
    expect(text(timeline, 10.3)).toBe("abcd");
  });

  it("are decoded anew where they come later than the picture", () => {
    const timeline = new CaptionTimeline();
    timeline.take([{ pts: 10.2, bytes: sei("fc6364") }]);
    expect(text(timeline, 10.3)).toBe("");
    timeline.take([{ pts: 10.1, bytes: sei("fc1429", "fc1470", "fc6162") }]);
    expect(text(timeline, 10.4)).toBe("abcd");
  });

  it("are what they were after going back, also when the media is loaded again", () => {
    const timeline = new CaptionTimeline();
    timeline.take([said(10, "one"), said(12, "two")]);
    expect(text(timeline, 13)).toBe("two");
    expect(text(timeline, 11)).toBe("one");
    timeline.take([said(10, "one"), said(12, "two")]);
    expect([11, 12.5].map((at) => text(timeline, at))).toEqual(["one", "two"]);
  });

  it("of two messages in one picture are both taken", () => {
    const timeline = new CaptionTimeline();
    timeline.take([{ pts: 1, bytes: sei("fc1429", "fc1470", "fc6162") }, { pts: 1, bytes: sei("fc6364") }]);
    expect(text(timeline, 1)).toBe("abcd");
  });

  it("do not stay for ever when their end is lost", () => {
    const timeline = new CaptionTimeline();
    timeline.take([said(10, "one")]);
    expect([10, 20, 26.1, 27].map((at) => text(timeline, at))).toEqual(["one", "one", "", ""]);
  });

  it("do not fill the memory", () => {
    const timeline = new CaptionTimeline();
    for (let second = 0; second < 5000; second += 100) {
      timeline.take(Array.from({ length: 100 }, (_, index) => said(second + index, `${second + index}`)));
    }
    expect(text(timeline, 4999)).toBe("4999");
    expect(text(timeline, 900)).toBe("");
  });
});

describe("pairs in an SEI message", () => {
  it("are those of CEA-608 that are valid and say something", () => {
    expect(pairsOf(sei("fc1420", "fd9420", "f81420", "fe1122", "fc8080"))).toEqual([0, 0x14, 0x20, 1, 0x14, 0x20]);
  });

  it("may be cut off", () => {
    expect(pairsOf(sei("fc1420", "fc1470").slice(0, 7))).toEqual([0, 0x14, 0x20]);
    expect(pairsOf(new Uint8Array())).toEqual([]);
  });
});

describe("lines on the screen", () => {
  it("are one block when they follow one another", () => {
    const rows = [
      { row: 0, column: 3, text: "top" },
      { row: 13, column: 4, text: "a" },
      { row: 14, column: 2, text: "b" },
    ];
    expect(blocksOf(rows).map(({ row, column, text: block }) => [row, column, block])).toEqual([
      [0, 3, "top"],
      [13, 2, "a\nb"],
    ]);
  });

  it("are text, whatever is in them", () => {
    expect(escaped("<b>1 & 2</b>")).toBe("&lt;b&gt;1 &amp; 2&lt;/b&gt;");
  });
});
