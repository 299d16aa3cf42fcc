"""docs/ll-hls-rules.md, made from the table of rules: `python -m bench.llhls_check.rule_page > docs/ll-hls-rules.md`."""

import sys
from collections.abc import Iterator

from bench.llhls_check.rules import GROUPS, LEVELS, ordered
from bench.llhls_check.verdicts import Rule

_HEAD = """# The rules of Low-Latency HLS, and how each is checked

This page is made from the rules' code by `python -m bench.llhls_check.rule_page`.

`python -m bench.llhls_check URL --seconds 30` watches any Low-Latency HLS stream the way a player does, asks it some odd
questions, and prints one line for each rule below: `pass`, `FAIL` or `warning` with the evidence, or `n/a` with the reason.
It works with the address of a multivariant or of a media playlist, over http and https. `--json` prints the same for
programs; `--edge` says that the address is a CDN or proxy, so that G4, G7 and G9 are checked too (its usual headers are
recognized); `--insecure` takes any certificate.

| exit code | meaning |
|---|---|
| 0 | every rule that must be kept, and could be checked, is kept |
| 1 | at least one of them is broken |
| 2 | there is nothing to check: no answer, no HLS, or HLS without low-latency tags (its report is printed all the same) |

Sections are those of draft-pantos-hls-rfc8216bis; "Apple" stands for Apple's HLS Authoring Specification. Levels: *must*
(a violation fails, except where the text says that it warns), *should* and *recommended* (a violation is a warning).
Looked at: *text* of one playlist, *reloads* of one playlist compared, *renditions* compared, *boxes* of the media, *requests*
and their answers, *time*. What depends on time allows for what this process itself was late, as it measures, but a busy
machine can still make it fail: E5, F11, F14 and G10 want a quiet one.
"""

_PLAYERS = """
## Where hls.js is more tolerant

A test gives the same good and bad playlists to the checker and to the parser of hls.js 1.7.4. Of good ones both read the same
segments and parts. What hls.js calls an error is one to the checker too. These faults it reads without an error, because it
can play on; other players need not:

| fault | rules that fail |
|---|---|
"""

_LIMITS = """
## What it cannot see

- That playlists change atomically (E2), that a cache joins equal requests (G7), priorities, ECN and RACK (G4, G9): these
  show only inside servers and networks.
- Sync samples are taken from the flags in the boxes (A2, C7); no frame is decoded. Media that is no MP4 is downloaded, not
  opened. Media addressed by byte ranges, and encrypted media, are not opened either.
- At most eight media playlists are watched; the report names the others.
- What did not happen while the stream was watched (removed segments, gaps, a new codec, its end) is `n/a`.
"""


HLSJS_TOLERATES: dict[str, str] = {
    "a byte order mark": "B2",
    "VERSION too low": "G11",
    "DISCONTINUITY-SEQUENCE twice": "B8",
    "DISCONTINUITY-SEQUENCE behind segments": "B11",
    "tags of a multivariant playlist": "B2",
    "a segment without EXTINF": "B12",
    "EXTINF above TARGETDURATION": "B9",
    "an attribute twice": "B3",
    "a negative LAST-PART": "B3",
    "a URI without quotes": "B3",
    "no PART-INF": "C1",
    "no PART-HOLD-BACK": "C4",
    "too short a PART-HOLD-BACK": "C4",
    "too short a HOLD-BACK": "C3",
    "too short a CAN-SKIP-UNTIL": "C2",
    "a part above PART-TARGET": "C5",
    "a part under 85 %": "C6",
    "a part without DURATION": "C5",
    "a part without URI": "C5",
    "a date behind a part": "C9",
    "two hints for a part": "C12",
    "a hint beside ENDLIST": "C12",
    "a report without LAST-MSN": "C13",
    "no MAP": "A8",
}
"""What the checker fails and hls.js 1.7.4 reads without an error, with the rules that fail."""


def render() -> str:
    """The page."""
    return (
        _HEAD
        + "".join(f"\n## {key}. {title}\n\n{_table(key)}" for key, title in GROUPS.items())
        + _players()
        + _LIMITS
    )


def _players() -> str:
    rows = "".join(f"| {fault} | {rules} |\n" for fault, rules in HLSJS_TOLERATES.items())
    return f"{_PLAYERS}{rows}"


def _table(group: str) -> str:
    rows = [_row(rule) for rule in ordered() if rule.id[0] == group]
    head = "| id | section | level | looks at | rule | how it is checked |\n|---|---|---|---|---|---|\n"
    return head + "".join(_line(row) for row in rows)


def _row(rule: Rule) -> Iterator[str]:
    yield from (rule.id, rule.section, LEVELS[rule.level], rule.layer, rule.text, rule.how)


def _line(cells: Iterator[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    sys.stdout.write(render())
