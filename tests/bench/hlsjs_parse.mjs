// Reads a JSON list of media playlists on stdin and writes what hls.js' own parser makes of each.
import { readFileSync } from "node:fs";
import { M3U8Parser } from "../../webapp/frontend/node_modules/hls.js/dist/hls.mjs";

const read = (text) => {
  const details = M3U8Parser.parseLevelPlaylist(text, "http://origin.example/index.m3u8", 0, "main", 0, null);
  return {
    error: details.playlistParsingError?.message ?? null,
    segments: details.fragments.filter((one) => one).map((one) => [one.sn, one.duration, one.relurl]),
    parts: (details.partList ?? []).map((one) => [one.fragment.sn, one.index, one.duration, one.relurl, one.gap]),
    skipped: details.skippedSegments,
    live: details.live,
    targetDuration: details.targetduration,
    partTarget: details.partTarget,
    canBlock: details.canBlockReload,
    partHoldBack: details.partHoldBack,
  };
};

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(read)));
