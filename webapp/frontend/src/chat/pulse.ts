/** When a page that is told a hundred things a second draws: at most so often, and with the browser's frames. */

/** Between two drawings. A single line is drawn with the next frame; only what follows closely waits. */
export const GAP_MS = 100;
/** When more than this happened since the last drawing: nobody reads so fast, and drawing is what a fast room costs. */
const CROWD = 7;
export const CROWD_GAP_MS = 250;
/** Some 50 to 80 lines a second: all that is seen is new each time. */
const THRONG = 20;
export const THRONG_GAP_MS = 400;

export interface Clock {
  readonly now: () => number;
  readonly later: (act: () => void, ms: number) => void;
  readonly nextFrame: (act: () => void) => void;
}

const BROWSER: Clock = {
  now: () => performance.now(),
  later: (act, ms) => {
    setTimeout(act, ms);
  },
  // A hidden page has no frames: nothing is drawn until it is seen again.
  nextFrame: (act) => {
    requestAnimationFrame(act);
  },
};

export class Pulse {
  readonly #beat: () => void;
  readonly #clock: Clock;
  #lastAt = -Infinity;
  #isDue = false;
  #wants = 0;
  #gap = GAP_MS;

  constructor(beat: () => void, clock: Clock = BROWSER) {
    this.#beat = beat;
    this.#clock = clock;
  }

  /** Something changed: `beat` is called soon, once for all that changes until then. */
  want(): void {
    this.#wants += 1;
    if (this.#isDue) return;
    this.#isDue = true;
    const wait = this.#lastAt + this.#gap - this.#clock.now();
    if (wait <= 0) this.#clock.nextFrame(this.#fire);
    else
      this.#clock.later(() => {
        this.#clock.nextFrame(this.#fire);
      }, wait);
  }

  readonly #fire = (): void => {
    this.#isDue = false;
    this.#gap = this.#wants > THRONG ? THRONG_GAP_MS : this.#wants > CROWD ? CROWD_GAP_MS : GAP_MS;
    this.#wants = 0;
    this.#lastAt = this.#clock.now();
    this.#beat();
  };
}
