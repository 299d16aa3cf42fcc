import { useState, type ReactNode, type SyntheticEvent } from "react";

import { ApiError, send } from "../api/client";
import { navigate, useLocation } from "../app/router";
import { refreshSession } from "../app/session";
import { useTexts } from "../i18n";
import { Button, ErrorNote, useMutationOnce } from "../ui";
import { isFaultless, LoginField, PasswordField, useFaults, type Faults } from "./fields";
import styles from "./form.module.css";
import { FormPage } from "./FormPage";
import { LinkOver } from "./LinkOver";
import { LOGIN_PATTERN, passwordFits, signUpFault } from "./refusal";
import { refusedFaults } from "./SignUpPage";
import { TEXTS } from "./texts";

type Name = "login" | "password";

/** What the link that a new site prints leads to: make the first administrator. */
export default function SetUpPage(): ReactNode {
  const texts = useTexts(TEXTS);
  const token = useLocation().search.get("token") ?? "";
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const { form, faults, setFaults } = useFaults<Name>();

  const act = useMutationOnce({
    mutationFn: () => send("POST", "/setup", { token, login, password }),
    onSuccess: async () => {
      await refreshSession();
      navigate("/", { replace: true });
    },
    onError: (error) => {
      if (error instanceof ApiError) setFaults(refusedFaults(error, "open", texts));
    },
  });

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const found: Faults<Name> = {};
    if (!LOGIN_PATTERN.test(login)) found.login = texts.faultLoginForm;
    if (!passwordFits(password)) found.password = texts.faultPasswordForm;
    setFaults(found);
    if (isFaultless(found)) act.mutate();
  };

  if (token === "") return <LinkOver text={texts.linkMissing} />;
  if (act.error instanceof ApiError && signUpFault(act.error, "open") === "link-over") return <LinkOver />;
  return (
    <FormPage title={texts.setUpTitle} text={texts.setUpText}>
      <form ref={form} className={styles.form} onSubmit={submit} noValidate>
        {isFaultless(faults) && <ErrorNote error={act.error} />}
        <LoginField hint={texts.setUpStreamer} value={login} onChange={setLogin} error={faults.login} autoFocus />
        <PasswordField hint={texts.passwordHint} value={password} onChange={setPassword} error={faults.password} fresh />
        <Button type="submit" kind="primary" size="large" busy={act.isPending}>
          {texts.setUp}
        </Button>
      </form>
    </FormPage>
  );
}
