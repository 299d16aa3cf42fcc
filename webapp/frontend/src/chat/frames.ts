/** What the chat server says and takes: the types of docs/chat-schema.json that the page uses, and a reader that trusts nothing. */

export interface Place {
  readonly epoch: string;
  readonly offset: number;
}

export interface Fragment {
  readonly type: string;
  readonly text: string;
  readonly emote?: { readonly id: string; readonly format: readonly string[] } | null;
  readonly mention?: { readonly user_id: string } | null;
}

export interface BadgeRef {
  readonly set_id: string;
  readonly id: string;
  readonly info: string;
}

export interface Reply {
  readonly parent_message_id: string;
  readonly parent_message_body: string;
  readonly parent_user_login: string;
  readonly parent_user_name: string;
  readonly thread_message_id: string;
}

/** Somebody as they look in a room. */
export interface Chatter {
  readonly chatter_user_id: string;
  readonly chatter_user_login: string;
  readonly chatter_user_name: string;
  /** `#RRGGBB`, or '' when none was chosen. */
  readonly color: string;
  readonly badges: readonly BadgeRef[];
  readonly roles: readonly string[];
}

export interface ChatMessage extends Chatter {
  readonly message_id: string;
  readonly message: { readonly text: string; readonly fragments: readonly Fragment[] };
  readonly message_type: string;
  readonly is_first: boolean;
  readonly nonce: string;
  readonly reply: Reply | null;
}

export interface Notice extends Omit<Chatter, "roles"> {
  readonly message_id: string;
  readonly system_message: string;
  readonly notice_type: string;
  readonly message: { readonly text: string; readonly fragments: readonly Fragment[] };
  readonly announcement?: { readonly color: string } | null;
  readonly raid?: { readonly user_login: string; readonly user_name: string; readonly viewer_count: number } | null;
}

/** The settings of a room; a duration is null while its mode is off. */
export interface RoomSettings {
  readonly emote_mode: boolean;
  readonly follower_mode: boolean;
  readonly follower_mode_duration_minutes: number | null;
  readonly slow_mode: boolean;
  readonly slow_mode_wait_time_seconds: number | null;
  readonly subscriber_mode: boolean;
  readonly unique_chat_mode: boolean;
  readonly subscriber_slow_mode_wait_time_seconds: number | null;
  readonly verified_email_mode: boolean;
  readonly account_age_minimum_minutes: number;
  readonly verification_spares: string;
  readonly links_from: string;
}

export interface DropReason {
  readonly code: string;
  readonly message: string;
  readonly seconds_left: number | null;
}

export interface Hold {
  readonly message_id: string;
  readonly user_login: string;
  readonly user_name: string;
  readonly message: string;
  readonly category: string;
}

/** The message that is pinned, as it was said. Times are RFC 3339. */
export interface Pin {
  readonly message_id: string;
  readonly chatter_user_id: string;
  readonly chatter_user_login: string;
  readonly chatter_user_name: string;
  readonly color: string;
  readonly text: string;
  /** Its texts, joined, are `text`; empty: of an older server. */
  readonly fragments: readonly Fragment[];
  readonly pinned_by_user_name: string | null;
  /** When to take it down; null: when a moderator does. */
  readonly ends_at: string | null;
}

export interface Poll {
  readonly id: string;
  readonly title: string;
  readonly choices: readonly { readonly id: string; readonly title: string; readonly votes: number }[];
  /** `ACTIVE`, `COMPLETED`, `TERMINATED`, or `ARCHIVED`: its result is not to be shown. */
  readonly status: string;
  readonly ends_at: string;
}

/** The viewers of one channel are led to another. */
export interface Raid {
  readonly raid_id: string;
  readonly from_broadcaster_user_id: string;
  readonly to_broadcaster_user_login: string;
  readonly to_broadcaster_user_name: string;
  readonly viewers: number;
  readonly goes_at: string;
}

/** What a room shows beside its talk. */
export interface Stage {
  readonly pin: Pin | null;
  readonly poll: Poll | null;
  readonly raid: Raid | null;
}

/** As who joins is told. */
export interface JoinedStage extends Stage {
  /** The choice of the poll that one has voted for; null: none. */
  readonly vote: string | null;
}

/** The answer to a request. Which fields it has depends on the request. */
export interface Answer {
  readonly request_id: string;
  readonly ok: boolean;
  readonly drop_reason?: DropReason;
  readonly channel?: { readonly id: string; readonly login: string; readonly name: string };
  readonly epoch?: string;
  readonly offset?: number;
  readonly recovered?: boolean;
  /** How many of the last messages follow. */
  readonly history?: number;
  readonly settings?: RoomSettings;
  readonly you?: Chatter | null;
  readonly stage?: JoinedStage;
  readonly is_sent?: boolean;
  readonly message_id?: string;
  readonly notice?: { readonly code: string; readonly message: string };
  readonly holds?: readonly Hold[];
}

/** Something that happened in a room. `event` is whatever `type` says; readers look at the fields that they need. */
export interface Told {
  readonly frameId: string;
  /** Of the frame, in milliseconds since 1970. */
  readonly at: number;
  readonly type: string;
  readonly channelId: string;
  readonly place: Place;
  /** Messages before it that were left out, as there are more than people can read. */
  readonly skipped: number;
  readonly event: Readonly<Record<string, unknown>>;
}

export type Frame =
  | { readonly kind: "welcome"; readonly userId: string | null }
  | { readonly kind: "goodbye" }
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "told"; readonly told: Told }
  | { readonly kind: "error"; readonly message: string };

type Json = Readonly<Record<string, unknown>>;

function object(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Read a text frame; `null`: it is none that this page knows, and is passed over. */
export function readFrame(data: string): Frame | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    return null;
  }
  const frame = object(parsed);
  const metadata = object(frame?.metadata);
  const payload = object(frame?.payload);
  if (!metadata || !payload) return null;
  switch (metadata.message_type) {
    case "session_welcome": {
      const user = object(object(payload.session)?.user);
      return { kind: "welcome", userId: user ? text(user.id) : null };
    }
    case "session_reconnect":
      return { kind: "goodbye" };
    case "response":
      return typeof payload.request_id === "string" ? { kind: "answer", answer: payload as unknown as Answer } : null;
    case "notification":
      return readTold(metadata, payload);
    case "error":
      return { kind: "error", message: text(payload.message) };
    default:
      return null;
  }
}

function readTold(metadata: Json, payload: Json): Frame | null {
  const subscription = object(payload.subscription);
  const event = object(payload.event);
  const offset = payload.offset;
  if (!subscription || !event || typeof offset !== "number") return null;
  const at = Date.parse(text(metadata.message_timestamp));
  return {
    kind: "told",
    told: {
      frameId: text(metadata.message_id),
      at: Number.isNaN(at) ? 0 : at,
      type: text(subscription.type),
      channelId: text(event.broadcaster_user_id) || text(object(subscription.condition)?.broadcaster_user_id),
      place: { epoch: text(payload.epoch), offset },
      skipped: typeof payload.skipped === "number" ? payload.skipped : 0,
      event,
    },
  };
}

/** Whether it is a line that the server tells again to who joins. */
export function isLine({ type }: Told): boolean {
  return type === "channel.chat.message" || type === "channel.chat.notification";
}

/** Types that have no place of their own in the order of a room, or are not told again: never taken for doubles. */
const WITHOUT_PLACE = /^(stream\.viewers$|automod\.|channel\.poll\.progress$|channel\.(warning|suspicious_user|unban_request|shield_mode)\.)/;

/**
 * What an event is told twice by: a message keeps its id under two offsets and two epochs, all else its place.
 * `null`: each frame counts.
 */
export function identity(told: Told): string | null {
  const id = told.event.message_id;
  if (isLine(told)) {
    return typeof id === "string" && id ? `${told.type} ${id}` : null;
  }
  return WITHOUT_PLACE.test(told.type) ? null : `${told.type} ${told.frameId}`;
}
