/** The followed channels that are live, as cards show them. */

import { useQuery } from "@tanstack/react-query";

import { get } from "../api/client";
import type { Page } from "../api/pages";
import type { FollowedChannel, Stream } from "../api/types";
import { useSession } from "../app/session";

/** As many as one request may name. */
const MAX_LIVE = 100;
export const REFRESH_MS = 10_000;

/** Undefined while that is not known, or nobody is logged in; the most watched first. */
export function useFollowedLive(): { readonly streams: readonly Stream[] | undefined; readonly error: unknown } {
  const { user } = useSession();
  const { data, error } = useQuery({
    queryKey: ["followed-live", user?.id],
    queryFn: ({ signal }) => followedLive(signal),
    enabled: user !== null,
    refetchInterval: REFRESH_MS,
  });
  return { streams: data, error };
}

async function followedLive(signal: AbortSignal): Promise<readonly Stream[]> {
  const query = { live_only: true, first: MAX_LIVE };
  const { data: followed } = await get<Page<FollowedChannel>>("/users/me/follows", query, signal);
  if (followed.length === 0) {
    return [];
  }
  const ids = followed.map((row) => row.broadcaster_id);
  const { data: streams } = await get<Page<Stream>>("/streams", { user_id: ids, first: MAX_LIVE }, signal);
  return streams;
}
