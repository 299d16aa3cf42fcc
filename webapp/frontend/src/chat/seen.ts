/** Ids that were seen of late, so that nothing is shown twice. Pure; bounded in two generations, so forgetting is cheap. */
export class Seen {
  readonly #most: number;
  #young = new Set<string>();
  #old = new Set<string>();

  /** Remembers at least `most` ids, and at most twice as many. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Note an id; says whether it is new. */
  add(id: string): boolean {
    if (this.#young.has(id)) return false;
    const isNew = !this.#old.has(id);
    this.#young.add(id);
    if (this.#young.size >= this.#most) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    return isNew;
  }
}
