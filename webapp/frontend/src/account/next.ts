/** Where to go after logging in: a path of this site, whatever the address bar says. Pure. */

import { safeNext } from "../app/paths";

const HERE = "https://here.invalid";
const NOT_AGAIN = new Set(["/login", "/signup", "/setup", "/reset", "/verify", "/reset-password"]);

/** Give the path that `?next=` means, or "/" for anything that would lead to another site or back to a form. */
export function afterLogIn(next: string | null): string {
  const path = safeNext(next);
  let target: URL;
  try {
    target = new URL(path, HERE);
  } catch {
    return "/";
  }
  // "/.//evil.example" is ours until its dots are taken out, and then begins with two slashes.
  if (target.origin !== HERE || target.pathname.startsWith("//")) return "/";
  return NOT_AGAIN.has(target.pathname) ? "/" : target.pathname + target.search + target.hash;
}

/** Give the address of the log-in page, or another one, that leads back to `path`. */
export function withNext(page: "/login" | "/signup", path: string): string {
  const next = afterLogIn(path);
  return next === "/" ? page : `${page}?next=${encodeURIComponent(next)}`;
}
