/** What the buttons and the keys of a player do to it. */

import type { StageController } from "./controller";
import type { KeyAct } from "./keys";
import { rememberSound } from "./memory";

const STEP = 0.05;
const JUMPS = { back: -10, forward: 10, "back-a-little": -5, "forward-a-little": 5 } as const;
const QUIETEST = 0.05;

/** One for each stage. */
export class StageCommands {
  readonly #stage: HTMLElement;
  readonly #video: HTMLVideoElement;
  readonly #controller: StageController;

  constructor(stage: HTMLElement, video: HTMLVideoElement, controller: StageController) {
    this.#stage = stage;
    this.#video = video;
    this.#controller = controller;
  }

  readonly toggle = (): void => {
    if (this.#video.paused) {
      this.#controller.player?.play();
    } else {
      this.#video.pause();
    }
  };

  readonly toggleMute = (): void => {
    const video = this.#video;
    if (video.muted && video.volume === 0) {
      video.volume = QUIETEST; // or nothing would be heard
    }
    video.muted = !video.muted;
    this.#remember();
  };

  /** 0 to 1. */
  setVolume(volume: number): void {
    this.#video.volume = Math.min(1, Math.max(0, Math.round(volume * 100) / 100));
    this.#video.muted = this.#video.volume === 0;
    this.#remember();
  }

  step(direction: 1 | -1): void {
    this.setVolume((this.#video.muted ? 0 : this.#video.volume) + direction * STEP);
  }

  readonly toggleFullscreen = (): void => {
    if (document.fullscreenElement !== null) {
      void document.exitFullscreen();
    } else if (typeof this.#stage.requestFullscreen === "function") {
      this.#stage.requestFullscreen().catch(() => undefined); // the browser, or the page around a frame, forbids it
    } else {
      (this.#video as { webkitEnterFullscreen?: () => void }).webkitEnterFullscreen?.(); // iPhones: the video alone
    }
  };

  readonly togglePip = (): void => {
    const done = document.pictureInPictureElement === null ? this.#video.requestPictureInPicture() : document.exitPictureInPicture();
    done.catch(() => undefined); // nothing is playing yet
  };

  readonly goLive = (): void => {
    this.#controller.player?.goLive();
  };

  /** By seconds; there is nothing before the window, and live is behind its end. */
  jump(seconds: number): void {
    this.#controller.player?.seek(this.#video.currentTime + seconds);
  }

  /** Do what a key says; false: it is for somebody else. */
  act(act: KeyAct): boolean {
    switch (act) {
      case "back":
      case "forward":
      case "back-a-little":
      case "forward-a-little":
        this.jump(JUMPS[act]);
        return true;
      case "play":
        this.toggle();
        return true;
      case "mute":
        this.toggleMute();
        return true;
      case "fullscreen":
        this.toggleFullscreen();
        return true;
      case "louder":
        this.step(1);
        return true;
      case "quieter":
        this.step(-1);
        return true;
      case "theatre":
      case "captions":
      case "stats":
      case "help":
        return false;
    }
  }

  #remember(): void {
    rememberSound({ volume: this.#video.volume, muted: this.#video.muted });
  }
}
