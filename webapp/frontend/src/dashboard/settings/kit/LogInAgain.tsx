import { useState, type ReactNode, type SyntheticEvent } from "react";

import { PasswordField } from "../../../account/fields";
import { ApiError, send } from "../../../api/client";
import { refreshSession } from "../../../app/session";
import { useTexts } from "../../../i18n";
import { Button, Dialog, ErrorNote, TextField, useMutationOnce } from "../../../ui";
import styles from "./Kit.module.css";
import { TEXTS } from "./texts";

export interface LogInAgainProps {
  /** Whose session is over. */
  readonly login: string;
  readonly onClose: () => void;
}

/** A dialog over a page whose session is over: what was typed below stays. It goes by itself when somebody logs in elsewhere. */
export function LogInAgain({ login, onClose }: LogInAgainProps): ReactNode {
  const texts = useTexts(TEXTS);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asksCode, setAsksCode] = useState(false);
  const [fault, setFault] = useState("");
  const act = useMutationOnce({
    mutationFn: () => send("POST", "/sessions", asksCode ? { login, password, code } : { login, password }),
    onSuccess: refreshSession,
    onError: (error) => {
      const isRefused = error instanceof ApiError && error.status === 401;
      const needsCode = isRefused && error.reason === "totp_required";
      setFault(!isRefused || (needsCode && !asksCode) ? "" : needsCode ? texts.wrongCode : texts.wrong);
      if (isRefused) setAsksCode(needsCode);
    },
  });
  const isTold = act.error instanceof ApiError && act.error.status === 401;
  return (
    <Dialog open title={texts.again} onClose={onClose}>
      <form
        className={styles.group}
        noValidate
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          act.mutate();
        }}
      >
        <p>{texts.againText}</p>
        <p>
          <bdi>
            <strong>{login}</strong>
          </bdi>
        </p>
        {!isTold && <ErrorNote error={act.error} />}
        {asksCode ? (
          <TextField label={texts.code} value={code} onChange={setCode} error={fault} autoComplete="one-time-code" spellCheck={false} maxLength={50} autoFocus />
        ) : (
          <PasswordField label={texts.password} value={password} onChange={setPassword} error={fault} autoFocus />
        )}
        <div className={styles.actions}>
          <Button type="submit" kind="primary" busy={act.isPending}>
            {texts.logIn}
          </Button>
          <Button kind="ghost" onClick={onClose}>
            {texts.cancel}
          </Button>
        </div>
        <p className={styles.quiet}>{texts.againOther}</p>
      </form>
    </Dialog>
  );
}
