/** How long a message may be and when the next may be sent, as a page can know it. Pure. */

import type { Chatter, RoomSettings } from "./frames";
import { mayModerate } from "./room";

export const MOST_CHARACTERS = 500;
/** From here on the counter is shown. */
export const COUNT_FROM = 400;

/** As the server counts: code points. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const point of text) length += point.length > 0 ? 1 : 0;
  return length;
}

/** Seconds between two messages of one's own in slow mode; 0: none. */
export function slowSeconds(settings: RoomSettings | null, you: Chatter | null): number {
  if (!settings?.slow_mode || !you || mayModerate(you) || you.roles.includes("vip")) return 0;
  const subscribers = settings.subscriber_slow_mode_wait_time_seconds;
  if (subscribers !== null && you.roles.includes("subscriber")) return subscribers;
  return settings.slow_mode_wait_time_seconds ?? 0;
}
