/**
 * Captions that come inside the picture (CEA-608 in SEI messages), in step with what is shown. Pure; seconds of media time.
 *
 * What arrives is kept by its time and decoded only when playback reaches it: then B-frames need no reordering, it does not
 * matter how late a part came, and after a seek the last seconds before the new place are decoded again.
 */

import { Cea608, type CaptionRow } from "./cea608";

/** What hls.js tells of a frame: the SEI message from its count of pairs on. */
export interface CaptionSample {
  readonly pts: number;
  readonly bytes?: Uint8Array;
}

export interface CaptionScreen {
  /** When it began to look like this. */
  readonly since: number;
  readonly rows: readonly CaptionRow[];
}

/** More than a minute of captions in each frame; of a stream with fewer, as much more. The oldest go first. */
const MOST_SAMPLES = 4000;
/** Who comes from elsewhere sees what was begun so long before. */
const LOOK_BACK_S = 16;
/** Decoders wipe a screen for which nothing came for so long (CEA-608-E, 47 CFR 79.101): the end of it may be lost. */
const STALE_S = 16;
const BLANK: readonly CaptionRow[] = [];

interface Kept {
  readonly pts: number;
  /** Field, first and second byte, again and again. */
  readonly pairs: readonly number[];
}

export class CaptionTimeline {
  #kept: Kept[] = [];
  #decoder = new Cea608();
  /** All until here is decoded. */
  #reached = -Infinity;
  #dataAt = -Infinity;
  #screen: CaptionScreen = { since: -Infinity, rows: BLANK };

  /** Take what came with the frames of a segment or part; one that is loaded again takes the place of what it was. */
  take(samples: readonly CaptionSample[]): void {
    const byPts = new Map<number, number[]>();
    for (const { pts, bytes } of samples) {
      const pairs = bytes === undefined ? [] : pairsOf(bytes);
      if (pairs.length > 0) {
        byPts.set(pts, [...(byPts.get(pts) ?? []), ...pairs]);
      }
    }
    if (byPts.size === 0) {
      return;
    }
    const fresh = [...byPts].map(([pts, pairs]) => ({ pts, pairs }));
    const old = new Set(this.#kept.map(({ pts }) => pts));
    const late = fresh.some(({ pts }) => pts <= this.#reached && !old.has(pts));
    this.#kept = [...this.#kept.filter(({ pts }) => !byPts.has(pts)), ...fresh].sort((one, other) => one.pts - other.pts).slice(-MOST_SAMPLES);
    if (late) {
      this.#reached = Infinity; // decode anew, in order
    }
  }

  /** What is on the screen at a position. The same object while nothing changes. */
  at(position: number): CaptionScreen {
    if (position < this.#reached || position - this.#reached > LOOK_BACK_S) {
      this.#decoder = new Cea608();
      this.#reached = position - LOOK_BACK_S;
      this.#dataAt = -Infinity;
      this.#show(this.#reached, BLANK);
    }
    for (const { pts, pairs } of this.#kept) {
      if (pts > this.#reached && pts <= position) {
        this.#decode(pts, pairs);
      }
    }
    this.#reached = position;
    if (this.#screen.rows.length > 0 && position - this.#dataAt > STALE_S) {
      this.#decoder = new Cea608();
      this.#show(position, BLANK);
    }
    return this.#screen;
  }

  #decode(pts: number, pairs: readonly number[]): void {
    for (let index = 0; index + 2 < pairs.length; index += 3) {
      this.#decoder.feed(pairs[index] === 0 ? 0 : 1, pairs[index + 1] ?? 0, pairs[index + 2] ?? 0);
    }
    this.#dataAt = pts;
    this.#show(pts, this.#decoder.rows);
  }

  #show(since: number, rows: readonly CaptionRow[]): void {
    if (!sameRows(rows, this.#screen.rows)) {
      this.#screen = { since, rows };
    }
  }
}

/**
 * The pairs of CEA-608 in an SEI message, as ATSC A/53 part 4 has them: five bits of count, a byte, then three bytes for each;
 * those for CEA-708 are left out. What is cut off is left out, too.
 */
export function pairsOf(bytes: Uint8Array): number[] {
  const pairs: number[] = [];
  const end = Math.min(bytes.length, 2 + 3 * ((bytes[0] ?? 0) & 0x1f));
  for (let index = 2; index + 2 < end; index += 3) {
    const head = bytes[index] ?? 0;
    const first = (bytes[index + 1] ?? 0) & 0x7f;
    const second = (bytes[index + 2] ?? 0) & 0x7f;
    const field = head & 0x03;
    if ((head & 0x04) !== 0 && field < 2 && (first !== 0 || second !== 0)) {
      pairs.push(field, first, second);
    }
  }
  return pairs;
}

export interface CaptionBlock {
  /** From the top, 0 to 14. */
  readonly row: number;
  /** From the left, 0 to 31. */
  readonly column: number;
  readonly text: string;
}

/** Lines that follow one another are one block, at the place where its first line begins and as far left as any of it. */
export function blocksOf(rows: readonly CaptionRow[]): readonly CaptionBlock[] {
  const blocks: (CaptionBlock & { last: number })[] = [];
  for (const { row, column, text } of rows) {
    const before = blocks.at(-1);
    if (before?.last === row - 1) {
      blocks[blocks.length - 1] = {
        row: before.row,
        column: Math.min(before.column, column),
        text: `${before.text}\n${text}`,
        last: row,
      };
    } else {
      blocks.push({ row, column, text, last: row });
    }
  }
  return blocks;
}

function sameRows(some: readonly CaptionRow[], others: readonly CaptionRow[]): boolean {
  return (
    some.length === others.length &&
    some.every((one, index) => {
      const other = others[index];
      return one.row === other?.row && one.column === other.column && one.text === other.text;
    })
  );
}
