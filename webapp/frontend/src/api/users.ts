/** Accounts by id. Those that a page asks for at the same time are asked for in one request. */

import { useQuery } from "@tanstack/react-query";

import { get } from "./client";
import type { Data, User } from "./types";

/** As many as one request may name. */
const MAX_ASKED = 100;

interface Waiting {
  readonly id: string;
  readonly resolve: (user: User | null) => void;
  readonly reject: (error: unknown) => void;
}

let waiting: Waiting[] = [];

/** An account; null when there is none (any more). Raises `ApiError`. */
export async function userById(id: string): Promise<User | null> {
  return await new Promise((resolve, reject) => {
    if (waiting.push({ id, resolve, reject }) === 1) {
      setTimeout(askForAll);
    }
  });
}

function askForAll(): void {
  const asked = waiting;
  waiting = [];
  for (let begin = 0; begin < asked.length; begin += MAX_ASKED) {
    void askFor(asked.slice(begin, begin + MAX_ASKED));
  }
}

async function askFor(asked: readonly Waiting[]): Promise<void> {
  try {
    const { data } = await get<Data<User>>("/users", { id: [...new Set(asked.map(({ id }) => id))] });
    const found = new Map(data.map((user) => [user.id, user]));
    for (const { id, resolve } of asked) {
      resolve(found.get(id) ?? null);
    }
  } catch (error) {
    for (const { reject } of asked) {
      reject(error);
    }
  }
}

/** An account; undefined while it is not known, null when there is none. */
export function useUser(id: string | undefined): User | null | undefined {
  return useQuery({
    queryKey: ["user", id],
    queryFn: () => userById(id ?? ""),
    enabled: id !== undefined && id !== "",
    staleTime: 10 * 60_000,
  }).data;
}
