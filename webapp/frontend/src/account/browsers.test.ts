import { describe, expect, it } from "vitest";

import { browserName, isIos } from "./browsers";

const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15";

describe("browserName", () => {
  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36", "Chrome · Linux"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox · Windows"],
    ["Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0", "Edge · Windows"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/156.0 Safari/604.1", "Chrome · iPhone"],
    [MAC, "Safari · macOS"],
    ["curl/8.9", "curl"],
    ["python-httpx/0.28", "python-httpx"],
    ["", "?"],
    ["x".repeat(200), "x".repeat(40)],
  ])("says %j", (userAgent, name) => {
    expect(browserName(userAgent, "?")).toBe(name);
  });
});

describe("isIos", () => {
  it("knows iPads that say they are Macs", () => {
    expect(isIos(MAC, 5)).toBe(true);
    expect(isIos(MAC, 0)).toBe(false);
    expect(isIos("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", 5)).toBe(true);
    expect(isIos("Mozilla/5.0 (X11; Linux x86_64)", 10)).toBe(false);
  });
});
