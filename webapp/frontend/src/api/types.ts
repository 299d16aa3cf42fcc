/** Short names for what the API gives; the types are made from its OpenAPI document. */

import type { components } from "./schema";

/** All of them, by the names they have in the document. */
export type Schemas = components["schemas"];

export type Stream = Schemas["Stream"];
export type Channel = Schemas["Channel"];
export type User = Schemas["User"];
/** Whoever is logged in. */
export type Me = Schemas["Account"];
export type Category = Schemas["Category"];
export type LiveCategory = Schemas["LiveGame"];
export type FoundChannel = Schemas["FoundBroadcaster"];
export type FollowedChannel = Schemas["FollowedBroadcaster"];
export type Following = Schemas["Following"];
export type Notice = Schemas["Notice"];
export type ChatSettings = Schemas["ChatSettings"];
export type Emote = Schemas["Emote"];
export type BadgeSet = Schemas["BadgeSet"];

/** What this site is and can. */
export type Site = Omit<Schemas["Site"], "urls"> & {
  /** Without a slash at the end. */
  readonly urls: {
    readonly web: string;
    readonly hls: string;
    readonly rtmp: string;
    /** Undefined where the site has no chat. */
    readonly chat?: string;
  };
};

/** A list that comes whole, often of one. */
export interface Data<T> {
  readonly data: readonly T[];
}
