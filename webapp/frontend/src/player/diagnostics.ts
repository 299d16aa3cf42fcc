/** `window.__weir`: what the player is doing, for people with an open console, for tests and for `bench.glass`. */

import type { Profile } from "./config";

export type PlayerState =
  | "idle"
  /** Loading the first media. */
  | "starting"
  | "playing"
  | "paused"
  /** The browser does not let it start without a click. */
  | "blocked"
  /** Ran dry although the stream goes on. */
  | "buffering"
  /** Ran dry because the encoder is away; the broadcast is kept open for it. */
  | "reconnecting"
  /** Nothing is being streamed; looks again by itself. */
  | "offline"
  | "ended"
  /** The server wants a ticket that this player does not have, or has no more. */
  | "refused"
  /** This browser has neither Media Source Extensions nor HLS, or none of the stream's codecs. */
  | "unsupported";

/** Read-only numbers; `_s` is seconds, null is unknown. */
export interface Diagnostics {
  readonly state: PlayerState;
  readonly profile: Profile;
  /** `normal` when another tab has the turn for low latency, `native` when the browser plays HLS by itself. */
  readonly mode: "low-latency" | "normal" | "native";
  /** From arrival at the server to the screen, by PROGRAM-DATE-TIME and the server's clock. */
  readonly latency_s: number | null;
  /** How far this machine's clock is behind the server's, as far as known. */
  readonly clock_offset_s: number;
  /** Forward buffer now. */
  readonly buffer_s: number;
  /** Lowest forward buffer that the last seconds predict. */
  readonly margin_s: number | null;
  /** What the margin is held at: B. */
  readonly target_s: number | null;
  readonly jitter_s: number | null;
  readonly rate: number;
  readonly following: boolean;
  readonly seeks: number;
  /** Times that playback ran dry while the encoder was there, and for how long in all. */
  readonly stalls: number;
  readonly stalled_s: number;
  readonly position_s: number;
  readonly dropped_frames: number;
  readonly restarts: number;
  /** Of the network, as measured. */
  readonly bandwidth_bps: number | null;
}

declare global {
  interface Window {
    __weir?: Diagnostics;
  }
}
