import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState, type ReactNode, type SyntheticEvent } from "react";

import { ApiError, get, send } from "../../api/client";
import type { Data, Me } from "../../api/types";
import { useSite } from "../../app/session";
import { useTexts } from "../../i18n";
import { Button, ErrorNote, Skeleton, TextField, useMutationOnce, useToast } from "../../ui";
import { isFaultless, PasswordField, useFaults } from "../fields";
import { only, type RecoveryCodes, type TotpOffer, type TotpState } from "../types";
import { download } from "./files";
import { Secret } from "./Secret";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

const QrCode = lazy(() => import("./QrCode"));
const FEW = 3;

/** The second factor: codes of an authenticator app. */
export function TotpSection({ user }: { user: Me }): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const [offer, setOffer] = useState<TotpOffer | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ["totp"],
    queryFn: async ({ signal }) => only(await get<Data<TotpState>>("/users/me/totp", undefined, signal)),
  });
  const look = (): Promise<void> => cache.invalidateQueries({ queryKey: ["totp"] });
  if (codes !== null) {
    return (
      <Recovery
        user={user}
        codes={codes}
        onDone={() => {
          setCodes(null);
        }}
      />
    );
  }
  if (data === undefined) {
    return <Section title={texts.totpTitle}>{error === null ? <Skeleton height="64px" /> : <ErrorNote error={error} retry={refetch} />}</Section>;
  }
  if (data.enabled) {
    const few = data.recovery_codes <= FEW;
    return (
      <Section title={texts.totpTitle} text={texts.totpOn}>
        <p>
          {texts.totpLeft(data.recovery_codes)} {few && texts.totpFew}
        </p>
        <WithPassword label={texts.totpEnd} act={(password) => send("POST", "/users/me/totp/removal", { password })} done={texts.totpRemoved} onDone={look} />
      </Section>
    );
  }
  if (offer !== null) {
    return (
      <Confirm
        offer={offer}
        onCancel={() => {
          setOffer(null);
        }}
        onDone={(made) => {
          setOffer(null);
          setCodes(made);
          void look();
        }}
      />
    );
  }
  return (
    <Section title={texts.totpTitle} text={texts.totpOff}>
      <WithPassword
        label={texts.totpBegin}
        act={async (password) => {
          setOffer(only(await send<Data<TotpOffer>>("POST", "/users/me/totp", { password })));
        }}
        onDone={() => Promise.resolve()}
      />
    </Section>
  );
}

interface WithPasswordProps {
  readonly label: string;
  readonly act: (password: string) => Promise<unknown>;
  /** Said when it is done. */
  readonly done?: string;
  readonly onDone: () => Promise<unknown>;
}

/** Something that needs the password again. */
function WithPassword({ label, act, done, onDone }: WithPasswordProps): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const [password, setPassword] = useState("");
  const { form, faults, setFaults } = useFaults<"password">();
  const acting = useMutationOnce({
    mutationFn: () => act(password),
    onSuccess: async () => {
      if (done !== undefined) toast({ kind: "ok", text: done });
      await onDone();
    },
    onError: (error) => {
      if (error instanceof ApiError && error.reason === "wrong_password") setFaults({ password: texts.wrongPassword });
      else if (error instanceof ApiError && error.status === 409) void onDone(); // another tab was quicker
    },
  });
  return (
    <form
      ref={form}
      className={styles.form}
      noValidate
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        const missing = password === "";
        setFaults(missing ? { password: texts.wrongPassword } : {});
        if (!missing) acting.mutate();
      }}
    >
      {isFaultless(faults) && <ErrorNote error={acting.error} />}
      <PasswordField
        label={texts.yourPassword}
        hint={texts.yourPasswordHint}
        value={password}
        onChange={setPassword}
        error={faults.password}
      />
      <div className={styles.actions}>
        <Button type="submit" busy={acting.isPending}>
          {label}
        </Button>
      </div>
    </form>
  );
}

interface ConfirmProps {
  readonly offer: TotpOffer;
  readonly onCancel: () => void;
  readonly onDone: (codes: readonly string[]) => void;
}

function Confirm({ offer, onCancel, onDone }: ConfirmProps): ReactNode {
  const texts = useTexts(TEXTS);
  const [code, setCode] = useState("");
  const { form, faults, setFaults } = useFaults<"code">();
  const act = useMutationOnce({
    mutationFn: () => send<Data<RecoveryCodes>>("PUT", "/users/me/totp", { code: code.trim() }),
    onSuccess: (answer) => {
      onDone(only(answer).recovery_codes);
    },
    onError: (error) => {
      if (error instanceof ApiError && (error.status === 403 || error.status === 400)) setFaults({ code: texts.totpCodeFault });
    },
  });
  return (
    <Section title={texts.totpTitle} text={texts.totpScan}>
      <Suspense fallback={<Skeleton width="200px" height="200px" />}>
        <QrCode text={offer.uri} label={texts.totpQr} />
      </Suspense>
      <div>
        <p className={styles.quiet}>{texts.totpByHand}</p>
        <Secret label={texts.totpByHand} text={offer.secret} />
      </div>
      <form
        ref={form}
        className={styles.form}
        noValidate
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          const missing = code.trim() === "";
          setFaults(missing ? { code: texts.totpCodeFault } : {});
          if (!missing) act.mutate();
        }}
      >
        {isFaultless(faults) && <ErrorNote error={act.error} />}
        <TextField
          label={texts.totpCode}
          value={code}
          onChange={setCode}
          error={faults.code}
          autoComplete="one-time-code"
          inputMode="numeric"
          maxLength={20}
        />
        <div className={styles.actions}>
          <Button type="submit" kind="primary" busy={act.isPending}>
            {texts.totpConfirm}
          </Button>
          <Button kind="ghost" onClick={onCancel}>
            {texts.cancel}
          </Button>
        </div>
      </form>
    </Section>
  );
}

function Recovery({ user, codes, onDone }: { user: Me; codes: readonly string[]; onDone: () => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const { name } = useSite();
  return (
    <Section title={texts.recoveryTitle} text={texts.recoveryText}>
      <ul className={styles.codes} data-testid="recovery-codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className={styles.actions}>
        <Button
          icon="download"
          onClick={() => {
            download(`recovery-codes-${user.login}.txt`, "text/plain", `${name}: ${user.login}\n\n${codes.join("\n")}\n`);
          }}
        >
          {texts.recoveryDownload}
        </Button>
        <Button kind="primary" onClick={onDone}>
          {texts.recoveryDone}
        </Button>
      </div>
    </Section>
  );
}
