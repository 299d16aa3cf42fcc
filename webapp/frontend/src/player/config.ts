/** The settings of hls.js for each way to play. Pure. */

import type { HlsConfig } from "hls.js";

import type { LatencyOptions } from "./latency";

/**
 * `default`: our latency controller. `safe`: the same with a larger margin, for networks that stall. `stock`: hls.js
 * alone with the settings its own documentation suggests for low latency, to compare with. `?player=` chooses.
 */
export type Profile = "default" | "safe" | "stock";

export const SAFE_MARGIN = 0.6;

/** `?debug` in the page's address: hls.js writes what it does to the console. */
export function debugFrom(search: string): boolean {
  return new URLSearchParams(search).has("debug");
}

export function profileFrom(search: string): Profile {
  const wanted = new URLSearchParams(search).get("player");
  return wanted === "safe" || wanted === "stock" ? wanted : "default";
}

/** Options of the latency controller; null where hls.js is left alone. */
export function latencyOptions(profile: Profile): Partial<LatencyOptions> | null {
  switch (profile) {
    case "default":
      return {};
    case "safe":
      return { baseMargin: SAFE_MARGIN };
    case "stock":
      return null;
  }
}

/**
 * `lowLatency` false: parts are ignored and the player stays at the ordinary hold-back.
 *
 * `credentials`: cookies go with every request for media, also on another origin.
 *
 * Never set `liveSyncDuration` or `liveSyncDurationCount` here: that switches PART-HOLD-BACK off (hls.js#4212).
 */
export function hlsConfig(
  profile: Profile,
  lowLatency: boolean,
  workerPath: string,
  credentials = false,
): Partial<HlsConfig> {
  const common: Partial<HlsConfig> = {
    ...(credentials && { xhrSetup: withCredentials }),
    enableWorker: true,
    workerPath, // a file of ours: the ESM build has no inlined worker, and the CSP allows no blob: worker
    lowLatencyMode: lowLatency,
    backBufferLength: 30,
    liveDurationInfinity: true,
    startFragPrefetch: true,
    enableCEA708Captions: false, // ours: see cea608.ts
    maxFragLookUpTolerance: 0.1, // parts shorter than the default of 0.25 s would be skipped (hls.js#5028)
  };
  if (profile === "stock") {
    return { ...common, maxLiveSyncPlaybackRate: 1.5, liveSyncOnStallIncrease: 0.2 };
  }
  // hls.js waits a second before it tries again, also where it only has to step over a gap: longer than our whole buffer.
  const fragLoadPolicy = {
    default: {
      maxTimeToFirstByteMs: 10_000,
      maxLoadTimeMs: 120_000,
      timeoutRetry: { maxNumRetry: 4, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: { maxNumRetry: 8, retryDelayMs: 100, maxRetryDelayMs: 4000 },
    },
  };
  // One hand on the wheel: no catch-up of its own, and no target that moves away with every stall (hls.js#6350).
  return { ...common, fragLoadPolicy, maxLiveSyncPlaybackRate: 1, liveSyncOnStallIncrease: 0 };
}

/** Before `open`, as hls.js calls it first. */
function withCredentials(request: XMLHttpRequest): void {
  request.withCredentials = true;
}
