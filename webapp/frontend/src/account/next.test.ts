import { describe, expect, it } from "vitest";

import { afterLogIn, withNext } from "./next";

describe("afterLogIn", () => {
  it.each([
    ["/anna", "/anna"],
    ["/settings/security?x=1#tokens", "/settings/security?x=1#tokens"],
    ["/search?q=//evil.example", "/search?q=//evil.example"],
  ])("lets paths of this site through: %s", (next, path) => {
    expect(afterLogIn(next)).toBe(path);
  });

  it.each([
    null,
    "",
    "anna",
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/.//evil.example",
    "/a/..//evil.example",
    "/%2e//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "//[",
    "/login?next=/login",
    "/signup",
  ])("leads home instead of elsewhere: %j", (next) => {
    expect(afterLogIn(next)).toBe("/");
  });
});

describe("withNext", () => {
  it("leads back to where one was", () => {
    expect(withNext("/login", "/anna?t=1")).toBe("/login?next=%2Fanna%3Ft%3D1");
    expect(afterLogIn(new URL(withNext("/login", "/anna?t=1"), "https://x.example").searchParams.get("next"))).toBe("/anna?t=1");
  });

  it("leaves out what would lead nowhere", () => {
    expect(withNext("/login", "/")).toBe("/login");
    expect(withNext("/signup", "/login")).toBe("/signup");
  });
});
