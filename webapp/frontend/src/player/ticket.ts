/**
 * A ticket to media that is not for everybody lasts for minutes; this renews it before it runs out, for as long as somebody
 * watches. It decides when; whoever makes one gives it a clock and a way to ask.
 */

/** A cookie was set; `expires_in` is seconds. */
export interface Ticket {
  readonly expires_in: number;
  readonly hls_url: string;
}

export type Verdict =
  /** No ticket is needed. */
  | { readonly kind: "open" }
  | { readonly kind: "ticket"; readonly ticket: Ticket }
  /** Not this viewer, or not yet: `reason` says what would help. */
  | { readonly kind: "refused"; readonly reason: string; readonly message: string }
  /** The server does not answer, or cannot say now. */
  | { readonly kind: "unavailable"; readonly message: string };

export interface RenewalOptions {
  /** Must not throw. */
  readonly ask: () => Promise<Verdict>;
  /** There is no new ticket, for the reason given: none is needed any more, or this viewer gets none. */
  readonly onOver: (verdict: Verdict) => void;
  /** Seconds; never runs backwards. */
  readonly now: () => number;
  /** Gives numbers in [0, 1): viewers that came together must not come back together. */
  readonly random?: () => number;
}

/** Share of a ticket's life after which it is renewed, and how far to either side. */
const RENEW_AT = 0.6;
const JITTER = 0.1;
/** After a question that had no answer, in seconds; less where a ticket lasts for less than a minute. */
const RETRY_S = 5;

export class Renewal {
  readonly #options: RenewalOptions;
  readonly #random: () => number;
  #due: number | null = null;
  #retry = RETRY_S;
  #round = 0; // counts tickets that were begun and ended: an answer from before is for nobody

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** A ticket was given just now. */
  begin(ticket: Ticket): void {
    this.#round += 1;
    this.#schedule(ticket);
  }

  /** Nobody watches any more. */
  stop(): void {
    this.#round += 1;
    this.#due = null;
  }

  /** Call about once a second; `watched` is false while there is a pause: then no ticket is renewed until it is over. */
  look(watched: boolean): void {
    if (watched && this.#due !== null && this.#options.now() >= this.#due) {
      this.#due = null; // until there is an answer
      void this.#renew(this.#round);
    }
  }

  async #renew(round: number): Promise<void> {
    const verdict = await this.#options.ask();
    if (round !== this.#round) {
      return;
    }
    switch (verdict.kind) {
      case "ticket":
        this.#schedule(verdict.ticket);
        break;
      case "unavailable":
        this.#due = this.#options.now() + this.#retry;
        break;
      case "open":
      case "refused":
        this.stop();
        this.#options.onOver(verdict);
    }
  }

  #schedule({ expires_in: life }: Ticket): void {
    this.#due = this.#options.now() + life * (RENEW_AT + JITTER * (2 * this.#random() - 1));
    this.#retry = Math.min(RETRY_S, life / 10);
  }
}
