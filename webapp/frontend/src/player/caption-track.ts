/** Shows captions that come inside the picture as a text track of the media element, so that the browser draws them, also in full screen and as picture in picture, and in the way the viewer has set there. */

import { blocksOf, CaptionTimeline, type CaptionBlock, type CaptionSample, type CaptionScreen } from "./captions";

const LOOK_MS = 100;
/** Captions keep to the inner four fifths of the picture (the safe title area), which 32 columns and 15 rows share. */
const MARGIN = 10;
const COLUMN = 80 / 32;
const ROW = 80 / 15;
/** A cue lasts until the screen changes. */
const FOR_NOW_S = 3600;

export class CaptionTrack {
  readonly #video: HTMLVideoElement;
  readonly #timeline = new CaptionTimeline();
  readonly #timer: number;
  #element: HTMLTrackElement | null = null;
  #shown: CaptionScreen | null = null;

  /** Ends with `close`. The element gets a track once there is something to read. */
  constructor(video: HTMLVideoElement) {
    this.#video = video;
    this.#timer = window.setInterval(this.#look, LOOK_MS);
  }

  take(samples: readonly CaptionSample[]): void {
    this.#timeline.take(samples);
  }

  close(): void {
    window.clearInterval(this.#timer);
    this.#element?.remove();
    this.#element = null;
  }

  readonly #look = (): void => {
    const screen = this.#timeline.at(this.#video.currentTime);
    if (screen === this.#shown || (this.#element === null && screen.rows.length === 0)) {
      return;
    }
    this.#shown = screen;
    const { track } = (this.#element ??= newTrack(this.#video));
    for (const cue of Array.from(track.cues ?? [])) {
      track.removeCue(cue);
    }
    for (const block of blocksOf(screen.rows)) {
      track.addCue(cueOf(block, screen.since));
    }
  };
}

/** An element, as unlike `addTextTrack` it can be taken away. Its source is nothing: the policy of our pages forbids `data:`. */
function newTrack(video: HTMLVideoElement): HTMLTrackElement {
  const element = document.createElement("track");
  element.kind = "captions";
  element.label = "CC";
  element.track.mode = "hidden";
  video.append(element);
  return element;
}

function cueOf({ row, column, text }: CaptionBlock, since: number): VTTCue {
  const cue = new VTTCue(since, since + FOR_NOW_S, escaped(text));
  cue.snapToLines = false;
  cue.line = MARGIN + row * ROW;
  cue.align = "start";
  cue.position = MARGIN + column * COLUMN;
  cue.size = 100 - cue.position;
  return cue;
}

/** The text of a cue is markup; what comes from the stream is not. Exported for tests. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
