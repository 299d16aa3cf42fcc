// What hls.js makes of a row of playlists: each is parsed by its own parser and merged into the one before, as its level
// controllers do. Standard input: {"hls": path of hls.mjs, "runs": {name: [playlist, ...]}}; standard output: the state
// after each playlist. `mergeDetails` is not exported, so it is taken out of the very bundle that is shipped.

import { readFileSync } from "node:fs";

const { hls, runs } = JSON.parse(readFileSync(0, "utf8"));
globalThis.self = globalThis;
const source = readFileSync(hls, "utf8").replace(/^\/\/# sourceMappingURL.*$/m, "");
const bundle = `${source}\nexport { mergeDetails as _mergeDetails, M3U8Parser as _M3U8Parser };`;
const { _mergeDetails, _M3U8Parser } = await import(
  `data:text/javascript;base64,${Buffer.from(bundle).toString("base64")}`
);

function state(details, warnings) {
  const known = details.fragmentHint ? [...details.fragments, details.fragmentHint] : details.fragments;
  return {
    error: details.playlistParsingError ? details.playlistParsingError.message.split("\n")[0] : null,
    failed: Boolean(details.deltaUpdateFailed),
    skipped: details.skippedSegments,
    live: details.live,
    hint: details.preloadHint ? { ...details.preloadHint } : null,
    warnings,
    segments: known.map((one) => [
      one.sn,
      one.relurl ?? null,
      one.cc,
      Math.round(one.duration * 1000),
      one.programDateTime,
      one.initSegment ? one.initSegment.relurl : null,
      Boolean(one.gap),
    ]),
    starts: known.map((one) => Math.round(one.start * 1000)),
    parts: (details.partList ?? []).map((one) => [one.fragment.sn, one.index, one.relurl, one.fragment.cc, one.gap]),
    ranges: Object.fromEntries(Object.values(details.dateRanges).map((one) => [one.id, { ...one.attr }])),
  };
}

const results = {};
for (const [name, playlists] of Object.entries(runs)) {
  let previous = null;
  results[name] = playlists.map((text) => {
    const warnings = [];
    const logger = { log() {}, warn: (...words) => warnings.push(words.join(" ")) };
    const details = _M3U8Parser.parseLevelPlaylist(text, "http://127.0.0.1/x/index.m3u8", 0, "main", 0, null);
    if (previous && !details.playlistParsingError) {
      _mergeDetails(previous, details, logger);
    }
    previous = details;
    return state(details, warnings);
  });
}
process.stdout.write(JSON.stringify(results));
