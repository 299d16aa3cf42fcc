import { useEffect, useRef } from "react";

import type { StageCommands } from "./commands";
import { actOf, focusOf, type KeyAct } from "./keys";

/** What keys do that is the page's. */
export type PageActs = Readonly<Record<"captions" | "theatre" | "stats" | "help", () => void>>;

/** Have the keys of the whole page act on the player, while `on`. */
export function useKeys(at: { readonly stage: HTMLElement; readonly commands: StageCommands } | null, on: boolean, acts: PageActs): void {
  const latest = useRef(acts);
  useEffect(() => {
    latest.current = acts;
  });
  useEffect(() => {
    if (at === null || !on) {
      return;
    }
    const { stage, commands } = at;
    const press = (event: KeyboardEvent): void => {
      const act = event.defaultPrevented || event.isComposing ? null : actOf(event, focusOf(event.target, stage));
      if (act !== null) {
        event.preventDefault();
        if (!commands.act(act)) {
          latest.current[act as keyof PageActs satisfies KeyAct]();
        }
      }
    };
    document.addEventListener("keydown", press);
    return () => {
      document.removeEventListener("keydown", press);
    };
  }, [at, on]);
}
