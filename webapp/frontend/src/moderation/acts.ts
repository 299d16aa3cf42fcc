/** What a moderator does from this page, said in a line at its foot with the way back where there is one. */

import { chatConnection } from "../chat/connection";
import type { Outcome } from "../chat/core";
import type { Desk } from "./desk";
import type { ModerationTexts } from "./texts";

export interface Said {
  readonly id: number;
  readonly text: string;
  readonly isError: boolean;
  /** Takes it back; null: that cannot be done. */
  readonly undo: (() => Promise<boolean>) | null;
}

/** The last thing that was done. */
export class Sayings {
  readonly #listeners = new Set<() => void>();
  #last: Said | null = null;
  #numbers = 0;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  last = (): Said | null => this.#last;

  say(text: string, isError = false, undo: Said["undo"] = null): void {
    this.#numbers += 1;
    this.#set({ id: this.#numbers, text, isError, undo });
  }

  dismiss(): void {
    this.#set(null);
  }

  #set(said: Said | null): void {
    this.#last = said;
    for (const listener of this.#listeners) listener();
  }
}

export type Watching = "ACTIVE_MONITORING" | "RESTRICTED" | "NO_TREATMENT";
type Fields = Readonly<Record<string, unknown>>;

interface Refusal {
  readonly code: string;
  readonly message: string;
}

function refusalOf(outcome: Outcome): Refusal | null {
  if ("lost" in outcome) return { code: "lost", message: "" };
  return outcome.ok ? null : (outcome.drop_reason ?? { code: "lost", message: "" });
}

/** What the server says of a message that somebody decided about before; another sentence tells only that it is settled. */
const SETTLED = /^The message was (allowed|denied) already(?: by (\w+))?\.$/;

export class ModActs {
  readonly #login: string;
  readonly #desk: Desk;
  readonly #sayings: Sayings;
  readonly #texts: ModerationTexts;
  readonly #lookAtRights: () => void;

  /** `lookAtRights`: something was refused for want of rights; look whether they are lost. */
  constructor(login: string, desk: Desk, sayings: Sayings, texts: ModerationTexts, lookAtRights: () => void) {
    this.#login = login;
    this.#desk = desk;
    this.#sayings = sayings;
    this.#texts = texts;
    this.#lookAtRights = lookAtRights;
  }

  /** `seconds` null: for good. */
  async ban(user: string, seconds: number | null, reason = ""): Promise<boolean> {
    const text = seconds === null ? this.#texts.done.banned(user) : this.#texts.done.timedOut(user, seconds);
    return await this.#do("ban", { user_login: user, duration_seconds: seconds, reason }, text, () => this.unban(user));
  }

  async unban(user: string): Promise<boolean> {
    return await this.#do("unban", { user_login: user }, this.#texts.done.unbanned(user));
  }

  async deleteMessage(messageId: string, user: string): Promise<boolean> {
    return await this.#do("delete_message", { message_id: messageId }, this.#texts.done.deleted(user));
  }

  async purge(user: string): Promise<boolean> {
    return await this.#do("clear_user", { user_login: user }, this.#texts.done.purged(user));
  }

  async warn(user: string, reason: string): Promise<boolean> {
    return await this.#do("warn", { user_login: user, reason }, this.#texts.done.warned(user));
  }

  /** `was`: how it was before, for the way back. */
  async watch(user: string, status: Watching, was: Watching): Promise<boolean> {
    const undo = status === was ? null : () => this.watch(user, was, was);
    return await this.#do("watch", { user_login: user, status }, this.#texts.done.watched(user, status), undo);
  }

  async decide(messageId: string, user: string, isAllowed: boolean): Promise<boolean> {
    const text = isAllowed ? this.#texts.done.allowed(user) : this.#texts.done.denied(user);
    return await this.#do("decide_hold", { message_id: messageId, is_allowed: isAllowed }, text, null, (refusal) =>
      this.#settledBy(messageId, refusal),
    );
  }

  async resolveUnban(requestId: string, user: string, isApproved: boolean, answer: string): Promise<boolean> {
    const fields = { unban_request_id: requestId, is_approved: isApproved, resolution_text: answer };
    const text = isApproved ? this.#texts.done.approved(user) : this.#texts.done.refused(user);
    return await this.#do("resolve_unban", fields, text);
  }

  async setShield(isActive: boolean): Promise<boolean> {
    const text = isActive ? this.#texts.done.shieldUp : this.#texts.done.shieldDown;
    return await this.#do("shield", { is_active: isActive }, text, () => this.setShield(!isActive));
  }

  /** `was`: the same settings as they were. */
  async set(settings: Fields, was: Fields): Promise<boolean> {
    const undo = async (): Promise<boolean> => await this.#do("settings", { settings: was }, this.#texts.done.setBack);
    return await this.#do("settings", { settings }, this.#texts.done.set, undo);
  }

  /** Take the last act back, if that can be done. */
  async undo(): Promise<void> {
    const last = this.#sayings.last();
    if (last?.undo) {
      this.#sayings.dismiss();
      await last.undo();
    } else {
      this.#sayings.say(this.#texts.nothingToUndo);
    }
  }

  async #do(
    type: string,
    fields: Fields,
    done: string,
    undo: Said["undo"] = null,
    explain: (refusal: Refusal) => string | null = () => null,
  ): Promise<boolean> {
    const refusal = refusalOf(await chatConnection().ask({ type, channel: this.#login, ...fields }));
    if (refusal === null) {
      this.#sayings.say(done, false, undo);
      return true;
    }
    this.#sayings.say(explain(refusal) ?? refusalText(refusal, this.#texts), true);
    if (refusal.code === "no_permission" || refusal.code === "msg_not_logged_in") this.#lookAtRights();
    return false;
  }

  /** Another moderator was faster: say what they decided, and leave it no longer as if it waited. */
  #settledBy(messageId: string, { code, message }: Refusal): string | null {
    if (code !== "hold_settled" && code !== "hold_not_found") return null;
    const told = SETTLED.exec(message);
    this.#desk.settled(messageId, told?.[1] ?? "", told?.[2] ?? null);
    const entry = this.#desk.hold(messageId);
    return entry === undefined || entry.status === "gone" ? null : this.#texts.settled(entry.status, entry.by);
  }
}

/** A refusal in the reader's language where we know it, else as the server says it. */
export function refusalText({ code, message }: Refusal, texts: ModerationTexts): string {
  const known = texts.refusals[code] ?? texts.refusals[code.replace(/^bad_[a-z]+_/, "bad_")];
  return known ?? (message || texts.noAnswer);
}
