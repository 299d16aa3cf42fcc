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
const WORTH_LOADING = 0.5; // less than about a part: it is not listed yet

export class Watchdog {
  #since: number | null = null;
  #jumped = false;

  look(now: number, { dry, idle, ahead }: LoaderState): Kick {
    if (!dry) {
      this.#jumped = false;
    }
    if (!dry || !idle || ahead < WORTH_LOADING) {
      this.#since = null;
      return null;
    }
    this.#since ??= now;
    const hung = now - this.#since;
    if (!this.#jumped && hung >= JUMP_AFTER) {
      this.#jumped = true;
      return "jump";
    }
    if (hung >= RESTART_AFTER) {
      this.#since = null;
      return "restart";
    }
    return null;
  }
}
