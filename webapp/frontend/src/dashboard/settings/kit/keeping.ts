/** What was typed and not sent, kept in this tab: it outlives the page, a reload and a session that is over. */

import { useCallback, useState } from "react";

import { useSession } from "../../../app/session";

const PREFIX = "weir-draft ";
/** More push the oldest out. */
const MAX_KEPT = 50;

/** Where storage is forbidden, or full: as long as the tab lives. */
const memory = new Map<string, unknown>();

/** What was kept under `id`; undefined: nothing. */
export function keptOf(id: string): unknown {
  if (memory.has(id)) return memory.get(id);
  try {
    const text = sessionStorage.getItem(PREFIX + id);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keep a value that JSON has; undefined: keep nothing. Never a password. */
export function keep(id: string, value: unknown): void {
  memory.delete(id);
  if (value !== undefined) memory.set(id, value);
  for (const oldest of memory.keys()) {
    if (memory.size <= MAX_KEPT) break;
    forget(oldest);
  }
  try {
    if (value === undefined) sessionStorage.removeItem(PREFIX + id);
    else sessionStorage.setItem(PREFIX + id, JSON.stringify(value));
  } catch {
    // Only memory has it then.
  }
}

function forget(id: string): void {
  memory.delete(id);
  try {
    sessionStorage.removeItem(PREFIX + id);
  } catch {
    // It was not there either.
  }
}

/** The name of a draft of whoever is logged in now: somebody else in this tab is not shown it. */
export function useDraftId(name: string): string {
  const { user } = useSession();
  // While the session is over it is still theirs.
  const [owner] = useState(user?.id ?? "");
  return `${owner}/${name}`;
}

/** As `useState` of a text, which is kept until it is emptied. */
export function useKeptText(name: string, initial = ""): readonly [string, (text: string) => void] {
  const id = useDraftId(name);
  const [text, setText] = useState(() => {
    const before = keptOf(id);
    return typeof before === "string" ? before : initial;
  });
  const set = useCallback(
    (next: string) => {
      setText(next);
      keep(id, next === "" ? undefined : next);
    },
    [id],
  );
  return [text, set];
}
