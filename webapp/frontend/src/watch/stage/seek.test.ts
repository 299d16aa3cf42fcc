import { describe, expect, it } from "vitest";

import { barOf, behindAt, positionOf, share } from "./seek";

const RANGE = { start: 100, end: 400 };

describe("the bar below the picture", () => {
  it("is not there while there is too little to go back to", () => {
    expect(barOf(null, 10)).toBeNull();
    expect(barOf({ start: 0, end: 9 }, 8)).toBeNull();
    expect(barOf({ start: 0, end: Number.NaN }, 8)).toBeNull();
  });

  it("is live near its end, wherever the player holds its own distance", () => {
    expect(barOf(RANGE, 399.2)).toMatchObject({ length: 300, isLive: true });
    expect(barOf(RANGE, 401)).toMatchObject({ behind: 0, isLive: true });
    expect(barOf(RANGE, 340)).toEqual({ length: 300, behind: 60, isLive: false });
  });

  it("shows a picture that has left the window at its beginning", () => {
    expect(barOf(RANGE, 20)).toMatchObject({ behind: 300 });
  });

  it("goes to the position that is so far behind live, and never out of the window", () => {
    expect(positionOf(RANGE, 60)).toBe(340);
    expect(positionOf(RANGE, 0)).toBe(400);
    expect(positionOf(RANGE, 9999)).toBe(100);
    expect(positionOf(RANGE, -5)).toBe(400);
  });

  it("tells what a pointer is at, also beside the bar and on one without width", () => {
    expect(behindAt(50, 0, 100, 300)).toBe(150);
    expect(behindAt(-20, 0, 100, 300)).toBe(300);
    expect(behindAt(500, 0, 100, 300)).toBe(0);
    expect(behindAt(5, 0, 0, 300)).toBe(0);
  });

  it("goes there and back", () => {
    for (const behind of [0, 1, 77, 300]) {
      const bar = barOf(RANGE, positionOf(RANGE, behind));
      expect(bar?.behind).toBe(behind);
      expect(behindAt(share({ length: 300, behind }) * 640, 0, 640, 300)).toBe(behind);
    }
  });
});
