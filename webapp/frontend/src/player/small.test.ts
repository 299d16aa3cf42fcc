import { describe, expect, it } from "vitest";

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
