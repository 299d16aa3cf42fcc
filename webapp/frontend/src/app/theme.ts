/** Dark, light or high contrast: what was chosen here, in all tabs. `public/theme.js` sets it before the first paint. */

import { useSyncExternalStore } from "react";

export type Theme = "dark" | "light" | "contrast";
export type ThemeChoice = Theme | "system";

export const THEMES: readonly ThemeChoice[] = ["dark", "light", "contrast", "system"];

const STORED = "weir-theme";
const listeners = new Set<() => void>();

/** What a choice means on a system with these wishes. Pure. */
export function themeOf(choice: ThemeChoice, wishes: { readonly light: boolean; readonly contrast: boolean }): Theme {
  if (choice !== "system") {
    return choice;
  }
  return wishes.contrast ? "contrast" : wishes.light ? "light" : "dark";
}

export function themeChoice(): ThemeChoice {
  try {
    const stored = localStorage.getItem(STORED);
    return THEMES.find((theme) => theme === stored) ?? "dark";
  } catch {
    return "dark"; // storage is forbidden here
  }
}

function apply(): void {
  document.documentElement.dataset.theme = themeOf(themeChoice(), {
    light: matchMedia("(prefers-color-scheme: light)").matches,
    contrast: matchMedia("(prefers-contrast: more)").matches,
  });
  for (const listener of listeners) {
    listener();
  }
}

export function setTheme(choice: ThemeChoice): void {
  try {
    localStorage.setItem(STORED, choice);
  } catch {
    return;
  }
  apply();
}

/** Follow the other tabs, and the system. Once, at the start. */
export function watchTheme(): void {
  apply();
  window.addEventListener("storage", apply);
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", apply);
  matchMedia("(prefers-contrast: more)").addEventListener("change", apply);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What is chosen, and how to choose. */
export function useTheme(): readonly [ThemeChoice, (choice: ThemeChoice) => void] {
  return [useSyncExternalStore(subscribe, themeChoice), setTheme];
}
