/**
 * Tells the server that somebody watches, every few seconds while they do, under an id made up for this page alone. The
 * answer is how many watch. It decides when; whoever makes one gives it a clock and a way to send.
 */

export interface Sign {
  readonly id: string;
  readonly leaving: boolean;
}

export interface Heard {
  readonly viewer_count: number;
  /** Say it again after so many seconds. */
  readonly interval_s: number;
}

export interface PresenceOptions {
  /** Sends a sign; null when it did not arrive, or the server does not know the stream (yet). Must not throw. */
  readonly send: (streamId: string, sign: Sign) => Promise<Heard | null>;
  readonly onCount: (viewers: number) => void;
  /** Seconds; never runs backwards. */
  readonly now: () => number;
  readonly id?: string;
}

/** Before the server has said how often it wants to hear of us. */
const INTERVAL_S = 15;
/** After a sign that did not arrive. */
const RETRY_S = 5;
/** No answer makes us ask more often. */
const SHORTEST_S = 1;

export class Presence {
  readonly #options: PresenceOptions;
  readonly #id: string;
  #streamId: string | null = null; // the one that was told of us last
  #due = 0;
  #asking = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#id = options.id ?? randomId();
  }

  /** Call about once a second with the stream that is watched; null while none is, e.g. because of a pause. */
  look(streamId: string | null): void {
    if (streamId === null || this.#asking) {
      return;
    }
    if (this.#streamId !== null && this.#streamId !== streamId) {
      this.leave();
    }
    if (this.#options.now() >= this.#due) {
      void this.#ask(streamId);
    }
  }

  /** Nobody watches any more: the page goes away, or the stream is over. */
  leave(): void {
    const streamId = this.#streamId;
    this.#streamId = null;
    this.#due = 0;
    if (streamId !== null) {
      void this.#options.send(streamId, { id: this.#id, leaving: true });
    }
  }

  async #ask(streamId: string): Promise<void> {
    const { send, onCount, now } = this.#options;
    this.#streamId = streamId;
    this.#due = now() + INTERVAL_S;
    this.#asking = true;
    const asked = now();
    const heard = await send(streamId, { id: this.#id, leaving: false });
    this.#asking = false;
    if (this.#streamId !== streamId) {
      return; // left meanwhile
    }
    this.#due = asked + (heard === null ? RETRY_S : Math.max(SHORTEST_S, heard.interval_s));
    if (heard !== null) {
      onCount(heard.viewer_count);
    }
  }
}

/** Also where the page came without TLS: `crypto.randomUUID` is missing there. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends a sign over the API; it arrives also when the page is being closed. */
export async function sendSign(streamId: string, sign: Sign): Promise<Heard | null> {
  try {
    const response = await fetch(`/api/streams/${encodeURIComponent(streamId)}/presence`, {
      method: "POST",
      keepalive: true,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(sign),
    });
    return response.ok ? ((await response.json()) as Heard) : null;
  } catch {
    return null;
  }
}
