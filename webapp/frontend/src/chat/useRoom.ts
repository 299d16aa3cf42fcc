/** A room, for components. */

import { useEffect, useMemo, useSyncExternalStore } from "react";

import { chatConnection } from "./connection";
import type { Status } from "./core";
import { RoomStore, type RoomView } from "./room";

export interface Room {
  readonly store: RoomStore;
  readonly view: RoomView;
}

/** Read a room as long as the component is there. */
export function useRoom(login: string): Room {
  // eslint-disable-next-line react-hooks/exhaustive-deps -- another room is another store
  const store = useMemo(() => new RoomStore(), [login]);
  useEffect(
    () =>
      chatConnection().read(
        login,
        (fact) => {
          store.hear(fact);
        },
        { whole: true },
      ),
    [login, store],
  );
  return { store, view: useSyncExternalStore(store.subscribe, store.view) };
}

/** How the connection of the page is. */
export function useChatStatus(): Status {
  const connection = chatConnection();
  return useSyncExternalStore(connection.watch, () => connection.status);
}
