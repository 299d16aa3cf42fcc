/** Counts stalls: playback that ran dry by itself, not because of a pause or a seek. Pure; seconds. */

export class StallMeter {
  #count = 0;
  #total = 0;
  #since: number | null = null;

  get count(): number {
    return this.#count;
  }

  get stalled(): boolean {
    return this.#since !== null;
  }

  /** Seconds spent stalled so far, a running stall included. */
  total(now: number): number {
    return this.#total + (this.#since === null ? 0 : now - this.#since);
  }

  /** Playback waits for data. Returns true if a stall began. */
  waiting(now: number): boolean {
    if (this.#since !== null) {
      return false;
    }
    this.#since = now;
    this.#count += 1;
    return true;
  }

  /** Playback moves, or was paused or moved by somebody. */
  resumed(now: number): void {
    this.#total = this.total(now);
    this.#since = null;
  }
}
