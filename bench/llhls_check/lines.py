"""Playlist text as lines, tags and attribute lists (RFC 8216bis 4.1, 4.2). Reads anything, and says what was odd. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(,|$)')


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is no comment and not blank."""

    number: int
    """Counted from 1."""
    name: str
    """Of the tag, without `#`; empty for a URI."""
    value: str
    """What stands behind the tag's colon, or the URI."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """An attribute list."""

    values: Mapping[str, str]
    """Quotes removed; of an attribute that stands twice, the first."""
    quoted: frozenset[str]
    problems: tuple[str, ...]


def split_lines(text: str) -> Iterator[Line]:
    """Tags and URIs, in order."""
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip("\r\t ﻿")
        if line.startswith("#EXT"):
            name, _, value = line[1:].partition(":")
            yield Line(number, name, value)
        elif line and not line.startswith("#"):
            yield Line(number, "", line)


@lru_cache(maxsize=65_536)
def read_attributes(value: str) -> Attributes:
    """Read an attribute list as far as it can be read."""
    values: dict[str, str] = {}
    quoted: set[str] = set()
    problems: list[str] = []
    at = 0
    while at < len(value):
        match = _ATTRIBUTE.match(value, at)
        if match is None:
            problems.append(f"cannot be read from `{value[at : at + 30]}` on")
            break
        name, text, comma = match.groups()
        at = match.end()
        if name in values:
            problems.append(f"{name} stands there twice")
            continue
        if comma and at == len(value):
            problems.append("ends with a comma")
        values[name] = text.strip('"')
        if text.startswith('"'):
            quoted.add(name)
    return Attributes(values, frozenset(quoted), tuple(problems))


def number_of(text: str | None) -> float | None:
    """A decimal number without a sign; `None` when it is none."""
    return float(text) if text is not None and re.fullmatch(r"\d+(\.\d*)?|\.\d+", text) else None


def integer_of(text: str | None) -> int | None:
    """A decimal integer of at most 20 digits; `None` when it is none."""
    return int(text) if text is not None and re.fullmatch(r"\d{1,20}", text) else None


_KINDS = {
    "quoted": re.compile(r"[^\r\n]*"),
    "integer": re.compile(r"\d{1,20}"),
    "float": re.compile(r"\d+(\.\d+)?"),
    "signed": re.compile(r"-?\d+(\.\d+)?"),
    "flag": re.compile(r"YES|NO"),
    "word": re.compile(r'[^",\s]+'),
    "hex": re.compile(r"0[xX][0-9A-Fa-f]+"),
    "resolution": re.compile(r"\d+x\d+"),
}

ATTRIBUTE_KINDS: dict[str, dict[str, str]] = {
    "EXT-X-PART-INF": {"PART-TARGET": "float"},
    "EXT-X-SERVER-CONTROL": {
        "CAN-SKIP-UNTIL": "float",
        "CAN-SKIP-DATERANGES": "flag",
        "HOLD-BACK": "float",
        "PART-HOLD-BACK": "float",
        "CAN-BLOCK-RELOAD": "flag",
    },
    "EXT-X-PART": {
        "URI": "quoted",
        "DURATION": "float",
        "INDEPENDENT": "flag",
        "BYTERANGE": "quoted",
        "GAP": "flag",
    },
    "EXT-X-PRELOAD-HINT": {
        "TYPE": "word",
        "URI": "quoted",
        "BYTERANGE-START": "integer",
        "BYTERANGE-LENGTH": "integer",
    },
    "EXT-X-RENDITION-REPORT": {"URI": "quoted", "LAST-MSN": "integer", "LAST-PART": "integer"},
    "EXT-X-SKIP": {"SKIPPED-SEGMENTS": "integer", "RECENTLY-REMOVED-DATERANGES": "quoted"},
    "EXT-X-MAP": {"URI": "quoted", "BYTERANGE": "quoted"},
    "EXT-X-KEY": {"METHOD": "word", "URI": "quoted", "IV": "hex", "KEYFORMAT": "quoted"},
    "EXT-X-START": {"TIME-OFFSET": "signed", "PRECISE": "flag"},
    "EXT-X-DATERANGE": {
        "ID": "quoted",
        "CLASS": "quoted",
        "START-DATE": "quoted",
        "END-DATE": "quoted",
        "DURATION": "float",
        "PLANNED-DURATION": "float",
        "END-ON-NEXT": "flag",
    },
    "EXT-X-STREAM-INF": {
        "BANDWIDTH": "integer",
        "AVERAGE-BANDWIDTH": "integer",
        "SCORE": "float",
        "CODECS": "quoted",
        "RESOLUTION": "resolution",
        "FRAME-RATE": "float",
        "AUDIO": "quoted",
        "VIDEO": "quoted",
        "SUBTITLES": "quoted",
    },
    "EXT-X-I-FRAME-STREAM-INF": {"BANDWIDTH": "integer", "URI": "quoted", "CODECS": "quoted"},
    "EXT-X-MEDIA": {
        "TYPE": "word",
        "URI": "quoted",
        "GROUP-ID": "quoted",
        "LANGUAGE": "quoted",
        "NAME": "quoted",
        "DEFAULT": "flag",
        "AUTOSELECT": "flag",
        "CHANNELS": "quoted",
    },
    "EXT-X-CONTENT-STEERING": {"SERVER-URI": "quoted", "PATHWAY-ID": "quoted"},
}
"""How each attribute is written, for the tags that have attribute lists."""


def attribute_problems(line: Line) -> Iterator[str]:
    """What is wrong with how a tag's attribute list is written."""
    kinds = ATTRIBUTE_KINDS.get(line.name)
    if kinds is None:
        return
    found = read_attributes(line.value)
    yield from found.problems
    for name, text in found.values.items():
        kind = kinds.get(name)
        if kind is None:
            continue
        if (kind == "quoted") != (name in found.quoted):
            yield f"{name} must {'' if kind == 'quoted' else 'not '}stand in quotes"
        elif not _KINDS[kind].fullmatch(text):
            yield f"{name}={text} is not a {kind} value"
