/** Which language the page speaks: the chosen one, else the browser's, else English. */

import { useSyncExternalStore } from "react";

export type Language = "en" | "de";

export const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch" };

const STORED = "weir-language";
const listeners = new Set<() => void>();

/** The first of somebody's languages that we speak. Pure. */
export function pickLanguage(chosen: string | null, preferred: readonly string[]): Language {
  for (const tag of [chosen ?? "", ...preferred]) {
    const base = tag.toLowerCase().split("-")[0] ?? "";
    if (base === "en" || base === "de") {
      return base;
    }
  }
  return "en";
}

function stored(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null; // storage is forbidden here
  }
}

let current: Language = typeof navigator === "undefined" ? "en" : pickLanguage(stored(), navigator.languages);

function apply(): void {
  const next = pickLanguage(stored(), navigator.languages);
  document.documentElement.lang = next;
  if (next !== current) {
    current = next;
    for (const listener of listeners) {
      listener();
    }
  }
}

if (typeof document !== "undefined") {
  document.documentElement.lang = current;
  window.addEventListener("storage", apply); // another tab
  window.addEventListener("languagechange", apply);
}

/** The language now, for code that is no component. */
export function currentLanguage(): Language {
  return current;
}

/** What was chosen here; null: nothing, the browser says. */
export function chosenLanguage(): Language | null {
  const choice = stored();
  return choice === "en" || choice === "de" ? choice : null;
}

/** Choose, in all tabs; null: as the browser says. */
export function setLanguage(language: Language | null): void {
  try {
    if (language === null) {
      localStorage.removeItem(STORED);
    } else {
      localStorage.setItem(STORED, language);
    }
  } catch {
    return; // storage is forbidden: it stays as it is
  }
  apply();
}

/** Be told when the page speaks another language. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, currentLanguage);
}
