import { useRef, type ReactNode } from "react";

import { useTexts } from "../../i18n";
import { Button, Dialog, Field, useToast } from "../../ui";
import styles from "./About.module.css";
import { embedCode } from "./share";
import { TEXTS } from "./dialog-texts";

/** The channel's address, and the code that puts its player into another page. */
export function ShareDialog({ open, onClose, login, webUrl }: { open: boolean; onClose: () => void; login: string; webUrl: string }): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Dialog open={open} onClose={onClose} title={texts.shareTitle}>
      <div className={styles.stack}>
        <Copied label={texts.shareLink} value={`${webUrl}/${login}`} />
        <Copied label={texts.shareEmbed} value={embedCode(webUrl, login)} />
      </div>
    </Dialog>
  );
}

function Copied({ label, value }: { label: string; value: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const input = useRef<HTMLInputElement>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(value);
      toast({ kind: "ok", text: texts.copied });
    } catch {
      input.current?.select(); // without TLS there is no clipboard
      toast({ text: texts.copyByHand });
    }
  };
  return (
    <div className={styles.copy}>
      <Field label={label}>
        {(wiring) => (
          <input
            {...wiring}
            ref={input}
            className={styles.code}
            readOnly
            value={value}
            onFocus={(event) => {
              event.target.select();
            }}
          />
        )}
      </Field>
      <Button icon="copy" aria-label={`${texts.copy}: ${label}`} onClick={() => void copy()}>
        {texts.copy}
      </Button>
    </div>
  );
}
