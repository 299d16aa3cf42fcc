import { useState, type ReactNode, type SyntheticEvent } from "react";

import { ApiError, get, send } from "../../api/client";
import type { Me } from "../../api/types";
import { navigate } from "../../app/router";
import { refreshSession } from "../../app/session";
import { useTexts } from "../../i18n";
import { Button, Dialog, ErrorNote, TextField, useMutationOnce, useToast } from "../../ui";
import { isFaultless, PasswordField, useFaults, type Faults } from "../fields";
import type { Export } from "../types";
import { download } from "./files";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

/** Taking one's data along, and leaving. */
export function DataTab({ user }: { user: Me }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const [isLeaving, setIsLeaving] = useState(false);
  const act = useMutationOnce({
    mutationFn: async () => {
      const all = await get<Export>("/users/me/export");
      download(`${user.login}.json`, "application/json", JSON.stringify(all.data, null, 2));
    },
    onSuccess: () => {
      toast({ kind: "ok", text: texts.exportDone });
    },
  });
  return (
    <>
      <Section title={texts.exportTitle} text={texts.exportText}>
        <ErrorNote error={act.error} />
        <div className={styles.actions}>
          <Button
            icon="download"
            busy={act.isPending}
            onClick={() => {
              act.mutate();
            }}
          >
            {texts.exportDo}
          </Button>
        </div>
      </Section>
      <Section title={texts.deleteTitle} text={texts.deleteText} danger>
        <div className={styles.actions}>
          <Button
            kind="danger"
            onClick={() => {
              setIsLeaving(true);
            }}
          >
            {texts.deleteBegin}
          </Button>
        </div>
      </Section>
      <Dialog
        open={isLeaving}
        title={texts.deleteTitle}
        onClose={() => {
          setIsLeaving(false);
        }}
      >
        <LeaveForm
          user={user}
          onCancel={() => {
            setIsLeaving(false);
          }}
        />
      </Dialog>
    </>
  );
}

type Name = "login" | "password";

function LeaveForm({ user, onCancel }: { user: Me; onCancel: () => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const { form, faults, setFaults } = useFaults<Name>();
  const act = useMutationOnce({
    mutationFn: () => send("POST", "/users/me/deletion", { login, password }),
    onSuccess: async () => {
      toast({ kind: "ok", text: texts.deleted });
      navigate("/", { replace: true });
      await refreshSession();
    },
    onError: (error) => {
      if (!(error instanceof ApiError)) return;
      if (error.reason === "wrong_password") setFaults({ password: texts.wrongPassword });
      else if (error.status === 409) setFaults({ login: texts.deleteLast });
      else if (error.status === 400) setFaults({ login: texts.deleteLoginFault(user.login) });
    },
  });
  return (
    <form
      ref={form}
      className={styles.form}
      noValidate
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        const found: Faults<Name> = {};
        if (login.toLowerCase() !== user.login) found.login = texts.deleteLoginFault(user.login);
        if (password === "") found.password = texts.wrongPassword;
        setFaults(found);
        if (isFaultless(found)) act.mutate();
      }}
    >
      <p>{texts.deleteText}</p>
      {isFaultless(faults) && <ErrorNote error={act.error} />}
      <TextField
        label={texts.deleteLogin(user.login)}
        value={login}
        onChange={setLogin}
        error={faults.login}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        maxLength={25}
        autoFocus
      />
      <PasswordField label={texts.yourPassword} value={password} onChange={setPassword} error={faults.password} />
      <div className={styles.actions}>
        <Button type="submit" kind="danger" busy={act.isPending}>
          {texts.deleteDo}
        </Button>
        <Button kind="ghost" onClick={onCancel}>
          {texts.cancel}
        </Button>
      </div>
    </form>
  );
}
