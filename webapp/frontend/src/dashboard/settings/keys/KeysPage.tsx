import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { Secret } from "../../../account/settings/Secret";
import { Section } from "../../../account/settings/Section";
import rows from "../../../account/settings/settings.module.css";
import { only } from "../../../account/types";
import { send } from "../../../api/client";
import { usePages } from "../../../api/pages";
import type { Data, Schemas } from "../../../api/types";
import { useTexts } from "../../../i18n";
import { Badge, Button, Dialog, ErrorNote, TextField, Time, useMutationOnce, useToast } from "../../../ui";
import type { SectionProps } from "../../sections";
import { useKeptText } from "../kit/keeping";
import kit from "../kit/Kit.module.css";
import { Rows } from "../kit/Rows";
import { TEXTS } from "./texts";

type Key = Schemas["StreamKey"];

/** What encoders publish with: a key is shown once. */
export default function KeysPage({ login }: SectionProps): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const path = `/channels/${login}/keys`;
  const pages = usePages<Key>(["stream-keys", login], path);
  const refresh = (): Promise<void> => cache.invalidateQueries({ queryKey: ["stream-keys", login] });
  return (
    <div className={kit.page}>
      <p className={kit.lead}>{texts.lead}</p>
      <NewKey login={login} path={path} onMade={refresh} />
      <Section title={texts.list}>
        <Rows pages={pages} testId="keys" empty={texts.none}>
          {(key) => <KeyRow key={key.id} streamKey={key} path={path} onChanged={refresh} />}
        </Rows>
      </Section>
    </div>
  );
}

interface ShownProps {
  readonly text: string;
  readonly onDone: () => void;
}

function ShownKey({ text, onDone }: ShownProps): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <div className={kit.group} role="status">
      <p>{texts.shown}</p>
      <Secret label={texts.key} text={text} />
      <div className={kit.actions}>
        <Button kind="primary" onClick={onDone}>
          {texts.done}
        </Button>
      </div>
    </div>
  );
}

function NewKey({ login, path, onMade }: { login: string; path: string; onMade: () => Promise<void> }): ReactNode {
  const texts = useTexts(TEXTS);
  const [label, setLabel] = useKeptText(`${login}/key`);
  const act = useMutationOnce({
    mutationFn: async () => only(await send<Data<Key>>("POST", path, { label: label.trim() })),
    onSuccess: async () => {
      setLabel("");
      await onMade();
    },
  });
  return (
    <Section title={texts.make}>
      {act.data?.stream_key !== undefined ? (
        <ShownKey text={act.data.stream_key} onDone={act.reset} />
      ) : (
        <form
          className={rows.form}
          noValidate
          onSubmit={(event: SyntheticEvent) => {
            event.preventDefault();
            act.mutate();
          }}
        >
          <ErrorNote error={act.error} />
          <TextField label={texts.label} hint={texts.labelHint} value={label} onChange={setLabel} maxLength={100} autoComplete="off" />
          <div className={kit.actions}>
            <Button type="submit" kind="primary" icon="plus" busy={act.isPending}>
              {texts.create}
            </Button>
          </div>
        </form>
      )}
    </Section>
  );
}

function KeyRow({ streamKey, path, onChanged }: { streamKey: Key; path: string; onChanged: () => Promise<void> }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const [opened, setOpened] = useState<"" | "rotate" | "revoke">("");
  const { id, revoked_at: revokedAt } = streamKey;
  const label = streamKey.label === "" ? texts.unnamed : streamKey.label;
  const rotation = useMutationOnce({
    mutationFn: async () => only(await send<Data<Key>>("POST", `${path}/${id}/rotation`)),
    onSuccess: onChanged,
  });
  const revocation = useMutationOnce({
    mutationFn: () => send("DELETE", `${path}/${id}`),
    onSuccess: async () => {
      setOpened("");
      toast({ kind: "ok", text: texts.revokedNow });
      await onChanged();
    },
  });
  const close = (): void => {
    setOpened("");
    rotation.reset();
  };
  const isRotating = opened === "rotate";
  const fresh = rotation.data?.stream_key;
  return (
    <li className={rows.row}>
      <div className={rows.rowText}>
        <span className={rows.rowName}>
          <bdi>{label}</bdi> <code>…{streamKey.last4}</code> {revokedAt !== null && <Badge>{texts.revoked}</Badge>}
        </span>
        <span className={rows.meta}>
          <span>
            {texts.made} <Time value={streamKey.created_at} />
          </span>
          <span>
            {texts.used} {streamKey.last_used_at === null ? texts.never : <Time value={streamKey.last_used_at} />}
          </span>
          {revokedAt !== null && (
            <span>
              {texts.revokedAt} <Time value={revokedAt} />
            </span>
          )}
        </span>
      </div>
      {(revokedAt === null || fresh !== undefined) && (
        <div className={kit.actions}>
          <Button aria-label={texts.rotateOf(label)} onClick={() => { setOpened("rotate"); }}>
            {texts.rotate}
          </Button>
          <Button aria-label={texts.revokeOf(label)} onClick={() => { setOpened("revoke"); }}>
            {texts.revoke}
          </Button>
        </div>
      )}
      <Dialog open={opened !== ""} title={isRotating ? texts.rotateTitle(label) : texts.revokeTitle(label)} onClose={close}>
        {fresh !== undefined ? (
          <ShownKey text={fresh} onDone={close} />
        ) : (
          <div className={kit.group}>
            <p>{isRotating ? texts.rotateText : texts.revokeText}</p>
            <ErrorNote error={isRotating ? rotation.error : revocation.error} />
            <div className={kit.actions}>
              <Button
                kind="danger"
                busy={rotation.isPending || revocation.isPending}
                onClick={() => {
                  if (isRotating) rotation.mutate();
                  else revocation.mutate();
                }}
              >
                {isRotating ? texts.rotate : texts.revoke}
              </Button>
              <Button kind="ghost" onClick={close}>
                {texts.cancel}
              </Button>
            </div>
          </div>
        )}
      </Dialog>
    </li>
  );
}
