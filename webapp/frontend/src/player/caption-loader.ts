/** Waits for captions inside the picture, and loads what shows them when there are some: most streams have none. */

import type { CaptionTrack } from "./caption-track";
import type { CaptionSample } from "./captions";

/** Frames whose captions wait for the script. */
const MOST_WAITING = 1000;

/** The captions of one source in one element. Ends with `close`. */
export class CaptionLoader {
  readonly #video: HTMLVideoElement;
  #waiting: CaptionSample[] = [];
  #track: CaptionTrack | null = null;
  #state: "none" | "loading" | "closed" = "none";

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  take(samples: readonly CaptionSample[]): void {
    const some = samples.filter(({ bytes }) => bytes !== undefined && bytes.length > 2);
    if (some.length === 0) {
      return;
    }
    if (this.#track !== null) {
      this.#track.take(some);
      return;
    }
    this.#waiting = [...this.#waiting, ...some].slice(-MOST_WAITING);
    if (this.#state === "none") {
      this.#state = "loading";
      void this.#load();
    }
  }

  async #load(): Promise<void> {
    try {
      const { CaptionTrack } = await import("./caption-track");
      if (this.#state === "loading") {
        this.#track = new CaptionTrack(this.#video);
        this.#track.take(this.#waiting);
        this.#waiting = [];
      }
    } catch {
      if (this.#state === "loading") {
        this.#state = "none"; // the script did not load: the next words try again
      }
    }
  }

  close(): void {
    this.#state = "closed";
    this.#waiting = [];
    this.#track?.close();
  }
}
