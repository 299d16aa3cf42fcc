import type { ReactNode } from "react";

import { useTitle } from "../app/router";
import styles from "./form.module.css";

export interface FormPageProps {
  readonly title: string;
  /** One sentence on what it is about. */
  readonly text?: ReactNode;
  readonly children?: ReactNode;
  /** Ways to other pages. */
  readonly foot?: ReactNode;
}

/** A page that is one small form. */
export function FormPage({ title, text, children, foot }: FormPageProps): ReactNode {
  useTitle(title);
  return (
    <div className={styles.page}>
      <section className={styles.card}>
        <h1>{title}</h1>
        {text !== undefined && <p className={styles.quiet}>{text}</p>}
        {children}
      </section>
      {foot !== undefined && <p className={styles.foot}>{foot}</p>}
    </div>
  );
}
