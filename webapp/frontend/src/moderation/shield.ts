/** The shield of a channel, which also tells whether one moderates it: only moderators are answered. */

import { ApiError, get } from "../api/client";
import type { Data, Schemas } from "../api/types";
import { listKey } from "./useDesk";

export type Shield = Schemas["ShieldMode"];

/** A role that was taken is noticed after so long, or with the next act. */
const REFRESH_MS = 15_000;
const TRIES = 2;

/** For `useQuery`. `login` in lower case. */
export function shieldQuery(login: string): {
  readonly queryKey: readonly string[];
  readonly queryFn: (context: { signal: AbortSignal }) => Promise<Data<Shield>>;
  readonly refetchInterval: number;
  readonly retry: (failures: number, error: Error) => boolean;
} {
  return {
    queryKey: listKey(login, "shield"),
    queryFn: ({ signal }) => get<Data<Shield>>(`/channels/${login}/shield-mode`, undefined, signal),
    refetchInterval: REFRESH_MS,
    retry: (failures, error) => failures < TRIES && error instanceof ApiError && error.isPassing,
  };
}
