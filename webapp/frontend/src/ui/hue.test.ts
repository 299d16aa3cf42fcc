import { expect, it } from "vitest";

import { hue } from "./hue";

it("is a colour that stays", () => {
  expect(hue("streamer")).toBe(hue("streamer"));
  expect(hue("streamer")).toBeLessThan(360);
  expect(hue("")).toBe(0);
});
