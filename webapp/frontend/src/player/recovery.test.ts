import { describe, expect, it } from "vitest";

import { Recovery, type PlayerError } from "./recovery";

const MEDIA: PlayerError = { kind: "media", status: null, playlist: false };
const NETWORK: PlayerError = { kind: "network", status: null, playlist: false };
const MISSING: PlayerError = { kind: "network", status: 404, playlist: true };

function recovery(): Recovery {
  return new Recovery(() => 0.5);
}

describe("recovery", () => {
  it("resets the decoder after a media error, and starts anew after a second one soon after", () => {
    const subject = recovery();
    expect(subject.failed(100, MEDIA)).toEqual({ kind: "recover-media" });
    expect(subject.failed(103, MEDIA)).toMatchObject({ kind: "restart", offline: false });
    expect(subject.failed(200, MEDIA)).toEqual({ kind: "recover-media" });
  });

  it("waits longer with every failure in a row, ten seconds at most", () => {
    const subject = recovery();
    const delays = Array.from({ length: 8 }, (_, index) => {
      const remedy = subject.failed(index, NETWORK);
      return remedy.kind === "restart" ? remedy.delay : null;
    });
    expect(delays).toEqual([0.5, 1, 2, 4, 8, 10, 10, 10]);
  });

  it("forgets failures once playback has gone well for half a minute", () => {
    const subject = recovery();
    subject.failed(0, NETWORK);
    subject.failed(1, NETWORK);
    subject.playing(2);
    subject.playing(40);
    expect(subject.failed(41, NETWORK)).toMatchObject({ delay: 0.5 });
  });

  it("keeps counting when playback only just began", () => {
    const subject = recovery();
    subject.failed(0, NETWORK);
    subject.playing(2);
    expect(subject.failed(3, NETWORK)).toMatchObject({ delay: 1 });
  });

  it("does not hurry where this browser lacks the codecs", () => {
    const subject = recovery();
    const codecs: PlayerError = { kind: "codecs", status: null, playlist: true };
    expect(subject.failed(0, codecs)).toEqual({ kind: "unsupported", delay: 10 });
    expect(subject.failed(10, NETWORK)).toMatchObject({ delay: 0.5 });
  });

  it("takes a missing playlist for a channel that is offline", () => {
    expect(recovery().failed(0, MISSING)).toMatchObject({ kind: "restart", offline: true });
    expect(recovery().failed(0, { ...MISSING, status: 503 })).toMatchObject({ offline: false });
    expect(recovery().failed(0, { ...MISSING, playlist: false })).toMatchObject({ offline: false });
  });

  it("spreads viewers that failed together", () => {
    const early = new Recovery(() => 0).failed(0, NETWORK);
    const late = new Recovery(() => 0.99).failed(0, NETWORK);
    expect(early).toMatchObject({ delay: 0.375 });
    expect(late.kind === "restart" && late.delay > 0.6).toBe(true);
  });

  it("leaves a refusal to the page, which may get a ticket", () => {
    const subject = recovery();
    for (const playlist of [true, false]) {
      expect(subject.failed(0, { kind: "network", status: 403, playlist })).toEqual({ kind: "refused" });
    }
    expect(subject.failed(1, NETWORK)).toMatchObject({ delay: 0.5 });
  });
});
