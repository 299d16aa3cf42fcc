/** Fields of forms: each has a label, and may have a hint and an error, which screen readers are told with it. */

import { useId, type InputHTMLAttributes, type ReactNode, type Ref, type SelectHTMLAttributes, type TextareaHTMLAttributes } from "react";

import { cx } from "./cx";
import styles from "./Field.module.css";

export interface FieldTexts {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with what stands in it; null, '' or undefined: nothing. */
  readonly error?: string | null | undefined;
}

/** What ties an input to its texts. */
export interface Wiring {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": true | undefined;
}

interface Tied extends FieldTexts {
  readonly wiring: Wiring;
  readonly hintId: string;
  readonly errorId: string;
}

function useWiring({ label, hint, error }: FieldTexts): Tied {
  const id = useId();
  const [hintId, errorId] = [`${id}hint`, `${id}error`];
  const wrong = error !== null && error !== undefined && error !== "";
  const told = cx(Boolean(hint) && hintId, wrong && errorId);
  return {
    label,
    hint,
    error: wrong ? error : null,
    hintId,
    errorId,
    wiring: { id, "aria-describedby": told === "" ? undefined : told, "aria-invalid": wrong || undefined },
  };
}

function Told({ hint, error, hintId, errorId }: Tied): ReactNode {
  return (
    <>
      {Boolean(hint) && (
        <span className={styles.hint} id={hintId}>
          {hint}
        </span>
      )}
      <span role="alert">
        {error !== null && (
          <span className={styles.error} id={errorId}>
            {error}
          </span>
        )}
      </span>
    </>
  );
}

/** Any input with a label above it: `children` gets what it must carry. */
export function Field({ children, ...texts }: FieldTexts & { children: (wiring: Wiring) => ReactNode }): ReactNode {
  const tied = useWiring(texts);
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={tied.wiring.id}>
        {tied.label}
      </label>
      {children(tied.wiring)}
      <Told {...tied} />
    </div>
  );
}

type Input = Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "value" | "id">;

export interface TextFieldProps extends Input, FieldTexts {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly ref?: Ref<HTMLInputElement> | undefined;
}

/** One line of text; `type` and the like as of an input. */
export function TextField({ label, hint, error, value, onChange, className, ...rest }: TextFieldProps): ReactNode {
  return (
    <Field label={label} hint={hint} error={error}>
      {(wiring) => (
        <input
          type="text"
          {...rest}
          {...wiring}
          className={cx(styles.input, className)}
          value={value}
          onChange={(event) => {
            onChange(event.target.value);
          }}
        />
      )}
    </Field>
  );
}

export interface TextAreaProps extends Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "onChange" | "value" | "id">, FieldTexts {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** Several lines of text. */
export function TextArea({ label, hint, error, value, onChange, className, ...rest }: TextAreaProps): ReactNode {
  return (
    <Field label={label} hint={hint} error={error}>
      {(wiring) => (
        <textarea
          {...rest}
          {...wiring}
          className={cx(styles.input, className)}
          value={value}
          onChange={(event) => {
            onChange(event.target.value);
          }}
        />
      )}
    </Field>
  );
}

export interface SelectProps<V extends string>
  extends Omit<SelectHTMLAttributes<HTMLSelectElement>, "onChange" | "value" | "id">, FieldTexts {
  readonly value: V;
  readonly options: readonly { readonly value: V; readonly label: string }[];
  readonly onChange: (value: V) => void;
}

/** One of several. */
export function Select<V extends string>({ label, hint, error, value, options, onChange, className, ...rest }: SelectProps<V>): ReactNode {
  return (
    <Field label={label} hint={hint} error={error}>
      {(wiring) => (
        <select
          {...rest}
          {...wiring}
          className={cx(styles.input, className)}
          value={value}
          onChange={(event) => {
            onChange(event.target.value as V);
          }}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export interface ToggleProps extends Omit<Input, "checked" | "type" | "role">, FieldTexts {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** Something that is ticked, and takes effect when the form is sent. */
export function Checkbox({ label, hint, error, checked, onChange, className, ...rest }: ToggleProps): ReactNode {
  const tied = useWiring({ label, hint, error });
  return (
    <div className={cx(styles.row, className)}>
      <input
        {...rest}
        {...tied.wiring}
        type="checkbox"
        className={styles.check}
        checked={checked}
        onChange={(event) => {
          onChange(event.target.checked);
        }}
      />
      <div className={cx(styles.field, styles.text)}>
        <label htmlFor={tied.wiring.id}>{label}</label>
        <Told {...tied} />
      </div>
    </div>
  );
}

/** Something that is on or off, and takes effect at once. */
export function Switch({ label, hint, error, checked, onChange, className, ...rest }: ToggleProps): ReactNode {
  const tied = useWiring({ label, hint, error });
  return (
    <div className={cx(styles.row, className)}>
      <div className={cx(styles.field, styles.text)}>
        <label className={styles.label} htmlFor={tied.wiring.id}>
          {label}
        </label>
        <Told {...tied} />
      </div>
      <input
        {...rest}
        {...tied.wiring}
        type="checkbox"
        role="switch"
        className={styles.switch}
        checked={checked}
        onChange={(event) => {
          onChange(event.target.checked);
        }}
      />
    </div>
  );
}
