/** Whether somebody is watched, or what they write waits. */

import type { ReactNode } from "react";

import type { Watching } from "./acts";
import { useModerating } from "./context";
import styles from "./Moderation.module.css";

export const STATES: readonly Watching[] = ["NO_TREATMENT", "ACTIVE_MONITORING", "RESTRICTED"];

export function WatchSelect({ login, name, status }: { login: string; name: string; status: Watching }): ReactNode {
  const { texts, acts } = useModerating();
  return (
    <select
      className={styles.select}
      aria-label={texts.watchingOf(name)}
      value={status}
      onChange={(event) => {
        const next = STATES.find((state) => state === event.target.value);
        if (next !== undefined) void acts.watch(login, next, status);
      }}
    >
      {STATES.map((state) => (
        <option key={state} value={state}>
          {texts.watchStates[state]}
        </option>
      ))}
    </select>
  );
}
