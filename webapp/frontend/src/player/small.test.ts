import { describe, expect, it } from "vitest";

import { ServerClock } from "../api";
import { duration, latency, since } from "../format";
import { hue } from "../pages/avatar";
import { hlsConfig, latencyOptions, profileFrom } from "./config";
import { multiplexed } from "./turn";

describe("the player's settings", () => {
  it("take the profile from the query and ignore what is unknown", () => {
    expect(profileFrom("?player=stock")).toBe("stock");
    expect(profileFrom("?player=safe")).toBe("safe");
    expect(profileFrom("?player=fast")).toBe("default");
    expect(profileFrom("")).toBe("default");
  });

  it("leave no catch-up to hls.js where our controller works", () => {
    expect(hlsConfig("default", true, "/w.js")).toMatchObject({ maxLiveSyncPlaybackRate: 1, liveSyncOnStallIncrease: 0 });
    expect(latencyOptions("safe")).toEqual({ baseMargin: 0.6 });
    expect(hlsConfig("stock", true, "/w.js")).toMatchObject({ maxLiveSyncPlaybackRate: 1.5 });
    expect(latencyOptions("stock")).toBeNull();
  });

  it("never switch PART-HOLD-BACK off (hls.js#4212)", () => {
    for (const profile of ["default", "safe", "stock"] as const) {
      const keys = Object.keys(hlsConfig(profile, true, "/w.js"));
      expect(keys).not.toContain("liveSyncDuration");
      expect(keys).not.toContain("liveSyncDurationCount");
    }
  });

  it("share connections only where media is multiplexed", () => {
    expect(multiplexed("https://live.example/hls", "h2")).toBe(true);
    expect(multiplexed("https://live.example/hls", "http/1.1")).toBe(false);
    expect(multiplexed("http://127.0.0.1:8081", "h2")).toBe(false);
  });
});

describe("numbers for people", () => {
  it("are durations", () => {
    expect([0, 7, 187, 3765, -3].map(duration)).toEqual(["0:00", "0:07", "3:07", "1:02:45", "0:00"]);
  });

  it("are latencies", () => {
    expect([0.6234, -0.2, 12.4, 200].map(latency)).toEqual(["0.62 s", "0.00 s", "12 s", "3:20"]);
  });

  it("are times since then", () => {
    expect(since("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:01:00Z"))).toBe(60);
    expect(since(null, 0)).toBe(0);
    expect(since("soon", 0)).toBe(0);
  });

  it("are colours that stay", () => {
    expect(hue("streamer")).toBe(hue("streamer"));
    expect(hue("streamer")).toBeLessThan(360);
  });
});

describe("the server's clock", () => {
  it("is learnt from the quickest answer, and differences below the round trip are none", () => {
    const clock = new ServerClock();
    clock.learn(1000, 1100, 1060);
    expect(clock.offsetMs).toBe(0);
    clock.learn(2000, 2020, 4010);
    expect(clock.offsetMs).toBe(2000);
    clock.learn(3000, 3500, 3250);
    expect(clock.offsetMs).toBe(2000);
    clock.learn(3000, 3001, NaN);
    expect(clock.offsetMs).toBe(2000);
  });
});
