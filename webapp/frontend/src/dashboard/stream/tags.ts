/** Tags of a stream, as they are typed. Pure; the server checks them again (webapp/texts.py). */

export const MAX_TAGS = 10;
export const MAX_TAG = 25;

export type TagFault = "long" | "twice" | "many";

/** The words of what was typed, and what is still being typed behind the last separator. */
export function splitTags(text: string): { readonly words: readonly string[]; readonly rest: string } {
  const parts = text.split(/[\s,]+/);
  const rest = /[\s,]$/.test(text) ? "" : (parts.pop() ?? "");
  return { words: parts.filter((word) => word !== ""), rest };
}

/** `tags` with one more; or why it is not added. */
export function withTag(tags: readonly string[], tag: string): readonly string[] | TagFault {
  if (Array.from(tag).length > MAX_TAG) return "long";
  if (tags.some((one) => one.toLowerCase() === tag.toLowerCase())) return "twice";
  return tags.length >= MAX_TAGS ? "many" : [...tags, tag];
}
