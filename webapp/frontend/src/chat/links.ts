/** Finds addresses in the text of a fragment, which the server leaves to pages. Pure. */

export interface Piece {
  readonly text: string;
  readonly href: string | null;
}

// Only what says that it is an address: a bare `example.org` is for the reader to judge.
// eslint-disable-next-line no-control-regex -- they end an address
const ADDRESS = /https?:\/\/[^\s<>"'`\u0000-\u001f\u007f\u200b-\u200f\u2028-\u202f\u2060-\u206f]+/gi;
/** What ends a sentence and seldom an address. */
const TAIL = /[.,:;!?)\]}…]+$/;

/** Cut a text into addresses and what stands between; joined, the pieces are the text. */
export function findLinks(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const shown = trimmed(match[0]);
    const href = addressOf(shown);
    if (href === null) continue;
    if (match.index > done) pieces.push({ text: text.slice(done, match.index), href: null });
    pieces.push({ text: shown, href });
    done = match.index + shown.length;
  }
  if (done < text.length) pieces.push({ text: text.slice(done), href: null });
  return pieces;
}

/** Without the dot of the sentence; a closing bracket stays if its opening one is in the address. */
function trimmed(address: string): string {
  const bare = address.replace(TAIL, "");
  const next = address[bare.length];
  return next === ")" && bare.includes("(") ? `${bare})` : bare;
}

function addressOf(text: string): string | null {
  try {
    const url = new URL(text);
    // Names before the host are there to make it look like another one.
    return url.username === "" && url.password === "" && url.hostname !== "" ? url.href : null;
  } catch {
    return null;
  }
}
