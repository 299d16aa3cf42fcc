import Hls from "hls.js";
import { describe, expect, it } from "vitest";

import { forgetFalselyComplete, repairedControllers, type Tracker } from "./short-part";

const SEGMENT = { sn: 7 };

function part(sn: number, loaded: boolean, gap = false): { fragment: { sn: number }; loaded: boolean; gap: boolean } {
  return { fragment: { sn }, loaded, gap };
}

interface Recorder extends Tracker<{ sn: number }> {
  readonly forgotten: { sn: number }[];
}

function tracker(state: string): Recorder {
  const forgotten: { sn: number }[] = [];
  return { forgotten, getState: () => state, removeFragment: (fragment) => forgotten.push(fragment) };
}

describe("a segment whose short last part was not loaded", () => {
  it("is forgotten when the tracker calls it complete", () => {
    const subject = tracker("OK");
    forgetFalselyComplete(subject, SEGMENT, [part(7, true), part(7, false)]);
    expect(subject.forgotten).toEqual([SEGMENT]);
  });

  it.each([
    ["all parts are there", "OK", [part(7, true), part(7, true), part(8, false)]],
    ["what is missing is a gap", "OK", [part(7, true), part(7, false, true)]],
    ["the tracker knows", "PARTIAL", [part(7, true), part(7, false)]],
    ["there are no parts", "OK", null],
  ])("is left alone when %s", (_, state, parts) => {
    const subject = tracker(state);
    forgetFalselyComplete(subject, SEGMENT, parts);
    expect(subject.forgotten).toEqual([]);
  });
});

describe("the hls.js this was made for", () => {
  it("is the one in use, and still has what is repaired", () => {
    expect(Hls.version).toBe("1.7.4"); // another one: see whether it still needs this, and measure with 25 fps
    const { streamController, audioStreamController } = Hls.DefaultConfig;
    for (const controller of [streamController, audioStreamController]) {
      expect(controller?.prototype).toHaveProperty("getFragmentAtPosition");
    }
    const repaired = repairedControllers(Hls);
    expect(repaired.streamController?.prototype).toBeInstanceOf(streamController);
    expect(repaired.audioStreamController?.prototype).toBeInstanceOf(audioStreamController);
  });
});
