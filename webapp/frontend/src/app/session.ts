/** Who is logged in here, in all tabs alike, and what this site is. */

import { useQuery, useSuspenseQuery } from "@tanstack/react-query";

import { get, serverClock, whenUnauthorized } from "../api/client";
import type { Me, Site } from "../api/types";
import { queryClient } from "./queries";

const SESSION = ["session"];
const SITE = ["site"];
const MAX_WAIT_MS = 5000;
const SETTLE_MS = 100;
/** Little can be shown without these, so we go on asking: a site that is restarted comes back by itself. */
const PATIENTLY = { retry: true, retryDelay: (failures: number): number => Math.min(MAX_WAIT_MS, 300 * 2 ** failures) };

/** `user`: null when nobody is logged in, and while that is not known yet (`isLoading`). */
export interface Session {
  readonly user: Me | null;
  readonly isLoading: boolean;
}

const sessionQuery = {
  queryKey: SESSION,
  queryFn: readSession,
  staleTime: 60_000,
  ...PATIENTLY,
};

/** Who is logged in; the component is drawn again when that changes. */
export function useSession(): Session {
  const { data, isPending } = useQuery(sessionQuery);
  return { user: data ?? null, isLoading: isPending };
}

async function readSession({ signal }: { signal: AbortSignal }): Promise<Me | null> {
  const answer = await get<{ data: Me[] } | undefined>("/sessions/current", undefined, signal);
  return answer?.data[0] ?? null;
}

const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("weir-session");

tabs?.addEventListener("message", () => {
  void forgetOthers();
});

/** Ask anew who is logged in, here and in the other tabs: after logging in or out, or a change to the account. */
export async function refreshSession(): Promise<void> {
  tabs?.postMessage("changed");
  await forgetOthers();
}

/** What was told to somebody else is not to be shown: all but the site is asked for again. */
async function forgetOthers(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: SESSION });
  void askTheRestAgain();
}

async function askTheRestAgain(): Promise<void> {
  // What only somebody logged in sees is gone from the page by then, and is not asked for in vain.
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  await queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION[0] && queryKey[0] !== SITE[0] });
}

whenUnauthorized(() => {
  // A request of nobody's is refused rightly; one of somebody's means that their session is over.
  if (queryClient.getQueryData<Me | null>(SESSION) ?? null) {
    void refreshSession();
  }
});

const siteQuery = {
  queryKey: SITE,
  queryFn: readSite,
  staleTime: 5 * 60_000,
  ...PATIENTLY,
};

async function readSite({ signal }: { signal: AbortSignal }): Promise<Site> {
  const asked = Date.now();
  const site = await get<Site>("/site", undefined, signal);
  serverClock.learn(asked, Date.now(), Date.parse(site.server_time));
  return site;
}

/** What this site is and can; suspends until it is known. */
export function useSite(): Site {
  return useSuspenseQuery(siteQuery).data;
}

/** Ask for both now, for what will be drawn in a moment. */
export function askEarly(): void {
  for (const asked of [queryClient.query(siteQuery), queryClient.query(sessionQuery)]) {
    asked.catch(() => undefined); // whoever needs it hears of it
  }
}

/** The same, for code that is no component. */
export async function site(): Promise<Site> {
  return await queryClient.query({ ...siteQuery, staleTime: "static" });
}
