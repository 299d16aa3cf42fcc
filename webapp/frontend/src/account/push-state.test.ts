import { describe, expect, it } from "vitest";

import { keyBytes, pushState, sameBytes, type PushFacts } from "./push-state";

const ABLE: PushFacts = {
  secure: true,
  supported: true,
  ios: false,
  installed: false,
  permission: "granted",
  subscribed: true,
};

describe("pushState", () => {
  it.each([
    [{}, "on"],
    [{ subscribed: false }, "off"],
    [{ permission: "default" }, "off"],
    [{ permission: "denied" }, "denied"],
    [{ supported: false }, "unsupported"],
    [{ secure: false, supported: false }, "insecure"],
    [{ ios: true, supported: false }, "install-first"],
    [{ ios: true, installed: true }, "on"],
    [{ ios: true, installed: true, supported: false }, "unsupported"],
  ] satisfies [Partial<PushFacts>, string][])("of %j is %s", (facts, state) => {
    expect(pushState({ ...ABLE, ...facts })).toBe(state);
  });
});

describe("keys", () => {
  it("are read from base64url", () => {
    expect([...keyBytes("-_8A")]).toEqual([251, 255, 0]);
    expect([...keyBytes("AQI")]).toEqual([1, 2]);
  });

  it("are compared by their bytes", () => {
    const key = keyBytes("AQID");
    expect(sameBytes(new Uint8Array([1, 2, 3]).buffer, key)).toBe(true);
    expect(sameBytes(new Uint8Array([1, 2, 4]).buffer, key)).toBe(false);
    expect(sameBytes(new Uint8Array([1, 2]).buffer, key)).toBe(false);
    expect(sameBytes(null, key)).toBe(false);
  });
});
