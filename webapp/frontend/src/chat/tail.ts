/** What was told of a room of late, for a part of the page that begins to read it when another does so already. Pure. */

import type { RoomFact } from "./core";

/** More than who joins is told of before (50), so that who hides the chat and shows it again finds what was said meanwhile. */
const MOST = 150;
/** What makes or strikes lines. */
const LINES = /^(channel\.chat\.(message|message_delete|notification|clear|clear_user_messages)|channel\.unban|stream\.(on|off)line)$/;
/** What was so until the next of its kind; the answer to joining says how things were before. */
const STATES = /^channel\.(chat_settings|chat\.pin|poll|raid)\b/;

/** How one room is, and its last lines. */
export class Tail {
  #joined: RoomFact | null = null;
  #lines: RoomFact[] = [];
  readonly #states = new Map<string, RoomFact>();

  hear(fact: RoomFact): void {
    if (fact.type === "voted") {
      this.#states.set(fact.type, fact);
      return;
    }
    if (fact.type !== "told") {
      this.#joined = fact.type === "joined" ? { ...fact, hasGap: false } : fact;
      this.#states.clear();
      return;
    }
    const { type } = fact.told;
    const state = STATES.exec(type)?.[1];
    if (state !== undefined) {
      this.#states.set(state, fact);
    } else if (LINES.test(type)) {
      this.#lines.push({ ...fact, told: { ...fact.told, skipped: 0 } });
      if (this.#lines.length > MOST) this.#lines.shift();
    }
  }

  /** For who comes now: whether the room is joined, and, if they want it, all that others were told. */
  facts(whole: boolean): readonly RoomFact[] {
    const told = whole ? [...this.#lines, ...this.#states.values()] : [];
    return this.#joined === null ? told : [this.#joined, ...told];
  }
}
