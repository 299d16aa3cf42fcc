/** Addresses of pictures. */

/** A picture's address as the page may load it: the site's own host, also where its configured name is another one. */
export function assetPath(url: string | null | undefined): string | undefined {
  if (url === null || url === undefined || url === "") {
    return undefined;
  }
  try {
    const { pathname, search } = new URL(url, "http://here.invalid");
    return pathname + search;
  } catch {
    return undefined;
  }
}
