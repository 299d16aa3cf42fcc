/** Which key does what for moderators. Pure. */

export const ACTIONS = [
  "next",
  "previous",
  "delete",
  "timeout1",
  "timeout2",
  "timeout3",
  "timeout4",
  "timeout5",
  "ban",
  "warn",
  "pin",
  "person",
  "allow",
  "deny",
  "undo",
  "toChat",
  "toQueue",
  "toLog",
  "help",
] as const;
export type Action = (typeof ACTIONS)[number];

/** `KeyboardEvent.key`, letters small; '': no key does it. */
export type Keys = Readonly<Record<Action, string>>;

/** In the order of `timeout1` to `timeout5`. */
export const TIMEOUTS_S = [10, 60, 600, 3600, 86_400] as const;

export const USUAL_KEYS: Keys = {
  next: "j",
  previous: "k",
  delete: "Delete",
  timeout1: "1",
  timeout2: "2",
  timeout3: "3",
  timeout4: "4",
  timeout5: "5",
  ban: "b",
  warn: "w",
  pin: "p",
  person: "u",
  allow: "a",
  deny: "d",
  undo: "z",
  toChat: "c",
  toQueue: "q",
  toLog: "l",
  help: "?",
};

/** Keys that pages and browsers need for themselves. */
const TAKEN: ReadonlySet<string> = new Set([
  "Tab", "Enter", " ", "Escape", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown",
  "Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process", "Unidentified", "F5", "F6", "F11", "F12",
]);

export interface Press {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** The key as it is written down; null: it cannot be given to anything. */
export function keyOf(press: Press): string | null {
  if (press.ctrlKey || press.metaKey || press.altKey || TAKEN.has(press.key) || press.key === "") return null;
  return press.key.length === 1 ? press.key.toLowerCase() : press.key;
}

/** What a key does; null: nothing. */
export function actionOf(keys: Keys, press: Press): Action | null {
  const key = keyOf(press);
  return key === null ? null : (ACTIONS.find((action) => keys[action] === key) ?? null);
}

/** Give a key to an action; whichever had it, has none then. */
export function rebind(keys: Keys, action: Action, key: string): Keys {
  const next: Record<Action, string> = { ...keys };
  for (const other of ACTIONS) if (next[other] === key) next[other] = "";
  next[action] = key;
  return next;
}

/** Seconds of a timeout that an action stands for; null: it is none. */
export function timeoutOf(action: Action): number | null {
  const found = /^timeout([1-5])$/.exec(action);
  return found ? (TIMEOUTS_S[Number(found[1]) - 1] ?? null) : null;
}

/** Read what was stored; what is missing or wrong in it is as usual. No key does two things. */
export function parseKeys(text: string | null): Keys {
  let found: unknown;
  try {
    found = JSON.parse(text ?? "null");
  } catch {
    return USUAL_KEYS;
  }
  if (typeof found !== "object" || found === null) return USUAL_KEYS;
  const given = found as Partial<Record<string, unknown>>;
  const seen = new Set<string>();
  const read = { ...USUAL_KEYS } as Record<Action, string>;
  for (const action of ACTIONS) {
    const key = given[action];
    if (typeof key === "string" && key.length <= 20 && !TAKEN.has(key)) read[action] = key;
    if (seen.has(read[action])) read[action] = "";
    if (read[action] !== "") seen.add(read[action]);
  }
  return read;
}

/** Whether somebody writes there, so that keys are letters. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], [role=menu], dialog") !== null
  );
}
