/** Arithmetic of the bar below the picture: from positions to places on it, and back. Pure; seconds of media time. */

import type { MediaWindow } from "../../player/source";

/** A shorter window is no use: everything in it is "now". */
const WORTH_A_BAR = 15;
/** Nearer to the end than this is live: the player's own distance to the edge moves by as much. */
const IS_LIVE = 5;

export interface Bar {
  /** How much of the stream can be gone back, in whole seconds. */
  readonly length: number;
  /** How far the picture is behind live, at most `length`. */
  readonly behind: number;
  readonly isLive: boolean;
}

/** What the bar shows; null while there is nothing to go back to. */
export function barOf(range: MediaWindow | null, position: number): Bar | null {
  const length = range === null ? 0 : Math.floor(range.end - range.start);
  if (range === null || !Number.isFinite(length) || length < WORTH_A_BAR) {
    return null;
  }
  const behind = clamp(range.end - position, 0, length);
  return { length, behind, isLive: behind < IS_LIVE };
}

/** The position that is so far behind live. */
export function positionOf(range: MediaWindow, behind: number): number {
  return clamp(range.end - behind, range.start, range.end);
}

/** How far behind live the place on the bar is that a pointer is at; all in pixels. */
export function behindAt(x: number, left: number, width: number, length: number): number {
  return width <= 0 ? 0 : Math.round((1 - clamp((x - left) / width, 0, 1)) * length);
}

/** The share of the bar that is left of the picture, 0 to 1. */
export function share({ length, behind }: Pick<Bar, "length" | "behind">): number {
  return length <= 0 ? 1 : clamp(1 - behind / length, 0, 1);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
