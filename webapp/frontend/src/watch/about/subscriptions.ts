/** A viewer's subscription to a channel, and what can be done about it. */

import { useQuery, type UseQueryResult } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { Data, Schemas } from "../../api/types";
import { useSession } from "../../app/session";

export type OwnSubscription = Schemas["OwnSubscription"];
export type Tier = OwnSubscription["tier"];

export const TIERS: readonly Tier[] = ["1000", "2000", "3000"];

/** `1` for `1000`. */
export function tierNumber(tier: Tier): string {
  return tier.slice(0, 1);
}

/** The most that a page of a list has; nobody subscribes to more channels at once, and if so, the badge in chat still tells. */
const PAGE = 100;

async function read(login: string, signal: AbortSignal): Promise<OwnSubscription | null> {
  // The list, not the one: "no" is an answer here, and not a failure that browsers complain about.
  const { data } = await get<Data<OwnSubscription>>("/users/me/subscriptions", { first: PAGE }, signal);
  return data.find((one) => one.broadcaster_login === login) ?? null;
}

/** One's own subscription: null where there is none; asked for while somebody is logged in. */
export function useOwnSubscription(login: string, ownerId: string): UseQueryResult<OwnSubscription | null> {
  const { user } = useSession();
  return useQuery({
    queryKey: ["subscription", login, user?.id],
    queryFn: ({ signal }) => read(login, signal),
    enabled: user !== null && user.id !== ownerId,
    staleTime: 60_000,
  });
}

/** Leave for the page where one pays. Only the web: an address that a browser would run is none. */
export function goToPayment(url: string): void {
  const { protocol, href } = new URL(url);
  if (protocol === "https:" || protocol === "http:") {
    location.assign(href);
  }
}
