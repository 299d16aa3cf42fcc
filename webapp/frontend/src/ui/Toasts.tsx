/** Short messages that come and go at the edge of the page. */

import { useEffect, useState, useSyncExternalStore, type ReactNode } from "react";

import { useTexts } from "../i18n";
import { IconButton } from "./Button";
import { cx } from "./cx";
import { TEXTS } from "./texts";
import styles from "./Toasts.module.css";

export interface Toast {
  readonly text: string;
  readonly kind?: "info" | "ok" | "error" | undefined;
}

type Shown = Toast & { readonly id: number };

const SHOWN_MS = 6000;
/** More push the oldest out. */
const MAX_SHOWN = 4;

let shown: readonly Shown[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function set(next: readonly Shown[]): void {
  shown = next;
  for (const listener of listeners) {
    listener();
  }
}

/** Show a message; also for code that is no component. */
export function toast(message: Toast): void {
  lastId += 1;
  set([...shown.filter(({ text }) => text !== message.text), { ...message, id: lastId }].slice(-MAX_SHOWN));
}

/** Gives the function that shows a message. */
export function useToast(): (message: Toast) => void {
  return toast;
}

/** Where they are shown; once in the application. */
export function Toasts(): ReactNode {
  const all = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => shown,
  );
  return (
    <div className={styles.toasts} role="status" aria-live="polite" aria-atomic="false">
      {all.map((one) => (
        <OneToast key={one.id} toast={one} />
      ))}
    </div>
  );
}

function OneToast({ toast: { id, text, kind = "info" } }: { toast: Shown }): ReactNode {
  const texts = useTexts(TEXTS);
  const [held, setHeld] = useState(false);
  const close = (): void => {
    set(shown.filter((one) => one.id !== id));
  };
  useEffect(() => {
    if (held) {
      return;
    }
    const timer = window.setTimeout(() => {
      set(shown.filter((one) => one.id !== id));
    }, SHOWN_MS);
    return () => {
      window.clearTimeout(timer);
    };
  }, [held, id]);
  const hold = { onPointerEnter: () => { setHeld(true); }, onPointerLeave: () => { setHeld(false); } };
  return (
    <div className={cx(styles.toast, kind === "ok" && styles.ok, kind === "error" && styles.error)} {...hold}>
      <span className={styles.text}>{text}</span>
      <IconButton icon="close" size="small" label={texts.dismiss} onClick={close} />
    </div>
  );
}
