import { describe, expect, it } from "vitest";

import { isOurs, matchPath, safeNext } from "./paths";

describe("matchPath", () => {
  it("gives the parts that a pattern names", () => {
    expect(matchPath("/directory/category/:id", "/directory/category/7")).toEqual({ id: "7" });
    expect(matchPath("/popout/:login/chat", "/popout/anna/chat")).toEqual({ login: "anna" });
    expect(matchPath("/", "/")).toEqual({});
  });

  it("does not mind a slash at the end", () => {
    expect(matchPath("/:login", "/anna/")).toEqual({ login: "anna" });
  });

  it("decodes what it gives", () => {
    expect(matchPath("/directory/category/:id", "/directory/category/a%2Fb%20c")).toEqual({ id: "a/b c" });
  });

  it.each(["/directory", "/directory/category", "/directory/category/7/8", "/other/category/7", "/directory/category/%ff"])(
    "refuses %s",
    (path) => {
      expect(matchPath("/directory/category/:id", path)).toBeNull();
    },
  );
});

describe("isOurs", () => {
  it.each(["/", "/anna", "/search?q=x", "/settings/profile", "/apiary"])("keeps %s in the application", (path) => {
    expect(isOurs(path)).toBe(true);
  });

  it.each(["/api/docs", "/oauth2/authorize?x=1", "/static/a.js", "//evil.example/", "https://evil.example/"])(
    "leaves %s to the server",
    (path) => {
      expect(isOurs(path)).toBe(false);
    },
  );
});

describe("safeNext", () => {
  it("takes paths of this site", () => {
    expect(safeNext("/anna?x=1#y")).toBe("/anna?x=1#y");
  });

  it.each([null, "", "anna", "//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example", "/a\\b"])(
    "takes nothing else: %s",
    (next) => {
      expect(safeNext(next)).toBe("/");
    },
  );
});
