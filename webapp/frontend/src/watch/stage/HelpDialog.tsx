import type { ReactNode } from "react";

import { useTexts } from "../../i18n";
import { Dialog, Switch } from "../../ui";
import { LISTED } from "./keys";
import styles from "./Stage.module.css";
import { TEXTS } from "./rare-texts";

export interface HelpProps {
  readonly onClose: () => void;
  /** Whether single keys act. */
  readonly shortcuts: boolean;
  readonly onShortcuts: (on: boolean) => void;
  /** There is a theatre mode here. */
  readonly theatre: boolean;
}

/** Which key does what, and whether keys do anything. */
export function HelpDialog({ onClose, shortcuts, onShortcuts, theatre }: HelpProps): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Dialog open onClose={onClose} title={texts.shortcuts}>
      <Switch label={texts.shortcutsOn} hint={texts.shortcutsHint} checked={shortcuts} onChange={onShortcuts} />
      <dl className={styles.keys}>
        {LISTED.filter(({ act }) => theatre || act !== "theatre").map(({ keys, act }) => (
          <div key={act}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{texts.acts[act]}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
