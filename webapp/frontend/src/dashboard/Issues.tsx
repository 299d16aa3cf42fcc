import type { ReactNode } from "react";

import { useTexts } from "../i18n";
import { cx, Icon, type IconName } from "../ui";
import { TEXTS as ADVICE } from "./advice.texts";
import type { Issue } from "./data";
import { TEXTS } from "./health.texts";
import styles from "./Health.module.css";

const ICONS: Readonly<Record<string, IconName>> = { error: "alert", warning: "alert", info: "info" };
const WEIGHT: Readonly<Record<string, number>> = { error: 0, warning: 1, info: 2 };

/** What to change about a stream, the worst first. */
export function Issues({ issues }: { issues: readonly Issue[] }): ReactNode {
  const texts = useTexts(TEXTS);
  const advice = useTexts(ADVICE);
  const ordered = [...issues].sort((one, other) => (WEIGHT[one.severity] ?? 3) - (WEIGHT[other.severity] ?? 3));
  return (
    <ul className={styles.issues} data-testid="issues">
      {ordered.map((issue) => {
        const own = advice[issue.type];
        return (
          <li key={`${issue.type} ${issue.started_at}`} className={cx(styles.issue, styles[issue.severity])} data-type={issue.type}>
            <Icon name={ICONS[issue.severity] ?? "info"} />
            <div>
              <strong>
                <span className="visually-hidden">{texts.severities[issue.severity] ?? ""}: </span>
                {own?.title ?? issue.reason}
              </strong>
              <p>{own?.text ?? issue.description}</p>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
