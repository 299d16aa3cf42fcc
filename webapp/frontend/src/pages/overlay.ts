/** What lies over the picture when there is none, or none that moves. */

import { h, setText } from "../dom";
import type { PlayerState } from "../player/diagnostics";

interface Message {
  readonly title: string;
  readonly text: string;
  readonly busy: boolean;
}

export interface Overlay {
  readonly element: HTMLElement;
  /** `name` is the channel's. */
  readonly show: (state: PlayerState, name: string) => void;
}

/** `play` is what the big button does where the browser wants a click first. */
export function overlay(play: () => void): Overlay {
  const title = h("p", { class: "overlay-title" });
  const text = h("p", { class: "overlay-text" });
  const spinner = h("span", { class: "spinner", "aria-hidden": "true" });
  const button = h("button", { type: "button", class: "primary" }, "Play");
  button.addEventListener("click", play);
  const element = h("div", { class: "overlay", role: "status" }, spinner, title, text, button);
  return {
    element,
    show: (state, name) => {
      const message = messageFor(state, name);
      element.hidden = message === null;
      spinner.hidden = message?.busy !== true;
      button.hidden = state !== "blocked";
      setText(title, message?.title ?? "");
      setText(text, message?.text ?? "");
    },
  };
}

function messageFor(state: PlayerState, name: string): Message | null {
  switch (state) {
    case "playing":
    case "paused":
      return null;
    case "idle":
    case "starting":
      return { title: "Starting", text: "", busy: true };
    case "buffering":
      return { title: "Buffering", text: "", busy: true };
    case "blocked":
      return { title: "", text: "Your browser wants a click before it plays.", busy: false };
    case "reconnecting":
      return { title: "Reconnecting", text: "The streamer’s connection dropped. Back soon.", busy: true };
    case "offline":
      return { title: `${name} is offline`, text: "This page starts by itself when the stream does.", busy: false };
    case "ended":
      return { title: "The stream has ended", text: "This page starts by itself when the next one does.", busy: false };
    case "unsupported":
      return { title: "This browser cannot play live streams", text: "Try a current Firefox, Chrome, Edge or Safari.", busy: false };
  }
}
