/** What may be meant by what is being typed: emotes after `:`, people after `@`, commands after `/`. Pure. */

import { COMMANDS, takesName, type For } from "./commands";

const MOST_OFFERED = 8;
/** Shorter, `:)` and `:D` would open a list. */
const FEWEST_LETTERS = 2;

export interface EmoteChoice {
  readonly id: string;
  readonly code: string;
}

export interface Sources {
  readonly emotes: readonly EmoteChoice[];
  /** The latest first. */
  readonly people: readonly { readonly login: string; readonly name: string }[];
  readonly roles: ReadonlySet<For>;
}

export type Offer =
  | { readonly kind: "emote"; readonly id: string; readonly text: string }
  | { readonly kind: "person"; readonly text: string; readonly login: string }
  | { readonly kind: "command"; readonly text: string; readonly name: string; readonly takes: string };

export interface Completion {
  /** What is replaced, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly offers: readonly Offer[];
}

/** Offer completions for the word that ends at the caret; `null`: there are none. */
export function complete(text: string, caret: number, sources: Sources): Completion | null {
  const before = text.slice(0, caret);
  const start = before.search(/\S+$/);
  if (start < 0) return null;
  const word = before.slice(start);
  const offers = offersFor(word, before, start, sources);
  return offers.length > 0 ? { start, end: caret, offers } : null;
}

function offersFor(word: string, before: string, start: number, sources: Sources): readonly Offer[] {
  const rest = word.slice(1).toLowerCase();
  if (start === 0 && word.startsWith("/")) return commandsFor(rest, sources.roles);
  if (word.startsWith(":") && rest.length >= FEWEST_LETTERS) return emotesFor(rest, sources);
  if (word.startsWith("@")) return peopleFor(rest, sources, "@");
  const command = /^\/(\w+)\s+$/.exec(before.slice(0, start))?.[1];
  return command !== undefined && takesName(command) ? peopleFor(word.toLowerCase(), sources, "") : [];
}

function commandsFor(typed: string, roles: ReadonlySet<For>): readonly Offer[] {
  return COMMANDS.filter((one) => roles.has(one.for) && one.name.startsWith(typed))
    .slice(0, MOST_OFFERED)
    .map(({ name, takes }) => ({ kind: "command", text: `/${name}`, name, takes }));
}

function emotesFor(typed: string, { emotes }: Sources): readonly Offer[] {
  return ranked(emotes, ({ code }) => code.toLowerCase(), typed).map(({ id, code }) => ({ kind: "emote", id, text: code }));
}

function peopleFor(typed: string, { people }: Sources, mark: string): readonly Offer[] {
  const found = people.filter(({ login, name }) => login.startsWith(typed) || name.toLowerCase().startsWith(typed));
  return found.slice(0, MOST_OFFERED).map(({ login }) => ({ kind: "person", login, text: `${mark}${login}` }));
}

/** Those that begin with what is typed, then those that have it somewhere. */
function ranked<T>(all: readonly T[], nameOf: (one: T) => string, typed: string): readonly T[] {
  const first: T[] = [];
  const second: T[] = [];
  for (const one of all) {
    const at = nameOf(one).indexOf(typed);
    if (at === 0) first.push(one);
    else if (at > 0) second.push(one);
  }
  return [...first, ...second].slice(0, MOST_OFFERED);
}

/** The text with an offer taken, and where the caret is then: behind a space, so that one can go on. */
export function take(text: string, completion: Completion, offer: Offer): { readonly text: string; readonly caret: number } {
  const after = text.slice(completion.end);
  const space = after.startsWith(" ") ? "" : " ";
  const head = text.slice(0, completion.start) + offer.text;
  return { text: head + space + after, caret: head.length + 1 };
}
