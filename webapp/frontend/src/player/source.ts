/** Where the media comes from: hls.js on Media Source Extensions, or the browser's own HLS. The same questions to both. */

import type Hls from "hls.js";
import type { ErrorData, LevelDetails } from "hls.js";
import workerPath from "hls.js/dist/hls.worker.js?url";

import { hlsConfig, type Profile } from "./config";
import type { PlayerError } from "./recovery";
import { repairedControllers } from "./short-part";

export type HlsClass = typeof Hls;

export interface SourceEvents {
  /** The element may be asked to play. */
  readonly onReady: () => void;
  /** Media was added to the buffer. */
  readonly onAppended: () => void;
  /** The last of an ended stream was played. */
  readonly onEnded: () => void;
  /** It cannot go on by itself. */
  readonly onFailed: (error: PlayerError) => void;
}

/** Positions are seconds of media time, null while unknown. */
export interface Source {
  /** Where a player that starts now would start. */
  readonly liveSync: number | null;
  /** Where the playlist ends. */
  readonly edge: number | null;
  /** When the picture now shown arrived at the server, by PROGRAM-DATE-TIME. */
  readonly date: Date | null;
  /** Nothing is being loaded or decoded. */
  readonly idle: boolean;
  /** The newest thing in the playlist is a gap: the encoder is not there. */
  readonly encoderAway: boolean;
  /** The playlist will not grow any more. */
  readonly ending: boolean;
  /** Reset the decoder and go on where it was. */
  recoverMedia(): void;
  stopLoading(): void;
  close(): void;
}

/** States of hls.js's loaders in which nothing is under way. Parsed audio waits for video, however long that takes. */
const QUIET: ReadonlySet<string> = new Set(["IDLE", "PARSED", "ENDED", "STOPPED"]);

export class HlsSource implements Source {
  readonly #hls: Hls;
  encoderAway = false;
  ending = false;

  constructor(
    HlsImpl: HlsClass,
    video: HTMLVideoElement,
    url: string,
    settings: { readonly profile: Profile; readonly lowLatency: boolean; readonly debug: boolean },
    events: SourceEvents,
  ) {
    const repairs = settings.profile === "stock" ? {} : repairedControllers(HlsImpl);
    const config = hlsConfig(settings.profile, settings.lowLatency, workerPath);
    const hls = new HlsImpl({ ...config, ...repairs, debug: settings.debug });
    this.#hls = hls;
    hls.on(HlsImpl.Events.MANIFEST_PARSED, events.onReady);
    hls.on(HlsImpl.Events.BUFFER_APPENDED, events.onAppended);
    hls.on(HlsImpl.Events.MEDIA_ENDED, events.onEnded);
    hls.on(HlsImpl.Events.LEVEL_UPDATED, (_, { details }) => {
      this.encoderAway = endsInGap(details);
      this.ending = !details.live;
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
  readonly #video: HTMLVideoElement;
  readonly #abort = new AbortController();

  constructor(video: HTMLVideoElement, url: string, events: SourceEvents) {
    const { signal } = this.#abort;
    this.#video = video;
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
