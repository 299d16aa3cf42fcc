/** One's own messages, to be called back with Up and Down. Pure; bounded. */

const MOST = 50;

export class Recall {
  readonly #said: string[] = [];
  /** Which one is shown; the length: none, but what is being written. */
  #at = 0;
  #draft = "";

  /** Note what was said. */
  add(text: string): void {
    if (this.#said.at(-1) !== text) this.#said.push(text);
    if (this.#said.length > MOST) this.#said.shift();
    this.#at = this.#said.length;
    this.#draft = "";
  }

  /** What to show one step back in time, with what stands there now; `null`: there is nothing older. */
  older(text: string): string | null {
    if (this.#at === 0) return null;
    if (this.#at === this.#said.length) this.#draft = text;
    this.#at -= 1;
    return this.#said[this.#at] ?? null;
  }

  /** One step forward, at last to what was being written; `null`: that is shown. */
  newer(): string | null {
    if (this.#at >= this.#said.length) return null;
    this.#at += 1;
    return this.#at === this.#said.length ? this.#draft : (this.#said[this.#at] ?? null);
  }

  /** Whether the text is one that was called back, so that Down may go on. */
  get isShowing(): boolean {
    return this.#at < this.#said.length;
  }

  /** What is shown was changed by hand: from here on it is a draft. */
  edited(): void {
    this.#at = this.#said.length;
  }
}
