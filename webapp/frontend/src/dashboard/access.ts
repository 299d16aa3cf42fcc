/** Who is looking at a channel's dashboard, kept right while the page is open: a role may be taken at any moment. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";

import { ApiError, get } from "../api/client";
import type { Page } from "../api/pages";
import type { Me } from "../api/types";
import { queryClient } from "../app/queries";
import { refreshSession, useSession } from "../app/session";
import { standingsOf, type RoleIn, type Standing } from "./rights";

const ROLES = ["own-roles"];
const REFRESH_MS = 30_000;
const PAGE = 100;
/** Somebody with more roles than these has the rest looked up by nobody; the server would answer them all the same. */
const MAX_PAGES = 20;

export type Access =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly error: Error; readonly retry: () => unknown }
  | { readonly state: "anonymous" }
  | { readonly state: "known"; readonly user: Me; readonly standings: ReadonlySet<Standing> };

async function readRoles(signal: AbortSignal): Promise<readonly RoleIn[]> {
  const rows: RoleIn[] = [];
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await get<Page<RoleIn>>("/users/me/roles", { first: PAGE, after }, signal);
    rows.push(...answer.data);
    after = answer.pagination?.cursor;
    if (after === undefined) break;
  }
  return rows;
}

/** The channels in which somebody who is logged in has roles; undefined while that is not known. */
export function useRoles(userId: string | undefined): { readonly roles: readonly RoleIn[] | undefined; readonly error: Error | null; readonly retry: () => unknown } {
  const { data, error, refetch } = useQuery({
    queryKey: [...ROLES, userId],
    queryFn: ({ signal }) => readRoles(signal),
    enabled: userId !== undefined,
    refetchInterval: REFRESH_MS,
  });
  return { roles: data, error, retry: refetch };
}

/** `login` in lower case. */
export function useAccess(login: string): Access {
  const { user, isLoading } = useSession();
  const { roles, error, retry } = useRoles(user?.id);
  useRefusals();
  return useMemo<Access>(() => {
    if (isLoading) return { state: "loading" };
    if (user === null) return { state: "anonymous" };
    if (roles !== undefined || user.login === login) {
      return { state: "known", user, standings: standingsOf(user.login, user.type, roles ?? [], login) };
    }
    return error === null ? { state: "loading" } : { state: "failed", error, retry };
  }, [isLoading, user, roles, error, retry, login]);
}

/** Whatever is refused with 403 while the dashboard is open may mean that a role was taken: then ask which are left. */
function useRefusals(): void {
  useEffect(() => {
    const hear = (error: unknown): void => {
      if (error instanceof ApiError && error.status === 403) {
        void queryClient.invalidateQueries({ queryKey: ROLES });
        void refreshSession();
      }
    };
    const queries = queryClient.getQueryCache().subscribe((event) => {
      if (event.type === "updated" && event.action.type === "error") hear(event.action.error);
    });
    const mutations = queryClient.getMutationCache().subscribe((event) => {
      if (event.type === "updated" && event.action.type === "error") hear(event.action.error);
    });
    return () => {
      queries();
      mutations();
    };
  }, []);
}
