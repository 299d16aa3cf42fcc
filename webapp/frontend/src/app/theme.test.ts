import { expect, it } from "vitest";

import { themeOf } from "./theme";

it("is what was chosen", () => {
  expect(themeOf("light", { light: false, contrast: true })).toBe("light");
  expect(themeOf("dark", { light: true, contrast: false })).toBe("dark");
});

it("follows the system where that was chosen, contrast first", () => {
  expect(themeOf("system", { light: false, contrast: false })).toBe("dark");
  expect(themeOf("system", { light: true, contrast: false })).toBe("light");
  expect(themeOf("system", { light: true, contrast: true })).toBe("contrast");
});
