/** Does playback move? Counts stalls by what matters to viewers: the position stands still. Pure; seconds. */

export interface Moment {
  readonly position: number;
  readonly paused: boolean;
  readonly seeking: boolean;
  /** The encoder is away, so that there is nothing to play: no stall. */
  readonly away: boolean;
}

/** `away`: dry, because the encoder is, or was until a moment ago. */
export type Movement = "moving" | "paused" | "dry" | "away";

const STANDS_STILL = 0.5; // a seek within the buffer takes less

export class Progress {
  #position: number | null = null;
  #movedAt: number | null = null;
  #dry = false;
  #counted = false;
  #away = false;
  #stalls = 0;
  #stalled = 0;

  get stalls(): number {
    return this.#stalls;
  }

  /** Seconds spent stalled, a running stall included. */
  stalled(now: number): number {
    return this.#stalled + (this.#counted && this.#movedAt !== null ? now - this.#movedAt : 0);
  }

  /** The media element says that it ran dry: believe it before the position proves it. */
  waiting(): void {
    this.#dry = true;
  }

  /** Another source: what was seen of the old one does not count. */
  reset(now: number): void {
    this.#finish(now);
    this.#position = null;
    this.#movedAt = null;
  }

  look(now: number, moment: Moment): Movement {
    const moved = moment.position !== this.#position;
    this.#position = moment.position;
    if (moment.paused || this.#movedAt === null || (moved && !moment.seeking)) {
      this.#finish(now);
      this.#movedAt = now;
      return moment.paused ? "paused" : "moving";
    }
    this.#dry ||= now - this.#movedAt > STANDS_STILL;
    if (!this.#dry) {
      return "moving";
    }
    this.#away ||= moment.away; // until it moves again: the first media after a gap take a moment
    if (this.#counted === this.#away) {
      this.#counted = !this.#away; // taken back when it turns out that the encoder is away
      this.#stalls += this.#away ? -1 : 1;
    }
    return this.#away ? "away" : "dry";
  }

  #finish(now: number): void {
    this.#stalled = this.stalled(now);
    this.#counted = false;
    this.#away = false;
    this.#dry = false;
  }
}
