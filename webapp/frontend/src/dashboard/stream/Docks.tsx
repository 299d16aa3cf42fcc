import type { ReactNode } from "react";

import { useSite } from "../../app/session";
import { useTexts } from "../../i18n";
import { CopyField } from "../CopyField";
import styles from "./stream.module.css";
import { TEXTS } from "./texts";

/** Addresses for the browser docks of OBS. */
export function Docks({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const { urls } = useSite();
  const docks = [
    [texts.dockChat, "chat"],
    [texts.dockActivity, "activity"],
    [texts.dockHealth, "health"],
  ] as const;
  return (
    <details className={styles.docks}>
      <summary>
        <h2>{texts.docks}</h2>
      </summary>
      <p className={styles.quiet}>{texts.docksText}</p>
      {docks.map(([label, page]) => (
        <CopyField key={page} label={label} value={`${urls.web}/popout/${login}/${page}`} />
      ))}
    </details>
  );
}
