import { describe, expect, it } from "vitest";

import { contrast, nameColour, parseColour, readable, type Rgb } from "./colours";

const GROUNDS: readonly string[] = ["#16191f", "#ffffff", "#000000", "#20242c", "#f6f7f9", "#777777"];

function parsed(text: string): Rgb {
  const colour = parseColour(text);
  if (!colour) throw new Error(text);
  return colour;
}

describe("the colour of a name", () => {
  it.each(GROUNDS)("can be read on %s, whichever was chosen", (ground) => {
    for (let red = 0; red < 256; red += 51) {
      for (let green = 0; green < 256; green += 51) {
        for (let blue = 0; blue < 256; blue += 51) {
          const shown = readable([red, green, blue], parsed(ground));
          // Rounding to whole channels costs a little.
          expect(contrast(shown, parsed(ground))).toBeGreaterThan(4.4);
        }
      }
    }
  });

  it("stays as it was chosen where it can be read", () => {
    expect(readable(parsed("#19E6E6"), parsed("#000"))).toEqual(parsed("#19E6E6"));
  });

  it("keeps its hue: blue on black becomes a lighter blue", () => {
    const [red, green, blue] = readable(parsed("#0000FF"), parsed("#000"));
    expect(blue).toBe(255);
    expect(red).toBe(green);
  });

  it("is one of ours by the account when none was chosen, and always the same", () => {
    expect(nameColour("", "42", "#000000")).toBe(nameColour("", "42", "#000000"));
    expect(parseColour(nameColour("", "42", "#000000"))).not.toBeNull();
  });

  it("is one of ours when what was chosen is no colour", () => {
    expect(nameColour("red; background: url(x)", "42", "#000000")).toMatch(/^rgb\(\d+, \d+, \d+\)$/);
  });

  it("is read from what browsers say of the ground", () => {
    expect(parseColour("rgb(22, 25, 31)")).toEqual([22, 25, 31]);
    expect(parseColour("rgba(22, 25, 31, 0.5)")).toEqual([22, 25, 31]);
    expect(parseColour("transparent")).toBeNull();
  });
});
