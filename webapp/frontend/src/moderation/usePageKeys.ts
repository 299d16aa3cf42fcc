/** Keys that count wherever the focus is on a moderator's page, unless somebody writes. */

import { useEffect, useRef } from "react";
import { flushSync } from "react-dom";

import { useModerating } from "./context";
import { actionOf, isTyping } from "./keys";
import type { PaneId } from "./layout";

export interface PageKeys {
  /** Show a pane. */
  readonly go: (pane: PaneId) => void;
  readonly help: () => void;
}

const PANE_OF = { toChat: "chat", toQueue: "queue", toLog: "log" } as const;

export function usePageKeys(does: PageKeys): void {
  const { keys, acts } = useModerating();
  const latest = useRef(does);
  useEffect(() => {
    latest.current = does;
  });
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || isTyping(event.target)) return;
      const action = actionOf(keys, event);
      if (action === "undo") void acts.undo();
      else if (action === "help") latest.current.help();
      else if (action === "toChat" || action === "toQueue" || action === "toLog") goTo(latest.current, action);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", pressed);
    return () => {
      document.removeEventListener("keydown", pressed);
    };
  }, [keys, acts]);
}

function goTo({ go }: PageKeys, action: keyof typeof PANE_OF): void {
  const pane = PANE_OF[action];
  flushSync(() => {
    go(pane);
  });
  const place = pane === "chat" ? "[role=log]" : "[data-keys]";
  document.querySelector<HTMLElement>(`[data-pane="${pane}"] ${place}`)?.focus();
}
