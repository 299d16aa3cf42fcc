import { describe, expect, it } from "vitest";

import { EMAIL_PATTERN, LOGIN_PATTERN, namedField, passwordFits, signUpFault } from "./refusal";

describe("namedField", () => {
  it("reads what the API says of a body", () => {
    expect(namedField("Expected `str` of length >= 8 - at `$.password`.")).toBe("password");
    expect(namedField("Expected `str` - at `$.scopes[0]`.")).toBe("scopes");
    expect(namedField("Object missing required field `login`.")).toBeNull();
  });
});

describe("signUpFault", () => {
  it.each([
    [409, "The login anna is taken.", "open", "login-taken"],
    [400, "the login 'admin' is reserved for the site itself; choose another.", "open", "login-reserved"],
    [400, "a login has 3 to 25 characters; 'an' has 2.", "open", "login-form"],
    [400, "Expected `str` matching regex '^[A-Za-z0-9_]{3,25}$' - at `$.login`.", "open", "login-form"],
    [400, "Expected `str` of length >= 8 - at `$.password`.", "open", "password-form"],
    [400, "password must not hold control characters.", "open", "password-form"],
    [400, "Expected `str` of length <= 254 - at `$.email`.", "open", "email-form"],
    [400, "Expected `str` of length >= 20 - at `$.invitation`.", "invite", "invitation-over"],
    [400, "Expected `str` of length >= 20 - at `$.token`.", "open", "link-over"],
    [403, "This invitation was used, or is over.", "invite", "invitation-over"],
    [403, "This site makes no new accounts.", "closed", "other"],
    [429, "Too many new accounts; come back later.", "open", "other"],
    [503, "Too many people log in at once; try again in a moment.", "open", "other"],
  ])("of %i %j (%s) is %s", (status, message, registration, fault) => {
    expect(signUpFault({ status, message }, registration)).toBe(fault);
  });

  it("goes by the reason where there is one", () => {
    expect(signUpFault({ status: 403, message: "x", reason: "link_over" }, "invite")).toBe("link-over");
  });
});

describe("what is checked before it is sent", () => {
  it("are logins", () => {
    expect(LOGIN_PATTERN.test("Anna_1")).toBe(true);
    for (const wrong of ["an", "a".repeat(26), "än_na", "an na", "anna\n"]) expect(LOGIN_PATTERN.test(wrong)).toBe(false);
  });

  it("are passwords, counted in code points", () => {
    expect(passwordFits("correct horse")).toBe(true);
    expect(passwordFits("1234567")).toBe(false);
    expect(passwordFits("😀😀😀😀")).toBe(false);
    expect(passwordFits("x".repeat(201))).toBe(false);
  });

  it("are addresses", () => {
    expect(EMAIL_PATTERN.test("anna@example.org")).toBe(true);
    expect(EMAIL_PATTERN.test("anna@localhost")).toBe(false);
    expect(EMAIL_PATTERN.test("anna example.org")).toBe(false);
  });
});
