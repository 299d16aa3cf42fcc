import { describe, expect, it } from "vitest";

import { Progress, type Moment } from "./progress";
import { Watchdog } from "./watchdog";

const PLAYING: Moment = { position: 0, paused: false, seeking: false, away: false };

describe("progress", () => {
  it("counts a stall once, from the moment the position stood still, until it moves", () => {
    const progress = new Progress();
    const seen = [0, 0.1, 0.2, 0.3, 0.8, 1.2, 1.3].map((now, index) =>
      progress.look(now, { ...PLAYING, position: index < 3 ? now : index < 6 ? 0.2 : 0.3 }),
    );
    expect(seen).toEqual(["moving", "moving", "moving", "moving", "dry", "dry", "moving"]);
    expect(progress.stalls).toBe(1);
    expect(progress.stalled(5)).toBeCloseTo(1.1);
  });

  it("believes the element that it ran dry at once", () => {
    const progress = new Progress();
    progress.look(0, PLAYING);
    progress.waiting();
    expect(progress.look(0.1, PLAYING)).toBe("dry");
    expect(progress.stalled(0.4)).toBeCloseTo(0.4);
  });

  it("does not count pauses, short seeks and an absent encoder", () => {
    const progress = new Progress();
    progress.look(0, PLAYING);
    expect(progress.look(9, { ...PLAYING, paused: true })).toBe("paused");
    expect(progress.look(9.1, { ...PLAYING, position: 5, seeking: true })).toBe("moving");
    expect(progress.look(9.3, { ...PLAYING, position: 5.1 })).toBe("moving");
    expect(progress.look(20, { ...PLAYING, position: 5.1, away: true })).toBe("away");
    expect(progress.look(21, { ...PLAYING, position: 5.1 })).toBe("away");
    expect(progress.stalls).toBe(0);
  });

  it("takes a stall back when the encoder turns out to be away, and does not count the rest of it", () => {
    const progress = new Progress();
    progress.look(0, PLAYING);
    progress.look(1, PLAYING);
    expect(progress.stalls).toBe(1);
    progress.look(2, { ...PLAYING, away: true });
    expect([progress.stalls, progress.stalled(3)]).toEqual([0, 0]);
  });

  it("counts a seek to where nothing comes", () => {
    const progress = new Progress();
    progress.look(0, PLAYING);
    progress.look(0.1, { ...PLAYING, position: 50, seeking: true });
    expect(progress.look(2, { ...PLAYING, position: 50, seeking: true })).toBe("dry");
    expect(progress.stalls).toBe(1);
  });

  it("starts anew with another source", () => {
    const progress = new Progress();
    progress.look(0, PLAYING);
    progress.look(2, PLAYING);
    progress.reset(3);
    expect(progress.look(60, PLAYING)).toBe("moving");
    expect([progress.stalls, progress.stalled(60)]).toEqual([1, 3]);
  });
});

describe("the watchdog", () => {
  const HUNG = { dry: true, idle: true, ahead: 2 };

  it("jumps after a second, and starts anew when that did not help", () => {
    const watchdog = new Watchdog();
    expect([0, 0.9, 1, 2, 4, 4.1].map((now) => watchdog.look(now, HUNG))).toEqual([null, null, "jump", null, "restart", null]);
  });

  it.each([
    ["playback moves", { ...HUNG, dry: false }],
    ["there is nothing more to load", { ...HUNG, ahead: 0.1 }],
  ])("keeps still while %s", (_, state) => {
    const watchdog = new Watchdog();
    expect([0, 2, 5, 9].map((now) => watchdog.look(now, state))).toEqual([null, null, null, null]);
  });

  it("gives a request more time, but not for ever", () => {
    const watchdog = new Watchdog();
    const kicks = [0, 2, 4.9, 5, 9.9, 10, 10.1].map((now) => watchdog.look(now, { ...HUNG, idle: false }));
    expect(kicks).toEqual([null, null, null, "jump", null, "restart", null]);
  });

  it("does not jump again before playback moved", () => {
    const watchdog = new Watchdog();
    expect(watchdog.look(0, HUNG)).toBeNull();
    expect(watchdog.look(1, HUNG)).toBe("jump");
    watchdog.look(1.1, { ...HUNG, idle: false });
    watchdog.look(2, HUNG);
    expect(watchdog.look(3.5, HUNG)).toBeNull();
    expect(watchdog.look(6, HUNG)).toBe("restart");
  });
});
