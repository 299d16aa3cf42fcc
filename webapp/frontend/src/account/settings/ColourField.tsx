import type { ReactNode } from "react";

import { useTexts } from "../../i18n";
import { Button, Field } from "../../ui";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

/** Shown where none is chosen: the browser's field has no empty state. */
const NONE = "#808080";

/** The colour of somebody's name in chat, `#RRGGBB`; '': none of their own. */
export function ColourField({ value, onChange }: { value: string; onChange: (value: string) => void }): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Field label={texts.colour} hint={value === "" ? texts.colourNone : texts.colourHint}>
      {(wiring) => (
        <div className={styles.actions}>
          <input
            {...wiring}
            type="color"
            className={styles.colour}
            value={value === "" ? NONE : value.toLowerCase()}
            onChange={(event) => {
              onChange(event.target.value);
            }}
          />
          {value !== "" && (
            <Button
              kind="ghost"
              onClick={() => {
                onChange("");
              }}
            >
              {texts.colourRemove}
            </Button>
          )}
        </div>
      )}
    </Field>
  );
}
