/**
 * One live channel in one media element, in one file because everything in it turns on the one source that there is at a
 * time and on the state that follows from it: opens the source, steers the latency, recovers from errors, and says what state
 * all this is in. It knows nothing of the page around it.
 */

import { clock, LatencyBinding, timeRanges } from "./binding";
import { missingCodecs, type Missing } from "./codecs";
import { latencyOptions, type Profile } from "./config";
import type { Diagnostics, PlayerState } from "./diagnostics";
import { LatencyController, rangeAt } from "./latency";
import { DateLead } from "./lead";
import { Progress } from "./progress";
import { Recovery, type PlayerError } from "./recovery";
import {
  bestOf,
  canPlayType,
  HlsSource,
  NativeSource,
  NO_QUALITIES,
  type HlsClass,
  type MediaWindow,
  type Qualities,
  type Source,
  type SourceEvents,
} from "./source";
import { multiplexed, pageProtocol, takeTurn } from "./turn";
import { Watchdog } from "./watchdog";

const LOOK_MS = 100;
/** The oldest media leave the playlist while they are being asked for: seeks keep so many seconds away from them. */
const OLDEST_S = 4;
/**
 * hls.js reads the list of variants once. When it may tell of a picture again, it is read anew: not at once, because a
 * cache may keep the old list for two seconds, and playback would begin in front of what changed.
 */
const PICTURE_AFTER_MS = 3500;
/** States that follow from what the media element does. */
const RUNNING: ReadonlySet<PlayerState> = new Set(["playing", "paused", "buffering", "reconnecting"]);
/** States that only a restart leaves. */
const FINAL: ReadonlySet<PlayerState> = new Set(["ended", "offline", "refused", "unsupported"]);
const STATES = { moving: "playing", paused: "paused", dry: "buffering", away: "reconnecting" } as const;

export interface PlayerOptions {
  readonly video: HTMLVideoElement;
  /** Address of the multivariant playlist. */
  readonly source: string;
  readonly profile: Profile;
  readonly debug: boolean;
  /** The media is not for everybody: cookies, which hold the ticket, go with every request for it. */
  readonly credentials: boolean;
  /** How far this machine's clock is behind the server's, in milliseconds. */
  readonly clockOffsetMs: () => number;
  /** Called after every change of the state, never before `start`. */
  readonly onState: (state: PlayerState) => void;
  /** The stream has codecs that this browser cannot play; of what it can, the rest is played. Also when that changes. */
  readonly onMissing: (missing: Missing) => void;
  /** The browser allowed playing only without sound, so the element was muted. */
  readonly onSilenced: () => void;
}

export class Player {
  readonly #options: PlayerOptions;
  readonly #abort = new AbortController();
  readonly #recovery = new Recovery();
  readonly #progress = new Progress();
  readonly #watchdog = new Watchdog();
  readonly #lead = new DateLead();
  #Hls: HlsClass | null = null;
  #source: Source | null = null;
  #binding: LatencyBinding | null = null;
  #turn: Promise<boolean> | null = null;
  #mode: Diagnostics["mode"] = "normal";
  #state: PlayerState = "idle";
  #timer: number | undefined;
  #restartTimer: number | undefined;
  #restarts = 0;
  #moved = false; // this source's media has played
  #soundOnly = false; // the picture is of a codec that this browser cannot play
  #wanted = true; // the viewer has not paused
  #height: number | null = null; // of the quality that was chosen

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  get state(): PlayerState {
    return this.#state;
  }

  /** Load and play. Once; a player that was closed stays closed. */
  async start(): Promise<void> {
    const { signal } = this.#abort;
    const { video } = this.#options;
    video.addEventListener("playing", this.#onPlaying, { signal });
    video.addEventListener("waiting", this.#onWaiting, { signal });
    video.addEventListener("pause", this.#onPause, { signal });
    this.#timer = window.setInterval(this.#look, LOOK_MS);
    this.#enter("starting");
    await this.#open();
  }

  /** Stop and give everything back. */
  close(): void {
    this.#abort.abort();
    window.clearInterval(this.#timer);
    this.#closeSource();
  }

  /** Start again from the live edge at once, e.g. because the channel came back. */
  restart(): void {
    this.#restarts += 1;
    this.#closeSource();
    this.#enter("starting");
    void this.#open();
  }

  /** Play from as near to the live edge as possible, also after a pause or when the viewer had gone back. */
  goLive(): void {
    const { video } = this.#options;
    if (this.#binding !== null) {
      this.#binding.controller.followLive();
    } else {
      video.currentTime = this.#source?.liveSync ?? video.currentTime;
    }
    this.play();
  }

  /** Ask the browser to play; falls back to muted, then to the state `blocked`. */
  play(): void {
    this.#wanted = true;
    void this.#play();
  }

  /** What of the stream can be played, to be shown as a bar; null while unknown. */
  get window(): MediaWindow | null {
    return this.#source?.window ?? null;
  }

  /** Go to a position, in seconds of media time; what the stream no longer has, or has not yet, is not gone to. */
  seek(position: number): void {
    const range = this.window;
    if (range === null) {
      return;
    }
    if (position >= range.end) {
      this.goLive();
    } else {
      this.#options.video.currentTime = Math.max(position, range.start + OLDEST_S);
    }
  }

  get qualities(): Qualities {
    return this.#source?.qualities ?? NO_QUALITIES;
  }

  /** The rendition with so many lines, also of sources to come, where they have one; null: let the network decide. */
  chooseQuality(height: number | null): void {
    this.#height = height;
    this.#chooseQuality();
  }

  #chooseQuality(): void {
    const height = this.#height;
    const { all, chosen } = this.qualities;
    const index = height === null ? null : bestOf(all, height);
    if (index !== chosen) {
      this.#source?.chooseQuality(index);
    }
  }

  /** Seconds from arrival at the server to the screen; null while unknown. */
  latency(): number | null {
    const shown = this.#source?.date ?? null;
    if (shown === null || this.#options.video.readyState === 0) {
      return null;
    }
    return this.#age(shown) + this.#lead.value(clock());
  }

  /** Seconds since the server's clock showed this. */
  #age(date: Date): number {
    return (Date.now() + this.#options.clockOffsetMs() - date.getTime()) / 1000;
  }

  /**
   * Whether the server takes this for a player that is not ours: one that is built into the browser (AVFoundation) does not
   * say which page it plays for, except to the page's own host (Referrer-Policy). Then the page must not count itself, too.
   */
  get countedByOrigin(): boolean {
    return this.#mode === "native" && new URL(this.#options.source, location.href).origin !== location.origin;
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
      bandwidth_bps: this.#source?.bandwidth ?? null,
    };
  }

  // --- source ---------------------------------------------------------------------------------------------------

  async #open(): Promise<void> {
    try {
      this.#Hls ??= (await import("hls.js")).default;
    } catch {
      this.#onFailed({ kind: "network", status: null, playlist: false }); // the script did not load
      return;
    }
    const supported = this.#Hls.isSupported();
    const lowLatency = supported && (await this.#hasTurn());
    if (this.#abort.signal.aborted || this.#source !== null) {
      return;
    }
    if (supported) {
      this.#openHls(this.#Hls, lowLatency);
    } else if (this.#options.video.canPlayType(NativeSource.type) !== "") {
      this.#mode = "native";
      const { video, source, credentials } = this.#options;
      this.#source = new NativeSource(video, source, credentials, this.#events);
    } else {
      this.#enter("unsupported");
    }
  }

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
    const { video, source: url, profile, debug, credentials } = this.#options;
    const settings = { profile, lowLatency, debug, credentials };
    const source = new HlsSource(HlsImpl, video, url, settings, this.#events);
    this.#source = source;
    this.#mode = lowLatency ? "low-latency" : "normal";
    const options = lowLatency ? latencyOptions(profile) : null;
    if (options !== null) {
      this.#binding = new LatencyBinding(video, new LatencyController(options), () => ({
        liveSync: source.liveSync,
        away: source.encoderAway,
        resumesAt: source.resumesAt,
      }));
    }
  }

  #closeSource(): void {
    window.clearTimeout(this.#restartTimer);
    this.#moved = false;
    this.#progress.reset(clock());
    this.#lead.reset();
    this.#binding?.close();
    this.#binding = null;
    this.#source?.close();
    this.#source = null;
  }

  readonly #events: SourceEvents = {
    onCodecs: (variants) => {
      const missing = missingCodecs(variants, canPlayType);
      this.#soundOnly = missing.video.length > 0;
      this.#options.onMissing(missing);
    },
    onDiscontinuity: () => {
      if (this.#soundOnly) {
        window.clearTimeout(this.#restartTimer);
        this.#restartTimer = window.setTimeout(() => {
          this.restart();
        }, PICTURE_AFTER_MS);
      }
    },
    onReady: () => {
      if (this.#state === "unsupported") {
        this.#enter("starting"); // the streamer has changed codecs
      }
      this.#chooseQuality();
      if (this.#wanted) {
        this.play();
      }
    },
    onPlaylist: (end) => {
      if (end !== null) {
        this.#lead.note(clock(), -this.#age(end));
      }
    },
    onAppended: () => {
      this.#binding?.look();
    },
    onEnded: () => {
      this.#finish();
    },
    onFailed: (error) => {
      this.#onFailed(error);
    },
  };

  #onFailed(error: PlayerError): void {
    const remedy = this.#recovery.failed(clock(), error);
    if (remedy.kind === "recover-media") {
      this.#source?.recoverMedia();
      return;
    }
    this.#closeSource();
    if (remedy.kind === "refused") {
      this.#enter("refused");
      return;
    }
    if (remedy.kind === "unsupported") {
      this.#enter("unsupported");
    } else {
      this.#enter(remedy.offline ? "offline" : "starting");
    }
    this.#restartTimer = window.setTimeout(() => {
      this.#restarts += 1;
      void this.#open();
    }, remedy.delay * 1000);
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
    const source = this.#source;
    if (!this.#moved || source === null || !RUNNING.has(this.#state)) {
      return;
    }
    const { currentTime: position, paused, seeking } = this.#options.video;
    const stalls = this.#progress.stalls;
    const movement = this.#progress.look(clock(), { position, paused, seeking, away: source.encoderAway });
    if (movement === "moving") {
      this.#recovery.playing(clock());
    }
    if (this.#progress.stalls > stalls) {
      this.#binding?.controller.stalled(clock());
    }
    const dry = movement === "dry" || movement === "away";
    // Where the last parts are a gap the element never says `ended`.
    if (source.ending && !paused && (this.#forwardBuffer() < 0.1 || (dry && source.idle))) {
      this.#finish();
      return;
    }
    this.#enter(STATES[movement]);
    this.#watch(source, dry && !source.encoderAway);
  };

  #watch(source: Source, dry: boolean): void {
    const { video } = this.#options;
    const ahead = (source.edge ?? 0) - video.currentTime - this.#forwardBuffer();
    const kick = this.#watchdog.look(clock(), { dry, idle: source.idle, ahead });
    if (kick === "jump") {
      const following = this.#binding?.controller.view.following ?? true;
      const live = following ? source.liveSync : null; // who has gone back stays there: a seek makes the loader look again
      video.currentTime = live ?? video.currentTime;
    } else if (kick === "restart") {
      this.restart();
    }
  }

  readonly #onPlaying = (): void => {
    if (!this.#moved) {
      this.#moved = true;
      this.#progress.reset(clock());
      this.#binding?.controller.started(clock());
    }
    if (!FINAL.has(this.#state)) {
      this.#enter("playing");
    }
  };

  readonly #onWaiting = (): void => {
    const { video } = this.#options;
    if (!video.seeking && !video.paused) {
      this.#progress.waiting();
      this.#look();
    }
  };

  readonly #onPause = (): void => {
    // Not the end of the stream, nor the pause that comes with taking the source away: somebody wants it.
    this.#wanted &&= !this.#moved || this.#options.video.ended;
    this.#look();
  };

  #finish(): void {
    this.#progress.reset(clock());
    this.#source?.stopLoading();
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
