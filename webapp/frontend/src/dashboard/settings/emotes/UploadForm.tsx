import { useRef, useState, type ReactNode } from "react";

import { Section } from "../../../account/settings/Section";
import { queryText, send } from "../../../api/client";
import type { Data, Schemas } from "../../../api/types";
import { useFormat, useProblemText, useTexts } from "../../../i18n";
import { Button, ErrorNote, Select, TextField, useMutationOnce, useToast } from "../../../ui";
import kit from "../kit/Kit.module.css";
import { ACCEPTED, codeFrom, fullCode, pictureFault, TIERS, type Tier } from "./codes";
import styles from "./Emotes.module.css";
import { FileTarget } from "./FileTarget";
import { Preview } from "./Picture";
import { TEXTS } from "./texts";

type OwnEmote = Schemas["OwnEmote"];

/** The server makes pictures anew, one after the other, and many may wait. */
export const UPLOAD_MS = 60_000;
const SIDES = [28, 56, 112];
const MAX_WAITING = 50;
const MAX_ARCHIVE_BYTES = 8 * 1024 * 1024;

/** A picture that is not uploaded yet. */
interface Waiting {
  readonly key: number;
  readonly file: File;
  readonly code: string;
  readonly tier: Tier;
  readonly fault: string;
  readonly isBusy: boolean;
}

export interface UploadFormProps {
  readonly login: string;
  readonly prefix: string;
  readonly onUploaded: () => Promise<void>;
}

/** Pictures on their way to becoming emotes: each that can be taken is, and the others stay and say why not. */
export function UploadForm({ login, prefix, onUploaded }: UploadFormProps): ReactNode {
  const texts = useTexts(TEXTS);
  const say = useProblemText();
  const toast = useToast();
  const [waiting, setWaiting] = useState<readonly Waiting[]>([]);
  const lastKey = useRef(0);
  const change = (key: number, by: Partial<Waiting>): void => {
    setWaiting((now) => now.map((one) => (one.key === key ? { ...one, ...by } : one)));
  };
  const add = (files: readonly File[]): void => {
    const added = files.map((file): Waiting => {
      lastKey.current += 1;
      const wrong = pictureFault(file);
      return { key: lastKey.current, file, code: codeFrom(file.name), tier: "", fault: wrong === null ? "" : texts.faults[wrong], isBusy: false };
    });
    setWaiting((now) => [...now, ...added].slice(0, MAX_WAITING));
  };
  const sendOne = async ({ key, file, code, tier, isBusy }: Waiting): Promise<void> => {
    const wrong = pictureFault(file);
    if (isBusy || wrong !== null || fullCode(prefix, code.trim()) === null) {
      if (!isBusy) change(key, { fault: wrong === null ? texts.codeFault(prefix) : texts.faults[wrong] });
      return;
    }
    change(key, { fault: "", isBusy: true });
    try {
      const { data } = await send<Data<OwnEmote>>("POST", `/channels/${login}/emotes${queryText({ code: code.trim(), tier })}`, file, UPLOAD_MS);
      setWaiting((now) => now.filter((one) => one.key !== key));
      toast({ kind: "ok", text: texts.uploaded(data[0]?.name ?? code) });
    } catch (error) {
      change(key, { fault: say(error), isBusy: false });
    }
  };
  const sendAll = useMutationOnce<unknown, readonly Waiting[]>({
    mutationFn: async (all) => {
      for (const one of all) await sendOne(one); // one after the other: the server takes few at once from one person
    },
    onSettled: onUploaded,
  });
  return (
    <Section title={texts.add} text={texts.addText}>
      <FileTarget label={texts.choose} accept={ACCEPTED} testId="emote-files" multiple onFiles={add} />
      {waiting.length > 0 && (
        <ul className={styles.waiting} data-testid="waiting">
          {waiting.map((one) => (
            <OnePicture
              key={one.key}
              waiting={one}
              prefix={prefix}
              isBlocked={sendAll.isPending}
              onChange={(by) => { change(one.key, by); }}
              onRemove={() => { setWaiting((now) => now.filter(({ key }) => key !== one.key)); }}
              onSend={() => { sendAll.mutate([one]); }}
            />
          ))}
        </ul>
      )}
      {waiting.length > 1 && (
        <div className={kit.actions}>
          <Button kind="primary" busy={sendAll.isPending} onClick={() => { sendAll.mutate(waiting); }}>
            {texts.uploadAll}
          </Button>
        </div>
      )}
    </Section>
  );
}

interface OnePictureProps {
  readonly waiting: Waiting;
  readonly prefix: string;
  readonly isBlocked: boolean;
  readonly onChange: (change: Partial<Waiting>) => void;
  readonly onRemove: () => void;
  readonly onSend: () => void;
}

function OnePicture({ waiting, prefix, isBlocked, onChange, onRemove, onSend }: OnePictureProps): ReactNode {
  const texts = useTexts(TEXTS);
  const { file, code, tier, fault, isBusy } = waiting;
  const full = fullCode(prefix, code.trim());
  return (
    <li className={styles.one}>
      <bdi className={styles.file}>{file.name}</bdi>
      <Preview file={file} sides={SIDES} />
      <div className={styles.fields}>
        <TextField
          label={texts.code}
          hint={full === null ? texts.codeFault(prefix) : texts.codeHint(full)}
          value={code}
          error={fault}
          onChange={(next) => { onChange({ code: next, fault: "" }); }}
          maxLength={40}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
        <Select label={texts.tier} value={tier} options={TIERS.map((value) => ({ value, label: texts.tiers[value] }))} onChange={(next) => { onChange({ tier: next }); }} />
      </div>
      <div className={kit.actions}>
        <Button kind="primary" aria-label={texts.uploadOf(file.name)} busy={isBusy} disabled={isBlocked && !isBusy} onClick={onSend}>
          {texts.upload}
        </Button>
        <Button kind="ghost" aria-label={texts.removeOf(file.name)} disabled={isBusy} onClick={onRemove}>
          {texts.remove}
        </Button>
      </div>
    </li>
  );
}

/** Many emotes in one file. */
export function ArchiveForm({ login, onUploaded }: Omit<UploadFormProps, "prefix">): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const toast = useToast();
  const [tier, setTier] = useState<Tier>("");
  const [fault, setFault] = useState("");
  const act = useMutationOnce<Data<Schemas["ArchiveResult"]>, File>({
    mutationFn: (file) => send("POST", `/channels/${login}/emotes/archive${queryText({ tier })}`, new Blob([file], { type: "application/zip" }), UPLOAD_MS),
    onSuccess: async ({ data }) => {
      const taken = data.filter(({ emote }) => emote !== null).length;
      if (taken > 0) toast({ kind: "ok", text: texts.archiveDone(format.number(taken)) });
      await onUploaded();
    },
  });
  const refused = (act.data?.data ?? []).filter(({ problem }) => problem !== null);
  return (
    <Section title={texts.archive} text={texts.archiveText}>
      <div className={kit.narrow}>
        <Select label={texts.tier} value={tier} options={TIERS.map((value) => ({ value, label: texts.tiers[value] }))} onChange={setTier} />
      </div>
      <FileTarget
        label={texts.archiveChoose}
        accept=".zip,application/zip"
        testId="emote-archive"
        busy={act.isPending}
        onFiles={([file]) => {
          if (file === undefined) return;
          setFault(file.size > MAX_ARCHIVE_BYTES ? texts.archiveLarge : "");
          if (file.size <= MAX_ARCHIVE_BYTES) act.mutate(file);
        }}
      />
      <span role="alert">{fault !== "" && <span className={kit.fault}>{fault}</span>}</span>
      <ErrorNote error={act.error} />
      <div role="alert">
        {refused.length > 0 && (
          <>
            <p className={kit.fault}>{texts.archiveRefused}</p>
            <ul>
              {refused.map(({ file, problem }) => (
                <li key={file}>
                  <bdi>{file}</bdi>: {problem}
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </Section>
  );
}
