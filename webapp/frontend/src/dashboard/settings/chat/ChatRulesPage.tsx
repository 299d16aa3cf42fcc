import type { ReactNode } from "react";

import { Section } from "../../../account/settings/Section";
import { only } from "../../../account/types";
import { get, send } from "../../../api/client";
import type { ChatSettings, Data } from "../../../api/types";
import { useLanguage, useTexts } from "../../../i18n";
import { Checkbox, Select, useToast } from "../../../ui";
import type { SectionProps } from "../../sections";
import { EditForm } from "../kit/EditForm";
import { isWithin, NumberField } from "../kit/fields";
import styles from "../kit/Kit.module.css";
import { TEXTS as KIT_TEXTS } from "../kit/texts";
import { useEdit, type Edit } from "../kit/useEdit";
import { RATE, rulesChange, rulesOf, SLOW, spansWith, spanText, SUBSCRIBER_SLOW, type Rules } from "./rules";
import { TEXTS } from "./texts";

const SPARED = ["subscribers", "vips", "moderators"] as const;
const LINKERS = ["everyone", "subscribers", "vips", "moderators"] as const;
const DELAYS = ["2", "4", "6"] as const;

function isFit(rules: Rules): boolean {
  const { subscriber_slow_mode_wait_time: ofSubscribers } = rules;
  return (
    (!rules.slow_mode || isWithin(rules.slow_mode_wait_time, SLOW.least, SLOW.most)) &&
    (ofSubscribers === null || isWithin(ofSubscribers, SUBSCRIBER_SLOW.least, SUBSCRIBER_SLOW.most)) &&
    isWithin(rules.crowd_slow_rate, RATE.least, RATE.most) &&
    isWithin(rules.sampling_rate, RATE.least, RATE.most)
  );
}

/** Who may write in a chat, how much, and what. */
export default function ChatRulesPage({ login }: SectionProps): ReactNode {
  const texts = useTexts(TEXTS);
  const kit = useTexts(KIT_TEXTS);
  const toast = useToast();
  const path = `/channels/${login}/chat/settings`;
  const edit = useEdit<Rules>({
    name: `${login}/chat`,
    load: async (signal) => rulesOf(only(await get<Data<ChatSettings>>(path, undefined, signal))),
    save: async (changes, was, draft) => rulesOf(only(await send<Data<ChatSettings>>("PATCH", path, rulesChange(changes, was, draft)))),
    onSaved: () => {
      toast({ kind: "ok", text: kit.saved });
    },
  });
  return (
    <div className={styles.page}>
      <p className={styles.lead}>{texts.lead}</p>
      <EditForm edit={edit} label={texts.form} labels={texts.rules} isFit={isFit}>
        {({ draft }) => (
          <>
            <Who rules={draft} set={edit.set} />
            <Pace rules={draft} set={edit.set} />
            <What rules={draft} set={edit.set} />
            <BigRooms rules={draft} set={edit.set} />
          </>
        )}
      </EditForm>
    </div>
  );
}

interface PartProps {
  readonly rules: Rules;
  readonly set: Edit<Rules>["set"];
}

/** Something that is on or off, by its name. */
function Mode({ name, rules, set, children }: PartProps & { name: "follower_mode" | "subscriber_mode" | "verified_email_mode" | "slow_mode" | "unique_chat_mode" | "emote_mode" | "non_moderator_chat_delay"; children?: ReactNode }): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <div className={styles.group}>
      <Checkbox
        label={texts.rules[name]}
        hint={texts[name]}
        checked={rules[name]}
        onChange={(isOn) => {
          set({ [name]: isOn });
        }}
      />
      {rules[name] && children !== undefined && <div className={styles.inset}>{children}</div>}
    </div>
  );
}

export interface SpanFieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  /** How no time at all reads. */
  readonly none: string;
  /** Minutes. */
  readonly value: number;
  readonly onChange: (minutes: number) => void;
}

/** A span of time, chosen from some. */
export function SpanField({ label, hint, none, value, onChange }: SpanFieldProps): ReactNode {
  const language = useLanguage();
  return (
    <div className={styles.narrow}>
      <Select
        label={label}
        hint={hint}
        value={String(value)}
        options={spansWith(value).map((span) => ({ value: String(span), label: span === 0 ? none : spanText(span, language) }))}
        onChange={(minutes) => {
          onChange(Number(minutes));
        }}
      />
    </div>
  );
}

function Who({ rules, set }: PartProps): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Section title={texts.who}>
      <Mode name="follower_mode" rules={rules} set={set}>
        <SpanField
          label={texts.rules.follower_mode_duration}
          none={texts.anyTime}
          value={rules.follower_mode_duration}
          onChange={(minutes) => {
            set({ follower_mode_duration: minutes });
          }}
        />
      </Mode>
      <Mode name="subscriber_mode" rules={rules} set={set} />
      <Mode name="verified_email_mode" rules={rules} set={set} />
      <SpanField
        label={texts.rules.account_age_minimum}
        hint={texts.account_age_minimum}
        none={texts.anyAge}
        value={rules.account_age_minimum}
        onChange={(minutes) => {
          set({ account_age_minimum: minutes });
        }}
      />
      <div className={styles.narrow}>
        <Select
          label={texts.rules.verification_spares}
          hint={texts.verification_spares}
          value={rules.verification_spares}
          options={SPARED.map((value) => ({ value, label: texts.spares[value] }))}
          onChange={(spared) => {
            set({ verification_spares: spared });
          }}
        />
      </div>
    </Section>
  );
}

function Pace({ rules, set }: PartProps): ReactNode {
  const texts = useTexts(TEXTS);
  const { subscriber_slow_mode_wait_time: ofSubscribers } = rules;
  return (
    <Section title={texts.pace}>
      <Mode name="slow_mode" rules={rules} set={set}>
        <NumberField
          label={texts.rules.slow_mode_wait_time}
          hint={texts.slow_mode_wait_time}
          value={rules.slow_mode_wait_time}
          {...SLOW}
          onChange={(seconds) => {
            set({ slow_mode_wait_time: seconds });
          }}
        />
        <Checkbox
          label={texts.subscribersSame}
          checked={ofSubscribers === null}
          onChange={(isSame) => {
            set({ subscriber_slow_mode_wait_time: isSame ? null : 0 });
          }}
        />
        {ofSubscribers !== null && (
          <NumberField
            label={texts.rules.subscriber_slow_mode_wait_time}
            hint={texts.subscriber_slow_mode_wait_time}
            value={ofSubscribers}
            {...SUBSCRIBER_SLOW}
            onChange={(seconds) => {
              set({ subscriber_slow_mode_wait_time: seconds });
            }}
          />
        )}
      </Mode>
      <Mode name="unique_chat_mode" rules={rules} set={set} />
    </Section>
  );
}

function What({ rules, set }: PartProps): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Section title={texts.what}>
      <Mode name="emote_mode" rules={rules} set={set} />
      <div className={styles.narrow}>
        <Select
          label={texts.rules.links_from}
          hint={texts.links_from}
          value={rules.links_from}
          options={LINKERS.map((value) => ({ value, label: texts.linkers[value] }))}
          onChange={(linkers) => {
            set({ links_from: linkers });
          }}
        />
      </div>
    </Section>
  );
}

function BigRooms({ rules, set }: PartProps): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Section title={texts.delayTitle}>
      <Mode name="non_moderator_chat_delay" rules={rules} set={set}>
        <Select
          label={texts.rules.non_moderator_chat_delay_duration}
          value={String(rules.non_moderator_chat_delay_duration) as (typeof DELAYS)[number]}
          options={DELAYS.map((value) => ({ value, label: texts.delaySeconds(Number(value)) }))}
          onChange={(seconds) => {
            set({ non_moderator_chat_delay_duration: Number(seconds) });
          }}
        />
      </Mode>
      {(["crowd_slow_rate", "sampling_rate"] as const).map((name) => (
        <NumberField
          key={name}
          label={texts.rules[name]}
          hint={texts[name]}
          value={rules[name]}
          {...RATE}
          onChange={(rate) => {
            set({ [name]: rate });
          }}
        />
      ))}
    </Section>
  );
}
