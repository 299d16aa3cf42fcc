/** Names of qualities and of what a browser cannot play, as people read them. Pure. */

import type { Missing } from "../../player/codecs";
import type { Qualities, Quality } from "../../player/source";

/** `1080p60`, `720p`; by its bit rate where the lines are unknown. */
export function qualityName({ height, fps, bitsPerSecond }: Quality): string {
  if (height <= 0) {
    return bitsPerSecond > 0 ? `${Math.round(bitsPerSecond / 1000)} kbit/s` : "–";
  }
  return `${height}p${fps > 45 ? Math.round(fps) : ""}`;
}

export interface QualityChoice {
  readonly height: number;
  readonly name: string;
}

/** What the menu offers, the best first, one for each height. */
export function choices(qualities: Qualities): readonly QualityChoice[] {
  const byHeight = new Map<number, Quality>();
  for (const quality of qualities.all) {
    const known = byHeight.get(quality.height);
    if (quality.height > 0 && (known === undefined || quality.bitsPerSecond > known.bitsPerSecond)) {
      byHeight.set(quality.height, quality);
    }
  }
  return [...byHeight.values()].sort((a, b) => b.height - a.height).map((one) => ({ height: one.height, name: qualityName(one) }));
}

/** The codecs that are missing, as they stand in a sentence; '' when none is. */
export function missingText({ video, audio }: Missing, words: { video: string; sound: string; or: string }): string {
  const parts = [...video.map((name) => `${name}${words.video}`), ...audio.map((name) => `${name}${words.sound}`)];
  return parts.join(` ${words.or} `);
}
