/** What a shield sets, as a form has it: null where it leaves something as it is. Pure. */

import type { Schemas } from "../../../api/types";

export type ShieldPreset = Schemas["ShieldPreset"];

export interface Preset {
  /** Minutes that somebody must have followed. */
  readonly followers: number | null;
  /** Seconds between two messages. */
  readonly slow: number | null;
  readonly subscriber_mode: boolean;
  readonly emote_mode: boolean;
  readonly unique_chat_mode: boolean;
  readonly verified_email_mode: boolean;
  /** Minutes. */
  readonly account_age: number | null;
  readonly links_from: "subscribers" | "vips" | "moderators" | null;
  /** What this form does not know: it goes back as it came. */
  readonly rest: ShieldPreset;
}

const SWITCHES = ["subscriber_mode", "emote_mode", "unique_chat_mode", "verified_email_mode"] as const;
const KNOWN: ReadonlySet<string> = new Set<keyof ShieldPreset>([
  ...SWITCHES,
  "follower_mode",
  "follower_mode_duration",
  "slow_mode",
  "slow_mode_wait_time",
  "account_age_minimum",
  "links_from",
]);

export function presetOf(preset: ShieldPreset): Preset {
  const links = preset.links_from ?? "everyone";
  return {
    followers: preset.follower_mode === true ? (preset.follower_mode_duration ?? 0) : null,
    slow: preset.slow_mode === true ? (preset.slow_mode_wait_time ?? 30) : null,
    subscriber_mode: preset.subscriber_mode ?? false,
    emote_mode: preset.emote_mode ?? false,
    unique_chat_mode: preset.unique_chat_mode ?? false,
    verified_email_mode: preset.verified_email_mode ?? false,
    account_age: preset.account_age_minimum === undefined || preset.account_age_minimum === 0 ? null : preset.account_age_minimum,
    links_from: links === "everyone" ? null : links,
    rest: Object.fromEntries(Object.entries(preset).filter(([name]) => !KNOWN.has(name))),
  };
}

/** What is switched on; a shield switches nothing off, so that is left out. */
export function presetSent(preset: Preset): ShieldPreset {
  return {
    ...preset.rest,
    ...(preset.followers === null ? {} : { follower_mode: true, follower_mode_duration: preset.followers }),
    ...(preset.slow === null ? {} : { slow_mode: true, slow_mode_wait_time: preset.slow }),
    ...Object.fromEntries(SWITCHES.filter((name) => preset[name]).map((name) => [name, true])),
    ...(preset.account_age === null ? {} : { account_age_minimum: preset.account_age }),
    ...(preset.links_from === null ? {} : { links_from: preset.links_from }),
  };
}
