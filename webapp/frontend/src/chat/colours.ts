/** Colours of names that can be read on the ground they stand on (WCAG: 4.5:1). Pure. */

export type Rgb = readonly [number, number, number];

const ENOUGH = 4.5;
const MOST_REMEMBERED = 2_000;

/** For who chose none; which one is settled by the account's id. */
const DEFAULTS = [
  "#FF6B6B", "#F29E4C", "#E8C547", "#9BC53D", "#4FB477", "#2EC4B6", "#3DA5D9",
  "#5C8CFF", "#8E7CFF", "#B57BEE", "#E07BD4", "#FF7BAC", "#C98B6B", "#7FB7BE", "#A3B18A",
] as const;

/** Read `#rrggbb`, `#rgb` or what a computed style says (`rgb(1, 2, 3)`); `null`: neither. */
export function parseColour(text: string): Rgb | null {
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text);
  if (long) return triple(long.slice(1).map((part) => parseInt(part, 16)));
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text);
  if (short) return triple(short.slice(1).map((part) => parseInt(part + part, 16)));
  const computed = /^rgba?\((\d{1,3})[ ,]+(\d{1,3})[ ,]+(\d{1,3})\b/.exec(text);
  return computed ? triple(computed.slice(1).map(Number)) : null;
}

function triple([red = 0, green = 0, blue = 0]: readonly number[]): Rgb {
  return [red, green, blue];
}

function linear(channel: number): number {
  const part = channel / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** WCAG's contrast ratio, 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Hue and saturation stay, lightness goes to where the text can be read. */
export function readable(colour: Rgb, ground: Rgb): Rgb {
  if (contrast(colour, ground) >= ENOUGH) return colour;
  const [hue, saturation, lightness] = toHsl(colour);
  // The side on which more contrast can be had.
  const goal = contrast([255, 255, 255], ground) >= contrast([0, 0, 0], ground) ? 1 : 0;
  let near = lightness;
  let far: number = goal;
  for (let step = 0; step < 12; step += 1) {
    const middle = (near + far) / 2;
    if (contrast(fromHsl(hue, saturation, middle), ground) >= ENOUGH) far = middle;
    else near = middle;
  }
  return fromHsl(hue, saturation, far);
}

function toHsl([red, green, blue]: Rgb): readonly [number, number, number] {
  const [r, g, b] = [red / 255, green / 255, blue / 255];
  const most = Math.max(r, g, b);
  const least = Math.min(r, g, b);
  const lightness = (most + least) / 2;
  const spread = most - least;
  if (spread === 0) return [0, 0, lightness];
  const saturation = spread / (1 - Math.abs(2 * lightness - 1));
  const sector = most === r ? ((g - b) / spread + 6) % 6 : most === g ? (b - r) / spread + 2 : (r - g) / spread + 4;
  return [sector * 60, saturation, lightness];
}

function fromHsl(hue: number, saturation: number, lightness: number): Rgb {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number): number => {
    const turn = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(turn - 3, 9 - turn, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

const remembered = new Map<string, string>();

/** The colour of a name as CSS has it: the chosen one (or one by `userId`), made readable on `ground` (CSS, too). */
export function nameColour(chosen: string, userId: string, ground: string): string {
  const key = `${chosen || userId} ${ground}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const colour = parseColour(chosen) ?? parseColour(defaultColour(userId)) ?? [128, 128, 128];
  const [red, green, blue] = readable(colour, parseColour(ground) ?? [0, 0, 0]);
  const css = `rgb(${red}, ${green}, ${blue})`;
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(key, css);
  return css;
}

function defaultColour(userId: string): string {
  let sum = 0;
  for (const letter of userId) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  return DEFAULTS[sum % DEFAULTS.length] ?? DEFAULTS[0];
}
