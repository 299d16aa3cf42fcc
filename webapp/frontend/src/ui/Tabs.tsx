import { useId, type KeyboardEvent, type ReactNode } from "react";

import { Link } from "../app/router";
import styles from "./Tabs.module.css";

export interface Tab<Id extends string> {
  readonly id: Id;
  readonly label: string;
}

export interface TabsProps<Id extends string> {
  /** What the choice is about. */
  readonly label: string;
  readonly tabs: readonly Tab<Id>[];
  readonly selected: Id;
  readonly onSelect: (id: Id) => void;
  /** The panel of the selected tab. */
  readonly children: ReactNode;
}

/** Panels of which one is seen; arrows move between the tabs. */
export function Tabs<Id extends string>({ label, tabs, selected, onSelect, children }: TabsProps<Id>): ReactNode {
  const id = useId();
  const key = (event: KeyboardEvent): void => {
    const at = tabs.findIndex((tab) => tab.id === selected);
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (step !== 0 && next !== undefined) {
      event.preventDefault();
      onSelect(next.id);
      document.getElementById(`${id}${next.id}`)?.focus();
    }
  };
  return (
    <>
      <div className={styles.tabs} role="tablist" aria-label={label} onKeyDown={key}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            id={`${id}${tab.id}`}
            type="button"
            role="tab"
            className={styles.tab}
            aria-selected={tab.id === selected}
            aria-controls={tab.id === selected ? `${id}panel` : undefined}
            tabIndex={tab.id === selected ? 0 : -1}
            onClick={() => {
              onSelect(tab.id);
            }}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div id={`${id}panel`} role="tabpanel" aria-labelledby={`${id}${selected}`}>
        {children}
      </div>
    </>
  );
}

/** Pages that belong together, each with an address of its own; looks like tabs, is links. */
export function TabLinks({ label, links }: { label: string; links: readonly { readonly to: string; readonly label: string }[] }): ReactNode {
  return (
    <nav className={styles.tabs} aria-label={label}>
      {links.map((link) => (
        <Link key={link.to} className={styles.tab} to={link.to}>
          {link.label}
        </Link>
      ))}
    </nav>
  );
}
