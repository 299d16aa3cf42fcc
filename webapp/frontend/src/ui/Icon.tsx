import type { ReactNode } from "react";

import { cx } from "./cx";
import styles from "./Icon.module.css";
import { FILLED, ICONS, type IconName } from "./icons";

export type { IconName } from "./icons";

/** An icon, hidden from assistive technology: what it stands on has the name. `size` in px. */
export function Icon({ name, size = 20, className }: { name: IconName; size?: number | undefined; className?: string | undefined }): ReactNode {
  return (
    <svg
      className={cx(styles.icon, FILLED.has(name) && styles.filled, className)}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
    >
      <path d={ICONS[name]} />
    </svg>
  );
}
