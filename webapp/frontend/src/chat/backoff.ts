/** How long to wait before a connection is tried again. Pure: chance is an argument. */

const FIRST_MS = 500;
const MOST_MS = 30_000;
/** After the server said that it stops: all of its people come back at different moments. */
const ADVISED_MS = 3_000;

/**
 * Wait before try number `tries` (0: the first after a loss). The later half of the wait is left to chance, so that those
 * who lost their connection together do not come back together. `chance` is in [0, 1).
 */
export function waitBeforeTry(tries: number, chance: number): number {
  const most = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(tries, 16));
  return Math.round(most / 2 + (most / 2) * chance);
}

/** Wait when the server asked to come back. */
export function waitAsAdvised(chance: number): number {
  return Math.round(ADVISED_MS * chance);
}
