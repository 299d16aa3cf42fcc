/** The small pure parts of the stage. */

import { describe, expect, it } from "vitest";

import { NOTHING_MISSING } from "../../player/codecs";
import { bestOf, type Quality } from "../../player/source";
import { choices, missingText, qualityName } from "./labels";
import { soundFrom } from "./memory";
import { messageFor } from "./messages";
import { TEXTS } from "./texts";

const HEVC = { video: ["HEVC"], audio: [] };
const EN = TEXTS.en;

describe("what lies over the picture", () => {
  it("is nothing while the picture moves", () => {
    expect(messageFor("playing", "Berta", NOTHING_MISSING, EN)).toBeNull();
  });

  it("says that HEVC cannot be played while only the sound is, without a spinner", () => {
    for (const state of ["playing", "paused"] as const) {
      expect(messageFor(state, "Berta", HEVC, EN)).toMatchObject({
        title: "This browser cannot play HEVC video",
        text: "You hear the sound only. Another browser or device may show the picture.",
        busy: false,
      });
    }
  });

  it("names the codecs where nothing of the stream can be played", () => {
    const missing = { video: [], audio: ["AC-3"] };
    expect(messageFor("unsupported", "Berta", missing, EN)).toMatchObject({
      title: "This browser cannot play AC-3 sound",
      busy: false,
    });
    expect(messageFor("unsupported", "Berta", missing, TEXTS.de)?.title).toBe("Dieser Browser kann AC-3-Ton nicht abspielen");
  });

  it("says so where the browser plays no stream at all", () => {
    expect(messageFor("unsupported", "Berta", NOTHING_MISSING, EN)?.title).toBe("This browser cannot play live streams");
  });

  it("lets a state in which nothing is heard either speak first", () => {
    expect(messageFor("ended", "Berta", HEVC, EN)?.title).toBe("The stream has ended");
  });

  it("tells a lost encoder from a slow network", () => {
    expect(messageFor("reconnecting", "Berta", NOTHING_MISSING, EN)).toMatchObject({ title: "Reconnecting", busy: true });
    expect(messageFor("buffering", "Berta", NOTHING_MISSING, EN)).toMatchObject({ title: "Buffering", busy: true });
  });
});

const quality = (height: number, fps = 30, bitsPerSecond = 1_000_000): Quality => ({ height, fps, bitsPerSecond });

describe("qualities", () => {
  it("with as many lines as were chosen are the best of those, or none", () => {
    const all = [quality(720, 30, 2_000_000), quality(1080, 30, 4_000_000), quality(1080, 60, 6_000_000), quality(0, 0, 0)];
    expect([720, 1080, 480, 0].map((height) => bestOf(all, height))).toEqual([0, 2, null, 3]);
  });

  it("are named by lines, and by pictures a second where those are many", () => {
    expect(qualityName(quality(1080, 60))).toBe("1080p60");
    expect(qualityName(quality(1080, 59.94))).toBe("1080p60");
    expect(qualityName(quality(720))).toBe("720p");
    expect(qualityName(quality(0, 0, 160_000))).toBe("160 kbit/s");
    expect(qualityName(quality(0, 0, 0))).toBe("–");
  });

  it("are offered best first, one for each height", () => {
    const all = [quality(480), quality(1080, 30), quality(1080, 60, 6_000_000), quality(0)];
    expect(choices({ all, playing: 0, chosen: null }).map(({ name }) => name)).toEqual(["1080p60", "480p"]);
  });

  it("that are missing are listed as a sentence has them", () => {
    expect(missingText({ video: ["HEVC"], audio: ["AC-3"] }, EN.codecWords)).toBe("HEVC video or AC-3 sound");
    expect(missingText(NOTHING_MISSING, EN.codecWords)).toBe("");
  });
});

describe("the remembered volume", () => {
  it("is what was set", () => {
    expect(soundFrom('{"volume":0.3,"muted":true}')).toEqual({ volume: 0.3, muted: true });
  });

  it("is full where nothing sensible was stored", () => {
    for (const stored of [null, "", "null", "[]", "7", '{"volume":7}', '{"volume":"loud"}', '{"volume":null}', "{"]) {
      expect(soundFrom(stored)).toEqual({ volume: 1, muted: false });
    }
  });
});
