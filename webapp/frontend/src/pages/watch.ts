/** `/LOGIN`: one channel's player, and what is known about its stream. */

import { ApiError, channel, serverClock, site, type Channel } from "../api";
import { h, setText } from "../dom";
import { duration, since } from "../format";
import { debugFrom, profileFrom } from "../player/config";
import type { PlayerState } from "../player/diagnostics";
import { Player } from "../player/player";
import { poll } from "../poll";
import { avatar } from "./avatar";
import { controls } from "./controls";
import { overlay } from "./overlay";

const REFRESH_S = 5;

export function watchPage(root: HTMLElement, login: string): void {
  void import("hls.js").catch(() => undefined); // needed in a moment; the player says so if it cannot be had
  const page = new WatchPage(root, login);
  poll(REFRESH_S, () => page.refresh());
}

class WatchPage {
  readonly #login: string;
  readonly #root: HTMLElement;
  readonly #video = h("video", { playsinline: true });
  readonly #stage = h("section", { class: "stage", "aria-label": "Player", "data-testid": "player" });
  readonly #overlay = overlay(() => this.#player?.play());
  readonly #controls = controls(this.#stage, this.#video);
  readonly #unmute = h("button", { type: "button", class: "unmute", hidden: true }, "Tap to unmute");
  readonly #notice = h("p", { class: "notice", role: "status", hidden: true });
  readonly #title = h("h1", { "data-testid": "title" });
  readonly #name = h("p", { class: "channel-name", "data-testid": "name" });
  readonly #badge = h("span", { class: "badge live", hidden: true, "data-testid": "badge" }, "Live");
  readonly #uptime = h("span", { class: "uptime", "data-testid": "uptime" });
  #hlsUrl: string | null = null;
  #channel: Channel | null = null;
  #player: Player | null = null;
  #playedStream: string | null = null;

  constructor(root: HTMLElement, login: string) {
    this.#login = login;
    this.#root = root;
    document.title = `${login} – weir`;
    setText(this.#title, login);
    this.#stage.append(this.#video, this.#overlay.element, this.#unmute, this.#controls.bar);
    const facts = h("div", { class: "facts" }, this.#badge, this.#uptime);
    const names = h("div", { class: "names" }, this.#title, this.#name);
    root.replaceChildren(this.#notice, this.#stage, h("section", { class: "about" }, avatar(login, login), names, facts));
    this.#showState("starting");
    this.#offerSound();
    window.setInterval(() => {
      this.#tick();
    }, 1000);
  }

  /** Ask the server how things are. Never throws. */
  async refresh(): Promise<void> {
    try {
      const found = channel(this.#login);
      found.catch(() => undefined); // awaited below, after the address: both are asked for at once
      this.#hlsUrl ??= (await site()).urls.hls;
      this.#channel = await found;
      this.#notice.hidden = true;
      this.#update();
    } catch (error) {
      this.#notice.hidden = false;
      setText(this.#notice, error instanceof ApiError ? error.message : "Something went wrong.");
      if (this.#hlsUrl !== null && this.#player === null) {
        this.#play(null); // the page's data are away, the stream need not be
      }
    }
  }

  #update(): void {
    if (this.#channel === null) {
      this.#notFound();
      return;
    }
    const { is_live: live, stream_id: streamId, title, broadcaster_name: name } = this.#channel;
    setText(this.#title, title || name);
    setText(this.#name, title ? name : "");
    document.title = `${name} – weir`;
    const state = this.#player?.state ?? "offline";
    if (live && this.#player === null) {
      this.#play(streamId);
    } else if (live && state === "ended" && streamId !== this.#playedStream) {
      this.#playedStream = streamId;
      this.#player?.restart();
    } else if (!live && (state === "offline" || state === "starting")) {
      this.#stop();
    }
    this.#tick();
  }

  #play(streamId: string | null): void {
    this.#playedStream = streamId;
    const player = new Player({
      video: this.#video,
      source: `${this.#hlsUrl ?? ""}/hls/${this.#login}/index.m3u8`,
      profile: profileFrom(location.search),
      debug: debugFrom(location.search),
      clockOffsetMs: () => serverClock.offsetMs,
      onState: (state) => {
        this.#showState(state);
      },
      onSilenced: () => {
        this.#unmute.hidden = false;
      },
    });
    this.#player = player;
    this.#controls.use(player);
    Object.defineProperty(window, "__weir", { configurable: true, get: () => player.diagnostics });
    void player.start();
  }

  #stop(): void {
    this.#player?.close();
    this.#player = null;
    this.#controls.use(null);
    this.#showState("offline");
  }

  #showState(state: PlayerState): void {
    this.#stage.dataset["state"] = state;
    this.#overlay.show(state, this.#channel?.broadcaster_name ?? this.#login);
  }

  /** The browser's autoplay rule took the sound away: offer to undo that, until somebody does. */
  #offerSound(): void {
    this.#unmute.addEventListener("click", () => {
      this.#video.muted = false;
    });
    this.#video.addEventListener("volumechange", () => {
      this.#unmute.hidden ||= !this.#video.muted;
    });
  }

  #tick(): void {
    const live = this.#channel?.is_live ?? false;
    this.#badge.hidden = !live;
    const seconds = since(this.#channel?.started_at ?? null, Date.now() + serverClock.offsetMs);
    setText(this.#uptime, live ? duration(seconds) : "");
  }

  #notFound(): void {
    this.#stop();
    document.title = "Not found – weir";
    this.#root.replaceChildren(
      h(
        "section",
        { class: "empty", "data-testid": "not-found" },
        h("h1", {}, `There is no channel called ${this.#login}`),
        h("p", {}, "Check the address, or see ", h("a", { href: "/" }, "who is live now"), "."),
      ),
    );
  }
}
