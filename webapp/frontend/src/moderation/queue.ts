/**
 * The messages that wait for a moderator, alike on the pages of all moderators. Pure.
 *
 * What somebody decided stays where it was for a moment, with who it was, so that nothing moves under the pointer of the others.
 */

/** A message that waits, as the API and the chat have it. */
export interface HeldMessage {
  readonly message_id: string;
  readonly user_id: string;
  readonly user_login: string;
  readonly user_name: string;
  readonly message: string;
  /** `automod`, `suspicious_user` and the like. */
  readonly held_for: string;
  readonly category: string;
  readonly held_at: string;
  /** RFC 3339; it is dropped then. */
  readonly expires_at: string;
}

/** `gone`: it waits no longer, and it is not known what became of it. */
export type HoldStatus = "waiting" | "allowed" | "denied" | "expired" | "canceled" | "gone";

export interface HoldEntry {
  readonly hold: HeldMessage;
  readonly status: HoldStatus;
  /** Login of who decided; null: nobody, or it is not known. */
  readonly by: string | null;
  /** When it was settled, in milliseconds since 1970; null: it waits. */
  readonly settledAt: number | null;
}

/** More are not kept: a channel holds 500 at once. */
export const MOST_HOLDS = 1_000;
export const SHOWN_SETTLED_MS = 8_000;
const STATUSES: readonly string[] = ["allowed", "denied", "expired", "canceled"] satisfies readonly HoldStatus[];

export class HoldQueue {
  readonly #entries = new Map<string, HoldEntry>();
  /** Decisions about messages of which nothing was heard yet: the list may come after them. */
  readonly #early = new Set<string>();

  /** Oldest first: a new array with each call. */
  entries(): readonly HoldEntry[] {
    return [...this.#entries.values()];
  }

  get(messageId: string): HoldEntry | undefined {
    return this.#entries.get(messageId);
  }

  get waiting(): number {
    let count = 0;
    for (const { status } of this.#entries.values()) count += status === "waiting" ? 1 : 0;
    return count;
  }

  /** Take what waits now, all of it; what was there and is not in it waits no longer. */
  list(holds: readonly HeldMessage[], now: number): void {
    const listed = new Set(holds.map((hold) => hold.message_id));
    for (const [id, entry] of this.#entries) {
      if (entry.status === "waiting" && !listed.has(id)) this.#settle(entry, "gone", null, now);
    }
    for (const hold of holds) this.held(hold);
    this.#early.clear();
  }

  /** One more waits. */
  held(hold: HeldMessage): void {
    if (this.#entries.has(hold.message_id) || this.#early.has(hold.message_id)) return;
    this.#entries.set(hold.message_id, { hold, status: "waiting", by: null, settledAt: null });
    if (this.#entries.size > MOST_HOLDS) this.#dropOne();
  }

  /** It was decided about, or its time is up. */
  settled(messageId: string, status: string, by: string | null, now: number): void {
    const entry = this.#entries.get(messageId);
    if (!entry) {
      if (this.#early.size < MOST_HOLDS) this.#early.add(messageId);
    } else if (entry.status === "waiting" || entry.status === "gone") {
      this.#settle(entry, STATUSES.includes(status) ? (status as HoldStatus) : "gone", by, now);
    }
  }

  /** Forget what was settled a while ago; says whether anything was. */
  sweep(now: number): boolean {
    const before = this.#entries.size;
    for (const [id, { settledAt }] of this.#entries) {
      if (settledAt !== null && now - settledAt >= SHOWN_SETTLED_MS) this.#entries.delete(id);
    }
    return this.#entries.size < before;
  }

  #settle(entry: HoldEntry, status: HoldStatus, by: string | null, now: number): void {
    this.#entries.set(entry.hold.message_id, { ...entry, status, by, settledAt: now });
  }

  #dropOne(): void {
    const settled = [...this.#entries.values()].find(({ status }) => status !== "waiting");
    const oldest = settled?.hold.message_id ?? this.#entries.keys().next().value;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
