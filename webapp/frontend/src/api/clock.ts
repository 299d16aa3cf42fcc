/** How far this machine's clock is from the server's. Pure. */

/** Learns from answers that carry the server's time; the one with the shortest round trip is believed. */
export class ServerClock {
  #offsetMs = 0;
  #roundTripMs = Infinity;

  /** What to add to `Date.now()`, in milliseconds. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Times in milliseconds: ours when we asked and when the answer was there, the server's in between. */
  learn(asked: number, answered: number, server: number): void {
    const roundTrip = answered - asked;
    // Off by at most half a round trip; a difference below that is none.
    if (roundTrip >= 0 && roundTrip < this.#roundTripMs && Number.isFinite(server)) {
      this.#roundTripMs = roundTrip;
      const offset = server - (asked + answered) / 2;
      this.#offsetMs = Math.abs(offset) <= roundTrip / 2 ? 0 : offset;
    }
  }

  /** The server's time now, in milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }
}

export const serverClock = new ServerClock();
