/** How somebody wants to see chat, remembered in this browser and alike in all its tabs. */

import { useSyncExternalStore } from "react";

export const SIZES = ["small", "normal", "large", "huge"] as const;
export type Size = (typeof SIZES)[number];

export interface Preferences {
  readonly hasTimes: boolean;
  readonly isAlternating: boolean;
  readonly isStill: boolean;
  readonly size: Size;
}

const STORED = "weir-chat";
const USUAL: Preferences = { hasTimes: false, isAlternating: false, isStill: false, size: "normal" };

/** Read what was stored; anything else than we write counts as the usual. Pure. */
export function parsePreferences(text: string | null): Preferences {
  let found: unknown;
  try {
    found = JSON.parse(text ?? "null");
  } catch {
    return USUAL;
  }
  if (typeof found !== "object" || found === null) return USUAL;
  const given = found as Partial<Record<keyof Preferences, unknown>>;
  return {
    hasTimes: given.hasTimes === true,
    isAlternating: given.isAlternating === true,
    isStill: given.isStill === true,
    size: SIZES.find((size) => size === given.size) ?? USUAL.size,
  };
}

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is forbidden here
  }
}

function store(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // full or forbidden: it holds until the page is left
  }
}

let current: Preferences | null = null;
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) window.addEventListener("storage", otherTab);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener("storage", otherTab);
  };
}

function otherTab(event: StorageEvent): void {
  if (event.key !== STORED) return;
  current = null;
  tell();
}

function now(): Preferences {
  current ??= parsePreferences(stored(STORED));
  return current;
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, now);
}

export function prefer(change: Partial<Preferences>): void {
  current = { ...now(), ...change };
  store(STORED, JSON.stringify(current));
  tell();
}

const RECENT = "weir-recent-emotes";
const MOST_RECENT = 24;

/** Ids of the emotes that were chosen last, the latest first. */
export function recentEmotes(): readonly string[] {
  try {
    const found: unknown = JSON.parse(stored(RECENT) ?? "[]");
    return Array.isArray(found) ? found.filter((id): id is string => typeof id === "string").slice(0, MOST_RECENT) : [];
  } catch {
    return [];
  }
}

export function rememberEmote(id: string): void {
  store(RECENT, JSON.stringify([id, ...recentEmotes().filter((other) => other !== id)].slice(0, MOST_RECENT)));
}
