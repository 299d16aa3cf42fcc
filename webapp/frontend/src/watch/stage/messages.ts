/** What lies over the picture when there is none, or none that moves. Pure. */

import type { Missing } from "../../player/codecs";
import type { PlayerState } from "../../player/diagnostics";
import { missingText } from "./labels";
import type { StageTexts } from "./texts";

export interface Message {
  readonly title: string;
  readonly text: string;
  readonly busy: boolean;
}

/** `name` is the channel's, `missing` what this browser cannot play of the stream; null: the picture speaks for itself. */
export function messageFor(state: PlayerState, name: string, missing: Missing, texts: StageTexts): Message | null {
  const lacks = missingText(missing, texts.codecWords);
  switch (state) {
    case "playing":
    case "paused":
      return missing.video.length === 0 ? null : { title: texts.cannotPlay(lacks), text: texts.soundOnly, busy: false };
    case "idle":
    case "starting":
    case "refused": // the page asks for a ticket
      return { title: texts.starting, text: "", busy: true };
    case "buffering":
      return { title: texts.buffering, text: "", busy: true };
    case "blocked":
      return { title: "", text: texts.blocked, busy: false };
    case "reconnecting":
      return { title: texts.reconnecting, text: texts.reconnectingText, busy: true };
    case "offline":
      return { title: texts.offline(name), text: texts.offlineText, busy: false };
    case "ended":
      return { title: texts.ended, text: texts.endedText, busy: false };
    case "unsupported":
      return lacks === ""
        ? { title: texts.noLive, text: texts.noLiveText, busy: false }
        : { title: texts.cannotPlay(lacks), text: texts.elsewhere, busy: false };
  }
}
