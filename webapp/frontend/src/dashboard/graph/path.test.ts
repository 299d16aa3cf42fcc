import { expect, it } from "vitest";

import { means, moments, nearest, paths, roundTop, runs, spanOf, summarize, thinned, type Point } from "./path";

const PAPER = { width: 100, height: 50 };
const HOURS_8 = 8 * 3600;

/** A reading each 5 s, one of them a peak, and a break of a minute. */
function long(): readonly Point[] {
  return Array.from({ length: HOURS_8 / 5 }, (_, index): Point => {
    const value = index === 2345 ? 9000 : 4000 + 500 * Math.sin(index / 40);
    return [index * 5, index >= 4000 && index < 4012 ? null : value];
  });
}

it("draws a line and the area below it, and breaks both where nothing was measured", () => {
  const points: readonly Point[] = [[0, 0], [25, 10], [50, null], [75, 5], [100, 10]];
  expect(paths(points, { from: 0, to: 100 }, 10, PAPER)).toEqual({
    line: "M0.0 50.0L25.0 0.0M75.0 25.0L100.0 0.0",
    area: "M0.0 50L0.0 50.0L25.0 0.0L25.0 50ZM75.0 50L75.0 25.0L100.0 0.0L100.0 50Z",
  });
});

it("draws what stands alone as a dot, and what leaves the paper at its edge", () => {
  expect(paths([[50, 99]], { from: 0, to: 100 }, 10, PAPER).line).toBe("M50.0 0.0h0");
  expect(paths([[50, -3]], { from: 0, to: 100 }, 10, PAPER).line).toBe("M50.0 50.0h0");
  expect(paths([], { from: 0, to: 100 }, 10, PAPER)).toEqual({ line: "", area: "" });
});

it("thins eight hours of readings to what a screen shows, and loses neither peak nor break", () => {
  const points = long();
  const few = thinned(points, { from: 0, to: HOURS_8 }, 300);
  expect(few.length).toBeLessThan(300 * 4 + 10);
  expect(Math.max(...few.map(([, value]) => value ?? 0))).toBe(9000);
  expect(runs(few)).toHaveLength(2);
  expect(few.map(([at]) => at)).toEqual(few.map(([at]) => at).sort((one, other) => one - other));
  expect([few[0], few.at(-1)]).toEqual([points[0], points.at(-1)]);
});

it("leaves a few points as they are", () => {
  const points: readonly Point[] = [[0, 1], [5, 2]];
  expect(thinned(points, { from: 0, to: 5 }, 300)).toBe(points);
});

it("says the lowest, the highest and the mean of what was measured", () => {
  expect(summarize([[0, 1], [1, null], [2, 3]])).toEqual({ last: 3, lowest: 1, highest: 3, mean: 2 });
  expect(summarize([[0, 1], [1, null]])?.last).toBeNull();
  expect(summarize([[0, null]])).toBeNull();
});

it("spans all series, also where one is empty", () => {
  expect(spanOf([[[10, 1], [20, 2]], [], [[5, null]]])).toEqual({ from: 5, to: 20 });
  expect(spanOf([[], []])).toBeNull();
  expect(spanOf([[[7, 1]]])).toEqual({ from: 7, to: 8 });
});

it.each([[0, 1], [NaN, 1], [3, 5], [5, 5], [5.1, 10], [0.021, 0.025], [1800, 2000], [5_900, 10_000]])("ends an axis that holds %d at %d", (highest, top) => {
  expect(roundTop(highest)).toBeCloseTo(top, 9);
});

it("finds the reading nearest to a moment", () => {
  const points: readonly Point[] = [[0, 1], [10, 2], [20, 3]];
  expect([-5, 4, 6, 14, 99].map((at) => nearest(points, at)?.[0])).toEqual([0, 0, 10, 10, 20]);
  expect(nearest([], 5)).toBeNull();
});

it("writes round moments on the axis, by the clock of whoever looks", () => {
  expect(moments({ from: 100, to: 3700 }, 6, 0)).toEqual([600, 1200, 1800, 2400, 3000, 3600]);
  // Half past by UTC is the full hour in India.
  expect(moments({ from: 0, to: 3 * 3600 }, 4, 19_800)).toEqual([1800, 5400, 9000]);
  expect(moments({ from: 0, to: 400 * 86_400 }, 6, 0).length).toBeLessThanOrEqual(7);
});

it("tells a table the means of equal stretches", () => {
  expect(means([[0, 1], [1, 3], [9, null], [10, 7]], { from: 0, to: 10 }, 2)).toEqual([[0, 2], [5, 7]]);
  expect(means([], { from: 0, to: 10 }, 2)).toEqual([[0, null], [5, null]]);
});
