/**
 * Notices that loading hangs: playback is dry, the playlist has more, and the loader asks for nothing. It must not happen,
 * but loaders of live parts have had such states (hls.js#7008, #7431), and a viewer should not need to reload the page.
 * Pure; seconds.
 */

export interface LoaderState {
  /** Playback stands still for want of data. */
  readonly dry: boolean;
  /** The loader has no request under way. */
  readonly idle: boolean;
  /** How much further the playlist reaches than the buffer. */
  readonly ahead: number;
}

/** `jump`: seek to the live position, past whatever it hangs on. `restart`: load the source anew. */
export type Kick = "jump" | "restart" | null;

const JUMP_AFTER = 1;
const RESTART_AFTER = 4;
const BUSY_JUMP_AFTER = 5; // a request may hang as well, or wait for what never comes; a part lasts a third of a second
const BUSY_RESTART_AFTER = 10;
const WORTH_LOADING = 0.5; // less than about a part: it is not listed yet

export class Watchdog {
  #stuckSince: number | null = null;
  #idleSince: number | null = null;
  #jumped = false;

  look(now: number, { dry, idle, ahead }: LoaderState): Kick {
    if (!dry) {
      this.#jumped = false;
    }
    const stuck = dry && ahead >= WORTH_LOADING;
    this.#stuckSince = stuck ? (this.#stuckSince ?? now) : null;
    this.#idleSince = stuck && idle ? (this.#idleSince ?? now) : null;
    const hung = now - (this.#stuckSince ?? now);
    const idled = now - (this.#idleSince ?? now);
    if (!this.#jumped && (idled >= JUMP_AFTER || hung >= BUSY_JUMP_AFTER)) {
      this.#jumped = true;
      return "jump";
    }
    if (idled >= RESTART_AFTER || hung >= BUSY_RESTART_AFTER) {
      this.#stuckSince = this.#idleSince = null;
      return "restart";
    }
    return null;
  }
}
