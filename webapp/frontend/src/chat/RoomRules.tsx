/** The rules of a room that are in force, in a line. */

import type { ReactNode } from "react";

import { useNow } from "../ui";
import { useChat } from "./context";
import type { RoomSettings } from "./frames";
import type { RoomView } from "./room";
import styles from "./ChatPanel.module.css";
import type { ChatTexts } from "./texts";

/** Each rule in a few words. Pure. */
export function rulesOf(settings: RoomSettings, texts: ChatTexts): readonly string[] {
  const rules: string[] = [];
  if (settings.slow_mode) rules.push(texts.slow(settings.slow_mode_wait_time_seconds ?? 0));
  if (settings.follower_mode) rules.push(texts.followers(settings.follower_mode_duration_minutes ?? 0));
  if (settings.subscriber_mode) rules.push(texts.subscribersOnly);
  if (settings.emote_mode) rules.push(texts.emotesOnly);
  if (settings.unique_chat_mode) rules.push(texts.unique);
  if (settings.verified_email_mode) rules.push(texts.verified);
  if (settings.account_age_minimum_minutes > 0) rules.push(texts.accountAge(settings.account_age_minimum_minutes));
  if (settings.links_from !== "everyone") rules.push(texts.noLinks);
  return rules;
}

const SKIPPING_MS = 5_000;

export function RoomRules({ view }: { view: RoomView }): ReactNode {
  const { texts } = useChat();
  const { settings, isShielded, skippedAt } = view;
  useNow(2_000);
  const rules = settings ? [...rulesOf(settings, texts)] : [];
  if (isShielded === true) rules.unshift(texts.shielded);
  if (Date.now() - skippedAt < SKIPPING_MS) rules.push(texts.skipped);
  if (rules.length === 0) return null;
  return (
    <ul className={styles.rules} aria-label={texts.rules} data-testid="chat-rules">
      {rules.map((rule) => (
        <li key={rule}>{rule}</li>
      ))}
    </ul>
  );
}
