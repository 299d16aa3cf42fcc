/**
 * How far a stream's dates are ahead of the clock. Pure; seconds.
 *
 * PROGRAM-DATE-TIME says when media arrived at the server, but where the encoder sent a heap at once, after a stall of its
 * line or when it connected, media that came together is dated one after another: its end lies in the future. What is
 * shown cannot be younger than that, so whoever computes an age from dates adds this.
 */

const WINDOW = 30;

export class DateLead {
  #seen: { readonly at: number; readonly lead: number }[] = [];

  /** At `now` the newest media known was dated `lead` seconds later than the clock of the server; negative if earlier. */
  note(now: number, lead: number): void {
    this.#seen = this.#seen.filter((one) => one.at > now - WINDOW && one.lead > lead);
    this.#seen.push({ at: now, lead });
  }

  /** The most that dates were ahead lately; never negative, as media that comes late says nothing about dates. */
  value(now: number): number {
    return Math.max(0, ...this.#seen.filter((one) => one.at > now - WINDOW).map((one) => one.lead));
  }

  /** Another source: its dates are others. */
  reset(): void {
    this.#seen = [];
  }
}
