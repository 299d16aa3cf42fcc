/** What is known of a picture before it is sent. Pure. */

const KINDS = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);
const MAX_BYTES = 8 * 1024 * 1024;

/** Why the API would refuse a file; null: perhaps it would not. */
export function pictureFault({ type, size }: { readonly type: string; readonly size: number }): "kind" | "large" | null {
  if (!KINDS.has(type)) return "kind";
  return size > MAX_BYTES ? "large" : null;
}
