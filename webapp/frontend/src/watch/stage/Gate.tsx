/** What stands before a stream that is not for everybody: why, and what opens it. */

import { useState, type ReactNode } from "react";

import { ApiError, send } from "../../api/client";
import { refreshSession } from "../../app/session";
import { useProblemText, useTexts } from "../../i18n";
import { Button, ButtonLink, cx, TextField, useMutationOnce } from "../../ui";
import type { Refusal, StageController } from "./controller";
import styles from "./Stage.module.css";
import { TEXTS } from "./rare-texts";

export interface GateProps {
  readonly login: string;
  readonly refusal: Refusal;
  readonly controller: StageController;
  readonly trouble: string | null;
  /** Opens the dialog that sells subscriptions; null where nobody sells any. */
  readonly subscribe: (() => void) | null;
  /** In a frame on another site there are no cookies: nobody gets in there. */
  readonly framed: { readonly href: string; readonly name: string } | null;
}

export function Gate({ login, refusal, controller, trouble, subscribe, framed }: GateProps): ReactNode {
  const texts = useTexts(TEXTS);
  const { reason, message } = refusal;
  const [title, text] = texts.gates[reason] ?? [texts.otherGate, message];
  const problem = trouble ?? (reason === "wrong_password" ? message : null);
  return (
    <div className={cx(styles.gate, "gate")} data-testid="gate">
      <h2 className={styles.title}>{title}</h2>
      {text !== "" && <p>{text}</p>}
      {framed === null ? (
        <GateAction login={login} reason={reason} controller={controller} subscribe={subscribe} />
      ) : (
        <a className={styles.out} href={framed.href} target="_blank" rel="noopener">
          {texts.watchOnSite(framed.name)}
        </a>
      )}
      {problem !== null && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

type ActionProps = Pick<GateProps, "login" | "controller" | "subscribe"> & { readonly reason: string };

function GateAction({ login, reason, controller, subscribe }: ActionProps): ReactNode {
  const texts = useTexts(TEXTS);
  switch (reason) {
    case "log_in":
      return <LogInForm login={login} controller={controller} />;
    case "follow":
      return <FollowButton login={login} controller={controller} />;
    case "subscribe":
      return (
        subscribe !== null && (
          <Button kind="primary" icon="star" onClick={subscribe}>
            {texts.subscribe}
          </Button>
        )
      );
    case "password_required":
    case "wrong_password":
      return <PasswordForm controller={controller} />;
    default:
      return null;
  }
}

function FollowButton({ login, controller }: { login: string; controller: StageController }): ReactNode {
  const texts = useTexts(TEXTS);
  const say = useProblemText();
  const follow = useMutationOnce({
    mutationFn: async () => {
      await send("PUT", `/channels/${login}/followers/me`, { notify: true });
      await controller.enter();
    },
  });
  return (
    <>
      <Button
        kind="primary"
        icon="heart"
        busy={follow.isPending}
        onClick={() => {
          follow.mutate();
        }}
      >
        {texts.follow}
      </Button>
      {follow.isError && (
        <p className={styles.problem} role="alert">
          {say(follow.error)}
        </p>
      )}
    </>
  );
}

function PasswordForm({ controller }: { controller: StageController }): ReactNode {
  const texts = useTexts(TEXTS);
  const [password, setPassword] = useState("");
  const enter = useMutationOnce({ mutationFn: () => controller.enter(password) });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        enter.mutate();
      }}
    >
      <TextField label={texts.password} type="password" autoComplete="off" required maxLength={200} value={password} onChange={setPassword} />
      <Button type="submit" kind="primary" busy={enter.isPending}>
        {texts.watch}
      </Button>
    </form>
  );
}

function LogInForm({ login: channel, controller }: { login: string; controller: StageController }): ReactNode {
  const texts = useTexts(TEXTS);
  const say = useProblemText();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const enter = useMutationOnce({
    mutationFn: async () => {
      await send("POST", "/sessions", code === "" ? { login, password } : { login, password, code });
      await refreshSession();
      await controller.enter();
    },
  });
  const wantsCode = code !== "" || (enter.error instanceof ApiError && enter.error.reason === "totp_required");
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        enter.mutate();
      }}
    >
      <TextField
        label={texts.login}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        maxLength={100}
        value={login}
        onChange={setLogin}
      />
      <TextField
        label={texts.password}
        type="password"
        autoComplete="current-password"
        required
        maxLength={200}
        value={password}
        onChange={setPassword}
      />
      {wantsCode && <TextField label={texts.code} autoComplete="one-time-code" required maxLength={50} value={code} onChange={setCode} />}
      <div className={styles.buttons}>
        <Button type="submit" kind="primary" busy={enter.isPending}>
          {texts.logIn}
        </Button>
        <ButtonLink to={`/signup?next=${encodeURIComponent(`/${channel}`)}`}>{texts.signUp}</ButtonLink>
      </div>
      {enter.isError && (
        <p className={styles.problem} role="alert">
          {say(enter.error)}
        </p>
      )}
    </form>
  );
}
