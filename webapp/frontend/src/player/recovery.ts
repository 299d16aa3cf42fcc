/** What to do about a fatal error of hls.js, and when. Pure: time is an argument, in seconds. */

/** The part of hls.js's error data that matters here. */
export interface PlayerError {
  readonly kind: "network" | "media" | "codecs" | "other";
  /** HTTP status of the failed request; null when there was none. */
  readonly status: number | null;
  /** It was the multivariant or a media playlist that could not be had. */
  readonly playlist: boolean;
}

export type Remedy =
  /** Reset the decoder, keep the buffer's place. */
  | { readonly kind: "recover-media" }
  /** Start anew after `delay` seconds. `offline`: there is no stream to be had at this address now. */
  | { readonly kind: "restart"; readonly delay: number; readonly offline: boolean }
  /** The server wants a ticket, or another one, which the page has to get. */
  | { readonly kind: "refused" }
  /** Nothing of it can be played here; look again after `delay` seconds, the streamer may choose other codecs. */
  | { readonly kind: "unsupported"; readonly delay: number };

const FIRST_DELAY = 0.5;
const LONGEST_DELAY = 10;
const MEDIA_RETRY_AFTER = 10; // a second media error this soon after the first is not cured by the same medicine
const GOOD_AFTER = 30; // playing for this long: earlier failures no longer count

export class Recovery {
  readonly #random: () => number;
  #failures = 0;
  #lastMediaAt = -Infinity;
  #playingSince: number | null = null;

  /** `random` gives numbers in [0, 1): viewers that failed together must not come back together. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Playback moves. */
  playing(now: number): void {
    this.#playingSince ??= now;
  }

  failed(now: number, error: PlayerError): Remedy {
    if (this.#playingSince !== null && now - this.#playingSince > GOOD_AFTER) {
      this.#failures = 0;
    }
    this.#playingSince = null;
    if (error.status === 401 || error.status === 403) {
      return { kind: "refused" };
    }
    if (error.kind === "codecs") {
      return { kind: "unsupported", delay: LONGEST_DELAY };
    }
    if (error.kind === "media" && now - this.#lastMediaAt > MEDIA_RETRY_AFTER) {
      this.#lastMediaAt = now;
      return { kind: "recover-media" };
    }
    const offline = error.playlist && (error.status === 404 || error.status === 410);
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#failures) * (0.75 + 0.5 * this.#random());
    this.#failures += 1;
    return { kind: "restart", delay, offline };
  }
}
