import type { ReactNode } from "react";

import styles from "./Tooltip.module.css";

/** A tip over what it holds, on hover and focus. Decoration: it must say nothing that the accessible name does not say. */
export function Tooltip({ text, children }: { text: string; children: ReactNode }): ReactNode {
  return (
    <span className={styles.tip} data-tip={text}>
      {children}
    </span>
  );
}
