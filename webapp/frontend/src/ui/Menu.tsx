import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import { Link } from "../app/router";
import { cx } from "./cx";
import { Icon, type IconName } from "./Icon";
import styles from "./Menu.module.css";

/** One line of a menu: a link (`to`), something to do (`onSelect`), or a choice (`checked`); or a line between groups. */
export type MenuItem =
  | {
      readonly label: string;
      readonly icon?: IconName | undefined;
      readonly to?: string | undefined;
      readonly onSelect?: (() => void) | undefined;
      readonly checked?: boolean | undefined;
      readonly danger?: boolean | undefined;
      readonly disabled?: boolean | undefined;
    }
  | { readonly heading: ReactNode }
  | "line";

export interface MenuProps {
  /** Name of the button, for screen readers and as a tip. */
  readonly label: string;
  /** What the button shows. */
  readonly trigger: ReactNode;
  readonly items: readonly MenuItem[];
  /** Which edge of the button it begins at. */
  readonly align?: "start" | "end" | undefined;
  readonly side?: "below" | "above" | undefined;
  readonly className?: string | undefined;
}

/** A button that opens a menu: arrows, Home, End and first letters move, Esc closes, the focus goes back to the button. */
export function Menu({ label, trigger, items, align = "end", side = "below", className }: MenuProps): ReactNode {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) {
      return;
    }
    lines(list.current)[0]?.focus();
    const outside = (event: PointerEvent): void => {
      if (!(event.target instanceof Node) || anchor.current?.contains(event.target) !== true) {
        setOpen(false);
      }
    };
    document.addEventListener("pointerdown", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
    };
  }, [open]);

  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };

  const key = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") {
      setOpen(false);
    } else {
      const all = lines(list.current);
      const next = nextLine(all, all.indexOf(document.activeElement as HTMLElement), event.key);
      if (next !== null) {
        event.preventDefault();
        all[next]?.focus();
      }
    }
  };

  return (
    <div className={cx(styles.anchor, className)} ref={anchor}>
      <button
        ref={button}
        type="button"
        className={styles.trigger}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => {
          setOpen(!open);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" && !open) {
            event.preventDefault();
            setOpen(true);
          }
        }}
      >
        {trigger}
      </button>
      {open && (
        <div
          ref={list}
          id={id}
          role="menu"
          aria-label={label}
          tabIndex={-1}
          className={cx(styles.menu, align === "start" && styles.start, side === "above" && styles.above)}
          onKeyDown={key}
        >
          {items.map((item, index) => (
            <Line key={index} item={item} close={close} />
          ))}
        </div>
      )}
    </div>
  );
}

function Line({ item, close }: { item: MenuItem; close: () => void }): ReactNode {
  if (item === "line") {
    return <div className={styles.line} role="separator" />;
  }
  if ("heading" in item) {
    return (
      <div className={styles.head} role="presentation">
        {item.heading}
      </div>
    );
  }
  const inside = (
    <>
      {item.icon !== undefined && <Icon name={item.icon} size={18} />}
      <span className={styles.label}>{item.label}</span>
      {item.checked === true && <Icon name="check" size={18} />}
    </>
  );
  const common = { className: cx(styles.item, item.danger === true && styles.danger), tabIndex: -1 };
  if (item.to !== undefined) {
    return (
      <Link {...common} role="menuitem" to={item.to} onClick={close}>
        {inside}
      </Link>
    );
  }
  return (
    <button
      type="button"
      {...common}
      role={item.checked === undefined ? "menuitem" : "menuitemradio"}
      aria-checked={item.checked}
      aria-disabled={item.disabled === true || undefined}
      onClick={() => {
        if (item.disabled !== true) {
          close();
          item.onSelect?.();
        }
      }}
    >
      {inside}
    </button>
  );
}

function lines(list: HTMLElement | null): readonly HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
}

/** Where a key leads from line `at` (-1: none); null: nowhere. */
function nextLine(all: readonly HTMLElement[], at: number, key: string): number | null {
  const count = all.length;
  switch (key) {
    case "ArrowDown":
      return (at + 1) % count;
    case "ArrowUp":
      return at <= 0 ? count - 1 : at - 1;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default: {
      if (key.length !== 1 || key === " ") {
        return null;
      }
      const found = all.findIndex((_, offset) => begins(all[(at + 1 + offset) % count], key));
      return found < 0 ? null : (at + 1 + found) % count;
    }
  }
}

function begins(line: HTMLElement | undefined, letter: string): boolean {
  return line?.textContent.trim().toLowerCase().startsWith(letter.toLowerCase()) ?? false;
}
