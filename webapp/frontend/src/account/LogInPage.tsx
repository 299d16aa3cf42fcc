import { useState, type ReactNode, type SyntheticEvent } from "react";

import { ApiError, send } from "../api/client";
import { Link, navigate, useLocation } from "../app/router";
import { refreshSession, useSession, useSite } from "../app/session";
import { useTexts } from "../i18n";
import { Button, ButtonLink, ErrorNote, TextField, useMutationOnce } from "../ui";
import { isFaultless, LoginField, PasswordField, useFaults, type Faults } from "./fields";
import styles from "./form.module.css";
import { FormPage } from "./FormPage";
import { afterLogIn, withNext } from "./next";
import { TEXTS } from "./texts";

type Name = "login" | "password" | "code";

/** Log in; where the account has a second factor, its code is asked for on a second page. */
export default function LogInPage(): ReactNode {
  const texts = useTexts(TEXTS);
  const site = useSite();
  const { user } = useSession();
  const { search } = useLocation();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asksCode, setAsksCode] = useState(false);
  const { form, faults, setFaults } = useFaults<Name>();
  const next = afterLogIn(search.get("next"));

  const act = useMutationOnce({
    mutationFn: () => send("POST", "/sessions", asksCode ? { login, password, code } : { login, password }),
    onSuccess: async () => {
      await refreshSession();
      navigate(next, { replace: true });
    },
    onError: (error) => {
      if (!(error instanceof ApiError) || error.status !== 401) return;
      if (error.reason !== "totp_required") {
        setAsksCode(false);
        setFaults({ password: texts.faultWrong });
      } else if (asksCode) {
        setFaults({ code: texts.faultCode });
      } else {
        setAsksCode(true);
      }
    },
  });

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const found: Faults<Name> = {};
    if (login === "") found.login = texts.faultLoginMissing;
    if (password === "") found.password = texts.faultPasswordMissing;
    if (asksCode && code.trim() === "") found.code = texts.faultCodeMissing;
    setFaults(found);
    if (isFaultless(found)) act.mutate();
  };

  if (user !== null && act.isIdle) {
    return (
      <FormPage title={texts.logInTitle} text={texts.already(user.display_name)}>
        <ButtonLink kind="primary" to={next}>
          {texts.goOn}
        </ButtonLink>
      </FormPage>
    );
  }
  // What is said beside a field is not said again above all of them.
  const shown = act.error instanceof ApiError && act.error.status === 401 ? null : act.error;
  return (
    <FormPage
      title={asksCode ? texts.codeTitle : texts.logInTitle}
      text={asksCode ? texts.codeText : undefined}
      foot={
        <>
          <Link to="/reset-password">{texts.forgot}</Link>
          {site.registration !== "closed" && (
            <span>
              {texts.noAccount} <Link to={withNext("/signup", next)}>{texts.signUp}</Link>
            </span>
          )}
        </>
      }
    >
      <form ref={form} className={styles.form} onSubmit={submit} noValidate>
        <ErrorNote error={shown} />
        {asksCode ? (
          <TextField
            key="code"
            label={texts.code}
            value={code}
            onChange={setCode}
            error={faults.code}
            name="code"
            autoComplete="one-time-code"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={50}
            autoFocus
          />
        ) : (
          <>
            <LoginField value={login} onChange={setLogin} error={faults.login} autoFocus />
            <PasswordField value={password} onChange={setPassword} error={faults.password} />
          </>
        )}
        <Button type="submit" kind="primary" size="large" busy={act.isPending}>
          {texts.logIn}
        </Button>
        {asksCode && (
          <Button
            kind="ghost"
            icon="back"
            onClick={() => {
              setAsksCode(false);
              setCode("");
              setFaults({});
              act.reset();
            }}
          >
            {texts.back}
          </Button>
        )}
      </form>
    </FormPage>
  );
}
