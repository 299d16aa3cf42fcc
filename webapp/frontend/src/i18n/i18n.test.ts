import { describe, expect, it } from "vitest";

import { ApiError } from "../api/client";
import { formatOf, latency, since } from "./format";
import { pickLanguage } from "./language";
import { loadProblems, problemText } from "./problems";

const en = formatOf("en");
const de = formatOf("de");
const NOW = Date.parse("2026-11-23T12:00:00Z");

describe("language", () => {
  it("is the chosen one, else the first that we speak, else English", () => {
    expect(pickLanguage("de", ["en-GB"])).toBe("de");
    expect(pickLanguage(null, ["fr-FR", "de-AT", "en"])).toBe("de");
    expect(pickLanguage("xx", [])).toBe("en");
    expect(pickLanguage(null, ["fr"])).toBe("en");
  });
});

describe("format", () => {
  it("shortens large counts only", () => {
    expect([7, 1234, 12_345, 1_234_567].map((value) => en.count(value))).toEqual(["7", "1,234", "12.3K", "1.2M"]);
    expect(de.count(1234)).toBe("1.234");
  });

  it("writes durations", () => {
    expect([0, 187, 3765, -5, 90_000].map((value) => en.duration(value))).toEqual(["0:00", "3:07", "1:02:45", "0:00", "25:00:00"]);
  });

  it("says how long ago in both languages", () => {
    expect(en.ago("2026-11-23T11:57:00Z", NOW)).toBe("3 minutes ago");
    expect(de.ago("2026-11-23T11:57:00Z", NOW)).toBe("vor 3 Minuten");
    expect(en.ago("2026-11-23T11:59:50Z", NOW)).toBe("now");
    expect(en.ago("2024-11-01T00:00:00Z", NOW)).toBe("2 years ago");
    expect(en.ago("nonsense", NOW)).toBe("");
  });

  it("writes nothing for what is no time", () => {
    expect([en.date("x"), en.month(""), en.time("y")]).toEqual(["", "", ""]);
  });

  it("writes money, and currencies nobody knows", () => {
    expect(en.money(499, "usd")).toBe("$4.99");
    expect(en.money(500, "jpy")).toBe("¥500");
    expect(en.money(5, "nope!")).toBe("5 nope!");
  });

  it("writes latencies", () => {
    expect([0.615, 12.4, 200, -1].map(latency)).toEqual(["0.61 s", "12 s", "3:20", "0.00 s"]);
  });

  it("counts from a time", () => {
    expect(since("2026-11-23T11:59:00Z", NOW)).toBe(60);
    expect([since(null, NOW), since("x", NOW), since("2027-01-01T00:00:00Z", NOW)]).toEqual([0, 0, 0]);
  });
});

describe("problemText", () => {
  const refused = new ApiError(403, "You may not.", { status: 403, message: "You may not." });

  it("says the server's sentence where it has none of its own", () => {
    expect(problemText(refused, "en")).toBe("You may not.");
    expect(problemText(refused, "de")).toBe("You may not.");
  });

  it("knows reasons, their ends, sentences and statuses", async () => {
    await loadProblems("de");
    expect(problemText(new ApiError(422, "x", { status: 422, message: "x", reason: "bad_ban_self" }), "de")).toContain("dir selbst");
    const message = "Log in first.";
    expect(problemText(new ApiError(401, message, { status: 401, message }), "de")).toBe("Melde dich zuerst an.");
    expect(problemText(new ApiError(403, "x", { status: 403, message: "x", reason: "offline" }), "de")).toContain("nicht live");
    expect(problemText(new ApiError(0, "x"), "en")).toContain("does not answer");
    expect(problemText(new ApiError(0, "x"), "de")).toContain("antwortet nicht");
  });

  it("says how long to wait", () => {
    expect(problemText(new ApiError(429, "x", null, 7), "en")).toContain("7 s");
  });

  it("has a sentence for what is no answer of the server", () => {
    expect(problemText(new TypeError("x is undefined"), "en")).not.toContain("undefined");
  });
});
