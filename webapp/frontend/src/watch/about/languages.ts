/** The name of a language (BCP 47) in the language of the page; the tag itself where the browser knows no name. */
export function languageName(tag: string, shownIn: string): string {
  try {
    return new Intl.DisplayNames([shownIn], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
