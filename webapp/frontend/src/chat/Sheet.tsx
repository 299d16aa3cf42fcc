/** Something over the lines, inside of the panel: a card, a thread, emotes, settings. */

import { useEffect, useId, useRef, type ReactNode } from "react";

import { cx, IconButton } from "../ui";
import { useChat } from "./context";
import styles from "./Sheet.module.css";

interface SheetProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** At the bottom, above the field, instead of at the top. */
  readonly isLow?: boolean;
  readonly testId?: string;
}

export function Sheet({ title, onClose, children, isLow = false, testId }: SheetProps): ReactNode {
  const { texts } = useChat();
  const id = useId();
  const sheet = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    sheet.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <section
      ref={sheet}
      className={cx(styles.sheet, isLow && styles.low)}
      role="dialog"
      aria-labelledby={id}
      tabIndex={-1}
      data-testid={testId}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
    >
      <header className={styles.head}>
        <h3 id={id}>
          <bdi>{title}</bdi>
        </h3>
        <IconButton icon="close" size="small" label={texts.close} onClick={onClose} />
      </header>
      <div className={styles.body}>{children}</div>
    </section>
  );
}
