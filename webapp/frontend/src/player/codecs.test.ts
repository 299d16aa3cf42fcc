import { describe, expect, it } from "vitest";

import { codecName, describeMissing, missingCodecs, NOTHING_MISSING } from "./codecs";

const CHROMIUM = /avc1|av01|vp09|mp4a|[Oo]pus|fLaC/;

function missing(...variants: string[]): ReturnType<typeof missingCodecs> {
  return missingCodecs(variants, (type) => CHROMIUM.test(type));
}

describe("missing codecs", () => {
  it("finds nothing where all can be played", () => {
    expect(missing("avc1.640028,mp4a.40.2", "mp4a.40.2")).toEqual(NOTHING_MISSING);
    expect(missing("av01.0.08M.08,Opus", "vp09.00.41.08,fLaC")).toEqual(NOTHING_MISSING);
  });

  it("names video that cannot be played, once for all variants", () => {
    expect(missing("hvc1.1.6.L120.90,mp4a.40.2", "hvc1.1.6.L90.90,mp4a.40.2", "mp4a.40.2")).toEqual({
      video: ["HEVC"],
      audio: [],
    });
  });

  it("asks for the type that the source buffer would have", () => {
    const asked: string[] = [];
    missingCodecs(["hvc1.1.6.L120.90, ac-3"], (type) => asked.push(type) > 0);
    expect(asked).toEqual(['video/mp4;codecs="hvc1.1.6.L120.90"', 'audio/mp4;codecs="ac-3"']);
  });

  it("leaves names that nobody knows to hls.js", () => {
    expect(missing("xyz1.7,wvtt", "")).toEqual(NOTHING_MISSING);
  });

  it("says what is missing as part of a sentence", () => {
    expect(describeMissing(missing("hvc1.1.6.L120.90,ec-3"))).toBe("HEVC video or E-AC-3 sound");
    expect(describeMissing(missing("avc1.640028,ac-3"))).toBe("AC-3 sound");
    expect(describeMissing(NOTHING_MISSING)).toBe("");
  });
});

describe("codecs by name", () => {
  it.each([
    ["avc1.64001f", "H.264"],
    ["mp4a.40.2", "AAC"],
    ["fLaC", "FLAC"],
    ["vvc1.1.L51", "vvc1.1.L51"],
  ])("%s is %s", (codec, name) => {
    expect(codecName(codec)).toBe(name);
  });
});
