/** Texts and numbers in the language of whoever reads. */

import { formatOf, type Format } from "./format";
import { useLanguage, type Language } from "./language";

export { formatOf, type Format } from "./format";
export { chosenLanguage, currentLanguage, LANGUAGES, pickLanguage, setLanguage, useLanguage, type Language } from "./language";
export { problemText, useProblemText } from "./problems";

/** The texts of one feature, in all languages. */
export type Texts<T> = Readonly<Record<Language, T>>;

/** The texts of a feature in the language of the page. */
export function useTexts<T>(texts: Texts<T>): T {
  return texts[useLanguage()];
}

/** How the language of the page writes numbers and times. */
export function useFormat(): Format {
  return formatOf(useLanguage());
}
