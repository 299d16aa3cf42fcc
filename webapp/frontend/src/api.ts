/** The web role's API as the pages use it. Field names follow Twitch's Helix. */

export interface Site {
  readonly name: string;
  /** Public addresses without a trailing slash; null where the service does not run. */
  readonly urls: { readonly web: string; readonly hls: string; readonly rtmp: string };
}

export interface Stream {
  readonly id: string;
  readonly user_id: string;
  readonly user_login: string;
  readonly user_name: string;
  readonly title: string;
  /** RFC 3339. */
  readonly started_at: string;
  readonly thumbnail_url?: string;
}

export interface Channel {
  readonly broadcaster_id: string;
  readonly broadcaster_login: string;
  readonly broadcaster_name: string;
  readonly title: string;
  readonly is_live: boolean;
  readonly stream_id: string | null;
  readonly started_at: string | null;
}

/** The server answered with a problem, or did not answer: then `status` is 0. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

const TIMEOUT_MS = 10_000;

/** How far this machine's clock is behind the server's, from the answer with the shortest round trip. */
export class ServerClock {
  #offsetMs = 0;
  #roundTripMs = Infinity;

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Times in milliseconds: ours when we asked and when the answer was there, the server's in between. */
  learn(asked: number, answered: number, server: number): void {
    const roundTrip = answered - asked;
    // Off by at most half a round trip; a difference below that is none.
    if (roundTrip >= 0 && roundTrip < this.#roundTripMs && Number.isFinite(server)) {
      this.#roundTripMs = roundTrip;
      const offset = server - (asked + answered) / 2;
      this.#offsetMs = Math.abs(offset) <= roundTrip / 2 ? 0 : offset;
    }
  }
}

export const serverClock = new ServerClock();

export async function site(): Promise<Site> {
  const asked = Date.now();
  const answer = (await get("/api/site")) as Site & { server_time: string };
  serverClock.learn(asked, Date.now(), Date.parse(answer.server_time));
  return answer;
}

export async function liveStreams(): Promise<readonly Stream[]> {
  return ((await get("/api/streams")) as { data: Stream[] }).data;
}

/** Null when there is no channel of that name. */
export async function channel(login: string): Promise<Channel | null> {
  try {
    const answer = (await get(`/api/channels/${encodeURIComponent(login)}`)) as { data: Channel[] };
    return answer.data[0] ?? null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      return null;
    }
    throw error;
  }
}

async function get(path: string): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS), headers: { accept: "application/json" } });
  } catch {
    throw new ApiError(0, "The server does not answer.");
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const message = (body as { message?: unknown } | null)?.message;
    throw new ApiError(response.status, typeof message === "string" ? message : `The server answered ${response.status}.`);
  }
  return body;
}
