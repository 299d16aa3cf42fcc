import { expect, it } from "vitest";

import { findRoute } from "./routes";

const pattern = (path: string): string => findRoute(path).route.pattern;

it("finds the pages of nobody in particular", () => {
  expect(pattern("/")).toBe("/");
  expect(pattern("/directory")).toBe("/directory");
  expect(pattern("/directory/live/")).toBe("/directory/live");
  expect(findRoute("/directory/category/7").params).toEqual({ id: "7" });
});

it("has the page of a channel at its login, in any case of letters", () => {
  expect(findRoute("/Anna_1")).toMatchObject({ route: { pattern: "/:login" }, params: { login: "Anna_1" } });
  expect(pattern("/embed/anna")).toBe("/embed/:login");
  expect(pattern("/popout/anna/chat")).toBe("/popout/:login/chat");
});

it("has tabs of settings, and what stands behind links in letters", () => {
  expect(findRoute("/settings/security").params).toEqual({ tab: "security" });
  expect([pattern("/setup"), pattern("/reset"), pattern("/verify")]).toEqual(["/setup", "/reset", "/verify"]);
});

it("has the dashboard of one's own channel, and those of others", () => {
  expect(pattern("/dashboard")).toBe("/dashboard");
  expect(findRoute("/dashboard/anna/stream")).toMatchObject({ params: { login: "anna", page: "stream" }, route: { ownSide: true } });
  expect(pattern("/dashboard/a-b/stream")).toBe("*");
});

it.each(["/a", "/a-b", "/no/such/page", `/${"a".repeat(26)}`, "/%ff", "/directory/none"])("has no page at %s", (path) => {
  expect(pattern(path)).toBe("*");
});
