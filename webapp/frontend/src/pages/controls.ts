/** The bar below the picture: play, mute, volume, latency chip, full screen; and the keys that do the same. */

import { h, icon, setText } from "../dom";
import { latency as latencyText } from "../format";
import type { Player } from "../player/player";

const ICONS = {
  play: "M7 4.5v15l12.5-7.5z",
  pause: "M6 4.5h4v15H6zM14 4.5h4v15h-4z",
  sound: "M3 9v6h4l6 5V4L7 9zM15.5 7.5a5.5 5.5 0 0 1 0 9zM15.5 4a8.5 8.5 0 0 1 0 16v-1.8a6.8 6.8 0 0 0 0-12.4z",
  muted: "M3 9v6h4l6 5V4L7 9zM15 9.4l1.4-1.4 2.1 2.1L20.6 8 22 9.4 19.9 11.5 22 13.6 20.6 15l-2.1-2.1-2.1 2.1-1.4-1.4 2.1-2.1z",
  full: "M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z",
} as const;

const IDLE_MS = 3000;
const BEHIND_S = 5;
const REFRESH_MS = 500;

export interface Controls {
  readonly bar: HTMLElement;
  /** The player changed; null while there is none. */
  readonly use: (player: Player | null) => void;
}

export function controls(stage: HTMLElement, video: HTMLVideoElement): Controls {
  let player: Player | null = null;
  const toggle = (): void => {
    if (video.paused) {
      player?.play();
    } else {
      video.pause();
    }
  };
  const toggleMute = (): void => {
    video.muted = !video.muted;
  };
  const toggleFull = (): void => {
    void (document.fullscreenElement === null ? stage.requestFullscreen() : document.exitFullscreen());
  };
  const playButton = button("Play", ICONS.play, toggle);
  const muteButton = button("Mute", ICONS.sound, toggleMute);
  const volume = h("input", { type: "range", min: "0", max: "1", step: "0.05", "aria-label": "Volume", class: "volume" });
  const text = h("span", { "data-testid": "latency" });
  const chip = h("button", { type: "button", class: "chip", title: "Jump to live" }, h("span", { class: "dot" }), text);
  const full = button("Full screen", ICONS.full, toggleFull);
  const bar = h("div", { class: "controls" }, playButton, muteButton, volume, chip, h("span", { class: "gap" }), full);

  volume.addEventListener("input", () => {
    video.volume = Number(volume.value);
    video.muted = video.volume === 0;
  });
  chip.addEventListener("click", () => player?.goLive());
  const showSound = (): void => {
    const silent = video.muted || video.volume === 0;
    label(muteButton, silent ? "Unmute" : "Mute", silent ? ICONS.muted : ICONS.sound);
    volume.value = silent ? "0" : String(video.volume);
  };
  const showPlay = (): void => {
    label(playButton, video.paused ? "Play" : "Pause", video.paused ? ICONS.play : ICONS.pause);
  };
  video.addEventListener("volumechange", showSound);
  for (const name of ["play", "pause", "emptied"]) {
    video.addEventListener(name, showPlay);
  }
  video.addEventListener("click", toggle);
  video.addEventListener("dblclick", toggleFull);
  onKeys({ k: toggle, " ": toggle, m: toggleMute, f: toggleFull });
  hideWhenIdle(stage, video);
  showSound();

  window.setInterval(() => {
    const seconds = player?.latency() ?? null;
    chip.hidden = seconds === null;
    if (seconds !== null) {
      text.dataset["latencyMs"] = String(Math.round(seconds * 1000));
      chip.classList.toggle("behind", seconds > BEHIND_S || video.paused);
      setText(text, seconds > BEHIND_S ? `${latencyText(seconds)} behind live` : `${latencyText(seconds)} latency`);
    }
  }, REFRESH_MS);
  return {
    bar,
    use: (next) => {
      player = next;
    },
  };
}

function button(name: string, path: string, act: () => void): HTMLButtonElement {
  const element = h("button", { type: "button", class: "control" });
  label(element, name, path);
  element.addEventListener("click", act);
  return element;
}

function label(element: HTMLButtonElement, name: string, path: string): void {
  if (element.getAttribute("aria-label") !== name) {
    element.setAttribute("aria-label", name);
    element.title = name;
    element.replaceChildren(icon(path));
  }
}

function onKeys(keys: Record<string, () => void>): void {
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const within = (selector: string): boolean => target !== null && target.closest(selector) !== null;
    const typing = within("input:not([type=range]), textarea, select, [contenteditable]");
    const pressing = event.key === " " && within("button, a"); // space is theirs
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act === undefined || typing || pressing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) {
      return;
    }
    event.preventDefault();
    act();
  });
}

function hideWhenIdle(stage: HTMLElement, video: HTMLVideoElement): void {
  let timer: number | undefined;
  const wake = (): void => {
    stage.classList.remove("idle");
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      stage.classList.toggle("idle", !video.paused && !stage.matches(":has(.controls :focus-visible)"));
    }, IDLE_MS);
  };
  for (const name of ["pointermove", "pointerdown", "focusin", "keydown"]) {
    stage.addEventListener(name, wake);
  }
  video.addEventListener("play", wake);
  video.addEventListener("pause", wake);
}
