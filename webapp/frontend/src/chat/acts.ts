/** What somebody can do in a room; what came of it is said between the lines. */

import { chatConnection } from "./connection";
import type { Outcome } from "./core";
import { isToldToRoom } from "./commands";
import type { Answer, DropReason } from "./frames";
import type { RoomStore } from "./room";
import type { ChatTexts } from "./texts";

export type Refusal = Pick<DropReason, "code" | "message" | "seconds_left">;

/** Of a request that was never answered. */
const LOST: Refusal = { code: "lost", message: "", seconds_left: null };

/** Why it was not done; null: it was. */
export function refusalOf(outcome: Outcome): Refusal | null {
  if ("lost" in outcome) return LOST;
  return outcome.ok ? null : (outcome.drop_reason ?? LOST);
}

/** A refusal in the reader's language where we know it, else as the server says it. */
export function refusalText(refusal: Refusal, texts: ChatTexts): string {
  const known = texts.refusals[refusal.code];
  if (known) return known(refusal.seconds_left);
  return refusal.message || texts.noAnswer;
}

export type Role = "moderator" | "vip";

/** `seconds` null: for good. */
export type Barred = (login: string, seconds: number | null) => void;

export class Acts {
  readonly #login: string;
  readonly #store: RoomStore;
  readonly #texts: ChatTexts;
  readonly #onBarred: Barred | undefined;
  #lastBarred: string | null = null;

  /** `onBarred` is told of bans and timeouts that were done. */
  constructor(login: string, store: RoomStore, texts: ChatTexts, onBarred?: Barred) {
    this.#login = login;
    this.#store = store;
    this.#texts = texts;
    this.#onBarred = onBarred;
  }

  /** Say something, or give a command. The caller tells of a refusal. */
  async say(text: string, replyTo: string | null): Promise<Refusal | null> {
    const nonce = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const reply = replyTo === null ? {} : { reply_parent_message_id: replyTo };
    const outcome = await this.#ask("send", { text, nonce, ...reply });
    const refusal = refusalOf(outcome);
    if (!refusal) this.#tell(outcome as Answer, isToldToRoom(text));
    return refusal;
  }

  async ban(login: string, seconds: number | null, reason = ""): Promise<void> {
    if (!(await this.#do("ban", { user_login: login, duration_seconds: seconds, reason }, true))) return;
    this.#lastBarred = login;
    this.#onBarred?.(login, seconds);
  }

  async unban(login: string): Promise<void> {
    await this.#do("unban", { user_login: login }, true);
  }

  /** Take the last ban or timeout back that was done here; says whether there was one. */
  undo(): boolean {
    const login = this.#lastBarred;
    this.#lastBarred = null;
    if (login !== null) void this.unban(login);
    return login !== null;
  }

  async deleteMessage(messageId: string): Promise<void> {
    await this.#do("delete_message", { message_id: messageId }, true);
  }

  async clearUser(login: string): Promise<void> {
    await this.#do("clear_user", { user_login: login }, true);
  }

  async clear(): Promise<void> {
    await this.#do("clear", {}, true);
  }

  async warn(login: string, reason: string): Promise<void> {
    await this.#do("warn", { user_login: login, reason });
  }

  async giveRole(login: string, role: Role): Promise<void> {
    await this.#do("give_role", { user_login: login, role });
  }

  async takeRole(login: string, role: Role): Promise<void> {
    await this.#do("take_role", { user_login: login, role });
  }

  async setShield(isActive: boolean): Promise<boolean> {
    return await this.#do("shield", { is_active: isActive });
  }

  async decideHold(messageId: string, isAllowed: boolean): Promise<void> {
    await this.#do("decide_hold", { message_id: messageId, is_allowed: isAllowed });
  }

  /** What waits for a moderator: it is told only to those who were there. */
  async readHolds(): Promise<void> {
    const outcome = await this.#ask("list_holds", {});
    if ("holds" in outcome) this.#store.holds(outcome.holds);
  }

  async pin(messageId: string): Promise<void> {
    await this.#do("pin_message", { message_id: messageId });
  }

  async unpin(): Promise<void> {
    await this.#do("unpin_message", {});
  }

  async vote(pollId: string, choiceId: string): Promise<void> {
    await this.#do("vote", { poll_id: pollId, choice_id: choiceId });
  }

  async createPoll(title: string, choices: readonly string[], seconds: number): Promise<boolean> {
    return await this.#do("create_poll", { title, choices, duration: seconds }, true);
  }

  async endPoll(pollId: string): Promise<void> {
    await this.#do("end_poll", { poll_id: pollId });
  }

  async cancelRaid(): Promise<void> {
    await this.#do("unraid", {});
  }

  async raidNow(): Promise<void> {
    await this.#do("raid_now", {});
  }

  async acknowledge(): Promise<void> {
    if (await this.#do("acknowledge_warning", {})) this.#store.acknowledged();
  }

  async requestUnban(text: string): Promise<boolean> {
    return await this.#do("request_unban", { text });
  }

  async #ask(type: string, fields: Readonly<Record<string, unknown>>): Promise<Outcome> {
    return await chatConnection().ask({ type, channel: this.#login, ...fields });
  }

  async #do(type: string, fields: Readonly<Record<string, unknown>>, isTold = false): Promise<boolean> {
    const outcome = await this.#ask(type, fields);
    const refusal = refusalOf(outcome);
    if (refusal) this.#store.remark({ code: "said", text: refusalText(refusal, this.#texts), isError: true });
    else this.#tell(outcome as Answer, isTold);
    return refusal === null;
  }

  /** What a command came to; not what the room says to all moderators anyhow. */
  #tell({ notice }: Answer, isTold: boolean): void {
    if (notice?.message && !isTold) this.#store.remark({ code: "said", text: notice.message, isError: false });
  }
}
