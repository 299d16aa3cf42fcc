import type { ReactNode } from "react";

import { useFormat, useTexts } from "../../i18n";
import { Button, ButtonLink, cx } from "../../ui";
import { LABELS } from "../about/texts";
import styles from "./Stage.module.css";
import { TEXTS } from "./rare-texts";

export interface MatureProps {
  readonly name: string;
  /** Content classification labels, as the API has them. */
  readonly labels: readonly string[];
  readonly framed: boolean;
  readonly go: () => void;
}

/** Asks before a channel that says it is not for everybody; nothing of it is loaded before. */
export function MatureGate({ name, labels, framed, go }: MatureProps): ReactNode {
  const texts = useTexts(TEXTS);
  const words = useTexts(LABELS);
  const format = useFormat();
  return (
    <div className={cx(styles.gate, "gate")} data-testid="mature">
      <h2 className={styles.title}>{texts.mature}</h2>
      <p>
        <bdi>{texts.matureText(name)}</bdi> {labels.length > 0 && texts.labelled(format.list(labels.map((label) => words[label] ?? label)))}
      </p>
      <div className={styles.buttons}>
        <Button kind="primary" onClick={go}>
          {texts.matureGo}
        </Button>
        {!framed && <ButtonLink to="/directory">{texts.matureLeave}</ButtonLink>}
      </div>
    </div>
  );
}
