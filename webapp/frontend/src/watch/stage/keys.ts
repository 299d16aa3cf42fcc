/** Which key does what on a page with a player. Pure. */

export type KeyAct =
  | "play"
  | "mute"
  | "fullscreen"
  | "theatre"
  | "back"
  | "forward"
  | "back-a-little"
  | "forward-a-little"
  | "louder"
  | "quieter"
  | "captions"
  | "stats"
  | "help";

const KEYS: ReadonlyMap<string, KeyAct> = new Map(Object.entries<KeyAct>({
  k: "play",
  " ": "play",
  m: "mute",
  f: "fullscreen",
  t: "theatre",
  j: "back",
  l: "forward",
  c: "captions",
  i: "stats",
  "?": "help",
  arrowleft: "back-a-little",
  arrowright: "forward-a-little",
  arrowup: "louder",
  arrowdown: "quieter",
}));

/** What the help lists: the keys as they are written, and what they do. */
export const LISTED: readonly { readonly keys: readonly string[]; readonly act: KeyAct }[] = [
  { keys: ["K", "␣"], act: "play" },
  { keys: ["M"], act: "mute" },
  { keys: ["↑"], act: "louder" },
  { keys: ["↓"], act: "quieter" },
  { keys: ["J"], act: "back" },
  { keys: ["L"], act: "forward" },
  { keys: ["←"], act: "back-a-little" },
  { keys: ["→"], act: "forward-a-little" },
  { keys: ["F"], act: "fullscreen" },
  { keys: ["T"], act: "theatre" },
  { keys: ["C"], act: "captions" },
  { keys: ["I"], act: "stats" },
  { keys: ["?"], act: "help" },
];

export interface Press {
  readonly key: string;
  readonly repeat: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** Where the focus was. */
export interface Focus {
  /** Somebody types there: all keys are theirs. */
  readonly typing: boolean;
  /** A button or link: space presses it. */
  readonly pressing: boolean;
  /** A slider, a menu, a list, tabs: the arrows are theirs. */
  readonly steering: boolean;
  /** In the player, or nowhere in particular: then the arrows are the player's. */
  readonly atPlayer: boolean;
}

/** What a key does here; null: nothing of ours. Holding it down repeats only what is done bit by bit. */
export function actOf({ key, repeat, ctrlKey, metaKey, altKey }: Press, focus: Focus): KeyAct | null {
  const name = key.toLowerCase();
  const act = KEYS.get(name);
  if (act === undefined || ctrlKey || metaKey || altKey || focus.typing) {
    return null;
  }
  if (name === " " && focus.pressing) {
    return null;
  }
  const arrow = name.startsWith("arrow");
  if (arrow && (focus.steering || !focus.atPlayer)) {
    return null;
  }
  const bitByBit = arrow || act === "back" || act === "forward";
  return repeat && !bitByBit ? null : act;
}

const TYPING = "input:not([type=range], [type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable]";
const STEERING = "input, select, [role=menu], [role=listbox], [role=tablist], [role=slider], [role=radiogroup], [role=log]";

/** Where the focus is, as `actOf` wants to know it. */
export function focusOf(target: EventTarget | null, stage: Element): Focus {
  const element = target instanceof Element ? target : null;
  const within = (selector: string): boolean => element !== null && element.closest(selector) !== null;
  return {
    typing: within(TYPING) || within("dialog"),
    pressing: within("button, a, summary, [role=menuitem], [role=menuitemradio]"),
    steering: within(STEERING),
    atPlayer: element === null || element === document.body || stage.contains(element),
  };
}
