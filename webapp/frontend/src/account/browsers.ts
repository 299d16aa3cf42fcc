/** Names browsers and systems by their User-Agent, so that people recognise their own. Pure; a guess, for showing only. */

const BROWSERS: [RegExp, string][] = [
  [/\bEdgA?\//, "Edge"],
  [/\b(?:OPR|Opera)\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:HeadlessChrome|Chrome|CriOS|Chromium)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
  [/^curl\//, "curl"],
];

const SYSTEMS: [RegExp, string][] = [
  [/\biPad\b/, "iPad"],
  [/\biPhone\b/, "iPhone"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bLinux\b|\bX11\b/, "Linux"],
];

function firstOf(names: [RegExp, string][], userAgent: string): string {
  return names.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "";
}

/** Give such as "Firefox · Windows"; a program's own words where they are neither, and `unknown` where there are none. */
export function browserName(userAgent: string, unknown: string): string {
  const known = [firstOf(BROWSERS, userAgent), firstOf(SYSTEMS, userAgent)].filter((name) => name !== "");
  if (known.length > 0) return known.join(" · ");
  const word = userAgent.trim().split(/[\s/]/, 1)[0] ?? "";
  return word === "" ? unknown : word.slice(0, 40);
}

/** Whether this is an iPhone or iPad, where only installed pages may be pushed to. iPads call themselves Macs. */
export function isIos(userAgent: string, touchPoints: number): boolean {
  return /\b(?:iPhone|iPad|iPod)\b/.test(userAgent) || (userAgent.includes("Macintosh") && touchPoints > 1);
}
