import type { ReactNode } from "react";

import styles from "./Spinner.module.css";

/** Something is on its way. With a `label` it is told to screen readers; without, it is decoration. `size` in px. */
export function Spinner({ size = 24, label }: { size?: number | undefined; label?: string | undefined }): ReactNode {
  return (
    <span role={label === undefined ? undefined : "status"}>
      <svg className={styles.spinner} width={size} height={size} aria-hidden="true" />
      {label !== undefined && <span className="visually-hidden">{label}</span>}
    </span>
  );
}

/** The same in the middle of a page or a panel that has nothing else yet. */
export function SpinnerPage({ label }: { label: string }): ReactNode {
  return (
    <div className={styles.middle}>
      <Spinner size={32} label={label} />
    </div>
  );
}
