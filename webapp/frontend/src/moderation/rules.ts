/** What settings of a chat mean, in plain words. Pure. */

import type { Schemas } from "../api/types";
import type { ModerationTexts } from "./texts";

type Preset = Schemas["ShieldPreset"];

/** What a shield sets, each in a few words; what it only switches off is left out. */
export function presetTexts(preset: Preset, texts: ModerationTexts): readonly string[] {
  const found: string[] = [];
  const { follower_mode, slow_mode, ...rest } = preset;
  if (follower_mode === true) found.push(texts.followMinutes(preset.follower_mode_duration ?? 0));
  if (slow_mode === true) found.push(texts.slowSeconds(preset.slow_mode_wait_time ?? 30));
  for (const [name, value] of Object.entries(rest)) {
    const text = settingText(name, value, texts);
    if (text !== null) found.push(text);
  }
  return found;
}

function settingText(name: string, value: string | number | boolean | null, texts: ModerationTexts): string | null {
  if (value === false || value === null || value === 0 || value === "off" || value === "everyone") return null;
  switch (name) {
    case "follower_mode_duration":
    case "slow_mode_wait_time":
    case "verification_spares":
    case "non_moderator_chat_delay_duration":
      return null; // said with what they belong to
    case "subscriber_mode":
    case "emote_mode":
    case "unique_chat_mode":
      return texts.rule[name];
    case "verified_email_mode":
      return texts.verified;
    case "account_age_minimum":
      return texts.accountAge(Number(value));
    case "links_from":
      return texts.links(texts.who[String(value)] ?? String(value));
    default:
      return texts.otherRule(name, String(value));
  }
}
