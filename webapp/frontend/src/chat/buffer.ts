/**
 * The lines of a room that are kept, the newest few hundred. Pure.
 *
 * While somebody reads further up (`hold`) the view stays as it is, however much is said; what is taken away is struck out
 * there, too. Lines are never changed but replaced, so that a row is drawn again only when its line is another.
 */

import type { ChatMessage, Hold, Notice } from "./frames";

export const MOST_LINES = 500;

/** What the page itself says between the lines. */
export type Remark =
  /** Something was missed and does not come again. */
  | { readonly code: "gap" }
  | { readonly code: "cleared" }
  | { readonly code: "banned" | "unbanned" | "purged"; readonly login: string }
  | { readonly code: "timedout"; readonly login: string; readonly seconds: number }
  /** What a command of one's own came to, in the server's words. */
  | { readonly code: "said"; readonly text: string; readonly isError: boolean }
  | { readonly code: "online"; readonly title: string }
  | { readonly code: "offline" }
  | { readonly code: "hold"; readonly hold: Hold; readonly status: string }
  | { readonly code: "watched"; readonly login: string; readonly text: string };

interface Any {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export type Line =
  | (Any & { readonly kind: "message"; readonly message: ChatMessage; readonly isStruck: boolean; readonly isEven: boolean })
  | (Any & { readonly kind: "notice"; readonly notice: Notice; readonly isStruck: boolean })
  | (Any & { readonly kind: "remark"; readonly remark: Remark });

export type MessageLine = Extract<Line, { kind: "message" }>;

export class LineBuffer {
  readonly #most: number;
  #lines: Line[] = [];
  #held: Line[] | null = null;
  #newer = 0;

  constructor(most: number = MOST_LINES) {
    this.#most = most;
  }

  /** Lines that came since the view is held. */
  get newer(): number {
    return this.#newer;
  }

  get isHeld(): boolean {
    return this.#held !== null;
  }

  /** The lines to show, oldest first: a new array with each call. */
  view(): readonly Line[] {
    return this.#held ? [...this.#held] : this.#lines.slice(-this.#most);
  }

  add(line: Line): void {
    this.#lines.push(line);
    if (this.#held) this.#newer += 1;
    // Cut seldom: cutting moves all lines.
    if (this.#lines.length >= this.#most * 2) this.#lines = this.#lines.slice(-this.#most);
  }

  /** Keep the view as it is from now on. */
  hold(): void {
    this.#held ??= this.#lines.slice(-this.#most);
  }

  /** Show what is newest again. */
  release(): void {
    this.#held = null;
    this.#newer = 0;
  }

  strikeMessage(messageId: string): void {
    this.#strike((line) => messageIdOf(line) === messageId);
  }

  strikeUser(userId: string): void {
    this.#strike((line) => userIdOf(line) === userId);
  }

  /** A moderator emptied the room. */
  strikeAll(): void {
    this.#strike((line) => line.kind === "message");
  }

  /** Replace a line, wherever it is shown. */
  replace(key: string, change: (line: Line) => Line): void {
    this.#map((line) => (line.key === key ? change(line) : line));
  }

  /** What somebody said of late, oldest first. */
  messagesOf(userId: string): readonly MessageLine[] {
    return this.#lines.filter((line): line is MessageLine => line.kind === "message" && line.message.chatter_user_id === userId);
  }

  /** The messages of a thread, oldest first. */
  thread(threadId: string): readonly MessageLine[] {
    const belongs = ({ message }: MessageLine): boolean =>
      message.message_id === threadId || message.reply?.thread_message_id === threadId;
    return this.#lines.filter((line): line is MessageLine => line.kind === "message" && belongs(line));
  }

  #strike(isMeant: (line: Line) => boolean): void {
    this.#map((line) => (line.kind !== "remark" && !line.isStruck && isMeant(line) ? { ...line, isStruck: true } : line));
  }

  #map(change: (line: Line) => Line): void {
    this.#lines = this.#lines.map(change);
    if (this.#held) this.#held = this.#held.map(change);
  }
}

function messageIdOf(line: Line): string | null {
  if (line.kind === "message") return line.message.message_id;
  return line.kind === "notice" ? line.notice.message_id : null;
}

function userIdOf(line: Line): string | null {
  if (line.kind === "message") return line.message.chatter_user_id;
  return line.kind === "notice" ? line.notice.chatter_user_id : null;
}
