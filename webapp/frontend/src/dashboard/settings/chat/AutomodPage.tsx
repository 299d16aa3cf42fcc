import type { ReactNode } from "react";

import { Section } from "../../../account/settings/Section";
import { only } from "../../../account/types";
import { get, send } from "../../../api/client";
import type { ChatSettings, Data, Schemas } from "../../../api/types";
import { useTexts } from "../../../i18n";
import { Checkbox, Select, useToast } from "../../../ui";
import type { SectionProps } from "../../sections";
import { EditForm } from "../kit/EditForm";
import { isWithin, NumberField } from "../kit/fields";
import styles from "../kit/Kit.module.css";
import { TEXTS as KIT_TEXTS } from "../kit/texts";
import { useEdit, type Edit } from "../kit/useEdit";
import { automodOf, type Automod, type Level } from "./rules";
import { ShieldSections } from "./ShieldSections";
import { TEXTS } from "./texts";

const LEVELS: readonly Level[] = ["off", "low", "medium", "high"];
const LOOKED_FOR = ["automod_caps", "automod_repetition", "automod_length", "automod_symbols", "automod_zalgo", "automod_profanity"] as const;
const ACTIONS = ["hold", "drop"] as const;
const SPARED = ["subscribers", "vips", "moderators"] as const;
const GUARDS = ["off", "hold", "shield"] as const;
const RAIDERS = ["everyone", "followed", "nobody"] as const;
const MOST_VIEWERS = 1_000_000;

type Raids = Schemas["RaidSettings"];

/** How a chat moderates itself, which raids it takes, and its shield. */
export default function AutomodPage({ login }: SectionProps): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <div className={styles.page}>
      <p className={styles.lead}>{texts.automodLead}</p>
      <AutomodForm login={login} />
      <RaidsForm login={login} />
      <ShieldSections login={login} />
    </div>
  );
}

function useSaved(): () => void {
  const kit = useTexts(KIT_TEXTS);
  const toast = useToast();
  return () => {
    toast({ kind: "ok", text: kit.saved });
  };
}

function AutomodForm({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const path = `/channels/${login}/chat/settings`;
  const edit = useEdit<Automod>({
    name: `${login}/automod`,
    load: async (signal) => automodOf(only(await get<Data<ChatSettings>>(path, undefined, signal))),
    save: async (changes, was) => automodOf(only(await send<Data<ChatSettings>>("PATCH", path, { ...changes, was }))),
    onSaved: useSaved(),
  });
  const say = (field: keyof Automod, value: unknown): string | undefined =>
    (field === "raid_guard" ? texts.guards : field === "automod_action" ? texts.actions : field === "automod_spares" ? texts.spares : texts.levels as Readonly<Record<string, string>>)[
      String(value) as never
    ];
  return (
    <EditForm edit={edit} label={texts.automodForm} labels={texts.automod} say={say}>
      {({ draft }) => (
        <>
          <Section title={texts.automodTitle}>
            {LOOKED_FOR.map((name) => (
              <Choice key={name} name={name} automod={draft} set={edit.set} values={LEVELS} words={texts.levels} />
            ))}
          </Section>
          <Section title={texts.thenTitle}>
            <Choice name="automod_action" automod={draft} set={edit.set} values={ACTIONS} words={texts.actions} />
            <Choice name="automod_spares" automod={draft} set={edit.set} values={SPARED} words={texts.spares} />
            <Checkbox
              label={texts.automod.automod_fails_closed}
              hint={texts.automod_fails_closed}
              checked={draft.automod_fails_closed}
              onChange={(isClosed) => {
                edit.set({ automod_fails_closed: isClosed });
              }}
            />
          </Section>
          <Section title={texts.raidTitle}>
            <Choice name="raid_guard" automod={draft} set={edit.set} values={GUARDS} words={texts.guards} />
          </Section>
        </>
      )}
    </EditForm>
  );
}

interface ChoiceProps<Name extends keyof Automod> {
  readonly name: Name;
  readonly automod: Automod;
  readonly set: Edit<Automod>["set"];
  readonly values: readonly (Automod[Name] & string)[];
  readonly words: Readonly<Record<Automod[Name] & string, string>>;
}

function Choice<Name extends Exclude<keyof Automod, "automod_fails_closed">>({ name, automod, set, values, words }: ChoiceProps<Name>): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Select<Automod[Name]>
      label={texts.automod[name]}
      hint={texts[name]}
      value={automod[name]}
      options={values.map((value) => ({ value, label: words[value] }))}
      onChange={(value) => {
        set({ [name]: value });
      }}
    />
  );
}

function RaidsForm({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const path = `/channels/${login}/raids/settings`;
  const edit = useEdit<Raids>({
    name: `${login}/raids`,
    load: async (signal) => only(await get<Data<Raids>>(path, undefined, signal)),
    save: async (changes, was) => only(await send<Data<Raids>>("PATCH", path, { ...changes, was })),
    onSaved: useSaved(),
  });
  return (
    <EditForm
      edit={edit}
      label={texts.raidsForm}
      labels={texts.raids}
      say={(field, value) => (field === "raids_from" ? texts.raidsFrom[value as Raids["raids_from"]] : undefined)}
      isFit={({ raids_min_viewers: least }) => isWithin(least, 0, MOST_VIEWERS)}
    >
      {({ draft }) => (
        <Section title={texts.raidsForm} text={texts.raids_from}>
          <div className={styles.narrow}>
            <Select
              label={texts.raids.raids_from}
              value={draft.raids_from}
              options={RAIDERS.map((value) => ({ value, label: texts.raidsFrom[value] }))}
              onChange={(from) => {
                edit.set({ raids_from: from });
              }}
            />
          </div>
          <NumberField
            label={texts.raids.raids_min_viewers}
            hint={texts.raids_min_viewers}
            value={draft.raids_min_viewers}
            least={0}
            most={MOST_VIEWERS}
            onChange={(least) => {
              edit.set({ raids_min_viewers: least });
            }}
          />
        </Section>
      )}
    </EditForm>
  );
}
