/** Requests to the API of this site: JSON both ways, the session cookie, a time limit, and one kind of error. */

export { serverClock } from "./clock";

const TIMEOUT_MS = 10_000;
/** A slow line sends at least so many bytes a millisecond: half a megabit a second. */
const SLOW_BYTES_PER_MS = 64;

/** What the server said was wrong (RFC 9457, with Helix's fields). */
export interface Problem {
  readonly status: number;
  readonly message: string;
  readonly reason?: string;
}

/** The server answered with a problem, or did not answer: then `status` is 0. */
export class ApiError extends Error {
  readonly status: number;
  /** For programs, where the status does not say it all; '' mostly. */
  readonly reason: string;
  /** The server's own words; null when it gave none. */
  readonly problem: Problem | null;
  /** Seconds after which it may be asked again, where it said so. */
  readonly retryAfterS: number | null;

  constructor(status: number, message: string, problem: Problem | null = null, retryAfterS: number | null = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.reason = problem?.reason ?? "";
    this.problem = problem;
    this.retryAfterS = retryAfterS;
  }

  /** Whether asking again may help: no answer, or a trouble of the server's own. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Values of one parameter; arrays repeat it, undefined and null leave it out. */
export type Query = Readonly<Record<string, string | number | boolean | readonly (string | number)[] | undefined | null>>;

let unauthorized: (() => void) | null = null;

/** Have `handler` called whenever an answer says that nobody is logged in (any more). */
export function whenUnauthorized(handler: () => void): void {
  unauthorized = handler;
}

/** `path` below `/api`, beginning with a slash. Raises `ApiError`; when `signal` aborts, its reason. */
export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return (await ask(`/api${path}${queryText(query)}`, { headers: { accept: "application/json" } }, signal)) as T;
}

/** How long to wait for an answer to this body: files take their time. */
export function patienceMs(body: unknown): number {
  return TIMEOUT_MS + (body instanceof Blob ? body.size / SLOW_BYTES_PER_MS : 0);
}

/** As `get`, with a method and a body; without a `body` none is sent. An empty answer (204) is undefined. */
export async function send<T = undefined>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
  timeoutMs = patienceMs(body),
): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  const request: RequestInit = { method, headers };
  if (body instanceof Blob) {
    headers["content-type"] = body.type;
    request.body = body;
  } else if (body !== undefined) {
    headers["content-type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  return (await ask(`/api${path}`, request, undefined, timeoutMs)) as T;
}

/** `?a=1&a=2`, or ''. */
export function queryText(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of isSeveral(value) ? value : [value]) {
      if (one !== undefined && one !== null) {
        parameters.append(name, String(one));
      }
    }
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

function isSeveral(value: Query[string]): value is readonly (string | number)[] {
  return Array.isArray(value);
}

async function ask(address: string, request: RequestInit, signal?: AbortSignal, timeoutMs = TIMEOUT_MS): Promise<unknown> {
  const limit = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(address, {
      credentials: "same-origin",
      ...request,
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    const text = await response.text();
    body = text === "" ? undefined : parsed(text);
  } catch (error) {
    if (signal?.aborted === true) {
      throw error;
    }
    throw new ApiError(0, "The server does not answer.");
  }
  if (!response.ok) {
    throw refusal(response, body);
  }
  return body;
}

function refusal(response: Response, body: unknown): ApiError {
  if (response.status === 401) {
    unauthorized?.();
  }
  const { message, reason } = (body ?? {}) as { message?: unknown; reason?: unknown };
  const text = typeof message === "string" ? message : null;
  const problem =
    text === null
      ? null
      : { status: response.status, message: text, ...(typeof reason === "string" ? { reason } : {}) };
  const retryAfter = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return new ApiError(
    response.status,
    text ?? `The server answered ${response.status}.`,
    problem,
    Number.isNaN(retryAfter) ? null : retryAfter,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // a proxy's page, most likely
  }
}
