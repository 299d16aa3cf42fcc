/** What an event of the room changes in what is known of a channel. Pure. */

import type { Channel } from "../api/types";

export type ChannelFact =
  | { readonly kind: "online"; readonly id: string; readonly title: string; readonly startedAt: string }
  | { readonly kind: "offline"; readonly streamId: string }
  | {
      readonly kind: "update";
      readonly title: string;
      readonly language: string;
      readonly categoryId: string;
      readonly categoryName: string;
    };

export function patched(channel: Channel, fact: ChannelFact): Channel {
  switch (fact.kind) {
    case "online":
      return {
        ...channel,
        is_live: true,
        stream_id: fact.id === "" ? channel.stream_id : fact.id,
        title: fact.title === "" ? channel.title : fact.title,
        started_at: fact.startedAt === "" ? channel.started_at : fact.startedAt,
      };
    case "offline":
      // Events of two nodes may come in either order: the end of the last broadcast is not the end of this one.
      return fact.streamId !== "" && fact.streamId !== channel.stream_id
        ? channel
        : { ...channel, is_live: false, stream_id: null, started_at: null };
    case "update":
      return {
        ...channel,
        title: fact.title,
        broadcaster_language: fact.language,
        game_id: fact.categoryId,
        game_name: fact.categoryName,
      };
  }
}
