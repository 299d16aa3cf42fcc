import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";

import { Link, type LinkProps } from "../app/router";
import styles from "./Button.module.css";
import { cx } from "./cx";
import { Icon, type IconName } from "./Icon";
import { Spinner } from "./Spinner";

export type ButtonKind = "primary" | "secondary" | "ghost" | "danger";
export type ButtonSize = "small" | "medium" | "large";

interface Look {
  readonly kind?: ButtonKind | undefined;
  readonly size?: ButtonSize | undefined;
  readonly icon?: IconName | undefined;
  /** As wide as what it stands in. */
  readonly wide?: boolean | undefined;
}

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement>, Look {
  /** Something is being done: it does not act, and says so. */
  readonly busy?: boolean | undefined;
  readonly ref?: Ref<HTMLButtonElement> | undefined;
}

function look({ kind = "secondary", size = "medium", wide = false }: Look, ...more: (string | false | undefined)[]): string {
  return cx(
    styles.button,
    kind === "primary" && styles.primary,
    kind === "ghost" && styles.ghost,
    kind === "danger" && styles.danger,
    size === "small" && styles.small,
    size === "large" && styles.large,
    wide && styles.wide,
    ...more,
  );
}

/** A button; of type `button` unless said otherwise. */
export function Button({ kind, size, icon, wide, busy = false, className, children, onClick, ...rest }: ButtonProps): ReactNode {
  return (
    <button
      type="button"
      {...rest}
      className={look({ kind, size, wide }, busy && styles.busy, className)}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={(event) => {
        if (busy) {
          event.preventDefault();
        } else {
          onClick?.(event);
        }
      }}
    >
      {busy ? <Spinner size={16} /> : icon !== undefined && <Icon name={icon} size={18} />}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({ kind, size, icon, wide, className, children, ...rest }: LinkProps & Look): ReactNode {
  return (
    <Link {...rest} className={look({ kind, size, wide }, className)}>
      {icon !== undefined && <Icon name={icon} size={18} />}
      {children}
    </Link>
  );
}

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "aria-label" | "children"> {
  readonly icon: IconName;
  /** What it does: its name, and the tip shown over it. */
  readonly label: string;
  readonly size?: "small" | "medium" | undefined;
  readonly ref?: Ref<HTMLButtonElement> | undefined;
}

/** A button that is an icon only. */
export function IconButton({ icon, label, size = "medium", className, ...rest }: IconButtonProps): ReactNode {
  return (
    <button
      type="button"
      title={label}
      {...rest}
      className={cx(styles.icon, size === "small" && styles.iconSmall, className)}
      aria-label={label}
    >
      <Icon name={icon} size={size === "small" ? 16 : 20} />
    </button>
  );
}
