/** The log of a channel as a page shows it: pages from the newest on, with what comes in front. Pure. */

import type { Schemas } from "../api/types";
import type { DeedFacts } from "./deeds.texts";

/** Its details have other fields with each action. */
export type Deed = Omit<Schemas["Deed"], "details"> & { readonly details: Readonly<Record<string, unknown>> };

/** More are not kept on the page. */
export const MOST_ROWS = 3_000;

export interface LogRows {
  /** Newest first. */
  readonly rows: readonly Deed[];
  /** Where older ones go on; null: there are none. */
  readonly cursor: string | null;
}

/** Put the newest page in front of what is known; if there is a gap between the two, the rest is read again when wanted. */
export function withHead(known: LogRows | null, head: LogRows): LogRows {
  if (known === null) return head;
  const first = known.rows[0];
  const at = first === undefined ? -1 : head.rows.findIndex(({ id }) => id === first.id);
  if (at < 0) return head;
  if (at === 0) return known;
  return { rows: [...head.rows.slice(0, at), ...known.rows].slice(0, MOST_ROWS), cursor: known.cursor };
}

/** Put an older page behind. */
export function withTail(known: LogRows, tail: LogRows): LogRows {
  const ids = new Set(known.rows.map(({ id }) => id));
  const rows = [...known.rows, ...tail.rows.filter(({ id }) => !ids.has(id))];
  return { rows, cursor: rows.length >= MOST_ROWS ? null : tail.cursor };
}

export const KINDS = ["all", "people", "messages", "rules", "stage", "roles"] as const;
export type Kind = (typeof KINDS)[number];

const OF_KIND: Readonly<Record<Exclude<Kind, "all">, RegExp>> = {
  people: /^(ban|timeout|unban|untimeout|warn|acknowledge_warning|update_suspicious_user|update_note|(approve_|deny_)?unban_request)$/,
  messages: /^(delete|clear|clear_user|approve_held_message|deny_held_message|announcement)$/,
  rules: /^((emoteonly|followers|slow|subscribers|uniquechat)(off)?|chat_settings|shield_mode_\w+|(add|remove)_blocked_term)$/,
  stage: /^(pin|unpin|create_poll|end_poll|raid|unraid|raid_settings)$/,
  roles: /^(un)?(mod|vip)$|_editor$/,
};

export function isOfKind({ action }: Deed, kind: Kind): boolean {
  return kind === "all" || OF_KIND[kind].test(action);
}

function text(deed: Deed, name: string): string {
  const value = deed.details[name];
  return typeof value === "string" ? value : "";
}

/** Whom it was about: how to show them, and their login; '' where that is not known. */
export function aboutWhom(deed: Deed): { readonly name: string; readonly login: string } {
  const login = text(deed, "user_login");
  return { name: text(deed, "user_name") || login, login };
}

/** What a sentence about it needs. */
export function factsOf(deed: Deed): DeedFacts {
  const seconds = deed.details.duration_s;
  return { whom: aboutWhom(deed).name, seconds: typeof seconds === "number" ? seconds : 0, details: deed.details };
}

/** What was said, or why: the second line of a row; '' for none. */
export function quoteOf(deed: Deed): string {
  return text(deed, "message_body") || text(deed, "text") || text(deed, "message") || text(deed, "moderator_message");
}

export function reasonOf(deed: Deed): string {
  return text(deed, "reason");
}

/** Those bans and timeouts among the rows that hold, as far as the rows tell: what could be undone. */
export function whichHold(rows: readonly Deed[], now: number): ReadonlySet<string> {
  const found = new Set<string>();
  const settled = new Set<string>();
  for (const deed of rows) {
    const { login } = aboutWhom(deed);
    if (login === "" || !/^(ban|timeout|unban|untimeout|approve_unban_request)$/.test(deed.action) || settled.has(login)) continue;
    settled.add(login);
    const ends = Date.parse(text(deed, "expires_at"));
    const isOver = deed.action === "timeout" && !(ends > now);
    if ((deed.action === "ban" || deed.action === "timeout") && !isOver) found.add(deed.id);
  }
  return found;
}
