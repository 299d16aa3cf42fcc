/** The one cache of answers. */

import { QueryClient } from "@tanstack/react-query";

import { ApiError } from "../api/client";

const MAX_TRIES = 3;

/** Answers are fresh for 10 s; what may pass is tried again, what is refused is not. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // The browser's own idea of "offline" is wrong on local networks: we ask, and see.
      networkMode: "always",
      refetchOnReconnect: true,
      retry: (failures, error) => failures < MAX_TRIES - 1 && error instanceof ApiError && error.isPassing && error.status !== 429,
      retryDelay: (failures) => Math.min(4000, 400 * 2 ** failures) * (0.75 + Math.random() / 2),
    },
    mutations: { networkMode: "always", retry: false },
  },
});
