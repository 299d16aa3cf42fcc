/** Keys by which a moderator goes through the lines of a chat and acts; they count while the focus is among the lines. */

import { useEffect, useRef, type RefObject } from "react";

import type { Line } from "../chat/buffer";
import { useChat } from "../chat/context";
import { actionOf, isTyping, parseKeys, timeoutOf, type Action } from "./keys";
import { useStored } from "./stored";

interface LineKeysProps {
  readonly scroller: RefObject<HTMLElement | null>;
  /** The line that is chosen; null: none. */
  readonly line: Line | null;
  /** Choose the next (1) or the one before (-1). */
  readonly go: (step: 1 | -1) => void;
}

export default function LineKeys({ scroller, line, go }: LineKeysProps): null {
  const { me, acts, openCard } = useChat();
  const [keys] = useStored(`weir-mod-keys:${me?.id ?? ""}`, parseKeys);
  const act = (action: Action): boolean => {
    if (action === "next" || action === "previous") {
      go(action === "next" ? 1 : -1);
      return true;
    }
    if (action === "undo") return acts.undo();
    if (line?.kind !== "message") return false;
    const { message_id: id, chatter_user_login: login } = line.message;
    const seconds = timeoutOf(action);
    if (seconds !== null) void acts.ban(login, seconds);
    else if (action === "delete") void acts.deleteMessage(id);
    else if (action === "ban") void acts.ban(login, null);
    else if (action === "pin") void acts.pin(id);
    else if (action === "person" || action === "warn") openCard(login, action === "warn");
    else return false;
    return true;
  };
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => {
    const element = scroller.current;
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || isTyping(event.target)) return;
      const action = actionOf(keys, event);
      if (action !== null && latest.current(action)) event.preventDefault();
    };
    element?.addEventListener("keydown", pressed);
    return () => {
      element?.removeEventListener("keydown", pressed);
    };
  }, [scroller, keys]);
  return null;
}
