/** What a channel's moderators know of somebody. */

import { useQuery, type UseQueryResult } from "@tanstack/react-query";

import { get } from "../api/client";
import type { Data, Schemas } from "../api/types";
import { listKey } from "./useDesk";

export type UserCard = Schemas["UserCard"];

/** `channel`: its login; `userId`: of whom. Null: the server knows nothing. */
export function useFile(channel: string, userId: string): UseQueryResult<UserCard | null> {
  return useQuery({
    queryKey: [...listKey(channel, "person"), userId],
    queryFn: async ({ signal }) => (await get<Data<UserCard>>(`/channels/${channel}/moderation/users/${userId}`, undefined, signal)).data[0] ?? null,
  });
}
