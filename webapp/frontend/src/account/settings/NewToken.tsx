import { useId, useState, type ReactNode, type SyntheticEvent } from "react";

import { ApiError, send } from "../../api/client";
import type { Data } from "../../api/types";
import { useTexts } from "../../i18n";
import { Button, Checkbox, ErrorNote, Select, TextField, useMutationOnce } from "../../ui";
import { only, type Token } from "../types";
import { SCOPE_TEXTS, SCOPES, type Scope } from "./scopes";
import { Secret } from "./Secret";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

const LIFETIMES = ["30", "90", "365", ""] as const;
type Lifetime = (typeof LIFETIMES)[number];

/** The form for a new token, and then the token, which is shown this once. */
export function NewToken({ onMade, onClose }: { onMade: () => Promise<void>; onClose: () => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const scopeTexts = useTexts(SCOPE_TEXTS);
  const [label, setLabel] = useState("");
  const [scopes, setScopes] = useState<ReadonlySet<Scope>>(new Set());
  const [days, setDays] = useState<Lifetime>("90");
  const [fault, setFault] = useState("");
  const faultId = useId();
  const act = useMutationOnce({
    mutationFn: async () => {
      const ends = days === "" ? {} : { expires_in_days: Number(days) };
      return only(await send<Data<Token>>("POST", "/tokens", { label: label.trim(), scopes: [...scopes], ...ends }));
    },
    onSuccess: onMade,
    onError: (error) => {
      if (error instanceof ApiError && error.status === 409) setFault(texts.tokenMany);
    },
  });
  if (act.data?.access_token !== undefined) {
    return (
      <div className={styles.form} role="status">
        <p>{texts.tokenShown}</p>
        <Secret label={texts.tokenText} text={act.data.access_token} />
        <div className={styles.actions}>
          <Button kind="primary" onClick={onClose}>
            {texts.tokenDone}
          </Button>
        </div>
      </div>
    );
  }
  const toggle = (scope: Scope, wanted: boolean): void => {
    setScopes(new Set(wanted ? [...scopes, scope] : [...scopes].filter((one) => one !== scope)));
  };
  return (
    <form
      className={styles.form}
      noValidate
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        setFault(scopes.size === 0 ? texts.tokenScopesFault : "");
        if (scopes.size > 0) act.mutate();
      }}
    >
      {fault === "" && <ErrorNote error={act.error} />}
      <TextField label={texts.tokenLabel} hint={texts.tokenLabelHint} value={label} onChange={setLabel} maxLength={100} autoFocus />
      <fieldset aria-describedby={faultId}>
        <legend className={styles.legend}>{texts.tokenScopes}</legend>
        <div className={styles.scopes} role="group" aria-label={texts.tokenScopes} tabIndex={0}>
          {SCOPES.map((scope) => (
            <Checkbox
              key={scope}
              label={scopeTexts[scope]}
              hint={<code>{scope}</code>}
              checked={scopes.has(scope)}
              onChange={(wanted) => {
                toggle(scope, wanted);
              }}
            />
          ))}
        </div>
        <span id={faultId} role="alert">
          {fault !== "" && <span className={styles.fault}>{fault}</span>}
        </span>
      </fieldset>
      <Select
        label={texts.tokenExpires}
        value={days}
        onChange={setDays}
        options={LIFETIMES.map((value) => ({ value, label: value === "" ? texts.tokenNever : texts.tokenDays(Number(value)) }))}
      />
      <div className={styles.actions}>
        <Button type="submit" kind="primary" busy={act.isPending}>
          {texts.tokenCreate}
        </Button>
        <Button kind="ghost" onClick={onClose}>
          {texts.cancel}
        </Button>
      </div>
    </form>
  );
}
