import { useState, type ReactNode } from "react";

import { useTexts } from "../../../i18n";
import { TextField } from "../../../ui";
import styles from "./Kit.module.css";
import { TEXTS } from "./texts";

export interface NumberFieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** Gets NaN while what stands there is no number. */
  readonly onChange: (value: number) => void;
}

/** Whether a number may be saved. */
export function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** A whole number within bounds, which are told beside it. What is typed stays, also if it is none. */
export function NumberField({ label, hint, value, least, most, onChange }: NumberFieldProps): ReactNode {
  const texts = useTexts(TEXTS);
  const [typed, setTyped] = useState<string | null>(null);
  const shown = Number.isFinite(value) ? String(value) : "";
  // What stands there means the value, though it may be written otherwise ("05", "1e").
  const text = typed !== null && (parsed(typed) === value || !Number.isFinite(value)) ? typed : shown;
  return (
    <div className={styles.narrow}>
      <TextField
        label={label}
        hint={hint}
        inputMode="numeric"
        maxLength={9}
        autoComplete="off"
        value={text}
        error={isWithin(value, least, most) ? null : texts.range(least, most)}
        onChange={(next) => {
          setTyped(next);
          onChange(parsed(next));
        }}
      />
    </div>
  );
}

function parsed(text: string): number {
  return /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : Number.NaN;
}
