/** A channel as the watch page has it: asked for once, told of by the room's events, and asked for again now and then. */

import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { channelQuery } from "../api/channel";
import type { Channel } from "../api/types";
import { queryClient } from "../app/queries";
import { useSite } from "../app/session";
import { useChannelEvents, type Raid } from "../chat/useChannelEvents";
import { useChatStatus } from "../chat/useRoom";
import { patched, type ChannelFact } from "./patches";

/** While nobody tells us. */
const POLL_S = 5;
/** While the room does: it may still be that an event is lost. */
const SLOW_POLL_S = 60;
/** A page that nobody looks at asks so much more seldom. */
const HIDDEN_FACTOR = 6;
/** All pages of a channel hear the same event at once; what it does not say is asked for within so many seconds of it. */
const SPREAD_S = 8;

export interface Watched {
  /** Undefined while it is not known, null when there is none of that name. */
  readonly channel: Channel | null | undefined;
  /** The last question had no answer. */
  readonly error: Error | null;
  readonly viewers: number | null;
  /** Where the channel has sent its viewers. */
  readonly raid: Raid | null;
  /** Ask again after so many seconds; what is due sooner stays due. */
  readonly refresh: (afterS: number) => void;
  readonly onViewers: (viewers: number) => void;
}

/** `login` in lower case. */
export function useChannel(login: string): Watched {
  const { features } = useSite();
  const told = useChatStatus() === "open" && features.chat === true;
  const query = channelQuery(login);
  const { data, error, refetch } = useQuery({
    ...query,
    refetchInterval: () => (told ? SLOW_POLL_S : POLL_S) * 1000 * (document.hidden ? HIDDEN_FACTOR : 1),
    refetchIntervalInBackground: true, // sound is heard of pages that are not seen
  });
  const [viewers, setViewers] = useState<number | null>(null);
  const [raid, setRaid] = useState<Raid | null>(null);
  const due = useRef<{ readonly timer: number; readonly at: number } | null>(null);
  const refresh = useCallback(
    (afterS: number) => {
      const at = performance.now() + afterS * 1000;
      if (due.current !== null && due.current.at <= at) {
        return;
      }
      window.clearTimeout(due.current?.timer);
      const timer = window.setTimeout(() => {
        due.current = null;
        void refetch();
      }, afterS * 1000);
      due.current = { timer, at };
    },
    [refetch],
  );
  useEffect(
    () => () => {
      window.clearTimeout(due.current?.timer);
      due.current = null;
    },
    [login],
  );
  const learn = (fact: ChannelFact): void => {
    queryClient.setQueryData<Channel | null>(query.queryKey, (before) => (before ? patched(before, fact) : before));
    refresh(1 + Math.random() * SPREAD_S);
  };
  useChannelEvents(features.chat === true ? login : "", {
    onOnline: (stream) => {
      setRaid(null);
      learn({ kind: "online", ...stream });
    },
    onOffline: (streamId) => {
      learn({ kind: "offline", streamId });
    },
    onUpdate: (change) => {
      learn({ kind: "update", ...change });
    },
    onViewers: setViewers,
    onRaid: setRaid,
    onJoined: (hasGap) => {
      if (hasGap) {
        refresh(Math.random());
      }
    },
  });
  return { channel: data, error, viewers: viewers ?? data?.viewer_count ?? null, raid, refresh, onViewers: setViewers };
}
