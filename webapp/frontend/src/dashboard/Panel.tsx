import { useId, type ReactNode } from "react";

import { cx } from "../ui";
import styles from "./Panel.module.css";

export interface PanelProps {
  readonly title: string;
  /** Beside the title. */
  readonly action?: ReactNode;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

/** One thing that a page of the dashboard shows. */
export function Panel({ title, action, className, children }: PanelProps): ReactNode {
  const id = useId();
  return (
    <section className={cx(styles.panel, className)} aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        {action}
      </div>
      {children}
    </section>
  );
}
