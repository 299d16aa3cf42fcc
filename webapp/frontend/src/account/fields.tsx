/** Fields that several forms about accounts have, and what a form does with refusals. */

import { useEffect, useRef, useState, type ReactNode, type RefObject } from "react";

import { useSession } from "../app/session";
import { useTexts } from "../i18n";
import { IconButton, TextField } from "../ui";
import styles from "./form.module.css";
import { TEXTS } from "./texts";

interface FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error?: string | undefined;
  readonly label?: string;
  readonly hint?: string;
  readonly autoFocus?: boolean;
}

/** A login, as it is typed: browsers must not correct it. */
export function LoginField({ label, ...rest }: FieldProps): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <TextField
      label={label ?? texts.login}
      name="login"
      autoComplete="username"
      autoCapitalize="none"
      spellCheck={false}
      maxLength={100}
      {...rest}
    />
  );
}

/** A password, which can be looked at; `fresh`: one that is chosen here. */
export function PasswordField({ label, fresh = false, hint, ...rest }: FieldProps & { readonly fresh?: boolean }): ReactNode {
  const texts = useTexts(TEXTS);
  const { user } = useSession();
  const [shown, setShown] = useState(false);
  return (
    <div className={styles.under}>
      {/* Password managers want to know whose password this is. */}
      {user !== null && <input type="text" name="username" autoComplete="username" value={user.login} readOnly hidden />}
      <TextField
        label={label ?? texts.password}
        {...(hint === undefined ? {} : { hint })}
        name={fresh ? "new-password" : "password"}
        type={shown ? "text" : "password"}
        autoComplete={fresh ? "new-password" : "current-password"}
        autoCapitalize="none"
        spellCheck={false}
        maxLength={200}
        {...rest}
      />
      <IconButton
        className={styles.eye}
        size="small"
        icon={shown ? "eye-off" : "eye"}
        label={shown ? texts.hidePassword : texts.showPassword}
        onClick={() => {
          setShown(!shown);
        }}
      />
    </div>
  );
}

/** What is wrong with which field. */
export type Faults<Name extends string> = Partial<Record<Name, string>>;

export interface FormFaults<Name extends string> {
  readonly form: RefObject<HTMLFormElement | null>;
  readonly faults: Faults<Name>;
  readonly setFaults: (faults: Faults<Name>) => void;
}

/** Faults of a form; whenever there are new ones, the focus goes to the first field that has one. */
export function useFaults<Name extends string>(): FormFaults<Name> {
  const [faults, setFaults] = useState<Faults<Name>>({});
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [faults]);
  return { form, faults, setFaults };
}

/** Whether there are none. */
export function isFaultless(faults: object): boolean {
  return Object.values(faults).every((fault) => fault === undefined);
}
