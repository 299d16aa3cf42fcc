import { describe, expect, it } from "vitest";

import { Cea608 } from "./cea608";

/** Pairs in hexadecimal, of the first field; `'text'` is sent two characters a pair. */
function fed(script: string, decoder = new Cea608(), field: 0 | 1 = 0): Cea608 {
  for (const [word, text] of script.matchAll(/'([^']*)'|\S+/g)) {
    if (text === undefined) {
      decoder.feed(field, Number.parseInt(word.slice(0, 2), 16), Number.parseInt(word.slice(2), 16));
      continue;
    }
    for (let index = 0; index < text.length; index += 2) {
      decoder.feed(field, text.charCodeAt(index), index + 1 < text.length ? text.charCodeAt(index + 1) : 0);
    }
  }
  return decoder;
}

function lines(script: string): string[] {
  return fed(script).rows.map(({ row, column, text }) => `${row}:${column} ${text}`);
}

describe("captions that pop on", () => {
  it("are seen when they are complete, and go when they are erased", () => {
    const decoder = fed("1420 142e 1470 'Hello, world'");
    expect(decoder.rows).toEqual([]);
    fed("142f", decoder);
    expect(decoder.rows).toEqual([{ row: 14, column: 0, text: "Hello, world" }]);
    fed("1420 142e 1450 'Next' 142f", decoder);
    expect(decoder.rows.map(({ text }) => text)).toEqual(["Next"]);
    fed("142c", decoder);
    expect(decoder.rows).toEqual([]);
  });

  it("have a place, in steps of four columns and tabs", () => {
    expect(lines("1420 1152 'top' 1476 1722 'low' 142f")).toEqual(["0:4 top", "14:14 low"]);
  });

  it("are said once, though commands are sent twice", () => {
    expect(lines("1420 1420 1470 1470 'ab' 1137 1137 'cd' 142f 142f")).toEqual(["14:0 ab♪cd"]);
  });

  it("may be rubbed out while they are written", () => {
    expect(lines("1420 1470 'abcd' 1421 'e' 142f")).toEqual(["14:0 abce"]);
    expect(lines("1420 1470 'abcdef' 1472 1424 142f")).toEqual(["14:0 abcd"]);
  });
});

describe("captions that roll up", () => {
  it("push the lines before them up, as many as there is room for", () => {
    const said = "1425 142d 1470 'one' 142d 1470 'two' 142d 1470 'three'";
    expect(lines(said)).toEqual(["13:0 two", "14:0 three"]);
    expect(lines(said.replace("1425", "1426"))).toEqual(["12:0 one", "13:0 two", "14:0 three"]);
  });

  it("are seen letter by letter", () => {
    expect(lines("1425 142d 1470 'wai'")).toEqual(["14:0 wai"]);
  });

  it("move as a whole to another place", () => {
    expect(lines("1425 1470 'one' 142d 'two' 1150")).toEqual(["0:0 one", "1:0 two"]);
  });
});

describe("captions that are painted on", () => {
  it("are written into what is seen", () => {
    expect(lines("1429 1470 'abc' 1152 'd'")).toEqual(["0:4 d", "14:0 abc"]);
  });
});

describe("characters", () => {
  it("are not quite ASCII", () => {
    expect(lines("1429 1470 2a5c 5e5f 607b 7c7d 7e27")).toEqual(["14:0 áéíóúç÷Ññ’"]);
  });

  it("of the extended sets take the place of the plain one before", () => {
    expect(lines("1429 1470 'Ko' 1333 'ln, E' 1221 'tat'")).toEqual(["14:0 Köln, État"]);
  });

  it("beyond the last column stand in the last one", () => {
    expect(lines(`1429 1470 '${"x".repeat(40)}y'`)).toEqual([`14:0 ${"x".repeat(31)}y`]);
  });
});

describe("several services", () => {
  it("are kept apart, and the first that says something is shown", () => {
    const decoder = fed("1429 1470 'one' 1c29 1c70 'zwei' 1429 'more'");
    expect(decoder.rows.map(({ text }) => text)).toEqual(["onemore"]);
  });

  it("are found in the second field, too, between data that is no caption", () => {
    const decoder = fed("0103 'News' 0f1d 1529 1570 'dos'", new Cea608(), 1);
    expect(decoder.rows.map(({ text }) => text)).toEqual(["dos"]);
  });

  it("leave text mode alone", () => {
    expect(lines("142a 'weather' 1420 1470 'a' 142f")).toEqual(["14:0 a"]);
  });
});

describe("damaged data", () => {
  it("never throws, and never leaves the screen", () => {
    let seed = 1;
    const dice = (): number => (seed = (seed * 48271) % 0x7fffffff) & 0xff;
    const decoder = new Cea608();
    for (let count = 0; count < 50_000; count++) {
      decoder.feed(dice() < 128 ? 0 : 1, dice(), dice());
      if (count % 100 === 0) {
        for (const { row, column, text } of decoder.rows) {
          expect(row).toBeLessThan(15);
          expect(column + text.length).toBeLessThanOrEqual(32);
        }
      }
    }
  });

  it("that is padding, or text before any command, says nothing", () => {
    expect(lines("8080 'abc' 0000")).toEqual([]);
  });
});
