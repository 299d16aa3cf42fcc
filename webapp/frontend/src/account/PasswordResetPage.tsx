import { useState, type ReactNode, type SyntheticEvent } from "react";

import { ApiError, send } from "../api/client";
import { Link, useLocation } from "../app/router";
import { refreshSession, useSite } from "../app/session";
import { useTexts } from "../i18n";
import { Button, ButtonLink, ErrorNote, useMutationOnce } from "../ui";
import { isFaultless, LoginField, PasswordField, useFaults, type Faults } from "./fields";
import styles from "./form.module.css";
import { FormPage } from "./FormPage";
import { LinkOver } from "./LinkOver";
import { LOGIN_PATTERN, passwordFits, signUpFault } from "./refusal";
import { TEXTS } from "./texts";

/** A forgotten password: with the token of a link a new one is set, without one a link is asked for. */
export default function PasswordResetPage(): ReactNode {
  const token = useLocation().search.get("token");
  return token === null ? <AskForLink /> : <SetPassword token={token} />;
}

function SetPassword({ token }: { token: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const [password, setPassword] = useState("");
  const { form, faults, setFaults } = useFaults<"password">();
  const act = useMutationOnce({
    mutationFn: () => send("POST", "/password-resets", { token, password }),
    onSuccess: refreshSession, // it may have been this browser's account
    onError: (error) => {
      if (isPasswordFault(error)) setFaults({ password: texts.faultPasswordForm });
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const found: Faults<"password"> = passwordFits(password) ? {} : { password: texts.faultPasswordForm };
    setFaults(found);
    if (isFaultless(found)) act.mutate();
  };
  if (act.isSuccess) {
    return (
      <FormPage title={texts.resetTitle} text={texts.resetDone}>
        <ButtonLink kind="primary" to="/login">
          {texts.logIn}
        </ButtonLink>
      </FormPage>
    );
  }
  if (isOver(act.error)) return <LinkOver action={<ButtonLink to="/reset-password">{texts.askTitle}</ButtonLink>} />;
  return (
    <FormPage title={texts.resetTitle} text={texts.resetText}>
      <form ref={form} className={styles.form} onSubmit={submit} noValidate>
        {isFaultless(faults) && <ErrorNote error={act.error} />}
        <PasswordField
          label={texts.newPassword}
          hint={texts.passwordHint}
          value={password}
          onChange={setPassword}
          error={faults.password}
          fresh
          autoFocus
        />
        <Button type="submit" kind="primary" size="large" busy={act.isPending}>
          {texts.resetDo}
        </Button>
      </form>
    </FormPage>
  );
}

function AskForLink(): ReactNode {
  const texts = useTexts(TEXTS);
  const { features } = useSite();
  const [login, setLogin] = useState("");
  const { form, faults, setFaults } = useFaults<"login">();
  const act = useMutationOnce({ mutationFn: () => send("POST", "/password-resets/requests", { login }) });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const found: Faults<"login"> = LOGIN_PATTERN.test(login) ? {} : { login: texts.faultLoginForm };
    setFaults(found);
    if (isFaultless(found)) act.mutate();
  };
  const foot = <Link to="/login">{texts.logIn}</Link>;
  if (features.mail !== true) return <FormPage title={texts.askTitle} text={texts.askNoMail} foot={foot} />;
  if (act.isSuccess) return <FormPage title={texts.askTitle} text={texts.askDone} foot={foot} />;
  return (
    <FormPage title={texts.askTitle} text={texts.askText} foot={foot}>
      <form ref={form} className={styles.form} onSubmit={submit} noValidate>
        <ErrorNote error={act.error} />
        <LoginField value={login} onChange={setLogin} error={faults.login} autoFocus />
        <Button type="submit" kind="primary" size="large" busy={act.isPending}>
          {texts.askDo}
        </Button>
      </form>
    </FormPage>
  );
}

/** Whether a link was used before, or is none; made-up tokens are refused for their form. */
export function isOver(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 403 || signUpFault(error, "open") === "link-over");
}

function isPasswordFault(error: unknown): boolean {
  return error instanceof ApiError && signUpFault(error, "open") === "password-form";
}
