/** Emotes and badges: what the API has of them, and where their pictures are. */

import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useMemo } from "react";

import { assetPath } from "../api/assets";
import { get } from "../api/client";

const STALE_MS = 60_000;
/** Of what somebody may use: a hundred each. */
const MOST_PAGES = 10;

export interface Emote {
  readonly id: string;
  readonly name: string;
  /** Of the subscription that it needs: `1000`, `2000`, `3000` or ''. */
  readonly tier: string;
  readonly emote_type: string;
  readonly owner_id: string;
  readonly format: readonly string[];
}

export interface EmoteGroups {
  readonly channel: readonly Emote[];
  readonly site: readonly Emote[];
  /** Usable here, of other channels. */
  readonly elsewhere: readonly Emote[];
  /** Ids of all that one may use here. */
  readonly usable: ReadonlySet<string>;
}

interface List {
  readonly data: readonly Emote[];
  readonly pagination?: { readonly cursor?: string };
}

export type Scale = "1.0" | "2.0" | "3.0";

/** Address of an emote's picture by its id. */
export function emotePath(id: string, isStill: boolean, scale: Scale): string {
  return `/emotes/${encodeURIComponent(id)}/${isStill ? "static" : "default"}/dark/${scale}`;
}

/** For `srcset`: one picture for each density. */
export function emoteSources(id: string, isStill: boolean): string {
  return (["1.0", "2.0", "3.0"] as const).map((scale, index) => `${emotePath(id, isStill, scale)} ${index === 2 ? 4 : index + 1}x`).join(", ");
}

async function usable(login: string, signal: AbortSignal): Promise<readonly Emote[]> {
  const found: Emote[] = [];
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const list: List = await get("/users/me/emotes", { channel: login, first: 100, after }, signal);
    found.push(...list.data);
    after = list.pagination?.cursor;
    if (after === undefined) break;
  }
  return found;
}

/** The emotes that there are in a room, and which of them somebody (`userId`; null: nobody) may use. */
export function useEmotes(login: string, userId: string | null): UseQueryResult<EmoteGroups> {
  return useQuery({
    queryKey: ["chat-emotes", login, userId],
    queryFn: async ({ signal }): Promise<EmoteGroups> => {
      const [site, channel, own] = await Promise.all([
        get<List>("/chat/emotes/global", undefined, signal),
        get<List>(`/channels/${login}/emotes`, undefined, signal),
        userId === null ? [] : usable(login, signal),
      ]);
      return group(site.data, channel.data, own);
    },
    staleTime: STALE_MS,
  });
}

/** Sort emotes into groups. Pure. */
export function group(site: readonly Emote[], channel: readonly Emote[], own: readonly Emote[]): EmoteGroups {
  const known = new Set([...site, ...channel].map(({ id }) => id));
  return { site, channel, elsewhere: own.filter(({ id }) => !known.has(id)), usable: new Set(own.map(({ id }) => id)) };
}

export interface BadgePicture {
  readonly title: string;
  readonly src: string;
  readonly srcSet: string;
}

/** As the API lists them. */
export interface BadgeSets {
  readonly data: readonly {
    readonly set_id: string;
    readonly versions: readonly {
      readonly id: string;
      readonly image_url_1x: string;
      readonly image_url_2x: string;
      readonly image_url_4x: string;
      readonly title: string;
    }[];
  }[];
}

export type Badges = ReadonlyMap<string, BadgePicture>;

const NONE: Badges = new Map();

/** Badges by set and id (`subscriber/3`); those of the channel take the place of the site's. Pure. */
export function badgesBy(...lists: readonly BadgeSets[]): Badges {
  const found = new Map<string, BadgePicture>();
  for (const set of lists.flatMap((list) => list.data)) {
    for (const version of set.versions) {
      const [small, middle, large] = [version.image_url_1x, version.image_url_2x, version.image_url_4x].map((url) => assetPath(url) ?? "");
      found.set(`${set.set_id}/${version.id}`, {
        title: version.title,
        src: small ?? "",
        srcSet: `${small ?? ""} 1x, ${middle ?? ""} 2x, ${large ?? ""} 4x`,
      });
    }
  }
  return found;
}

export function useBadges(login: string): Badges {
  const { data } = useQuery({
    queryKey: ["chat-badges", login],
    queryFn: async ({ signal }) => {
      const [site, channel] = await Promise.all([
        get<BadgeSets>("/chat/badges/global", undefined, signal),
        get<BadgeSets>(`/channels/${login}/badges`, undefined, signal),
      ]);
      return badgesBy(site, channel);
    },
    staleTime: 5 * STALE_MS,
  });
  return useMemo(() => data ?? NONE, [data]);
}
