/** Moving between pages without loading them anew: the address bar is the state. */

import { useEffect, useLayoutEffect, useMemo, useRef, useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent, type ReactNode } from "react";

import { isOurs } from "./paths";

export interface Location {
  /** Decoded by nobody: as the address bar has it. */
  readonly path: string;
  readonly search: URLSearchParams;
}

const listeners = new Set<() => void>();
/** Where each entry of the history was scrolled to, by its key. Grows by one a navigation, so it is kept short. */
const scrolled = new Map<string, number>();
const MAX_REMEMBERED = 100;

function currentKey(): string {
  const state: unknown = history.state;
  return typeof state === "object" && state !== null && "key" in state ? String(state.key) : "first";
}

function remember(): void {
  scrolled.delete(shownKey);
  scrolled.set(shownKey, window.scrollY);
  for (const key of scrolled.keys()) {
    if (scrolled.size <= MAX_REMEMBERED) {
      break;
    }
    scrolled.delete(key);
  }
}

let shownKey = typeof history === "undefined" ? "first" : currentKey();

if (typeof window !== "undefined") {
  history.scrollRestoration = "manual";
  window.addEventListener("popstate", () => {
    remember();
    shownKey = currentKey();
    tell();
  });
}

function tell(): void {
  for (const listener of listeners) {
    listener();
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Go to another page: of ours without loading it anew, of the server's by loading it. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  const target = new URL(to, location.href);
  if (target.origin !== location.origin || !isOurs(target.pathname)) {
    location.assign(target.href);
    return;
  }
  const address = target.pathname + target.search + target.hash;
  const same = address === location.pathname + location.search + location.hash;
  if (options.replace === true || same) {
    history.replaceState({ key: shownKey }, "", address);
  } else {
    remember();
    shownKey = `${Date.now()}-${Math.random()}`;
    history.pushState({ key: shownKey }, "", address);
  }
  tell();
}

function address(): string {
  return location.pathname + location.search;
}

/** Where we are; the component is drawn again when that changes. */
export function useLocation(): Location {
  const text = useSyncExternalStore(subscribe, address);
  return useMemo(() => {
    const [path = "/", search = ""] = text.split("?", 2);
    return { path, search: new URLSearchParams(search) };
  }, [text]);
}

export interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly to: string;
  readonly replace?: boolean;
  readonly children?: ReactNode;
}

/** A real link; a plain click on it stays in the application. `aria-current` is set on a link to where we are. */
export function Link({ to, replace = false, onClick, children, ...rest }: LinkProps): ReactNode {
  const { path } = useLocation();
  const click = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (plain && !event.defaultPrevented && rest.target === undefined && isOurs(to)) {
      event.preventDefault();
      navigate(to, { replace });
    }
  };
  return (
    <a aria-current={to === path ? "page" : undefined} {...rest} href={to} onClick={click}>
      {children}
    </a>
  );
}

let siteName = "weir";

/** Say what this site is called, for titles. */
export function nameSite(name: string): void {
  siteName = name;
}

/** What the tab is called: `text`, and the site behind it. */
export function useTitle(text: string): void {
  useEffect(() => {
    document.title = text === "" ? siteName : `${text} – ${siteName}`;
  }, [text]);
}

/** After a move to another path: focus to `<main>`, and scrolled to the top, or to where it was when going back. */
export function useArrival(): void {
  const { path } = useLocation();
  const left = useRef(path);
  useLayoutEffect(() => {
    if (left.current === path) {
      return;
    }
    left.current = path;
    const target = scrolled.get(currentKey()) ?? 0;
    document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
    window.scrollTo(0, target);
    // A list from the cache has its height only once it is laid out.
    const frame = requestAnimationFrame(() => {
      window.scrollTo(0, target);
    });
    return () => {
      cancelAnimationFrame(frame);
    };
  }, [path]);
}
