/** Which lists on a moderator's page something that happened in the room makes old. Pure. */

/** Lists that are asked for again; names of queries. */
export type List = "log" | "requests" | "watched" | "bans" | "shield" | "person";

const ACTS: readonly List[] = ["log", "person"];
const LISTS: Readonly<Record<string, readonly List[]>> = {
  "channel.chat.message_delete": ACTS,
  "channel.chat.clear": ACTS,
  "channel.chat.clear_user_messages": [...ACTS, "bans"],
  "channel.unban": [...ACTS, "bans", "requests"],
  "channel.chat_settings.update": ["log"],
  "channel.chat.pin": ["log"],
  "channel.poll.begin": ["log"],
  "channel.poll.end": ["log"],
  "channel.raid.pending": ["log"],
  "channel.raid.cancel": ["log"],
  "channel.shield_mode.begin": ["log", "shield"],
  "channel.shield_mode.end": ["log", "shield"],
  "automod.message.update": ACTS,
  "channel.warning.send": ACTS,
  "channel.warning.acknowledge": ACTS,
  "channel.suspicious_user.update": [...ACTS, "watched"],
  "channel.unban_request.create": ["log", "requests"],
  "channel.unban_request.resolve": ["log", "requests"],
};
const ANNOUNCED: readonly List[] = ["log"];
const NOTHING: readonly List[] = [];

/** `noticeType`: of a `channel.chat.notification`. */
export function listsOf(type: string, noticeType: unknown): readonly List[] {
  if (type === "channel.chat.notification") return noticeType === "announcement" ? ANNOUNCED : NOTHING;
  return LISTS[type] ?? NOTHING;
}
