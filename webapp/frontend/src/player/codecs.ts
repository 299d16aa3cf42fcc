/** Which codecs of a stream this browser cannot play, in words. Pure. */

export interface Missing {
  readonly video: readonly string[];
  readonly audio: readonly string[];
}

export const NOTHING_MISSING: Missing = { video: [], audio: [] };

/** By the first part of a CODECS entry, in lower case: players write Opus and fLaC in several ways. */
const VIDEO: Readonly<Record<string, string>> = { avc1: "H.264", hvc1: "HEVC", hev1: "HEVC", av01: "AV1", vp09: "VP9" };
const AUDIO: Readonly<Record<string, string>> = {
  mp4a: "AAC",
  opus: "Opus",
  flac: "FLAC",
  "ac-3": "AC-3",
  "ec-3": "E-AC-3",
};

/** `variants`: CODECS of every variant. `canPlay`: may a media source have this type? An unknown name is left to hls.js. */
export function missingCodecs(variants: readonly string[], canPlay: (type: string) => boolean): Missing {
  const codecs = new Set(variants.flatMap((one) => one.split(",")).map((one) => one.trim()));
  const video = new Set<string>();
  const audio = new Set<string>();
  for (const codec of codecs) {
    const fourcc = codec.split(".", 1)[0]?.toLowerCase() ?? "";
    const picture = VIDEO[fourcc];
    const sound = AUDIO[fourcc];
    if (picture !== undefined && !canPlay(`video/mp4;codecs="${codec}"`)) {
      video.add(picture);
    }
    if (sound !== undefined && !canPlay(`audio/mp4;codecs="${codec}"`)) {
      audio.add(sound);
    }
  }
  return { video: [...video], audio: [...audio] };
}

/** What people call the codec of a CODECS entry; one that is not known as it is. */
export function codecName(codec: string): string {
  const fourcc = codec.split(".", 1)[0]?.toLowerCase() ?? "";
  return VIDEO[fourcc] ?? AUDIO[fourcc] ?? codec;
}

/** What is missing as it stands in a sentence; empty when nothing is. */
export function describeMissing({ video, audio }: Missing): string {
  const parts = [...video.map((name) => `${name} video`), ...audio.map((name) => `${name} sound`)];
  return parts.join(" or ");
}
