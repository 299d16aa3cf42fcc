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
import { EMAIL_PATTERN, LOGIN_PATTERN, passwordFits, signUpFault } from "./refusal";
import { TEXTS } from "./texts";

type Name = "login" | "password" | "email" | "invitation";
type Texts = (typeof TEXTS)["en"];

/** Make an account: anybody, people with an invitation, or nobody, as the site says. */
export default function SignUpPage(): ReactNode {
  const texts = useTexts(TEXTS);
  const { registration } = useSite();
  const { user } = useSession();
  const { search } = useLocation();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [email, setEmail] = useState("");
  const [invitation, setInvitation] = useState(search.get("invitation") ?? "");
  const { form, faults, setFaults } = useFaults<Name>();
  const next = afterLogIn(search.get("next"));
  const byInvitation = registration === "invite";

  const act = useMutationOnce({
    mutationFn: () =>
      send("POST", "/users", {
        login,
        password,
        ...(email.trim() === "" ? {} : { email: email.trim() }),
        ...(byInvitation ? { invitation: invitation.trim() } : {}),
      }),
    onSuccess: async () => {
      await refreshSession();
      navigate(next, { replace: true });
    },
    onError: (error) => {
      if (error instanceof ApiError) setFaults(refusedFaults(error, registration, texts));
    },
  });

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const found: Faults<Name> = {};
    if (!LOGIN_PATTERN.test(login)) found.login = texts.faultLoginForm;
    if (!passwordFits(password)) found.password = texts.faultPasswordForm;
    if (email.trim() !== "" && !EMAIL_PATTERN.test(email.trim())) found.email = texts.faultEmail;
    if (byInvitation && invitation.trim() === "") found.invitation = texts.faultInvitationNeeded;
    setFaults(found);
    if (isFaultless(found)) act.mutate();
  };

  const foot = (
    <span>
      {texts.haveAccount} <Link to={withNext("/login", next)}>{texts.logIn}</Link>
    </span>
  );
  if (user !== null && act.isIdle) {
    return (
      <FormPage title={texts.signUpTitle} text={texts.already(user.display_name)}>
        <ButtonLink kind="primary" to={next}>
          {texts.goOn}
        </ButtonLink>
      </FormPage>
    );
  }
  if (registration === "closed") return <FormPage title={texts.closedTitle} text={texts.closedText} foot={foot} />;
  return (
    <FormPage title={texts.signUpTitle} text={byInvitation ? texts.inviteText : undefined} foot={foot}>
      <form ref={form} className={styles.form} onSubmit={submit} noValidate>
        {isFaultless(faults) && <ErrorNote error={act.error} />}
        {byInvitation && (
          <TextField
            label={texts.invitation}
            hint={texts.invitationHint}
            value={invitation}
            onChange={setInvitation}
            error={faults.invitation}
            name="invitation"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={100}
          />
        )}
        <LoginField hint={texts.loginHint} value={login} onChange={setLogin} error={faults.login} autoFocus />
        <PasswordField hint={texts.passwordHint} value={password} onChange={setPassword} error={faults.password} fresh />
        <TextField
          label={`${texts.email} (${texts.optional})`}
          hint={texts.emailHint}
          value={email}
          onChange={setEmail}
          error={faults.email}
          name="email"
          type="email"
          autoComplete="email"
          maxLength={254}
        />
        <Button type="submit" kind="primary" size="large" busy={act.isPending}>
          {texts.signUp}
        </Button>
      </form>
    </FormPage>
  );
}

/** Put a refusal beside the field that it is about; nothing, where it is about none. */
export function refusedFaults(error: ApiError, registration: string, texts: Texts): Faults<Name> {
  switch (signUpFault(error, registration)) {
    case "login-form":
      return { login: texts.faultLoginForm };
    case "login-reserved":
      return { login: texts.faultLoginReserved };
    case "login-taken":
      return { login: texts.faultLoginTaken };
    case "password-form":
      return { password: texts.faultPasswordForm };
    case "email-form":
      return { email: texts.faultEmail };
    case "invitation-over":
      return { invitation: texts.faultInvitationOver };
    case "link-over":
    case "other":
      return {};
  }
}
