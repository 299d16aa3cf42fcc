import type { ReactNode } from "react";

import { useTexts } from "../../i18n";
import { Button, useToast } from "../../ui";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

/** A text that is shown once, to be copied. */
export function Secret({ label, text }: { label: string; text: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text); // not there on pages that came over HTTP
      toast({ kind: "ok", text: texts.copied });
    } catch {
      toast({ kind: "error", text: texts.copyFailed });
    }
  };
  return (
    <div className={styles.actions}>
      <input
        className={styles.secret}
        aria-label={label}
        value={text}
        readOnly
        spellCheck={false}
        onFocus={(event) => {
          event.target.select();
        }}
      />
      <Button icon="copy" onClick={() => void copy()}>
        {texts.copy}
      </Button>
    </div>
  );
}
