"""The checker's reading of playlists agrees with hls.js' own parser; where hls.js is more tolerant, a table says so."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench.llhls_check.observation import Observation, Reload, Rendition
from bench.llhls_check.playlist import read_playlist
from bench.llhls_check.rule_page import HLSJS_TOLERATES
from bench.llhls_check.rules import ordered
from bench.llhls_check.verdicts import Outcome, judge_one
from tests.bench.llhls_stream import BASE, LAST, Edit, exchange, playlist_text

pytestmark = pytest.mark.real

SCRIPT = Path(__file__).with_name("hlsjs_parse.mjs")
CLEAN = playlist_text("video", LAST)
ENDED = CLEAN.partition("#EXT-X-PRELOAD")[0].partition("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:44")[0]

GOOD = {
    "video": CLEAN,
    "audio": playlist_text("audio", LAST),
    "the segment has just begun": playlist_text("video", 45),
    "no segment is growing": playlist_text("video", 44),
    "delta update": playlist_text("video", LAST, skip=4),
    "ended": ENDED + "#EXT-X-ENDLIST\n",
    "gap parts": CLEAN.replace('URI="p41.m4s"', 'URI="p41.m4s",GAP=YES'),
    "a gap segment": CLEAN.replace("#EXTINF:4.00000,\ns5.m4s", "#EXT-X-GAP\n#EXTINF:4.00000,\ns5.m4s"),
    "a discontinuity": CLEAN.replace(
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:40",
        "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:40",
    ),
    "a new init section": CLEAN.replace(
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:40",
        '#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init2.mp4"\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:40',
    ),
    "lines that end with CR and LF": CLEAN.replace("\n", "\r\n"),
    "unknown tags and comments": CLEAN.replace(
        "#EXT-X-PART-INF", "#EXT-X-NEWS:1\n# hello\n\n#EXT-X-PART-INF"
    ),
}


def sub(old: str, new: str) -> Edit:
    return lambda text: text.replace(old, new, 1)


BAD: dict[str, Edit] = {
    "no EXTM3U": sub("#EXTM3U\n", ""),
    "EXTM3U in the second line": lambda text: "# hello\n" + text,
    "a byte order mark": lambda text: "﻿" + text,
    "no TARGETDURATION": sub("#EXT-X-TARGETDURATION:4\n", ""),
    "TARGETDURATION twice": sub("#EXT-X-TARGETDURATION:4\n", "#EXT-X-TARGETDURATION:4\n" * 2),
    "TARGETDURATION is no number": sub("TARGETDURATION:4", "TARGETDURATION:four"),
    "VERSION twice": sub("#EXT-X-VERSION:6\n", "#EXT-X-VERSION:6\n" * 2),
    "VERSION too low": sub("VERSION:6", "VERSION:3"),
    "MEDIA-SEQUENCE twice": sub("#EXT-X-MEDIA-SEQUENCE:2\n", "#EXT-X-MEDIA-SEQUENCE:2\n" * 2),
    "MEDIA-SEQUENCE behind segments": lambda text: (
        text.replace("#EXT-X-MEDIA-SEQUENCE:2\n", "") + "#EXT-X-MEDIA-SEQUENCE:2\n"
    ),
    "DISCONTINUITY-SEQUENCE twice": sub(
        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n", "#EXT-X-DISCONTINUITY-SEQUENCE:0\n" * 2
    ),
    "DISCONTINUITY-SEQUENCE behind segments": lambda text: (
        text.replace("#EXT-X-DISCONTINUITY-SEQUENCE:0\n", "") + "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
    ),
    "PART-INF twice": sub("#EXT-X-PART-INF:PART-TARGET=1.0\n", "#EXT-X-PART-INF:PART-TARGET=1.0\n" * 2),
    "SERVER-CONTROL twice": sub(
        "#EXT-X-PART-INF", "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n#EXT-X-PART-INF"
    ),
    "ENDLIST twice": lambda _: ENDED + "#EXT-X-ENDLIST\n" * 2,
    "PLAYLIST-TYPE twice": sub("#EXT-X-PART-INF", "#EXT-X-PLAYLIST-TYPE:EVENT\n" * 2 + "#EXT-X-PART-INF"),
    "tags of a multivariant playlist": sub(
        "#EXT-X-PART-INF", "#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-PART-INF"
    ),
    "a segment without EXTINF": sub("#EXTINF:4.00000,\ns8.m4s", "s8.m4s"),
    "EXTINF above TARGETDURATION": sub("#EXTINF:4.00000", "#EXTINF:5.00000"),
    "an attribute twice": sub("PART-TARGET=1.0", "PART-TARGET=1.0,PART-TARGET=1.0"),
    "a negative LAST-PART": sub("LAST-PART=", "LAST-PART=-"),
    "a URI without quotes": sub('URI="p41.m4s"', "URI=p41.m4s"),
    "stray white space": sub("#EXT-X-PART-INF", " #EXT-X-PART-INF"),
    "no PART-INF": sub("#EXT-X-PART-INF:PART-TARGET=1.0\n", ""),
    "no PART-HOLD-BACK": sub("PART-HOLD-BACK=3.0,", ""),
    "too short a PART-HOLD-BACK": sub("PART-HOLD-BACK=3.0", "PART-HOLD-BACK=1.0"),
    "too short a HOLD-BACK": sub(",HOLD-BACK=12.0", ",HOLD-BACK=4.0"),
    "too short a CAN-SKIP-UNTIL": sub("CAN-SKIP-UNTIL=24.0", "CAN-SKIP-UNTIL=8.0"),
    "a part above PART-TARGET": sub('1.00000,URI="p41', '1.20000,URI="p41'),
    "a part under 85 %": sub('1.00000,URI="p41', '0.50000,URI="p41'),
    "a part without DURATION": sub('DURATION=1.00000,URI="p41', 'URI="p41'),
    "a part without URI": sub(',URI="p41.m4s"', ""),
    "a date behind a part": sub(
        'URI="p41.m4s"\n', 'URI="p41.m4s"\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:41.000Z\n'
    ),
    "two hints for a part": lambda text: text + '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="x"\n',
    "a hint beside ENDLIST": lambda text: text + "#EXT-X-ENDLIST\n",
    "a report without LAST-MSN": sub("LAST-MSN=", "LAST-NO="),
    "no MAP": sub('#EXT-X-MAP:URI="init.mp4"\n', ""),
}


def our_failures(text: str) -> list[str]:
    """Rules about the text that a single playlist breaks."""
    one = Rendition("media", BASE + "index.m3u8", "media")
    one.reloads = [Reload(0, exchange(one.url, text), read_playlist(text))]
    seen = Observation(one.url, one.reloads[0].exchange, [one])
    about_text = [rule for rule in ordered() if rule.id[0] in "BC" or rule.id in {"A8", "E6", "E15", "G11"}]
    return [rule.id for rule in about_text if judge_one(rule, seen).outcome is Outcome.FAIL]


def hlsjs(texts: list[str]) -> list[dict[str, Any]]:
    node = shutil.which("node") or str(Path(".venv/bin/node").absolute())
    done = subprocess.run(
        [node, str(SCRIPT)], input=json.dumps(texts), capture_output=True, text=True, timeout=60, check=True
    )
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_good_playlists_are_good_to_both_and_read_the_same() -> None:
    for (name, text), theirs in zip(GOOD.items(), hlsjs(list(GOOD.values())), strict=True):
        assert our_failures(text) == [], name
        assert theirs["error"] is None, name
        ours = read_playlist(text)
        assert [(one.msn, one.duration_s, one.uri) for one in ours.segments] == [
            tuple(one) for one in theirs["segments"]
        ], name
        assert [
            (segment.msn, part.index, part.duration_s, part.uri, part.gap) for segment, part in ours.parts
        ] == [tuple(one) for one in theirs["parts"]], name
        assert (ours.skipped, not ours.ended) == (theirs["skipped"], theirs["live"]), name
        assert (ours.target_duration_s, ours.part_target_s) == (
            theirs["targetDuration"],
            theirs["partTarget"],
        ), name
        assert (ours.can_block, ours.control("PART-HOLD-BACK")) == (
            theirs["canBlock"],
            theirs["partHoldBack"],
        ), name


def test_bad_playlists_are_bad_to_us_and_to_hlsjs_but_for_a_known_table() -> None:
    texts = {name: edit(CLEAN) for name, edit in BAD.items()}
    assert [name for name, text in texts.items() if text == CLEAN] == []
    assert [name for name, text in texts.items() if not our_failures(text)] == []
    answers = zip(texts.items(), hlsjs(list(texts.values())), strict=True)
    tolerated = {name: our_failures(text) for (name, text), theirs in answers if theirs["error"] is None}
    assert tolerated == {name: sorted_rules(rules) for name, rules in HLSJS_TOLERATES.items()}


def sorted_rules(rules: str) -> list[str]:
    return rules.split(", ")
