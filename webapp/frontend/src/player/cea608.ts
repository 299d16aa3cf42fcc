/**
 * Decodes CEA-608 captions: pairs of bytes in, what is on the screen out. Pure; one pair at a time, so that a caption is known
 * the moment it begins. (hls.js has a decoder too, but tells of a caption only when it has ended, and forgets everything with
 * each part of a low-latency stream: at half a second behind live nobody would see a word.)
 *
 * After 47 CFR 15.119 and CEA-608-E. Colours, italics and underlining are left to the viewer's own settings.
 */

const ROWS = 15;
const COLUMNS = 32;

/** One line of text on the screen. */
export interface CaptionRow {
  /** 0, at the top, to 14. */
  readonly row: number;
  /** Where the text begins, 0 to 31. */
  readonly column: number;
  readonly text: string;
}

type Mode = "pop-on" | "paint-on" | "roll-up" | "text";
/** `null` is transparent: nothing was written there. */
type Screen = (string | null)[][];

/** What differs from ASCII. */
const BASIC: Readonly<Record<string, string>> = {
  "'": "’",
  "*": "á",
  "\\": "é",
  "^": "í",
  _: "ó",
  "`": "ú",
  "{": "ç",
  "|": "÷",
  "}": "Ñ",
  "~": "ñ",
  "\x7f": "█",
};
/** 0x11 0x30 and on; the tenth is a transparent space. */
const SPECIAL = "®°½¿™¢£♪à\u00a0èâêîôû";
/** 0x12 0x20 and on: Spanish, miscellaneous, French. */
const EXTENDED_1 = "ÁÉÓÚÜü‘¡*'—©℠•“”ÀÂÇÈÊËëÎÏïÔÙùÛ«»";
/** 0x13 0x20 and on: Portuguese, German, Danish. */
const EXTENDED_2 = "ÃãÍÌìÒòÕõ{}\\^_|~ÄäÖöß¥¤│ÅåØø┌┐└┘";
/** Rows of a preamble by the low three bits of its first byte, for second bytes below 0x60 and from there. */
const PREAMBLE_ROWS: readonly (readonly [number, number])[] = [
  [10, 10],
  [0, 1],
  [2, 3],
  [11, 12],
  [13, 14],
  [4, 5],
  [6, 7],
  [8, 9],
];

/** One of the four caption services, CC1 to CC4. */
class Service {
  #mode: Mode | null = null;
  #shown = empty();
  #hidden = empty();
  #row = ROWS - 1;
  #column = 0;
  #rollRows = 2;
  #used = false;

  /** Something was ever said in it. */
  get used(): boolean {
    return this.#used;
  }

  get rows(): readonly CaptionRow[] {
    return this.#shown.flatMap((cells, row) => {
      const column = cells.findIndex((cell) => cell !== null && cell.trim() !== "");
      const text = cells.map((cell) => cell ?? " ").join("");
      return column < 0 ? [] : [{ row, column, text: text.slice(column).trimEnd() }];
    });
  }

  /** A pair that begins with 0x14 or 0x15: what is done with the two screens. */
  control(code: number): void {
    switch (code) {
      case 0x20:
        this.#mode = "pop-on";
        break;
      case 0x21:
        this.#backspace();
        break;
      case 0x24:
        this.#screen[this.#row]?.fill(null, this.#column);
        break;
      case 0x25:
      case 0x26:
      case 0x27:
        this.#rollUp(code - 0x23);
        break;
      case 0x29:
        this.#mode = "paint-on";
        break;
      case 0x2a:
      case 0x2b:
        this.#mode = "text"; // a teletext of its own: not for the picture
        break;
      case 0x2c:
        this.#shown = empty();
        break;
      case 0x2d:
        this.#carriageReturn();
        break;
      case 0x2e:
        this.#hidden = empty();
        break;
      case 0x2f:
        this.#mode = "pop-on";
        [this.#shown, this.#hidden] = [this.#hidden, this.#shown];
    }
  }

  /** A preamble: to which row, and how far from the left. */
  moveTo(row: number, column: number): void {
    if (this.#mode === "roll-up" && row !== this.#row) {
      const base = Math.max(row, this.#rollRows - 1);
      const lines = this.#shown.slice(this.#row - this.#rollRows + 1, this.#row + 1);
      this.#shown = empty();
      this.#shown.splice(base - lines.length + 1, lines.length, ...lines);
      this.#row = base;
    } else {
      this.#row = row;
    }
    this.#column = column;
  }

  tab(columns: number): void {
    this.#column = Math.min(COLUMNS - 1, this.#column + columns);
  }

  write(text: string): void {
    const cells = this.#mode === null || this.#mode === "text" ? undefined : this.#screen[this.#row];
    if (cells !== undefined) {
      cells[this.#column] = text;
      this.#used ||= text.trim() !== "";
      this.tab(1); // in the last column each character takes the place of the one before
    }
  }

  /** A character of the extended sets takes the place of the plain one sent before it for older decoders. */
  replace(text: string): void {
    this.#backspace();
    this.write(text);
  }

  get #screen(): Screen {
    return this.#mode === "pop-on" ? this.#hidden : this.#shown;
  }

  #backspace(): void {
    const cells = this.#screen[this.#row];
    if (this.#column > 0 && cells !== undefined && this.#mode !== "text") {
      const full = this.#column === COLUMNS - 1 && cells[this.#column] !== null;
      this.#column -= full ? 0 : 1;
      cells[this.#column] = null;
    }
  }

  #rollUp(rows: number): void {
    if (this.#mode !== "roll-up") {
      this.#mode = "roll-up";
      this.#shown = empty();
      this.#hidden = empty();
      this.#row = ROWS - 1;
      this.#column = 0;
    }
    this.#rollRows = rows;
    this.#row = Math.max(this.#row, rows - 1);
    this.#shown = this.#shown.map((cells, row) => (row <= this.#row - rows ? blank() : cells));
  }

  #carriageReturn(): void {
    if (this.#mode === "roll-up") {
      this.#shown.splice(this.#row - this.#rollRows + 1, 1);
      this.#shown.splice(this.#row, 0, blank());
      this.#column = 0;
    }
  }
}

/** The captions of one stream. Both fields of the picture carry two services. */
export class Cea608 {
  readonly #services = new Map<number, Service>();
  /** By field: the service that is being written; -1: data that is no caption. */
  readonly #current = [-1, -1];
  /** By field: the last control pair, which is sent twice for safety. */
  readonly #last = [-1, -1];

  /** What is on the screen: of the first service that has ever said something, as CC1 is the main one. */
  get rows(): readonly CaptionRow[] {
    const used = [...this.#services].filter(([, service]) => service.used).sort(([one], [other]) => one - other);
    return used[0]?.[1].rows ?? [];
  }

  /** Take the next pair of a field (0 or 1); the parity bits do not matter. */
  feed(field: 0 | 1, first: number, second: number): void {
    const a = first & 0x7f;
    const b = second & 0x7f;
    if (a === 0 && b === 0) {
      return; // padding
    }
    const pair = (a << 8) | b;
    if (a >= 0x10 && a < 0x20) {
      const repeated = pair === this.#last[field];
      this.#last[field] = repeated ? -1 : pair;
      if (!repeated) {
        this.#command(field, a, b);
      }
      return;
    }
    this.#last[field] = -1;
    if (a > 0 && a < 0x10) {
      this.#current[field] = -1; // extended data services: programme names and the like
    } else {
      this.#text(field, a);
      this.#text(field, b);
    }
  }

  #text(field: 0 | 1, code: number): void {
    if (code >= 0x20) {
      const plain = String.fromCharCode(code);
      this.#services.get(this.#current[field] ?? -1)?.write(BASIC[plain] ?? plain);
    }
  }

  #command(field: 0 | 1, a: number, b: number): void {
    if (b < 0x20) {
      return; // damaged
    }
    const number = field * 2 + ((a & 0x08) >> 3);
    const kind = a & 0x17;
    this.#current[field] = number;
    let service = this.#services.get(number);
    if (service === undefined) {
      service = new Service();
      this.#services.set(number, service);
    }
    if (b >= 0x40) {
      const row = PREAMBLE_ROWS[a & 0x07]?.[b < 0x60 ? 0 : 1] ?? ROWS - 1;
      service.moveTo(row, (b & 0x10) === 0 ? 0 : (b & 0x0e) << 1);
    } else if ((kind === 0x14 || kind === 0x15) && b < 0x30) {
      service.control(b);
    } else if (kind === 0x17 && b >= 0x21 && b <= 0x23) {
      service.tab(b - 0x20);
    } else if (kind === 0x11) {
      service.write(b < 0x30 ? " " : (SPECIAL[b - 0x30] ?? " ")); // a change of the pen takes a place
    } else if (kind === 0x12 || kind === 0x13) {
      service.replace((kind === 0x12 ? EXTENDED_1 : EXTENDED_2)[b - 0x20] ?? " ");
    }
  }
}

function blank(): (string | null)[] {
  return Array.from({ length: COLUMNS }, () => null);
}

function empty(): Screen {
  return Array.from({ length: ROWS }, blank);
}
