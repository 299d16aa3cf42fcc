import { expect, it } from "vitest";

import { splitTags, withTag } from "./tags";

it("takes words at spaces and commas, and leaves what is still typed", () => {
  expect(splitTags("cosy, retro spe")).toEqual({ words: ["cosy", "retro"], rest: "spe" });
  expect(splitTags("cosy,")).toEqual({ words: ["cosy"], rest: "" });
  expect(splitTags("  ")).toEqual({ words: [], rest: "" });
  expect(splitTags("")).toEqual({ words: [], rest: "" });
});

it("says why a tag is not added", () => {
  expect(withTag(["a"], "b")).toEqual(["a", "b"]);
  expect(withTag(["Cosy"], "cOSY")).toBe("twice");
  expect(withTag([], "🎮".repeat(25))).toHaveLength(1);
  expect(withTag([], "x".repeat(26))).toBe("long");
  expect(withTag(Array.from({ length: 10 }, (_, index) => String(index)), "b")).toBe("many");
});
