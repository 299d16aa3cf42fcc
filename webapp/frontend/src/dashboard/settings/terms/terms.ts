/** Blocked terms before they are sent: what a text of many lines holds, and what the API would refuse of it. Pure. */

export const MAX_TERMS = 10_000;
/** Of one request. */
export const BATCH = 500;
const MIN_LETTERS = 2;
const MAX_LETTERS = 500;
const MAX_STARS = 8;

export type TermFault = "short" | "long" | "stars" | "control";

/** Why the API would refuse a phrase; null: nothing that can be seen from here. Lengths are in code points, as there. */
export function termFault(text: string): TermFault | null {
  const letters = Array.from(text);
  if (letters.length > MAX_LETTERS) return "long";
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\u0000-\u001f]/.test(text)) return "control";
  if (letters.filter((letter) => letter === "*").length > MAX_STARS) return "stars";
  return letters.filter((letter) => letter !== "*" && letter.trim() !== "").length < MIN_LETTERS ? "short" : null;
}

export interface Sorted {
  readonly fit: readonly string[];
  readonly unfit: readonly { readonly text: string; readonly fault: TermFault }[];
}

/** The terms of a text: one a line, each once; empty lines count for nothing. */
export function termsOf(text: string): Sorted {
  const lines = [...new Set(text.split(/\r\n|\r|\n/).map((line) => line.replace(/^\ufeff/, "").trim()))].filter((line) => line !== "");
  const faults = lines.map((line) => ({ text: line, fault: termFault(line) }));
  return {
    fit: faults.filter(({ fault }) => fault === null).map(({ text: fit }) => fit),
    unfit: faults.flatMap(({ text: unfit, fault }) => (fault === null ? [] : [{ text: unfit, fault }])),
  };
}

/** What became of many terms. */
export interface Outcome {
  readonly added: number;
  readonly refused: readonly { readonly text: string; readonly why: unknown }[];
  /** Why it went no further: nobody knows of these. */
  readonly stopped: unknown;
  readonly left: readonly string[];
}

/** How often a refused batch is halved to find what is wrong in it, in all. */
const MAX_HALVES = 60;

/**
 * Send terms in batches; `send` takes all of a batch or none. One that is refused is halved until the terms that are to blame are
 * alone, so that the others get through. `isRefusal` says whether an error is about the terms; any other one stops it all.
 */
export async function sendAll(
  terms: readonly string[],
  send: (batch: readonly string[]) => Promise<unknown>,
  isRefusal: (error: unknown) => boolean,
  progress: (done: number) => void,
): Promise<Outcome> {
  const waiting: (readonly string[])[] = [];
  for (let start = 0; start < terms.length; start += BATCH) waiting.push(terms.slice(start, start + BATCH));
  const refused: { text: string; why: unknown }[] = [];
  let added = 0;
  let halves = 0;
  for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
    try {
      await send(batch);
      added += batch.length;
    } catch (why) {
      if (!isRefusal(why)) return { added, refused, stopped: why, left: [...batch, ...waiting.flat()] };
      if (batch.length === 1 || halves >= MAX_HALVES) {
        refused.push(...batch.map((text) => ({ text, why })));
      } else {
        halves += 1;
        const middle = Math.ceil(batch.length / 2);
        waiting.unshift(batch.slice(0, middle), batch.slice(middle));
      }
    }
    progress(added + refused.length);
  }
  return { added, refused, stopped: null, left: [] };
}
