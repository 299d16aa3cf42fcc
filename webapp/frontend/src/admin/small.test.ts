import { expect, test } from "vitest";

import { formatOf } from "../i18n";
import { TEXTS as AUDIT } from "./audit.texts";
import { sizeText } from "./sizes";
import { usersQuery } from "./users-query";

test("what is typed is looked for as a login or as an address, and nothing else is asked for", () => {
  expect(usersQuery("", "")).toEqual({});
  expect(usersQuery("ann", "suspended")).toEqual({ login: "ann", status: "suspended" });
  expect(usersQuery("anna@example.org", "staff")).toEqual({ email: "anna@example.org" });
  expect(usersQuery("a b", "")).toBeNull();
  expect(usersQuery("x".repeat(26), "")).toBeNull();
});

test("sizes are read at a glance, in both languages", () => {
  const en = (bytes: number): string => sizeText(bytes, (value, options) => formatOf("en").number(value, options));
  const de = (bytes: number): string => sizeText(bytes, (value, options) => formatOf("de").number(value, options));
  expect(en(0)).toBe("0 byte");
  expect(en(999)).toBe("999 byte");
  expect(en(1_540)).toBe("1.5 kB");
  expect(en(52_400_000)).toBe("52 MB");
  expect(de(1_540_000_000)).toBe("1,5\u00a0GB");
  expect(en(7e15)).toBe("7,000 TB");
  expect(en(-1)).toBe("0 byte");
});

test("every deed that has a sentence has one in both languages", () => {
  expect(Object.keys(AUDIT.de.actions)).toEqual(Object.keys(AUDIT.en.actions));
});
