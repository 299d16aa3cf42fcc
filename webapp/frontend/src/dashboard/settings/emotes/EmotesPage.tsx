import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { Section } from "../../../account/settings/Section";
import rows from "../../../account/settings/settings.module.css";
import { assetPath } from "../../../api/assets";
import { get, send } from "../../../api/client";
import type { Schemas } from "../../../api/types";
import { useSession } from "../../../app/session";
import { useFormat, useTexts } from "../../../i18n";
import { Badge, Button, Dialog, ErrorNote, Select, Skeleton, TextField, useMutationOnce, useToast } from "../../../ui";
import type { SectionProps } from "../../sections";
import { useKeptText } from "../kit/keeping";
import kit from "../kit/Kit.module.css";
import { fullCode, PREFIX, TIERS, type Tier } from "./codes";
import styles from "./Emotes.module.css";
import { TEXTS } from "./texts";
import { ArchiveForm, UploadForm } from "./UploadForm";

type OwnEmote = Schemas["OwnEmote"];
type OwnEmotes = Schemas["OwnEmotes"];

/** The emotes of a channel: what there is and how far it is, and how more get there. */
export default function EmotesPage({ login }: SectionProps): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const { user } = useSession();
  const cache = useQueryClient();
  const queryKey = ["dashboard", "emotes", login];
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: ({ signal }) => get<OwnEmotes>(`/channels/${login}/emotes/all`, undefined, signal),
    enabled: user !== null,
    refetchInterval: 30_000, // the staff may have decided
  });
  const refresh = (): Promise<void> => cache.invalidateQueries({ queryKey });
  if (data === undefined) {
    return error === null ? <Skeleton height="240px" /> : <ErrorNote error={error} retry={refetch} />;
  }
  return (
    <div className={kit.page}>
      <p className={kit.lead}>{texts.lead}</p>
      <UploadForm login={login} prefix={data.prefix} onUploaded={refresh} />
      <Section title={texts.list} text={texts.listOf(format.number(data.data.length), format.number(data.most))}>
        {data.data.length === 0 && <p className={kit.quiet}>{texts.none}</p>}
        <ul className={rows.rows} data-testid="emotes">
          {data.data.map((emote) => (
            <EmoteRow key={emote.id} login={login} emote={emote} prefix={data.prefix} onChanged={refresh} />
          ))}
        </ul>
      </Section>
      <ArchiveForm login={login} onUploaded={refresh} />
      <PrefixSection login={login} emotes={data} onChanged={refresh} />
    </div>
  );
}

interface EmoteProps {
  readonly login: string;
  readonly emote: OwnEmote;
  readonly prefix: string;
  readonly onChanged: () => Promise<void>;
}

function EmoteRow(props: EmoteProps): ReactNode {
  const { login, emote, onChanged } = props;
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const [opened, setOpened] = useState<"" | "edit" | "delete">("");
  const removal = useMutationOnce({
    mutationFn: () => send("DELETE", `/channels/${login}/emotes/${emote.id}`),
    onSuccess: async () => {
      setOpened("");
      toast({ kind: "ok", text: texts.deleted(emote.name) });
      await onChanged();
    },
  });
  const close = (): void => {
    setOpened("");
  };
  return (
    <li className={rows.row} data-status={emote.status}>
      {emote.images !== null && <img className={styles.picture} src={assetPath(emote.images.url_2x)} alt="" width={56} height={56} loading="lazy" />}
      <div className={rows.rowText}>
        <span className={rows.rowName}>
          {emote.name}
          <Badge kind={emote.status === "approved" ? "accent" : emote.status === "rejected" ? "live" : "plain"}>{texts.statuses[emote.status]}</Badge>
        </span>
        <span className={rows.meta}>
          <span>{texts.tiers[emote.tier]}</span>
          {emote.animated_images !== null && <span>{texts.moving}</span>}
          {emote.status === "pending" && <span>{texts.pendingText}</span>}
          {emote.reason !== "" && <bdi>{texts.because(emote.reason)}</bdi>}
        </span>
      </div>
      <div className={kit.actions}>
        {emote.status !== "rejected" && (
          <Button aria-label={texts.editOf(emote.name)} onClick={() => { setOpened("edit"); }}>
            {texts.edit}
          </Button>
        )}
        <Button aria-label={texts.deleteOf(emote.name)} onClick={() => { setOpened("delete"); }}>
          {texts.delete}
        </Button>
      </div>
      <Dialog open={opened === "edit"} title={texts.editOf(emote.name)} onClose={close}>
        <EditEmote {...props} onClose={close} />
      </Dialog>
      <Dialog
        open={opened === "delete"}
        title={texts.deleteTitle(emote.name)}
        onClose={close}
        footer={
          <>
            <Button kind="danger" busy={removal.isPending} onClick={() => { removal.mutate(); }}>
              {texts.delete}
            </Button>
            <Button kind="ghost" onClick={close}>
              {texts.cancel}
            </Button>
          </>
        }
      >
        <p>{texts.deleteText}</p>
        <ErrorNote error={removal.error} />
      </Dialog>
    </li>
  );
}

function EditEmote({ login, emote, prefix, onChanged, onClose }: EmoteProps & { readonly onClose: () => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const [code, setCode] = useState(emote.name);
  const [tier, setTier] = useState<Tier>(emote.tier);
  const [fault, setFault] = useState("");
  const full = fullCode(prefix, code.trim());
  const act = useMutationOnce({
    mutationFn: () => send("PATCH", `/channels/${login}/emotes/${emote.id}`, { ...(full === emote.name ? {} : { code: full }), ...(tier === emote.tier ? {} : { tier }) }),
    onSuccess: async () => {
      toast({ kind: "ok", text: texts.changed(full ?? emote.name) });
      onClose();
      await onChanged();
    },
  });
  return (
    <form
      className={kit.group}
      noValidate
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        setFault(full === null ? texts.codeFault(prefix) : "");
        if (full !== null) act.mutate();
      }}
    >
      <ErrorNote error={act.error} />
      <TextField label={texts.code} hint={texts.editReview} value={code} onChange={setCode} error={fault} maxLength={40} autoComplete="off" autoCapitalize="none" spellCheck={false} autoFocus />
      <Select label={texts.tier} value={tier} options={TIERS.map((value) => ({ value, label: texts.tiers[value] }))} onChange={setTier} />
      <div className={kit.actions}>
        <Button type="submit" kind="primary" busy={act.isPending}>
          {texts.save}
        </Button>
        <Button kind="ghost" onClick={onClose}>
          {texts.cancel}
        </Button>
      </div>
    </form>
  );
}

function PrefixSection({ login, emotes, onChanged }: { login: string; emotes: OwnEmotes; onChanged: () => Promise<void> }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const [text, setText] = useKeptText(`${login}/prefix`);
  const [fault, setFault] = useState("");
  const act = useMutationOnce({
    mutationFn: () => send("PUT", `/channels/${login}/emotes/prefix`, { prefix: text.trim() }),
    onSuccess: async () => {
      toast({ kind: "ok", text: texts.prefixSaved });
      setText("");
      await onChanged();
    },
  });
  return (
    <Section title={texts.prefix} text={emotes.prefix === "" ? texts.prefixText : `${texts.prefixNow(emotes.prefix)} ${texts.prefixText}`}>
      {emotes.data.length === 0 && (
        <form
          className={rows.form}
          noValidate
          onSubmit={(event: SyntheticEvent) => {
            event.preventDefault();
            const fits = PREFIX.test(text.trim());
            setFault(fits ? "" : texts.prefixHint);
            if (fits) act.mutate();
          }}
        >
          <ErrorNote error={act.error} />
          <div className={rows.inline}>
            <TextField label={texts.prefix} hint={texts.prefixHint} value={text} onChange={setText} error={fault} maxLength={20} autoComplete="off" autoCapitalize="none" spellCheck={false} />
            <Button type="submit" busy={act.isPending}>
              {texts.prefixSave}
            </Button>
          </div>
        </form>
      )}
    </Section>
  );
}
