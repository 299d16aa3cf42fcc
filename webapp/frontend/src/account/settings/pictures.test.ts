import { expect, it } from "vitest";

import { pictureFault } from "./pictures";

it("sends only what may be a picture", () => {
  expect(pictureFault({ type: "image/png", size: 8 * 1024 * 1024 })).toBeNull();
  expect(pictureFault({ type: "image/png", size: 8 * 1024 * 1024 + 1 })).toBe("large");
  for (const type of ["image/svg+xml", "text/html", ""]) expect(pictureFault({ type, size: 1 })).toBe("kind");
});
