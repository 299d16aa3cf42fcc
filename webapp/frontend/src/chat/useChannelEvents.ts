/** What the page of a channel is told while it is open: it went live, ended, was retitled, is watched by so many. */

import { useEffect, useRef } from "react";

import { chatConnection } from "./connection";
import type { Told } from "./frames";

export interface StreamStarted {
  /** Of the stream. */
  readonly id: string;
  readonly title: string;
  /** RFC 3339. */
  readonly startedAt: string;
}

export interface ChannelChange {
  readonly title: string;
  readonly language: string;
  readonly categoryId: string;
  readonly categoryName: string;
}

export interface Raid {
  readonly toLogin: string;
  readonly toName: string;
  readonly viewers: number;
}

export interface ChannelHandlers {
  readonly onOnline?: (stream: StreamStarted) => void;
  readonly onOffline?: (streamId: string) => void;
  readonly onUpdate?: (change: ChannelChange) => void;
  readonly onViewers?: (viewers: number, streamId: string) => void;
  /** The channel sends its viewers on to another one. */
  readonly onRaid?: (raid: Raid) => void;
  /** Events may have been missed: ask the API how things are. Also when the room is joined for the first time. */
  readonly onJoined?: (hasGap: boolean) => void;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** Tell one event to whom it concerns. */
export function dispatch({ type, event }: Told, handlers: ChannelHandlers): void {
  switch (type) {
    case "stream.online":
      handlers.onOnline?.({ id: text(event.id), title: text(event.title), startedAt: text(event.started_at) });
      break;
    case "stream.offline":
      handlers.onOffline?.(text(event.id));
      break;
    case "channel.update":
      handlers.onUpdate?.({
        title: text(event.title),
        language: text(event.language),
        categoryId: text(event.category_id),
        categoryName: text(event.category_name),
      });
      break;
    case "stream.viewers":
      handlers.onViewers?.(number(event.viewer_count), text(event.id));
      break;
    case "channel.raid":
      if (event.from_broadcaster_user_id !== event.broadcaster_user_id) break; // one that arrives
      handlers.onRaid?.({
        toLogin: text(event.to_broadcaster_user_login),
        toName: text(event.to_broadcaster_user_name),
        viewers: number(event.viewers),
      });
      break;
  }
}

/** Hear of a channel as long as the component is there; `handlers` may be new with each rendering. '' hears nothing. */
export function useChannelEvents(login: string, handlers: ChannelHandlers): void {
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });
  useEffect(() => {
    if (login === "") return undefined;
    return chatConnection().read(login, (fact) => {
      if (fact.type === "told") dispatch(fact.told, latest.current);
      else if (fact.type === "joined") latest.current.onJoined?.(fact.hasGap);
    });
  }, [login]);
}
