/** Codes of emotes and files of pictures, before they are sent. Pure. */

export type PictureFault = "kind" | "large" | "empty";

const KINDS = new Set(["image/png", "image/webp", "image/gif", "image/avif"]);
export const ACCEPTED = [...KINDS].join(",");
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_CODE = 25;

export const TIERS = ["", "follower", "1000", "2000", "3000"] as const;
export type Tier = (typeof TIERS)[number];
export const MONTHS: readonly number[] = [1, 2, 3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 72, 84, 96, 108, 120];
/** A prefix that can be chosen. */
export const PREFIX = /^[a-z][a-z0-9]{2,9}$/;

/** Why the API would refuse a file; null: perhaps it would not. */
export function pictureFault({ type, size }: { readonly type: string; readonly size: number }): PictureFault | null {
  if (size === 0) return "empty";
  if (!KINDS.has(type)) return "kind";
  return size > MAX_BYTES ? "large" : null;
}

/** What an emote will be called; null: that is no code. As the API has it, a prefix that is written is not written twice. */
export function fullCode(prefix: string, given: string): string | null {
  const rest = /^[A-Z]/.test(given) || prefix === "" || !given.startsWith(prefix) ? given : given.slice(prefix.length);
  const code = prefix + rest;
  return /^[A-Z][A-Za-z0-9]*$/.test(rest) && code.length <= MAX_CODE ? code : null;
}

/** A code that the name of a file suggests: `love heart.png` → `LoveHeart`; '' when there is none in it. */
export function codeFrom(file: string): string {
  const words = file
    .replace(/\.[^.]*$/, "")
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.replace(/^[0-9]+/, ""))
    .filter((word) => word !== "");
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("").slice(0, MAX_CODE - 10);
}
