/** Types of events that a webhook can be told of, and what their conditions are. Pure. */

import type { Schemas } from "../../../api/types";

export type App = Schemas["App"];
export type Webhook = Schemas["ShownWebhook"];
export type Delivery = Schemas["WebhookDelivery"];
export type EventType = Schemas["SubscriptionRequest"]["type"];

const SECOND: ReadonlySet<string> = new Set(["channel.update", "channel.follow", "channel.moderate"]);
/** Whose rights count, beside the channel: by which field of the condition they are named. */
const PERSONS: Readonly<Partial<Record<EventType, "moderator_user_id" | "user_id">>> = {
  "channel.follow": "moderator_user_id",
  "channel.moderate": "moderator_user_id",
  "channel.chat.message": "user_id",
  "channel.chat.message_delete": "user_id",
  "channel.chat.clear": "user_id",
  "channel.chat.clear_user_messages": "user_id",
};

export const EVENT_TYPES: readonly EventType[] = [
  "stream.online",
  "stream.offline",
  "channel.update",
  "channel.follow",
  "channel.subscribe",
  "channel.subscription.end",
  "channel.subscription.gift",
  "channel.subscription.message",
  "channel.raid",
  "channel.poll.begin",
  "channel.poll.progress",
  "channel.poll.end",
  "channel.ban",
  "channel.unban",
  "channel.moderate",
  "channel.chat.message",
  "channel.chat.message_delete",
  "channel.chat.clear",
  "channel.chat.clear_user_messages",
];

/** What to ask for: events of `channelId`, seen with the eyes of `userId`, sent to `callback`. A raid is one that arrives. */
export function webhookRequest(type: EventType, channelId: string, userId: string, callback: string, secret: string): Schemas["SubscriptionRequest"] {
  const person = PERSONS[type];
  const channel = type === "channel.raid" ? { to_broadcaster_user_id: channelId } : { broadcaster_user_id: channelId };
  return {
    type,
    version: SECOND.has(type) ? "2" : "1",
    condition: person === undefined ? channel : { ...channel, [person]: userId },
    transport: { method: "webhook", callback, secret, session_id: null },
  };
}

/** Whether a webhook may be there, as far as can be seen from here. Some sites allow `http` within their own network; the API knows. */
export function isCallback(text: string): boolean {
  return /^https?:\/\/[^\s/]+/.test(text) && text.length <= 1000;
}

/** What a subscription that is over says of why; what is not here is shown as `over`. */
export type HookState = "enabled" | "pending" | "unverified" | "failing" | "unauthorized" | "moderator" | "gone" | "over";

const STATES: Readonly<Record<string, HookState>> = {
  enabled: "enabled",
  webhook_callback_verification_pending: "pending",
  webhook_callback_verification_failed: "unverified",
  notification_failures_exceeded: "failing",
  authorization_revoked: "unauthorized",
  moderator_removed: "moderator",
  user_removed: "gone",
};

export function hookState(status: string): HookState {
  return STATES[status] ?? "over";
}

/** 10 to 100 characters of ASCII, as the API has it. */
export function isSecret(text: string): boolean {
  return /^[ -~]{10,100}$/.test(text);
}

/** The addresses of a text, one a line. */
export function addressesOf(text: string): readonly string[] {
  return [...new Set(text.split(/\s+/).filter((line) => line !== ""))];
}
