/** Addresses and code for other pages. Pure. */

/** HTML that shows a channel's player in another page. `login` has letters, digits and underscores only. */
export function embedCode(webUrl: string, login: string): string {
  const source = `${webUrl}/embed/${login}`.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  const allow = 'allow="autoplay; fullscreen; picture-in-picture" allowfullscreen';
  return `<iframe src="${source}" width="854" height="480" title="${login}" ${allow}></iframe>`;
}
