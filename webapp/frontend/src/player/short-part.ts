/**
 * A repair of hls.js 1.7.4, made where it lets others put in their own controllers.
 *
 * Its fragment tracker takes a segment for complete once the buffer reaches to within 0.2 s of the segment's end. When a
 * segment's last part is shorter than that (the rest of a group of pictures, 80 ms at 25 fps) and the playlist that lists
 * it arrives before the part before it is in the buffer, the tracker says "complete" while the part list says "one part
 * missing": the controller then neither loads that part nor goes on to the next segment, until the parts leave the
 * playlist three target durations later. A segment with an unloaded part is not complete, whatever the tracker says.
 */

import type Hls from "hls.js";
import type { HlsConfig, LevelDetails, MediaFragment } from "hls.js";

/** What is asked of hls.js's fragment tracker. */
export interface Tracker<Segment> {
  getState(segment: Segment): string;
  removeFragment(segment: Segment): void;
}

type Parts = readonly { readonly fragment: { readonly sn: unknown }; readonly loaded: boolean; readonly gap: boolean }[];

/** Make the tracker forget a segment that it calls complete although one of its parts was never loaded. */
export function forgetFalselyComplete<Segment extends { readonly sn: unknown }>(
  tracker: Tracker<Segment>,
  segment: Segment,
  parts: Parts | null | undefined,
): void {
  const missing = parts?.some((part) => part.fragment.sn === segment.sn && !part.loaded && !part.gap) ?? false;
  if (missing && tracker.getState(segment) === "OK") {
    tracker.removeFragment(segment);
  }
}

/** The two controllers with the repair, as settings for hls.js. */
export function repairedControllers(HlsImpl: typeof Hls): Partial<HlsConfig> {
  const { streamController: Main, audioStreamController: Audio } = HlsImpl.DefaultConfig;
  const streamController = class extends Main {
    protected override getFragmentAtPosition(end: number, edge: number, details: LevelDetails): MediaFragment | null {
      const segment = super.getFragmentAtPosition(end, edge, details);
      if (segment !== null && this.loadingParts) {
        forgetFalselyComplete(this.fragmentTracker, segment, details.partList);
      }
      return segment;
    }
  };
  if (Audio === undefined) {
    return { streamController };
  }
  const audioStreamController = class extends Audio {
    protected override getFragmentAtPosition(end: number, edge: number, details: LevelDetails): MediaFragment | null {
      const segment = super.getFragmentAtPosition(end, edge, details);
      if (segment !== null && this.loadingParts) {
        forgetFalselyComplete(this.fragmentTracker, segment, details.partList);
      }
      return segment;
    }
  };
  return { streamController, audioStreamController };
}
