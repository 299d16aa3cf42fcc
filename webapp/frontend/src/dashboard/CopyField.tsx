import { useId, useRef, useState, type ReactNode } from "react";

import { useTexts } from "../i18n";
import { Button, IconButton, useToast } from "../ui";
import styles from "./CopyField.module.css";
import { TEXTS } from "./live/texts";

export interface CopyFieldProps {
  readonly label: string;
  readonly value: string;
  /** It is not to be read over a shoulder, or in a stream: dots until a button is pressed. */
  readonly isSecret?: boolean;
}

/** A text to be carried to another program. */
export function CopyField({ label, value, isSecret = false }: CopyFieldProps): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [isShown, setIsShown] = useState(!isSecret);
  const copy = async (): Promise<void> => {
    const done = await copied(value, input.current);
    toast(done ? { kind: "ok", text: texts.copied(label) } : { kind: "error", text: texts.copyFailed });
  };
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <div className={styles.line}>
        <input
          ref={input}
          id={id}
          type={isShown ? "text" : "password"}
          className={styles.input}
          value={value}
          readOnly
          spellCheck={false}
          autoComplete="off"
          onFocus={(event) => {
            event.target.select();
          }}
        />
        {isSecret && (
          <IconButton
            icon={isShown ? "eye-off" : "eye"}
            label={isShown ? texts.hide(label) : texts.show(label)}
            onClick={() => {
              setIsShown(!isShown);
            }}
          />
        )}
        <Button icon="copy" aria-label={texts.copyOf(label)} onClick={() => void copy()}>
          {texts.copy}
        </Button>
      </div>
    </div>
  );
}

/** Pages that came over plain HTTP have no clipboard of their own: there the selection of a field that is shown is copied. */
async function copied(text: string, input: HTMLInputElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (input === null) return false;
    const { type } = input;
    input.type = "text";
    input.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is nothing else on such pages
    const done = document.execCommand("copy");
    input.type = type;
    return done;
  }
}
