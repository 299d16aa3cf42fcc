/** What somebody may do in a channel's dashboard. Pure; the server has the last word (common/rights.py). */

/** What one is to a channel. An administrator does what editors and moderators do, and has no keys; staff moderate. */
export type Standing = "owner" | "editor" | "moderator" | "staff" | "admin";

/** For whom a page is; `member`: for whoever has any of these standings. The owner may open all of them. */
export type Need = "owner" | "editor" | "moderator" | "member";

const WHO: Readonly<Record<Need, readonly Standing[]>> = {
  owner: ["owner"],
  editor: ["owner", "editor", "admin"],
  moderator: ["owner", "moderator", "staff", "admin"],
  member: ["owner", "editor", "moderator", "staff", "admin"],
};

export function allows(standings: ReadonlySet<Standing>, need: Need): boolean {
  return WHO[need].some((one) => standings.has(one));
}

export interface RoleIn {
  readonly broadcaster_login: string;
  readonly role: string;
}

/** `login` in lower case; `siteRole` as the account has it. */
export function standingsOf(own: string, siteRole: string, roles: readonly RoleIn[], login: string): ReadonlySet<Standing> {
  const found = new Set<Standing>();
  if (own === login) found.add("owner");
  if (siteRole === "admin") found.add("admin");
  if (siteRole === "staff" || siteRole === "admin") found.add("staff");
  for (const { broadcaster_login: where, role } of roles) {
    if (where === login && (role === "editor" || role === "moderator")) found.add(role);
  }
  return found;
}
