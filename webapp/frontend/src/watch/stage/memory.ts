/** What the player remembers in this browser: volume, quality, captions; and for this visit, which warnings were read. */

export interface Sound {
  /** 0 to 1. */
  readonly volume: number;
  readonly muted: boolean;
}

const SOUND = "weir-sound";
const QUALITY = "weir-quality";
const CAPTIONS = "weir-captions";
const SHORTCUTS = "weir-shortcuts";
const THEATRE = "weir-theatre";
const MATURE = "weir-mature-";
const FULL: Sound = { volume: 1, muted: false };

/** What was stored is whatever some version, or somebody, wrote there: only what makes sense counts. Pure. */
export function soundFrom(stored: string | null): Sound {
  try {
    const { volume, muted } = JSON.parse(stored ?? "null") as { volume: unknown; muted: unknown };
    return typeof volume === "number" && volume >= 0 && volume <= 1 ? { volume, muted: muted === true } : FULL;
  } catch {
    return FULL;
  }
}

export function recallSound(): Sound {
  return soundFrom(read(localStore(), SOUND));
}

export function rememberSound(sound: Sound): void {
  write(localStore(), SOUND, JSON.stringify(sound));
}

/** Lines of the picture that was chosen; null: the network decides. */
export function recallQuality(): number | null {
  const height = Number.parseInt(read(localStore(), QUALITY) ?? "", 10);
  return height > 0 ? height : null;
}

export function rememberQuality(height: number | null): void {
  write(localStore(), QUALITY, height === null ? null : String(height));
}

export function recallCaptions(): boolean {
  return read(localStore(), CAPTIONS) === "on";
}

export function rememberCaptions(on: boolean): void {
  write(localStore(), CAPTIONS, on ? "on" : null);
}

/** Single keys act unless somebody does not want that (WCAG 2.1.4): dictation software types letters. */
export function recallShortcuts(): boolean {
  return read(localStore(), SHORTCUTS) !== "off";
}

export function rememberShortcuts(on: boolean): void {
  write(localStore(), SHORTCUTS, on ? null : "off");
}

export function recallTheatre(): boolean {
  return read(localStore(), THEATRE) === "on";
}

export function rememberTheatre(on: boolean): void {
  write(localStore(), THEATRE, on ? "on" : null);
}

/** Whether the warning before a channel for adults was read in this visit. */
export function recallMature(login: string): boolean {
  return read(visitStore(), MATURE + login) === "read";
}

export function rememberMature(login: string): void {
  write(visitStore(), MATURE + login, "read");
}

function localStore(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null; // storage is forbidden here, as in some frames
  }
}

function visitStore(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

function read(store: Storage | null, key: string): string | null {
  return store?.getItem(key) ?? null;
}

function write(store: Storage | null, key: string, value: string | null): void {
  try {
    if (value === null) {
      store?.removeItem(key);
    } else {
      store?.setItem(key, value);
    }
  } catch {
    // full, or forbidden: then it is not remembered
  }
}
