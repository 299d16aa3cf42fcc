/** From points in time to lines on paper. Pure; one pass over the points each, whatever their number. */

/** Unix seconds, and a value; null where nothing was measured: the line is broken there. */
export type Point = readonly [number, number | null];

/** From where to where time goes on the horizontal axis, in unix seconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Paper {
  readonly width: number;
  readonly height: number;
}

export interface Summary {
  readonly last: number | null;
  readonly lowest: number;
  readonly highest: number;
  readonly mean: number;
}

/** What was measured, in numbers; null where nothing was. `last` is null when the newest point has no value. */
export function summarize(points: readonly Point[]): Summary | null {
  let [lowest, highest, sum, count] = [Infinity, -Infinity, 0, 0];
  for (const [, value] of points) {
    if (value === null) continue;
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
    sum += value;
    count += 1;
  }
  return count === 0 ? null : { last: points.at(-1)?.[1] ?? null, lowest, highest, mean: sum / count };
}

/** From the first to the last moment of all of them; null when there is none. */
export function spanOf(all: readonly (readonly Point[])[]): Span | null {
  let [from, to] = [Infinity, -Infinity];
  for (const points of all) {
    from = Math.min(from, points[0]?.[0] ?? Infinity);
    to = Math.max(to, points.at(-1)?.[0] ?? -Infinity);
  }
  return from > to ? null : { from, to: Math.max(to, from + 1) };
}

/** The round number at which an axis from 0 ends that holds `highest`: 1, 2, 2.5 or 5 times a power of ten. */
export function roundTop(highest: number): number {
  if (!(highest > 0) || !Number.isFinite(highest)) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * power >= highest) ?? 10;
  return step * power;
}

/**
 * So few points that no two lie in one column of the paper beside each other: of each column, the first, the lowest, the
 * highest and the last, so that no peak is lost. Gaps stay gaps.
 */
export function thinned(points: readonly Point[], span: Span, columns: number): readonly Point[] {
  if (points.length <= columns * 2) return points;
  const kept: Point[] = [];
  let column = NaN;
  let held: Point[] = [];
  for (const point of points) {
    const at = Math.floor(((point[0] - span.from) / (span.to - span.from)) * columns);
    if (at !== column || point[1] === null) {
      keep(kept, held);
      held = [];
      column = at;
    }
    if (point[1] === null) {
      if (kept.at(-1)?.[1] !== null) kept.push(point); // one break is as good as many
    } else {
      held.push(point);
    }
  }
  keep(kept, held);
  return kept;
}

function keep(kept: Point[], held: readonly Point[]): void {
  const [first, last] = [held[0], held.at(-1)];
  if (first === undefined || last === undefined) return;
  let [low, high] = [first, first];
  for (const point of held) {
    if ((point[1] ?? 0) < (low[1] ?? 0)) low = point;
    if ((point[1] ?? 0) > (high[1] ?? 0)) high = point;
  }
  kept.push(...new Set([first, low, high, last].sort((one, other) => one[0] - other[0])));
}

/** The unbroken runs of a line. */
export function runs(points: readonly Point[]): readonly (readonly (readonly [number, number])[])[] {
  const all: [number, number][][] = [];
  let run: [number, number][] = [];
  for (const [at, value] of points) {
    if (value === null) {
      if (run.length > 0) all.push(run);
      run = [];
    } else {
      run.push([at, value]);
    }
  }
  if (run.length > 0) all.push(run);
  return all;
}

/** `d` of an SVG path: the line, and the area below it. A point that stands alone is a dot as wide as the pen. */
export function paths(points: readonly Point[], span: Span, top: number, paper: Paper): { readonly line: string; readonly area: string } {
  const x = (at: number): string => (((at - span.from) / (span.to - span.from)) * paper.width).toFixed(1);
  const y = (value: number): string => (paper.height - (Math.min(Math.max(value, 0), top) / top) * paper.height).toFixed(1);
  let [line, area] = ["", ""];
  for (const run of runs(points)) {
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) continue;
    const drawn = run.map(([at, value]) => `${x(at)} ${y(value)}`).join("L");
    line += `M${drawn}${run.length === 1 ? "h0" : ""}`;
    area += `M${x(first[0])} ${paper.height}L${drawn}L${x(last[0])} ${paper.height}Z`;
  }
  return { line, area };
}

/** The point nearest in time; null when there is none. Points are in the order of time. */
export function nearest(points: readonly Point[], at: number): Point | null {
  let [low, high] = [0, points.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.[0] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  const [here, before] = [points[low], points[low - 1]];
  if (here === undefined || before === undefined) return here ?? null;
  return at - before[0] < here[0] - at ? before : here;
}

const STEPS_S = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/** Round moments to write on the axis, at most `most` of them, by the clock of whoever looks (`zoneS`: seconds east of UTC). */
export function moments(span: Span, most: number, zoneS: number): readonly number[] {
  const step = STEPS_S.find((one) => (span.to - span.from) / one <= most) ?? Math.ceil((span.to - span.from) / most / 86_400) * 86_400;
  const found: number[] = [];
  for (let at = Math.ceil((span.from + zoneS) / step) * step - zoneS; at <= span.to; at += step) found.push(at);
  return found;
}

/** Means of equal stretches of time, for tables: at most `rows`, each with when it begins; null where nothing was measured. */
export function means(points: readonly Point[], span: Span, rows: number): readonly Point[] {
  const length = (span.to - span.from) / rows;
  const sums = Array.from({ length: rows }, () => ({ sum: 0, count: 0 }));
  for (const [at, value] of points) {
    const row = sums[Math.min(rows - 1, Math.max(0, Math.floor((at - span.from) / length)))];
    if (value !== null && row !== undefined) {
      row.sum += value;
      row.count += 1;
    }
  }
  return sums.map(({ sum, count }, index) => [span.from + index * length, count === 0 ? null : sum / count]);
}
