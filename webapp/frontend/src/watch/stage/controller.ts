/**
 * The stage: one media element, and what plays in it as the channel comes and goes. It asks for tickets where media is not
 * for everybody and renews them, tells the server that somebody watches, and starts, restarts and stops the player. It
 * knows nothing of how the page looks; what there is to be seen is in `view`.
 */

import { serverClock } from "../../api/clock";
import type { Channel } from "../../api/types";
import { clock } from "../../player/binding";
import { NOTHING_MISSING, type Missing } from "../../player/codecs";
import { debugFrom, profileFrom } from "../../player/config";
import type { PlayerState } from "../../player/diagnostics";
import { Player } from "../../player/player";
import { Presence, sendSign } from "../../player/presence";
import { Renewal, type Verdict } from "../../player/ticket";
import { recallQuality, rememberQuality } from "./memory";
import { playTicket } from "./tickets";

/** Visibilities whose media needs no ticket. */
const OPEN: ReadonlySet<string> = new Set(["public", "unlisted"]);
/** A player that is refused although it has a ticket gets a new one at once only this often, in seconds. */
const REFUSED_AGAIN_S = 10;
/** After a question that had no answer. */
const RETRY_S = 5;
const TICK_MS = 1000;
/** Somebody watches, or would if the stream came. */
const WATCHED: ReadonlySet<PlayerState> = new Set(["playing", "buffering", "reconnecting"]);
/** There is nothing in the player that is worth keeping once the channel is known to be offline. */
const EMPTY: ReadonlySet<PlayerState> = new Set(["offline", "starting", "unsupported"]);

export type Refusal = Extract<Verdict, { kind: "refused" }>;

/** What of the stage there is to be seen. A new object with each change. */
export interface StageView {
  readonly state: PlayerState;
  readonly missing: Missing;
  /** Why this viewer is not let in. */
  readonly refusal: Refusal | null;
  /** Something that passes: the server cannot be asked for a ticket. */
  readonly trouble: string | null;
  /** The browser's autoplay rule took the sound away, and nobody has given it back. */
  readonly silenced: boolean;
  /** The broadcast that the page knows of was played to its end, which is known here first. */
  readonly over: boolean;
}

export interface StageOptions {
  readonly login: string;
  readonly video: HTMLVideoElement;
  /** Where media is, unless the channel says something else. */
  readonly hlsUrl: string;
  /** Ask how the channel is, after so many seconds, and tell `channelIs`. */
  readonly refresh: (afterS: number) => void;
  readonly onViewers: (viewers: number) => void;
}

const FIRST: StageView = {
  state: "starting",
  missing: NOTHING_MISSING,
  refusal: null,
  trouble: null,
  silenced: false,
  over: false,
};

export class StageController {
  readonly #options: StageOptions;
  readonly #listeners = new Set<() => void>();
  readonly #abort = new AbortController();
  readonly #presence: Presence;
  readonly #renewal: Renewal;
  readonly #timer: number;
  #view = FIRST;
  #channel: Channel | null = null;
  #player: Player | null = null;
  #entering: Promise<Verdict> | null = null; // a ticket is being asked for
  #ticketed = false; // the player has one
  #refusedAt = -Infinity;
  #playedStream: string | null = null;
  #source = "";
  #closed = false;

  constructor(options: StageOptions) {
    this.#options = options;
    this.#presence = new Presence({ send: sendSign, onCount: options.onViewers, now: clock });
    this.#renewal = new Renewal({
      ask: () => playTicket(options.login),
      onOver: () => {
        this.#stop(); // by the same way back in, if there is one
        options.refresh(0);
      },
      now: clock,
    });
    this.#timer = window.setInterval(this.#tick, TICK_MS);
    const { signal } = this.#abort;
    window.addEventListener("pagehide", this.#leave, { signal });
    options.video.addEventListener("volumechange", this.#onVolume, { signal });
  }

  get view(): StageView {
    return this.#view;
  }

  get player(): Player | null {
    return this.#player;
  }

  /** Be told when `view` or `player` is another; gives what ends that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Give everything back: the page goes elsewhere. */
  close(): void {
    this.#closed = true;
    this.#abort.abort();
    window.clearInterval(this.#timer);
    this.#stop();
    delete window.__weir;
  }

  /** What is known of the channel now. */
  channelIs(channel: Channel): void {
    if (this.#closed) {
      return;
    }
    this.#channel = channel;
    const { is_live: live, stream_id: streamId, visibility } = channel;
    const open = OPEN.has(visibility);
    if (this.#player !== null && open === this.#ticketed) {
      this.#stop(); // it was closed, or opened, meanwhile
    }
    if (!live) {
      this.#wentOffline();
    } else if (this.#player === null) {
      this.#cameOnline(streamId, open);
    } else if (streamId !== this.#playedStream) {
      this.#changedStream(streamId);
    }
    this.#tick();
  }

  /** How the channel is cannot be asked: its stream need not be away as well. */
  channelUnknown(): void {
    if (!this.#closed && this.#player === null && this.#channel === null) {
      this.#play(null, this.#address(), false);
    }
  }

  #wentOffline(): void {
    if (this.#player === null || EMPTY.has(this.#player.state)) {
      this.#stop();
    }
  }

  #cameOnline(streamId: string | null, open: boolean): void {
    if (open) {
      this.#play(streamId, this.#address(), false);
    } else if (!this.wantsPassword) {
      void this.enter(); // also while there is a gate: somebody may have got in by another page
    }
  }

  #changedStream(streamId: string | null): void {
    const another = this.#playedStream !== null; // what is left of the last broadcast is past
    this.#playedStream = streamId;
    if (another && this.#address() === this.#source) {
      this.#player?.restart();
    } else if (another) {
      this.#stop(); // another node has it now
      this.#options.refresh(0);
    }
  }

  /** Nothing but a password can change anything. */
  get wantsPassword(): boolean {
    const reason = this.#view.refusal?.reason;
    return this.#channel?.visibility === "password" && (reason === "password_required" || reason === "wrong_password");
  }

  #address(): string {
    const { hlsUrl, login } = this.#options;
    return this.#channel?.hls_url ?? `${hlsUrl}/hls/${login}/index.m3u8`;
  }

  /** Ask for a ticket, with the password that somebody typed, if any; play, or say what is missing. Never throws. */
  async enter(password?: string): Promise<void> {
    if (this.#entering !== null) {
      await this.#entering; // what is typed must not be lost
      if (password === undefined) {
        return;
      }
    }
    this.#entering = playTicket(this.#options.login, password);
    const verdict = await this.#entering;
    this.#entering = null;
    if (!this.#closed && this.#player === null && this.#channel?.is_live === true) {
      this.#admit(verdict, this.#channel.stream_id);
    }
  }

  #admit(verdict: Verdict, streamId: string | null): void {
    switch (verdict.kind) {
      case "ticket":
        this.#play(streamId, verdict.ticket.hls_url, true);
        this.#renewal.begin(verdict.ticket);
        break;
      case "open":
        this.#play(streamId, this.#address(), false);
        break;
      case "refused":
        this.#show({ refusal: verdict, trouble: null, state: "refused" });
        break;
      case "unavailable":
        this.#show({ trouble: verdict.message });
        this.#options.refresh(RETRY_S); // which asks again
    }
  }

  #play(streamId: string | null, source: string, credentials: boolean): void {
    this.#ticketed = credentials;
    this.#playedStream = streamId;
    this.#source = source;
    const player = new Player({
      video: this.#options.video,
      source,
      credentials,
      profile: profileFrom(location.search),
      debug: debugFrom(location.search),
      clockOffsetMs: () => serverClock.offsetMs,
      onState: (state) => {
        this.#onState(player, state);
      },
      onMissing: (missing) => {
        this.#show({ missing });
      },
      onSilenced: () => {
        this.#show({ silenced: true });
      },
    });
    this.#player = player;
    player.chooseQuality(recallQuality());
    Object.defineProperty(window, "__weir", { configurable: true, get: () => player.diagnostics });
    this.#show({ refusal: null, trouble: null, missing: NOTHING_MISSING, state: player.state });
    void player.start();
  }

  #onState(player: Player, state: PlayerState): void {
    if (player !== this.#player) {
      return;
    }
    this.#show({ state });
    if (state === "refused") {
      this.#onRefused();
    } else if (state === "ended") {
      this.#tick();
      this.#options.refresh(1); // the page hears of it by itself, if it hears
    }
  }

  /** The channel is for some viewers now, or the ticket is good no more: look at once, but not again and again. */
  #onRefused(): void {
    this.#stop("refused");
    const again = clock() - this.#refusedAt < REFUSED_AGAIN_S;
    this.#refusedAt = clock();
    this.#options.refresh(again ? RETRY_S : 0);
  }

  #stop(state: PlayerState = "offline"): void {
    this.#presence.leave();
    this.#renewal.stop();
    this.#ticketed = false;
    this.#player?.close();
    this.#player = null;
    this.#show({ refusal: null, trouble: null, missing: NOTHING_MISSING, state });
  }

  /** Choose a quality by its lines, also for streams to come; null: automatic. */
  chooseQuality(height: number | null): void {
    rememberQuality(height);
    this.#player?.chooseQuality(height);
    this.#tell();
  }

  readonly #onVolume = (): void => {
    if (this.#view.silenced && !this.#options.video.muted) {
      this.#show({ silenced: false });
    }
  };

  readonly #leave = (): void => {
    this.#presence.leave();
  };

  readonly #tick = (): void => {
    const player = this.#player;
    const over = player?.state === "ended" && this.#channel?.stream_id === this.#playedStream;
    if (over !== this.#view.over) {
      this.#show({ over });
    }
    const live = (this.#channel?.is_live ?? false) && !over;
    const watched = player !== null && WATCHED.has(player.state) && !player.countedByOrigin;
    this.#presence.look(live && watched ? this.#playedStream : null);
    this.#renewal.look(player !== null && player.state !== "paused");
    if (this.#view.state === "refused") {
      this.#options.refresh(RETRY_S); // the room does not tell who may watch
    }
  };

  #show(change: Partial<StageView>): void {
    this.#view = { ...this.#view, ...change };
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) {
      listener();
    }
  }
}
