/** Where the media comes from: hls.js on Media Source Extensions, or the browser's own HLS. The same questions to both. */

import type Hls from "hls.js";
import type { ErrorData, LevelDetails } from "hls.js";
import workerPath from "hls.js/dist/hls.worker.js?url";

import { CaptionLoader } from "./caption-loader";
import { hlsConfig, type Profile } from "./config";
import type { PlayerError } from "./recovery";
import { repairedControllers } from "./short-part";

export type HlsClass = typeof Hls;

export interface SourceEvents {
  /** CODECS of every variant, known before anything is played. */
  readonly onCodecs: (variants: readonly string[]) => void;
  /** The encoder came back with other codecs, another size or the like. */
  readonly onDiscontinuity: () => void;
  /** The element may be asked to play. */
  readonly onReady: () => void;
  /** The playlist was read anew; `end` is the date of its end, null without dates. */
  readonly onPlaylist: (end: Date | null) => void;
  /** Media was added to the buffer. */
  readonly onAppended: () => void;
  /** The last of an ended stream was played. */
  readonly onEnded: () => void;
  /** It cannot go on by itself. */
  readonly onFailed: (error: PlayerError) => void;
}

/** One rendition of the picture. */
export interface Quality {
  /** Lines; 0 when unknown. */
  readonly height: number;
  /** Pictures a second; 0 when unknown. */
  readonly fps: number;
  readonly bitsPerSecond: number;
}

export interface Qualities {
  readonly all: readonly Quality[];
  /** Index of what is being played; -1 while unknown. */
  readonly playing: number;
  /** Index of what was chosen; null: the network decides. */
  readonly chosen: number | null;
}

/** Index of the best with so many lines; null if there is none. */
export function bestOf(all: readonly Quality[], height: number): number | null {
  let best: number | null = null;
  for (const [index, one] of all.entries()) {
    if (one.height === height && one.bitsPerSecond > (best === null ? -1 : (all[best]?.bitsPerSecond ?? 0))) {
      best = index;
    }
  }
  return best;
}

export const NO_QUALITIES: Qualities = { all: [], playing: -1, chosen: null };

/** What can be played, in seconds of media time. */
export interface MediaWindow {
  readonly start: number;
  readonly end: number;
}

/** Positions are seconds of media time, null while unknown. */
export interface Source {
  /** Where a player that starts now would start. */
  readonly liveSync: number | null;
  /** Where the playlist ends. */
  readonly edge: number | null;
  /** Where media goes on behind the newest gap in the playlist; null without one, or while nothing follows it. */
  readonly resumesAt: number | null;
  /** When the picture now shown arrived at the server, by PROGRAM-DATE-TIME. */
  readonly date: Date | null;
  readonly qualities: Qualities;
  /** From the oldest media in the playlist to where a player that starts now would start. */
  readonly window: MediaWindow | null;
  /** As measured, in bits a second. */
  readonly bandwidth: number | null;
  /** Nothing is being loaded or decoded. */
  readonly idle: boolean;
  /** The newest thing in the playlist is a gap: the encoder is not there. */
  readonly encoderAway: boolean;
  /** The playlist will not grow any more. */
  readonly ending: boolean;
  /** Index into `qualities.all`; null: let the network decide. */
  chooseQuality(index: number | null): void;
  /** Reset the decoder and go on where it was. */
  recoverMedia(): void;
  stopLoading(): void;
  close(): void;
}

/** States of hls.js's loaders in which nothing is under way. Parsed audio waits for video, however long that takes. */
const QUIET: ReadonlySet<string> = new Set(["IDLE", "PARSED", "ENDED", "STOPPED"]);

/** More buffer than this is replaced when another quality is chosen, in seconds; less is played out first. */
const REPLACE_AHEAD = 4;

export interface HlsSettings {
  readonly profile: Profile;
  readonly lowLatency: boolean;
  readonly debug: boolean;
  /** Send cookies with requests for media. */
  readonly credentials: boolean;
}

export class HlsSource implements Source {
  readonly #hls: Hls;
  readonly #captions: CaptionLoader;
  #discontinuities: number | null = null;
  encoderAway = false;
  ending = false;
  resumesAt: number | null = null;

  constructor(
    HlsImpl: HlsClass,
    video: HTMLVideoElement,
    url: string,
    settings: HlsSettings,
    events: SourceEvents,
  ) {
    const repairs = settings.profile === "stock" ? {} : repairedControllers(HlsImpl);
    const config = hlsConfig(settings.profile, settings.lowLatency, workerPath, settings.credentials);
    const hls = new HlsImpl({ ...config, ...repairs, debug: settings.debug });
    this.#hls = hls;
    const captions = (this.#captions = new CaptionLoader(video));
    hls.on(HlsImpl.Events.FRAG_PARSING_USERDATA, (_, { samples }) => {
      captions.take(samples);
    });
    hls.on(HlsImpl.Events.MANIFEST_LOADED, (_, { levels }) => {
      events.onCodecs(levels.map(({ attrs }) => attrs.CODECS ?? ""));
    });
    hls.on(HlsImpl.Events.MANIFEST_PARSED, events.onReady);
    hls.on(HlsImpl.Events.BUFFER_APPENDED, events.onAppended);
    hls.on(HlsImpl.Events.MEDIA_ENDED, events.onEnded);
    hls.on(HlsImpl.Events.LEVEL_UPDATED, (_, { details }) => {
      this.encoderAway = endsInGap(details);
      this.ending = !details.live;
      this.resumesAt = behindNewestGap(details.partList ?? []);
      events.onPlaylist(endDate(details));
      const before = this.#discontinuities ?? details.endCC;
      this.#discontinuities = details.endCC;
      if (details.endCC > before) {
        events.onDiscontinuity();
      }
    });
    hls.on(HlsImpl.Events.ERROR, (_, data) => {
      if (data.fatal) {
        events.onFailed(describe(data));
      }
    });
    hls.loadSource(url);
    hls.attachMedia(video);
  }

  get liveSync(): number | null {
    return this.#hls.liveSyncPosition;
  }

  get edge(): number | null {
    return this.#hls.latestLevelDetails?.edge ?? null;
  }

  get date(): Date | null {
    return this.#hls.playingDate;
  }

  get qualities(): Qualities {
    const { levels, autoLevelEnabled, currentLevel, loadLevel } = this.#hls;
    return {
      all: levels.map(({ height, frameRate, bitrate }) => ({ height, fps: frameRate, bitsPerSecond: bitrate })),
      playing: currentLevel,
      chosen: autoLevelEnabled ? null : loadLevel,
    };
  }

  get window(): MediaWindow | null {
    const details = this.#hls.latestLevelDetails;
    if (details === null || details.fragments.length === 0) {
      return null;
    }
    const end = details.live ? (this.#hls.liveSyncPosition ?? details.edge) : details.edge;
    return { start: details.fragmentStart, end: Math.max(details.fragmentStart, end) };
  }

  get bandwidth(): number | null {
    const measured = this.#hls.bandwidthEstimate;
    return Number.isFinite(measured) ? measured : null;
  }

  chooseQuality(index: number | null): void {
    const { media } = this.#hls;
    const ahead = media === null ? 0 : bufferedAhead(media);
    if (index !== null && ahead > REPLACE_AHEAD) {
      this.#hls.nextLevel = index; // drops what is buffered: far behind live that is half a minute of the old one
    } else {
      this.#hls.loadLevel = index ?? -1;
    }
  }

  get idle(): boolean {
    return Object.values(this.#hls.inFlightFragments).every(({ state }) => QUIET.has(state));
  }

  recoverMedia(): void {
    this.#hls.recoverMediaError();
  }

  stopLoading(): void {
    this.#hls.stopLoad();
  }

  close(): void {
    this.#captions.close();
    this.#hls.destroy();
  }
}

/** Safari's own HLS. It keeps its distance to the live edge by itself, so there is nothing to steer. */
export class NativeSource implements Source {
  static readonly type = "application/vnd.apple.mpegurl";
  readonly liveSync = null;
  readonly edge = null;
  readonly idle = false;
  readonly encoderAway = false;
  readonly ending = false;
  readonly resumesAt = null;
  readonly qualities = NO_QUALITIES;
  readonly bandwidth = null;
  readonly #video: HTMLVideoElement;
  readonly #abort = new AbortController();

  constructor(video: HTMLVideoElement, url: string, credentials: boolean, events: SourceEvents) {
    const { signal } = this.#abort;
    this.#video = video;
    video.crossOrigin = credentials ? "use-credentials" : null;
    video.addEventListener("loadedmetadata", events.onReady, { signal });
    video.addEventListener("ended", events.onEnded, { signal });
    video.addEventListener(
      "error",
      () => {
        events.onFailed({ kind: "network", status: null, playlist: true });
      },
      { signal },
    );
    video.src = url;
    video.load();
  }

  get date(): Date | null {
    const start = (this.#video as { getStartDate?: () => Date }).getStartDate?.();
    return start === undefined || Number.isNaN(start.getTime())
      ? null
      : new Date(start.getTime() + this.#video.currentTime * 1000);
  }

  get window(): MediaWindow | null {
    const { seekable } = this.#video;
    return seekable.length === 0 ? null : { start: seekable.start(0), end: seekable.end(seekable.length - 1) };
  }

  chooseQuality(): void {
    // The browser chooses by itself, and tells of none.
  }

  recoverMedia(): void {
    this.#video.load();
  }

  stopLoading(): void {
    // It stops at the end of the playlist by itself.
  }

  close(): void {
    this.#abort.abort();
    this.#video.removeAttribute("src");
    this.#video.load();
  }
}

/** Whether Media Source Extensions take media of this type. */
export function canPlayType(type: string): boolean {
  const managed = (window as { ManagedMediaSource?: { isTypeSupported: (type: string) => boolean } }).ManagedMediaSource;
  return (managed ?? window.MediaSource).isTypeSupported(type);
}

function bufferedAhead({ buffered, currentTime }: HTMLMediaElement): number {
  for (let index = 0; index < buffered.length; index++) {
    if (buffered.start(index) <= currentTime && currentTime <= buffered.end(index)) {
      return buffered.end(index) - currentTime;
    }
  }
  return 0;
}

function endsInGap(details: LevelDetails): boolean {
  const newest = details.partList?.at(-1) ?? details.fragments.at(-1);
  return newest?.gap === true;
}

/** Start of the first of these parts that follows the last gap among them; null if that is not there. Exported for tests. */
export function behindNewestGap(parts: readonly { readonly start: number; readonly gap: boolean }[]): number | null {
  const gap = parts.map((part) => part.gap).lastIndexOf(true);
  return gap < 0 ? null : (parts[gap + 1]?.start ?? null);
}

function endDate(details: LevelDetails): Date | null {
  const last = details.fragments.at(-1);
  const date = last?.programDateTime ?? null;
  return last === undefined || date === null ? null : new Date(date + (details.edge - last.start) * 1000);
}

function describe(data: ErrorData): PlayerError {
  const kinds: Record<string, PlayerError["kind"]> = { networkError: "network", mediaError: "media" };
  const codecs = data.details.startsWith("manifestIncompatibleCodecs");
  return {
    kind: codecs ? "codecs" : (kinds[data.type] ?? "other"),
    status: data.response?.code ?? null,
    playlist: /^(manifest|level|audioTrack)/.test(data.details),
  };
}
