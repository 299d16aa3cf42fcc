/**
 * The small Markdown of panels: paragraphs, headings, lists, bold, italic, code, and links to https and http. Pure; gives a
 * tree, never HTML. What it does not know stays the text that was typed.
 */

export type Inline =
  | { readonly kind: "text" | "code"; readonly text: string }
  | { readonly kind: "bold" | "italic"; readonly inside: readonly Inline[] }
  | { readonly kind: "link"; readonly href: string; readonly text: string }
  | { readonly kind: "break" };

export type Block =
  | { readonly kind: "paragraph" | "heading"; readonly inside: readonly Inline[] }
  | { readonly kind: "list"; readonly ordered: boolean; readonly items: readonly (readonly Inline[])[] };

const BULLET = /^\s{0,3}(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const HEADING = /^#{1,6}\s+(.*?)\s*#*$/;
/** Each alternative ends within its line, so there is nothing to go back over. */
const INLINE =
  /`([^`\n]+)`|\*\*([^*\n]+)\*\*|__([^_\n]+)__|\*([^*\s][^*\n]*)\*|(?<![A-Za-z0-9])_([^_\s][^_\n]*)_(?![A-Za-z0-9])|\[([^\]\n]+)\]\(([^()\s]+)\)|(https?:\/\/[^\s<>"']+)/;
const AT_END = /[.,;:!?)\]}]+$/;

/** Read a panel. Takes time in proportion to its length, which the API bounds to 2 000 characters. */
export function parse(source: string): readonly Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  let list: { ordered: boolean; items: (readonly Inline[])[] } | null = null;
  const close = (): void => {
    if (lines.length > 0) {
      blocks.push({ kind: "paragraph", inside: joined(lines) });
    }
    if (list !== null) {
      blocks.push({ kind: "list", ...list });
    }
    lines = [];
    list = null;
  };
  for (const line of source.split(/\r?\n/)) {
    const heading = HEADING.exec(line);
    const bullet = BULLET.exec(line);
    if (line.trim() === "") {
      close();
    } else if (heading !== null) {
      close();
      blocks.push({ kind: "heading", inside: inline(heading[1] ?? "") });
    } else if (bullet !== null) {
      const ordered = bullet[1] !== undefined;
      const open: { ordered: boolean; items: (readonly Inline[])[] } | null = list;
      if (lines.length > 0 || open === null || (open as { ordered: boolean }).ordered !== ordered) {
        close();
        list = { ordered, items: [inline(bullet[2] ?? "")] };
      } else {
        (open as { items: (readonly Inline[])[] }).items.push(inline(bullet[2] ?? ""));
      }
    } else {
      if (list !== null) {
        close();
      }
      lines.push(line);
    }
  }
  close();
  return blocks;
}

function joined(lines: readonly string[]): readonly Inline[] {
  return lines.flatMap((line, index): readonly Inline[] => (index === 0 ? inline(line) : [{ kind: "break" }, ...inline(line)]));
}

function inline(text: string): readonly Inline[] {
  const parts: Inline[] = [];
  let rest = text;
  for (let match = INLINE.exec(rest); match !== null; match = INLINE.exec(rest)) {
    plain(parts, rest.slice(0, match.index));
    const tail = special(parts, match);
    rest = tail + rest.slice(match.index + match[0].length);
  }
  plain(parts, rest);
  return parts;
}

/** Add what was found; gives what was taken along but does not belong to it. */
function special(parts: Inline[], [whole, code, bold, strong, italic, emphasis, label, target, address]: RegExpExecArray): string {
  const heavy = bold ?? strong;
  const light = italic ?? emphasis;
  if (code !== undefined) {
    parts.push({ kind: "code", text: code });
  } else if (heavy !== undefined) {
    parts.push({ kind: "bold", inside: inline(heavy) });
  } else if (light !== undefined) {
    parts.push({ kind: "italic", inside: inline(light) });
  } else if (label !== undefined) {
    const href = safeHref(target ?? "");
    parts.push(href === null ? { kind: "text", text: whole } : { kind: "link", href, text: label });
  } else if (address !== undefined) {
    const end = AT_END.exec(address)?.[0] ?? "";
    const shown = address.slice(0, address.length - end.length);
    const href = safeHref(shown);
    parts.push(href === null ? { kind: "text", text: shown } : { kind: "link", href, text: shown });
    return end;
  }
  return "";
}

function plain(parts: Inline[], text: string): void {
  if (text !== "") {
    parts.push({ kind: "text", text });
  }
}

/** An address that may be linked to: of the web, and showing the host that it leads to; else null. */
export function safeHref(address: string): string | null {
  try {
    const url = new URL(address);
    const web = url.protocol === "https:" || url.protocol === "http:";
    return web && url.username === "" && url.password === "" ? url.href : null;
  } catch {
    return null;
  }
}
