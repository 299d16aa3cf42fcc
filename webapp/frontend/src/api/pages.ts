/** Lists that come in pages, read on as far as somebody scrolls. */

import { useInfiniteQuery, type UseInfiniteQueryResult } from "@tanstack/react-query";

import { get, type Query } from "./client";

/** One page of a list, as the API gives it. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly pagination?: { readonly cursor?: string };
  /** Where the length of the list is known. */
  readonly total?: number;
}

/** What `usePages` gives beside TanStack's own result: all rows so far. */
export type Pages<T> = Omit<UseInfiniteQueryResult<{ pages: Page<T>[] }>, "data"> & {
  /** Rows of all pages read so far, each once; undefined until the first page is there. */
  readonly rows: readonly T[] | undefined;
  readonly total: number | undefined;
};

export interface PagesOptions<T = never> {
  readonly enabled?: boolean;
  /** What a row is known by, where it has no `id` and is not the only one of its channel. */
  readonly idOf?: (row: T) => unknown;
  /** Read all pages so far again this often, while the page is seen. */
  readonly refreshMs?: number;
  /** Rows are not read again by themselves: there may be a hundred pages of them. */
  readonly keep?: boolean;
}

/** Read a list. `key` names it in the cache; `path` is below `/api`; `query` is sent with every page. */
export function usePages<T extends object>(
  key: readonly unknown[],
  path: string,
  query: Query = {},
  options: PagesOptions<T> = {},
): Pages<T> {
  const { data, ...rest } = useInfiniteQuery({
    queryKey: [...key, path, query],
    queryFn: ({ pageParam, signal }) =>
      get<Page<T>>(path, pageParam === null ? query : { ...query, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: Page<T>) => last.pagination?.cursor ?? null,
    enabled: options.enabled ?? true,
    refetchInterval: options.refreshMs ?? false,
    ...(options.keep === true ? { staleTime: Infinity } : {}),
  });
  return {
    ...rest,
    rows: data === undefined ? undefined : distinct(data.pages.flatMap((page) => page.data), options.idOf),
    total: data?.pages[0]?.total,
  };
}

/** Rows that two pages have (one moved between two requests) come once, where they were first. */
export function distinct<T extends object>(rows: readonly T[], idOf: (row: T) => unknown = usualId): readonly T[] {
  const seen = new Set<unknown>();
  return rows.filter((row) => {
    const id = idOf(row);
    return !seen.has(id) && seen.add(id);
  });
}

function usualId(row: object): unknown {
  return "id" in row ? row.id : "broadcaster_id" in row ? row.broadcaster_id : row;
}
