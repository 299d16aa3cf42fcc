import type { ReactNode } from "react";

import { Button, cx, Spinner } from "../../ui";
import type { Message } from "./messages";
import styles from "./Stage.module.css";

export interface OverlayProps {
  /** Null: the picture speaks for itself. */
  readonly message: Message | null;
  /** A picture behind the words. */
  readonly picture: string | undefined;
  /** What somebody can do about it. */
  readonly action: { readonly name: string; readonly act: () => void } | null;
  readonly trouble: string | null;
}

/** What lies over the picture when there is none, or none that moves. Told to screen readers as it changes. */
export function Overlay({ message, picture, action, trouble }: OverlayProps): ReactNode {
  return (
    <div role="status" className={cx(styles.overlay, message?.busy === true && styles.busy, "overlay")} hidden={message === null}>
      {message !== null && (
        <>
          {picture !== undefined && <img className={styles.poster} src={picture} alt="" />}
          <div className={cx(styles.words, picture !== undefined && styles.onPicture)}>
            {message.busy && (
              <span className="spinner">
                <Spinner size={44} />
              </span>
            )}
            {message.title !== "" && (
              <p className={styles.title}>
                <bdi>{message.title}</bdi>
              </p>
            )}
            {message.text !== "" && <p>{message.text}</p>}
            {trouble !== null && <p>{trouble}</p>}
            {action !== null && (
              <Button kind="primary" size="large" onClick={action.act}>
                {action.name}
              </Button>
            )}
          </div>
        </>
      )}
    </div>
  );
}
