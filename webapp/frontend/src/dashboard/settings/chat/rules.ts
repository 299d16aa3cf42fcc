/** The rules of a chat as a form has them: durations always have a value, also while what they are for is off. Pure. */

import { ApiError } from "../../../api/client";
import type { ChatSettings, Schemas } from "../../../api/types";

type Change = Schemas["SettingsWish"];
type Defined<K extends keyof ChatSettings> = NonNullable<ChatSettings[K]>;

export interface Rules {
  readonly follower_mode: boolean;
  /** Minutes. */
  readonly follower_mode_duration: number;
  readonly subscriber_mode: boolean;
  readonly verified_email_mode: boolean;
  /** Minutes. */
  readonly account_age_minimum: number;
  readonly verification_spares: ChatSettings["verification_spares"];
  readonly slow_mode: boolean;
  /** Seconds. */
  readonly slow_mode_wait_time: number;
  /** Seconds; null: as long as others. */
  readonly subscriber_slow_mode_wait_time: number | null;
  readonly unique_chat_mode: boolean;
  readonly emote_mode: boolean;
  readonly links_from: ChatSettings["links_from"];
  readonly non_moderator_chat_delay: boolean;
  /** Seconds: 2, 4 or 6. */
  readonly non_moderator_chat_delay_duration: number;
  readonly crowd_slow_rate: number;
  readonly sampling_rate: number;
}

export interface Automod {
  readonly automod_caps: Defined<"automod_caps">;
  readonly automod_repetition: Defined<"automod_repetition">;
  readonly automod_length: Defined<"automod_length">;
  readonly automod_symbols: Defined<"automod_symbols">;
  readonly automod_zalgo: Defined<"automod_zalgo">;
  readonly automod_profanity: Defined<"automod_profanity">;
  readonly automod_action: Defined<"automod_action">;
  readonly automod_spares: Defined<"automod_spares">;
  readonly automod_fails_closed: boolean;
  readonly raid_guard: Defined<"raid_guard">;
}

export type Level = Automod["automod_caps"];

const DEFAULTS = { follower_mode_duration: 10, slow_mode_wait_time: 30, non_moderator_chat_delay_duration: 2 } as const;
/** By duration: what it is for. */
const MODES = {
  follower_mode_duration: "follower_mode",
  slow_mode_wait_time: "slow_mode",
  non_moderator_chat_delay_duration: "non_moderator_chat_delay",
} as const;

type Duration = keyof typeof MODES;
const DURATIONS = Object.keys(MODES) as Duration[];

/** What only moderators are told must be there: without, the session is over, and what is typed is not to be measured by it. */
function toldAll<T>(value: T | undefined): T {
  if (value === undefined) throw new ApiError(401, "Log in first.", { status: 401, message: "Log in first." });
  return value;
}

export function rulesOf(settings: ChatSettings): Rules {
  return {
    follower_mode: settings.follower_mode,
    follower_mode_duration: settings.follower_mode_duration ?? DEFAULTS.follower_mode_duration,
    subscriber_mode: settings.subscriber_mode,
    verified_email_mode: settings.verified_email_mode,
    account_age_minimum: settings.account_age_minimum,
    verification_spares: settings.verification_spares,
    slow_mode: settings.slow_mode,
    slow_mode_wait_time: settings.slow_mode_wait_time ?? DEFAULTS.slow_mode_wait_time,
    subscriber_slow_mode_wait_time: settings.subscriber_slow_mode_wait_time,
    unique_chat_mode: settings.unique_chat_mode,
    emote_mode: settings.emote_mode,
    links_from: settings.links_from,
    non_moderator_chat_delay: toldAll(settings.non_moderator_chat_delay),
    non_moderator_chat_delay_duration: settings.non_moderator_chat_delay_duration ?? DEFAULTS.non_moderator_chat_delay_duration,
    crowd_slow_rate: toldAll(settings.crowd_slow_rate),
    sampling_rate: toldAll(settings.sampling_rate),
  };
}

export function automodOf(settings: ChatSettings): Automod {
  return {
    automod_caps: toldAll(settings.automod_caps),
    automod_repetition: toldAll(settings.automod_repetition),
    automod_length: toldAll(settings.automod_length),
    automod_symbols: toldAll(settings.automod_symbols),
    automod_zalgo: toldAll(settings.automod_zalgo),
    automod_profanity: toldAll(settings.automod_profanity),
    automod_action: toldAll(settings.automod_action),
    automod_spares: toldAll(settings.automod_spares),
    automod_fails_closed: toldAll(settings.automod_fails_closed),
    raid_guard: toldAll(settings.raid_guard),
  };
}

/** What to send: with a mode that is switched on goes its duration, and nobody looks at the duration of one that was off. */
export function rulesChange(changes: Partial<Rules>, was: Partial<Rules>, draft: Rules): Change {
  let sent: Partial<Rules> = changes;
  let known: Partial<Rules> = was;
  for (const duration of DURATIONS) {
    const mode = MODES[duration];
    const wasOn = mode in changes ? !draft[mode] : draft[mode];
    if (!wasOn) known = without(known, duration);
    if (!draft[mode]) sent = without(sent, duration);
    else if (mode in changes) sent = { ...sent, [duration]: draft[duration] };
  }
  return { ...(sent as Change), was: known as Change };
}

function without(rules: Partial<Rules>, name: Duration): Partial<Rules> {
  return Object.fromEntries(Object.entries(rules).filter(([one]) => one !== name));
}

export interface Bounds {
  readonly least: number;
  readonly most: number;
}

export const SLOW: Bounds = { least: 3, most: 120 };
export const SUBSCRIBER_SLOW: Bounds = { least: 0, most: 120 };
export const RATE: Bounds = { least: 0, most: 200 };

/** Minutes that are offered; the API takes any up to the last. */
export const SPANS: readonly number[] = [0, 10, 30, 60, 360, 1440, 4320, 10_080, 20_160, 43_200, 129_600];

/** The spans to choose from, with the one that is set. */
export function spansWith(value: number): readonly number[] {
  return [...new Set([...SPANS, value])].sort((one, other) => one - other);
}

const UNITS = [
  ["day", 1440],
  ["hour", 60],
] as const;

/** Minutes as "30 minutes", "6 hours", "7 days". */
export function spanText(minutes: number, locale: string): string {
  const [unit, size] = UNITS.find(([, each]) => minutes > 0 && minutes % each === 0) ?? (["minute", 1] as const);
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(minutes / size);
}
