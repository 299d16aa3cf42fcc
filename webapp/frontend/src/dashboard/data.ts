/** What the pages of the dashboard ask for, each in one place. Nothing is asked for while nobody is logged in. */

import { useQuery, type UseQueryResult } from "@tanstack/react-query";

import { get } from "../api/client";
import type { Data, Schemas } from "../api/types";
import { useSession } from "../app/session";

export type Ingest = Schemas["ChannelIngest"];
export type Issue = Schemas["HealthIssue"];
export type SeriesAnswer = Schemas["SeriesAnswer"];
export type StreamKey = Schemas["StreamKey"];
export type TestPicture = Schemas["TestStreamState"];

const GRAPHS_MS = 10_000;
/** As many as a graph has columns to draw them in, on a wide screen. */
const POINTS = 600;

export const AUDIENCE = ["viewers", "chatters", "messages"] as const;
export const TECHNOLOGY = ["bitrate", "fps", "keyframe_interval", "dropped"] as const;
export type GraphName = (typeof AUDIENCE)[number] | (typeof TECHNOLOGY)[number];

/** What arrives from the encoder, asked for again every `everyMs`. `login` in lower case. */
export function useIngest(login: string, everyMs: number): UseQueryResult<Ingest> {
  const { user } = useSession();
  return useQuery({
    queryKey: ["ingest", login],
    queryFn: async ({ signal }) => first(await get<Data<Ingest>>(`/channels/${login}/ingest`, undefined, signal)),
    enabled: user !== null,
    refetchInterval: everyMs,
    staleTime: everyMs,
  });
}

/** Graphs of a broadcast that lasts, kept up to date, or of one that is over. `id`: null for none. */
export function useSeries(login: string, id: string | null, names: readonly GraphName[], isLive: boolean): UseQueryResult<SeriesAnswer> {
  const { user } = useSession();
  return useQuery({
    queryKey: ["series", login, id, names],
    queryFn: ({ signal }) =>
      get<SeriesAnswer>(`/channels/${login}/broadcasts/${id ?? ""}/series`, { name: names.join(","), points: POINTS }, signal),
    enabled: user !== null && id !== null,
    refetchInterval: isLive ? GRAPHS_MS : false,
    staleTime: isLive ? GRAPHS_MS / 2 : Infinity,
  });
}

/** The test picture of a channel. */
export function useTestPicture(login: string): UseQueryResult<TestPicture> {
  const { user } = useSession();
  return useQuery({
    queryKey: testPictureKey(login),
    queryFn: async ({ signal }) => first(await get<Data<TestPicture>>(`/channels/${login}/test-stream`, undefined, signal)),
    enabled: user !== null,
    refetchInterval: GRAPHS_MS,
  });
}

export function testPictureKey(login: string): readonly string[] {
  return ["test-picture", login];
}

/** The keys of a channel that work, the newest first. */
export function useKeys(login: string, enabled: boolean): UseQueryResult<readonly StreamKey[]> {
  const { user } = useSession();
  return useQuery({
    queryKey: keysKey(login),
    queryFn: async ({ signal }) => {
      const { data } = await get<Data<StreamKey>>(`/channels/${login}/keys`, { first: 100 }, signal);
      return data.filter((key) => key.revoked_at === null);
    },
    enabled: enabled && user !== null,
  });
}

export function keysKey(login: string): readonly string[] {
  return ["stream-keys", login];
}

export function first<T>({ data: [one] }: Data<T>): T {
  if (one === undefined) throw new Error("the answer is empty");
  return one;
}
