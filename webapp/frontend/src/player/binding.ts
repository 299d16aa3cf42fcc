/** Connects the latency controller to a media element: reads the one, obeys the other. No decisions here. */

import type { LatencyController, PlaybackState, TimeRange } from "./latency";

export function timeRanges(ranges: TimeRanges): TimeRange[] {
  return Array.from({ length: ranges.length }, (_, index) => ({ start: ranges.start(index), end: ranges.end(index) }));
}

/** Seconds on the clock that the controller is given; it never runs backwards. */
export function clock(): number {
  return performance.now() / 1000;
}

/** What the element does not know of what it plays. */
export type StreamState = Pick<PlaybackState, "liveSync" | "away" | "resumesAt">;

export class LatencyBinding {
  readonly controller: LatencyController;
  readonly #video: HTMLVideoElement;
  readonly #stream: () => StreamState;
  readonly #abort = new AbortController();
  #seekingTo: number | null = null;
  #rate = 1;

  /** `stream` is asked at every look. Ends with `close`. */
  constructor(video: HTMLVideoElement, controller: LatencyController, stream: () => StreamState) {
    this.#video = video;
    this.controller = controller;
    this.#stream = stream;
    video.addEventListener("seeking", this.#onSeeking, { signal: this.#abort.signal });
  }

  /** Sample the element and do what the controller says. Call often, and whenever media was appended. */
  look(): void {
    const { rate, seekTo } = this.controller.sample(clock(), this.#state());
    if (seekTo !== null) {
      this.#seekingTo = seekTo;
      this.#video.currentTime = seekTo;
    }
    if (rate !== this.#rate) {
      this.#rate = rate; // set on change only: the rate is the viewer's while the controller rests
      this.#video.playbackRate = rate;
    }
  }

  close(): void {
    this.#abort.abort();
    this.#video.playbackRate = 1;
  }

  readonly #onSeeking = (): void => {
    const { currentTime } = this.#video;
    if (this.#seekingTo !== null && Math.abs(currentTime - this.#seekingTo) < 0.01) {
      this.#seekingTo = null;
      return;
    }
    this.controller.sought(currentTime, this.#state());
  };

  #state(): PlaybackState {
    const { currentTime, buffered, paused, seeking } = this.#video;
    return {
      position: currentTime,
      buffered: timeRanges(buffered),
      paused,
      seeking,
      hidden: document.hidden,
      ...this.#stream(),
    };
  }
}
