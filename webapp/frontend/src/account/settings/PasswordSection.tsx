import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { ApiError, send } from "../../api/client";
import { useTexts } from "../../i18n";
import { Button, ErrorNote, useMutationOnce, useToast } from "../../ui";
import { isFaultless, PasswordField, useFaults, type Faults } from "../fields";
import { passwordFits } from "../refusal";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

type Name = "current" | "password";

/** Another password. */
export function PasswordSection(): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const cache = useQueryClient();
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const { form, faults, setFaults } = useFaults<Name>();
  const act = useMutationOnce({
    mutationFn: () => send("PUT", "/users/me/password", { current, password }),
    onSuccess: async () => {
      setCurrent("");
      setPassword("");
      toast({ kind: "ok", text: texts.passwordChanged });
      await cache.invalidateQueries({ queryKey: ["sessions"] });
    },
    onError: (error) => {
      if (!(error instanceof ApiError)) return;
      if (error.reason === "wrong_password") setFaults({ current: texts.wrongPassword });
      else if (error.status === 400) setFaults({ password: texts.passwordFault });
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const found: Faults<Name> = {};
    if (current === "") found.current = texts.wrongPassword;
    if (!passwordFits(password)) found.password = texts.passwordFault;
    setFaults(found);
    if (isFaultless(found)) act.mutate();
  };
  return (
    <Section title={texts.passwordTitle} text={texts.passwordText}>
      <form ref={form} className={styles.form} onSubmit={submit} noValidate>
        {isFaultless(faults) && <ErrorNote error={act.error} />}
        <PasswordField label={texts.currentPassword} value={current} onChange={setCurrent} error={faults.current} />
        <PasswordField
          label={texts.newPassword}
          hint={texts.newPasswordHint}
          value={password}
          onChange={setPassword}
          error={faults.password}
          fresh
        />
        <div className={styles.actions}>
          <Button type="submit" kind="primary" busy={act.isPending}>
            {texts.changePassword}
          </Button>
        </div>
      </form>
    </Section>
  );
}
