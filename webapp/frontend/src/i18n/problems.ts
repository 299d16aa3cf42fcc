/** What went wrong, in a sentence that somebody can act on. */

import { ApiError } from "../api/client";
import { currentLanguage, subscribe, useLanguage, type Language } from "./language";

interface Sentences {
  /** By status, where the server's own sentence would say no more. 0: no answer. */
  readonly statuses: Readonly<Record<number, string>>;
  readonly other: string;
  readonly wait: (seconds: number) => string;
}

const EN: Sentences = {
  statuses: {
    0: "The server does not answer. Check your connection; we keep trying.",
    500: "Something went wrong on our side. Try again in a moment.",
    502: "The site is being restarted. Try again in a moment.",
    503: "The site cannot do this right now. It comes back by itself; try again in a moment.",
    504: "The server took too long. Try again in a moment.",
  },
  other: "Something went wrong. Load the page again.",
  wait: (seconds) => `That was too much at once. Try again in ${seconds} s.`,
};

const DE: Sentences = {
  statuses: {
    0: "Der Server antwortet nicht. Prüfe deine Verbindung; wir versuchen es weiter.",
    413: "Das ist zu groß.",
    415: "Dateien dieser Art gehen hier nicht.",
    500: "Bei uns ist etwas schiefgegangen. Versuch es gleich noch einmal.",
    502: "Die Seite wird neu gestartet. Versuch es gleich noch einmal.",
    503: "Das geht gerade nicht. Es kommt von selbst wieder; versuch es gleich noch einmal.",
    504: "Der Server hat zu lange gebraucht. Versuch es gleich noch einmal.",
  },
  other: "Etwas ist schiefgegangen. Lade die Seite neu.",
  wait: (seconds) => `Das war zu viel auf einmal. Versuch es in ${seconds} s noch einmal.`,
};

const SENTENCES: Readonly<Record<Language, Sentences>> = { en: EN, de: DE };

/** What refusals say in a language that the server does not speak; null: not loaded. */
let german: ((reason: string, message: string) => string | undefined) | null = null;

/** Have the refusals of a language at hand before there is one. Never raises: without, the server's sentences are shown. */
export async function loadProblems(language: Language): Promise<void> {
  if (language === "de" && german === null) {
    german = await import("./problems.de").then(
      ({ sentence }) => sentence,
      () => null,
    );
  }
}

if (typeof document !== "undefined") {
  void loadProblems(currentLanguage());
  subscribe(() => void loadProblems(currentLanguage()));
}

/** Say what is wrong, in `language`: ours where we know it, else the server's sentence (which is English). */
export function problemText(error: unknown, language: Language = currentLanguage()): string {
  const texts = SENTENCES[language];
  if (!(error instanceof ApiError)) {
    return texts.other;
  }
  if (error.status === 429 && error.retryAfterS !== null) {
    return texts.wait(error.retryAfterS);
  }
  const refusal = language === "de" ? german?.(error.reason, error.problem?.message ?? "") : undefined;
  return refusal ?? texts.statuses[error.status] ?? error.message;
}

/** `problemText` in the language of the page. */
export function useProblemText(): (error: unknown) => string {
  const language = useLanguage();
  return (error) => problemText(error, language);
}
