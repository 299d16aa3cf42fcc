/**
 * One live channel in one media element: hls.js (or the browser's own HLS), the latency controller, recovery from
 * errors, and autoplay. It knows nothing of the page around it.
 */

import type Hls from "hls.js";
import type { ErrorData, LevelDetails } from "hls.js";
import workerPath from "hls.js/dist/hls.worker.js?url";

import { clock, LatencyBinding, timeRanges } from "./binding";
import { hlsConfig, latencyOptions, type Profile } from "./config";
import type { Diagnostics, PlayerState } from "./diagnostics";
import { LatencyController, rangeAt } from "./latency";
import { Progress } from "./progress";
import { Recovery, type PlayerError } from "./recovery";
import { repairedControllers } from "./short-part";
import { multiplexed, pageProtocol, takeTurn } from "./turn";
import { Watchdog } from "./watchdog";

const LOOK_MS = 100;
const NATIVE_TYPE = "application/vnd.apple.mpegurl";
/** States that follow from what the media element does. */
const RUNNING: ReadonlySet<PlayerState> = new Set(["playing", "paused", "buffering", "reconnecting"]);
/** States that only a restart leaves. */
const FINAL: ReadonlySet<PlayerState> = new Set(["ended", "offline", "unsupported"]);
const STATES = { moving: "playing", paused: "paused", dry: "buffering", away: "reconnecting" } as const;

export interface PlayerOptions {
  readonly video: HTMLVideoElement;
  /** Address of the multivariant playlist. */
  readonly source: string;
  readonly profile: Profile;
  readonly debug: boolean;
  /** How far this machine's clock is behind the server's, in milliseconds. */
  readonly clockOffsetMs: () => number;
  /** Called after every change of the state, never before `start`. */
  readonly onState: (state: PlayerState) => void;
  /** The browser allowed playing only without sound, so the element was muted. */
  readonly onSilenced: () => void;
}

type HlsClass = typeof Hls;

export class Player {
  readonly #options: PlayerOptions;
  readonly #abort = new AbortController();
  readonly #recovery = new Recovery();
  readonly #progress = new Progress();
  readonly #watchdog = new Watchdog();
  #Hls: HlsClass | null = null;
  #hls: Hls | null = null;
  #binding: LatencyBinding | null = null;
  #mode: Diagnostics["mode"] = "normal";
  #state: PlayerState = "idle";
  #timer: number | undefined;
  #restartTimer: number | undefined;
  #restarts = 0;
  #moved = false;
  #encoderAway = false;
  #ending = false;
  #closed = false;
  #wanted = true;

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  get state(): PlayerState {
    return this.#state;
  }

  /** Load and play. Once; a player that was closed stays closed. */
  async start(): Promise<void> {
    const { signal } = this.#abort;
    for (const name of ["playing", "waiting", "pause", "ended", "error"] as const) {
      this.#options.video.addEventListener(name, this.#onMedia[name], { signal });
    }
    this.#timer = window.setInterval(this.#look, LOOK_MS);
    this.#enter("starting");
    await this.#prepare();
  }

  /** Stop and give everything back. */
  close(): void {
    this.#closed = true;
    this.#abort.abort();
    window.clearInterval(this.#timer);
    this.#closeSource();
  }

  /** Start again from the live edge at once, e.g. because the channel came back. */
  restart(): void {
    this.#ending = false;
    this.#restarts += 1;
    this.#closeSource();
    this.#enter("starting");
    void this.#prepare();
  }

  /** Play from as near to the live edge as possible, also after a pause or when the viewer had gone back. */
  goLive(): void {
    const { video } = this.#options;
    if (this.#binding !== null) {
      this.#binding.controller.followLive();
    } else {
      video.currentTime = this.#hls?.liveSyncPosition ?? video.currentTime;
    }
    this.play();
  }

  /** Ask the browser to play; falls back to muted, then to the state `blocked`. */
  play(): void {
    this.#wanted = true;
    void this.#play();
  }

  /** Seconds from arrival at the server to the screen; null while unknown. */
  latency(): number | null {
    const shown = this.#hls?.playingDate ?? this.#nativeDate();
    if (shown === null || this.#options.video.readyState === 0) {
      return null;
    }
    return (Date.now() + this.#options.clockOffsetMs() - shown.getTime()) / 1000;
  }

  get diagnostics(): Diagnostics {
    const { video, profile, clockOffsetMs } = this.#options;
    const view = this.#binding?.controller.view ?? null;
    return {
      state: this.#state,
      profile,
      mode: this.#mode,
      latency_s: this.latency(),
      clock_offset_s: clockOffsetMs() / 1000,
      buffer_s: this.#forwardBuffer(),
      margin_s: view?.margin ?? null,
      target_s: view?.target ?? null,
      jitter_s: view?.jitter ?? null,
      rate: video.playbackRate,
      following: view?.following ?? true,
      seeks: view?.seeks ?? 0,
      stalls: this.#progress.stalls,
      stalled_s: this.#progress.stalled(clock()),
      position_s: video.currentTime,
      dropped_frames: video.getVideoPlaybackQuality().droppedVideoFrames,
      restarts: this.#restarts,
    };
  }

  // --- source ---------------------------------------------------------------------------------------------------

  async #prepare(): Promise<void> {
    try {
      this.#Hls ??= (await import("hls.js")).default;
    } catch {
      this.#recover({ kind: "network", status: null, playlist: false }); // the chunk did not load
      return;
    }
    if (this.#Hls.isSupported()) {
      const lowLatency = await this.#hasTurn();
      if (this.#hls === null && !this.#closed) {
        this.#openHls(this.#Hls, lowLatency);
      }
    } else if (this.#closed) {
      return;
    } else if (this.#options.video.canPlayType(NATIVE_TYPE) !== "") {
      this.#mode = "native";
      this.#options.video.src = this.#options.source;
      this.play();
    } else {
      this.#enter("unsupported");
    }
  }

  #turn: Promise<boolean> | null = null;

  async #hasTurn(): Promise<boolean> {
    if (multiplexed(this.#options.source, pageProtocol())) {
      return true;
    }
    this.#turn ??= takeTurn(this.#abort.signal, () => {
      this.#turn = Promise.resolve(true);
      this.restart();
    });
    return await this.#turn;
  }

  #openHls(HlsImpl: HlsClass, lowLatency: boolean): void {
    const { video, source, profile, debug } = this.#options;
    const repairs = profile === "stock" ? {} : repairedControllers(HlsImpl);
    const hls = new HlsImpl({ ...hlsConfig(profile, lowLatency, workerPath), ...repairs, debug });
    this.#hls = hls;
    this.#mode = lowLatency ? "low-latency" : "normal";
    const options = lowLatency ? latencyOptions(profile) : null;
    if (options !== null) {
      this.#binding = new LatencyBinding(video, new LatencyController(options), () => ({
        liveSync: hls.liveSyncPosition,
        away: this.#encoderAway,
      }));
    }
    hls.on(HlsImpl.Events.ERROR, (_, data) => {
      if (data.fatal) {
        this.#recover(describe(data));
      }
    });
    hls.on(HlsImpl.Events.LEVEL_UPDATED, (_, { details }) => {
      this.#encoderAway = endsInGap(details);
      this.#ending = !details.live;
    });
    hls.on(HlsImpl.Events.BUFFER_APPENDED, () => {
      this.#binding?.look();
    });
    hls.on(HlsImpl.Events.MEDIA_ENDED, () => {
      this.#finish();
    });
    hls.on(HlsImpl.Events.MANIFEST_PARSED, () => {
      if (this.#wanted) {
        this.play();
      }
    });
    hls.loadSource(source);
    hls.attachMedia(video);
  }

  #closeSource(): void {
    window.clearTimeout(this.#restartTimer);
    this.#moved = false;
    this.#encoderAway = false;
    this.#progress.reset(clock());
    this.#binding?.close();
    this.#binding = null;
    this.#hls?.destroy();
    this.#hls = null;
    if (this.#mode === "native") {
      this.#options.video.removeAttribute("src");
    }
  }

  #recover(error: PlayerError): void {
    const remedy = this.#recovery.failed(clock(), error);
    if (remedy.kind === "recover-media" && this.#hls !== null) {
      this.#hls.recoverMediaError();
      return;
    }
    const { delay, offline } = remedy.kind === "restart" ? remedy : { delay: 0, offline: false };
    this.#closeSource();
    this.#enter(offline ? "offline" : "starting");
    this.#restartTimer = window.setTimeout(() => {
      this.#restarts += 1;
      void this.#prepare();
    }, delay * 1000);
  }

  // --- playback -------------------------------------------------------------------------------------------------

  async #play(): Promise<void> {
    const { video } = this.#options;
    if (await tryPlay(video)) {
      return;
    }
    if (!video.muted) {
      video.muted = true;
      if (await tryPlay(video)) {
        this.#options.onSilenced();
        return;
      }
      video.muted = false;
    }
    this.#enter("blocked");
  }

  readonly #look = (): void => {
    this.#binding?.look();
    if (!this.#moved || !RUNNING.has(this.#state)) {
      return;
    }
    const { currentTime: position, paused, seeking } = this.#options.video;
    const stalls = this.#progress.stalls;
    const movement = this.#progress.look(clock(), { position, paused, seeking, away: this.#encoderAway });
    if (movement === "moving") {
      this.#recovery.playing(clock());
    }
    if (this.#progress.stalls > stalls) {
      this.#binding?.controller.stalled(clock());
    }
    const dry = movement === "dry" || movement === "away";
    // Where the last parts are a gap the element never says `ended`.
    if (this.#ending && !paused && (this.#forwardBuffer() < 0.1 || (dry && this.#idle()))) {
      this.#finish();
      return;
    }
    this.#enter(STATES[movement]);
    this.#watch(dry && !this.#encoderAway);
  };

  /** Nothing is being loaded, decoded or appended. */
  #idle(): boolean {
    const loaders = this.#hls === null ? [] : Object.values(this.#hls.inFlightFragments);
    return loaders.every(({ state }) => state === "IDLE" || state === "ENDED" || state === "STOPPED");
  }

  #watch(dry: boolean): void {
    const hls = this.#hls;
    if (hls === null) {
      return;
    }
    const { video } = this.#options;
    const ahead = (hls.latestLevelDetails?.edge ?? 0) - video.currentTime - this.#forwardBuffer();
    const kick = this.#watchdog.look(clock(), { dry, idle: this.#idle(), ahead });
    if (kick === "jump") {
      video.currentTime = hls.liveSyncPosition ?? video.currentTime;
    } else if (kick === "restart") {
      this.restart();
    }
  }

  readonly #onMedia = {
    playing: (): void => {
      if (!this.#moved) {
        this.#moved = true;
        this.#progress.reset(clock());
        this.#binding?.controller.started(clock());
      }
      if (!FINAL.has(this.#state)) {
        this.#enter("playing");
      }
    },
    waiting: (): void => {
      const { video } = this.#options;
      if (!video.seeking && !video.paused) {
        this.#progress.waiting();
        this.#look();
      }
    },
    pause: (): void => {
      // Not the end of the stream, nor the pause that comes with taking the source away: somebody wants it.
      this.#wanted &&= !this.#moved || this.#options.video.ended;
      this.#look();
    },
    ended: (): void => {
      this.#finish();
    },
    error: (): void => {
      if (this.#mode === "native") {
        this.#recover({ kind: "network", status: null, playlist: true });
      }
    },
  };

  #finish(): void {
    this.#progress.reset(clock());
    this.#hls?.stopLoad();
    this.#enter("ended");
  }

  #enter(state: PlayerState): void {
    if (state !== this.#state) {
      this.#state = state;
      this.#options.onState(state);
    }
  }

  #forwardBuffer(): number {
    const { buffered, currentTime } = this.#options.video;
    const range = rangeAt(timeRanges(buffered), currentTime);
    return range === null ? 0 : Math.max(0, range.end - currentTime);
  }

  #nativeDate(): Date | null {
    const { video } = this.#options;
    const start = (video as { getStartDate?: () => Date }).getStartDate?.();
    return start === undefined || Number.isNaN(start.getTime())
      ? null
      : new Date(start.getTime() + video.currentTime * 1000);
  }
}

/** False if the browser wants a click first. An interrupted attempt counts as done: whoever interrupted it goes on. */
async function tryPlay(video: HTMLVideoElement): Promise<boolean> {
  try {
    await video.play();
    return true;
  } catch (error) {
    return !(error instanceof DOMException && error.name === "NotAllowedError");
  }
}

/** The encoder is away: the newest thing in the playlist is a gap. */
function endsInGap(details: LevelDetails): boolean {
  const newest = details.partList?.at(-1) ?? details.fragments.at(-1);
  return newest?.gap === true;
}

function describe(data: ErrorData): PlayerError {
  const kinds: Record<string, PlayerError["kind"]> = { networkError: "network", mediaError: "media" };
  return {
    kind: kinds[data.type] ?? "other",
    status: data.response?.code ?? null,
    playlist: /^(manifest|level|audioTrack)/.test(data.details),
  };
}
