/** The desk of a channel, for components: it hears the room, reads the queue, and has lists asked for again that are old. */

import { useEffect, useMemo, useSyncExternalStore } from "react";

import { get } from "../api/client";
import type { Page } from "../api/pages";
import { queryClient } from "../app/queries";
import { chatConnection } from "../chat/connection";
import { useChatStatus } from "../chat/useRoom";
import type { List } from "./concerns";
import { Desk, type DeskView } from "./desk";
import type { HeldMessage } from "./queue";

/** A raid is a thousand acts: what they make old is asked for once a second. */
const AT_ONCE_MS = 1_000;
const PAGE = 100;
/** One more than can wait in a channel: in a rush it may be a few messages more. */
const MOST_PAGES = 6;
const REREAD_MS = 30_000;

/** Names of the queries of one channel's lists. */
export function listKey(login: string, list: List): readonly string[] {
  return ["moderation", login, list];
}

/** Read everything that waits. */
async function readHolds(login: string, signal: AbortSignal): Promise<readonly HeldMessage[]> {
  const found: HeldMessage[] = [];
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const path = `/channels/${login}/moderation/holds`;
    const answer = await get<Page<HeldMessage>>(path, { first: PAGE, after }, signal);
    found.push(...answer.data);
    after = answer.pagination?.cursor;
    if (after === undefined) break;
  }
  return found;
}

class Outdated {
  readonly #login: string;
  readonly #lists = new Set<List>();
  #isDue = false;

  constructor(login: string) {
    this.#login = login;
  }

  add(lists: readonly List[]): void {
    for (const list of lists) this.#lists.add(list);
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(() => {
      this.#isDue = false;
      for (const list of this.#lists) void queryClient.invalidateQueries({ queryKey: listKey(this.#login, list) });
      this.#lists.clear();
    }, AT_ONCE_MS);
  }
}

export interface DeskHere {
  readonly desk: Desk;
  readonly view: DeskView;
}

/** `login` in lower case; `userId` of who moderates. */
export function useDesk(login: string, userId: string): DeskHere {
  const desk = useMemo(() => {
    const outdated = new Outdated(login);
    return new Desk((lists) => {
      outdated.add(lists);
    });
  }, [login]);
  const status = useChatStatus();
  useEffect(() => {
    chatConnection().identify(userId);
  }, [userId]);
  useEffect(
    () =>
      chatConnection().read(login, (fact) => {
        desk.hear(fact);
      }),
    [login, desk],
  );
  const isReading = status === "open";
  useEffect(() => {
    if (!isReading) return undefined;
    // What moderators are told does not come again to who was away.
    const leaving = new AbortController();
    const read = async (): Promise<void> => {
      try {
        desk.listed(await readHolds(login, leaving.signal));
      } catch {
        // Without rights the page says so; what comes next is heard in any case, and the next turn reads again.
      }
    };
    void read();
    const timer = setInterval(() => void read(), REREAD_MS);
    return () => {
      leaving.abort();
      clearInterval(timer);
    };
  }, [isReading, login, desk]);
  return { desk, view: useSyncExternalStore(desk.subscribe, desk.view) };
}
