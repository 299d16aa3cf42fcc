import { useId, useLayoutEffect, useRef, type ReactNode } from "react";

import { useTexts } from "../i18n";
import { IconButton } from "./Button";
import { cx } from "./cx";
import styles from "./Dialog.module.css";
import { TEXTS } from "./texts";

export interface DialogProps {
  readonly open: boolean;
  /** Esc, the cross, or a click beside it. */
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ReactNode;
  /** Its buttons. */
  readonly footer?: ReactNode;
  readonly wide?: boolean | undefined;
}

/** A dialog before everything else: the browser keeps the focus in it, and gives it back. What is in it exists while it is open. */
export function Dialog({ open, ...rest }: DialogProps): ReactNode {
  return open ? <OpenDialog {...rest} /> : null;
}

function OpenDialog({ onClose, title, children, footer, wide = false }: Omit<DialogProps, "open">): ReactNode {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const texts = useTexts(TEXTS);
  // Closed with the change that takes it away: closed any later, it would take the focus back from where it went meanwhile.
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => {
      dialog?.close();
    };
  }, []);
  return (
    <dialog
      ref={element}
      className={cx(styles.dialog, wide && styles.wide)}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        if (event.target === element.current) {
          onClose(); // the backdrop: what is inside covers the rest
        }
      }}
    >
      <div className={styles.inside}>
        <div className={styles.head}>
          <h2 id={titleId}>{title}</h2>
          <IconButton icon="close" label={texts.close} onClick={onClose} />
        </div>
        {children}
        {footer !== undefined && <div className={styles.foot}>{footer}</div>}
      </div>
    </dialog>
  );
}
