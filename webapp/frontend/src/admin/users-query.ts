/** What is asked for when somebody looks for accounts. Pure. */

export type Status = "" | "suspended" | "staff";

/** By address, or by the beginning of a login; null for what is neither. */
export function usersQuery(find: string, status: Status): Record<string, string> | null {
  if (/^[^\s@]{1,64}@[^\s@]+\.[^\s@]+$/.test(find)) return { email: find };
  if (!/^\w{0,25}$/.test(find)) return null;
  return { ...(find === "" ? {} : { login: find }), ...(status === "" ? {} : { status }) };
}
