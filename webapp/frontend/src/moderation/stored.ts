/** Something that a person set on this page, kept in this browser for them and alike in all its tabs. */

import { useCallback, useMemo, useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
/** What could not be stored: it holds until the page is left. */
const unsaved = new Map<string, string>();

function read(name: string): string | null {
  try {
    return unsaved.get(name) ?? localStorage.getItem(name);
  } catch {
    return null; // storage is forbidden here
  }
}

function write(name: string, text: string): void {
  try {
    localStorage.setItem(name, text);
    unsaved.delete(name);
  } catch {
    unsaved.set(name, text);
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

/** The value of `name`, and the function that sets it. `parse` must take anything; '' is what was never stored. */
export function useStored<T>(name: string, parse: (text: string | null) => T): readonly [T, (value: T) => void] {
  const text = useSyncExternalStore(subscribe, () => read(name));
  const value = useMemo(() => parse(text), [parse, text]);
  const set = useCallback(
    (next: T) => {
      write(name, JSON.stringify(next));
    },
    [name],
  );
  return [value, set];
}
