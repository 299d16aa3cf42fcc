/** A channel as the watch page asks for it. */

import { ApiError, get } from "./client";
import type { Channel, Data } from "./types";

/** For TanStack Query; null: there is none of that name. `login` in lower case. */
export function channelQuery(login: string): {
  readonly queryKey: readonly string[];
  readonly queryFn: (context: { signal: AbortSignal }) => Promise<Channel | null>;
  readonly retry: false;
  readonly staleTime: number;
  readonly structuralSharing: false;
} {
  return {
    queryKey: ["watched", login],
    queryFn: ({ signal }) => readChannel(login, signal),
    retry: false, // the next look is soon enough
    staleTime: 2000,
    // Each answer is heard of, also one that says the same: a viewer who was refused is let in or not after the next.
    structuralSharing: false,
  };
}

async function readChannel(login: string, signal: AbortSignal): Promise<Channel | null> {
  try {
    return (await get<Data<Channel>>(`/channels/${encodeURIComponent(login)}`, undefined, signal)).data[0] ?? null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      return null;
    }
    throw error;
  }
}
