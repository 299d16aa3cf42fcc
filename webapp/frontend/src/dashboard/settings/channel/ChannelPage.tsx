import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { PasswordField } from "../../../account/fields";
import { passwordFits } from "../../../account/refusal";
import { PictureButton } from "../../../account/settings/PictureButton";
import { Section } from "../../../account/settings/Section";
import rows from "../../../account/settings/settings.module.css";
import { only } from "../../../account/types";
import { assetPath } from "../../../api/assets";
import { get, send } from "../../../api/client";
import type { Channel, Data, Schemas } from "../../../api/types";
import { useSession } from "../../../app/session";
import { useTexts } from "../../../i18n";
import { Button, ButtonLink, Checkbox, ErrorNote, Select, Skeleton, useMutationOnce, useToast } from "../../../ui";
import type { SectionProps } from "../../sections";
import { EditForm } from "../kit/EditForm";
import { useKeptText } from "../kit/keeping";
import kit from "../kit/Kit.module.css";
import { isStale, useEdit } from "../kit/useEdit";
import { TEXTS } from "./texts";

type Facts = Required<Schemas["ChannelFacts"]>;
export type Visibility = Facts["visibility"];
export type Label = Facts["content_classification_labels"][number];
type Warnings = Pick<Facts, "is_mature" | "content_classification_labels">;

const VISIBILITIES: readonly Visibility[] = ["public", "unlisted", "followers", "subs", "password"];
const LABELS: readonly Label[] = [
  "DebatedSocialIssuesAndPolitics",
  "DrugsIntoxication",
  "Gambling",
  "MatureGame",
  "ProfanityVulgarity",
  "SexualThemes",
  "ViolentGraphic",
];

/** Who may watch a channel, what viewers are warned of, and its pictures. */
export default function ChannelPage({ login }: SectionProps): ReactNode {
  const texts = useTexts(TEXTS);
  const { user } = useSession();
  const isOwner = user?.login === login;
  const queryKey = ["dashboard", "channel", login];
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: async ({ signal }) => only(await get<Data<Channel>>(`/channels/${login}`, undefined, signal)),
  });
  if (data === undefined) {
    return error === null ? <Skeleton height="240px" /> : <ErrorNote error={error} retry={refetch} />;
  }
  return (
    <div className={kit.page}>
      {isOwner ? <Access login={login} now={data.visibility as Visibility} queryKey={queryKey} /> : <Section title={texts.access} text={texts.accessOwner} />}
      <WarningsForm login={login} />
      <OfflinePicture login={login} channel={data} queryKey={queryKey} />
      <Section title={texts.name} text={isOwner ? texts.nameText : `${texts.nameText} ${texts.nameOther}`}>
        {isOwner && (
          <div className={kit.actions}>
            <ButtonLink to="/settings/profile">{texts.toProfile}</ButtonLink>
          </div>
        )}
      </Section>
    </div>
  );
}

interface AccessProps {
  readonly login: string;
  readonly now: Visibility;
  readonly queryKey: readonly string[];
}

function Access({ login, now, queryKey }: AccessProps): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const cache = useQueryClient();
  const [kept, setKept] = useKeptText(`${login}/visibility`);
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState("");
  const wanted = VISIBILITIES.find((one) => one === kept) ?? now;
  const needsPassword = wanted === "password" && now !== "password";
  const act = useMutationOnce({
    mutationFn: () => send("PATCH", `/channels/${login}`, { visibility: wanted, was: { visibility: now }, ...(wanted === "password" && password !== "" ? { password } : {}) }),
    onSuccess: () => {
      setKept("");
      setPassword("");
      toast({ kind: "ok", text: texts.saved });
    },
    onSettled: () => cache.invalidateQueries({ queryKey }),
  });
  return (
    <Section title={texts.access} text={texts.accessText}>
      <form
        className={rows.form}
        noValidate
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          const isWrong = wanted === "password" && (needsPassword || password !== "") && !passwordFits(password);
          setFault(isWrong ? texts.passwordFault : "");
          if (!isWrong) act.mutate();
        }}
      >
        {isStale(act.error) ? <p role="alert" className={kit.note}>{texts.stale(texts.visibilities[now])}</p> : <ErrorNote error={act.error} />}
        <Select label={texts.visibility} value={wanted} options={VISIBILITIES.map((value) => ({ value, label: texts.visibilities[value] }))} onChange={setKept} />
        {wanted === "password" && (
          <PasswordField fresh label={texts.password} hint={needsPassword ? texts.passwordHint : texts.passwordKept} value={password} onChange={setPassword} error={fault} />
        )}
        <div className={kit.actions}>
          <Button type="submit" kind="primary" busy={act.isPending} disabled={wanted === now && password === ""}>
            {texts.save}
          </Button>
        </div>
      </form>
    </Section>
  );
}

function warningsOf(channel: Channel): Warnings {
  return { is_mature: channel.is_mature, content_classification_labels: [...channel.content_classification_labels] as Label[] };
}

function WarningsForm({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const path = `/channels/${login}`;
  const edit = useEdit<Warnings>({
    name: `${login}/warnings`,
    load: async (signal) => warningsOf(only(await get<Data<Channel>>(path, undefined, signal))),
    save: async (changes, was) => warningsOf(only(await send<Data<Channel>>("PATCH", path, { ...changes, was }))),
    onSaved: () => {
      toast({ kind: "ok", text: texts.saved });
    },
  });
  const say = (field: keyof Warnings, value: unknown): string | undefined =>
    field === "content_classification_labels" ? (value as Label[]).map((label) => texts.labels[label]).join(", ") || undefined : undefined;
  return (
    <Section title={texts.content} text={texts.contentText}>
      <div className={kit.inCard}>
        <EditForm edit={edit} label={texts.content} labels={texts.fields} say={say}>
          {({ draft }) => (
            <div className={kit.group}>
              <Checkbox label={texts.fields.is_mature} checked={draft.is_mature} onChange={(isMature) => { edit.set({ is_mature: isMature }); }} />
              <fieldset className={kit.group}>
                <legend className={rows.legend}>{texts.fields.content_classification_labels}</legend>
                {LABELS.map((label) => (
                  <Checkbox
                    key={label}
                    label={texts.labels[label]}
                    checked={draft.content_classification_labels.includes(label)}
                    onChange={(isOn) => {
                      const others = draft.content_classification_labels.filter((one) => one !== label);
                      edit.set({ content_classification_labels: isOn ? [...others, label] : others });
                    }}
                  />
                ))}
              </fieldset>
            </div>
          )}
        </EditForm>
      </div>
    </Section>
  );
}

function OfflinePicture({ login, channel, queryKey }: { login: string; channel: Channel; queryKey: readonly string[] }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const cache = useQueryClient();
  const path = `/channels/${login}/offline-image`;
  const done = (text: string) => async () => {
    toast({ kind: "ok", text });
    await cache.invalidateQueries({ queryKey });
  };
  const upload = useMutationOnce<unknown, File>({ mutationFn: (file) => send("PUT", path, file), onSuccess: done(texts.saved) });
  const removal = useMutationOnce({ mutationFn: () => send("DELETE", path), onSuccess: done(texts.removed) });
  return (
    <Section title={texts.offline} text={texts.offlineText}>
      {channel.offline_image_url !== "" && <img className={rows.panelImage} src={assetPath(channel.offline_image_url)} alt={texts.offlineAlt} />}
      <div className={kit.actions}>
        <PictureButton busy={upload.isPending} onChoose={upload.mutate} />
        {channel.offline_image_url !== "" && (
          <Button kind="ghost" busy={removal.isPending} onClick={() => { removal.mutate(); }}>
            {texts.remove}
          </Button>
        )}
      </div>
      <ErrorNote error={upload.error ?? removal.error} />
    </Section>
  );
}
