/** Paths and patterns of paths. Pure. */

export type Params = Readonly<Record<string, string>>;

/** Paths that the server answers by itself: a link to one leaves the application. */
const SERVED = /^\/(api|assets|eventsub|healthz|metrics|oauth2|static|unsubscribe)(\/|$)/;

export function isOurs(path: string): boolean {
  return path.startsWith("/") && !path.startsWith("//") && !SERVED.test(path.split(/[?#]/, 1)[0] ?? path);
}

/** The parts of `path` that `:name` in `pattern` stands for; null when it does not fit. A slash at the end counts for nothing. */
export function matchPath(pattern: string, path: string): Params | null {
  const wanted = segments(pattern);
  const given = segments(path);
  if (wanted.length !== given.length) {
    return null;
  }
  const params: Record<string, string> = {};
  for (const [index, want] of wanted.entries()) {
    const have = decoded(given[index] ?? "");
    if (want.startsWith(":") && have !== null && have !== "") {
      params[want.slice(1)] = have;
    } else if (want !== have) {
      return null;
    }
  }
  return params;
}

/** A path of this site to go on to, as somebody else's link may say it (`?next=`); `fallback` for anything else. */
export function safeNext(next: string | null, fallback = "/"): string {
  // A backslash, a tab or a second slash would make browsers read a host.
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  return next !== null && /^\/(?![/\\])[^\\\u0000-\u001f]*$/.test(next) ? next : fallback;
}

function segments(path: string): readonly string[] {
  return path.split("/").filter((segment) => segment !== "");
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
