import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, type ReactNode } from "react";

import { Section } from "../../../account/settings/Section";
import { only } from "../../../account/types";
import { get, send } from "../../../api/client";
import type { Data, Schemas } from "../../../api/types";
import { useSession } from "../../../app/session";
import { useLanguage, useTexts } from "../../../i18n";
import { Badge, Checkbox, ErrorNote, Select, Skeleton, Switch, useMutationOnce, useToast } from "../../../ui";
import { EditForm } from "../kit/EditForm";
import styles from "../kit/Kit.module.css";
import { TEXTS as KIT_TEXTS } from "../kit/texts";
import { useEdit } from "../kit/useEdit";
import { presetOf, presetSent, type Preset, type ShieldPreset } from "./preset";
import { spansWith, spanText } from "./rules";
import { TEXTS } from "./texts";

type Shield = Schemas["ShieldMode"];

const WAITS = [3, 5, 10, 20, 30, 60, 120];
const LEFT = "";
const SWITCHES = ["subscriber_mode", "emote_mode", "unique_chat_mode", "verified_email_mode"] as const;
const LINKERS = ["subscribers", "vips", "moderators"] as const;

/** The switch for attacks, and what it sets. */
export function ShieldSections({ login }: { login: string }): ReactNode {
  return (
    <>
      <ShieldSwitch login={login} />
      <PresetForm login={login} />
    </>
  );
}

function ShieldSwitch({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const { user } = useSession();
  const cache = useQueryClient();
  const path = `/channels/${login}/shield-mode`;
  const queryKey = ["dashboard", "shield", login];
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: async ({ signal }) => only(await get<Data<Shield>>(path, undefined, signal)),
    enabled: user !== null,
    refetchInterval: 15_000, // it goes up by itself, too
  });
  const act = useMutationOnce<Shield, boolean>({
    mutationFn: async (isActive) => only(await send<Data<Shield>>("PUT", path, { is_active: isActive })),
    onSuccess: async (now) => {
      cache.setQueryData(queryKey, now);
      await cache.invalidateQueries({ queryKey: ["dashboard", "edit"] });
    },
  });
  return (
    <Section title={texts.shieldTitle} text={texts.shieldText}>
      <ErrorNote error={act.error ?? (data === undefined ? error : null)} retry={act.error === null ? refetch : undefined} />
      {data === undefined ? (
        error === null && <Skeleton height="32px" />
      ) : (
        <Switch
          label={texts.shieldSwitch}
          hint={data.moderator_login === "" ? undefined : texts.shieldBy(data.moderator_name)}
          checked={act.isPending ? act.variables : data.is_active}
          onChange={act.mutate}
        />
      )}
      {data?.is_active === true && (
        <div className={styles.actions}>
          <Badge kind="live">{texts.shieldUp}</Badge>
        </div>
      )}
    </Section>
  );
}

function PresetForm({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const kit = useTexts(KIT_TEXTS);
  const language = useLanguage();
  const toast = useToast();
  const path = `/channels/${login}/shield-mode`;
  // As it was read: the whole of it is compared by the server.
  const read = useRef<ShieldPreset>({});
  const known = (shield: Shield): Preset => {
    read.current = shield.preset;
    return presetOf(shield.preset);
  };
  const edit = useEdit<Preset>({
    name: `${login}/preset`,
    load: async (signal) => known(only(await get<Data<Shield>>(path, undefined, signal))),
    save: async (_changes, _was, draft) => known(only(await send<Data<Shield>>("PUT", path, { preset: presetSent(draft), preset_was: read.current }))),
    onSaved: () => {
      toast({ kind: "ok", text: kit.saved });
    },
  });
  const span = (minutes: number): string => (minutes === 0 ? texts.anyTime : spanText(minutes, language));
  const say = (field: keyof Preset, value: unknown): string | undefined => {
    if (value === null) return texts.presetLeft;
    if (field === "followers" || field === "account_age") return span(Number(value));
    return field === "links_from" ? texts.linkers[value as "vips"] : undefined;
  };
  return (
    <EditForm edit={edit} label={texts.presetForm} labels={{ ...texts.preset, rest: texts.presetForm }} say={say}>
      {({ draft }) => (
        <Section title={texts.presetForm} text={texts.presetText}>
          <Maybe
            label={texts.preset.followers}
            left={texts.presetLeft}
            value={draft.followers}
            values={spansWith(draft.followers ?? 0)}
            word={(minutes) => texts.presetFollowers(span(minutes))}
            onChange={(followers) => { edit.set({ followers }); }}
          />
          <Maybe
            label={texts.preset.slow}
            left={texts.presetLeft}
            value={draft.slow}
            values={[...new Set([...WAITS, draft.slow ?? 10])].sort((one, other) => one - other)}
            word={texts.presetSeconds}
            onChange={(slow) => { edit.set({ slow }); }}
          />
          <Maybe
            label={texts.preset.account_age}
            left={texts.presetLeft}
            value={draft.account_age}
            values={spansWith(draft.account_age ?? 10).filter((minutes) => minutes > 0)}
            word={span}
            onChange={(age) => { edit.set({ account_age: age }); }}
          />
          <div className={styles.narrow}>
            <Select
              label={texts.preset.links_from}
              value={draft.links_from ?? LEFT}
              options={[{ value: LEFT, label: texts.presetLeft }, ...LINKERS.map((value) => ({ value, label: texts.linkers[value] }))]}
              onChange={(linkers) => { edit.set({ links_from: linkers === LEFT ? null : linkers }); }}
            />
          </div>
          {SWITCHES.map((name) => (
            <Checkbox key={name} label={texts.preset[name]} checked={draft[name]} onChange={(isOn) => { edit.set({ [name]: isOn }); }} />
          ))}
        </Section>
      )}
    </EditForm>
  );
}

interface MaybeProps {
  readonly label: string;
  readonly left: string;
  readonly value: number | null;
  readonly values: readonly number[];
  readonly word: (value: number) => string;
  readonly onChange: (value: number | null) => void;
}

/** A number, or none. */
function Maybe({ label, left, value, values, word, onChange }: MaybeProps): ReactNode {
  return (
    <div className={styles.narrow}>
      <Select
        label={label}
        value={value === null ? LEFT : String(value)}
        options={[{ value: LEFT, label: left }, ...values.map((one) => ({ value: String(one), label: word(one) }))]}
        onChange={(chosen) => {
          onChange(chosen === LEFT ? null : Number(chosen));
        }}
      />
    </div>
  );
}
