import { useId, type ReactNode } from "react";

import { cx } from "../../ui";
import styles from "./settings.module.css";

export interface SectionProps {
  readonly title: string;
  readonly text?: ReactNode;
  readonly danger?: boolean;
  readonly children?: ReactNode;
}

/** One thing that can be set, with a heading. */
export function Section({ title, text, danger = false, children }: SectionProps): ReactNode {
  const id = useId();
  return (
    <section className={cx(styles.section, danger && styles.danger)} aria-labelledby={id}>
      <div>
        <h2 id={id}>{title}</h2>
        {text !== undefined && <p className={styles.quiet}>{text}</p>}
      </div>
      {children}
    </section>
  );
}
