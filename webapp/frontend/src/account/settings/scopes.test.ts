import { expect, it } from "vitest";

import { SCOPE_TEXTS, SCOPES, scopeText } from "./scopes";

it("offers all scopes, those for chat first and those of moderators last", () => {
  expect(new Set(SCOPES)).toEqual(new Set(Object.keys(SCOPE_TEXTS.de)));
  expect(SCOPES[0]).toMatch(/^chat:/);
  expect(SCOPES.at(-1)).toMatch(/^moderator:/);
});

it("names a scope that it does not know", () => {
  expect(scopeText(SCOPE_TEXTS.de, "chat:read")).toBe("Den Chat lesen (IRC)");
  expect(scopeText(SCOPE_TEXTS.en, "channel:read:future")).toBe("channel:read:future");
});
