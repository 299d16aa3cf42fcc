import { describe, expect, it } from "vitest";

import { codeFrom, fullCode, pictureFault } from "./codes";

describe("codes of emotes", () => {
  it("are the prefix and a word with a capital letter", () => {
    expect(fullCode("anna", "Love")).toBe("annaLove");
    expect(fullCode("anna", "annaLove")).toBe("annaLove");
    expect(fullCode("anna", "love")).toBeNull();
    expect(fullCode("anna", "Lo ve")).toBeNull();
    expect(fullCode("anna", "L".repeat(22))).toBeNull();
    expect(fullCode("", "Love")).toBe("Love");
  });

  it("are suggested by names of files", () => {
    expect(codeFrom("love heart.final.png")).toBe("LoveHeartFinal");
    expect(codeFrom("123.gif")).toBe("");
    expect(codeFrom("..")).toBe("");
    expect(codeFrom("x".repeat(80) + ".png")).toHaveLength(15);
  });
});

describe("pictures", () => {
  it("are refused before they are sent when they cannot be emotes", () => {
    expect(pictureFault({ type: "image/svg+xml", size: 10 })).toBe("kind");
    expect(pictureFault({ type: "image/png", size: 3_000_000 })).toBe("large");
    expect(pictureFault({ type: "image/png", size: 0 })).toBe("empty");
    expect(pictureFault({ type: "image/gif", size: 10 })).toBeNull();
  });
});
