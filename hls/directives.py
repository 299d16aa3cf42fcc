"""Delivery directives in the query of a media playlist request (RFC 8216bis 6.2.5). Pure."""

from functools import lru_cache

from hls.answers import Directives, Refused

_NAMES = frozenset({"_HLS_msn", "_HLS_part", "_HLS_skip"})
_MAX_DIGITS = 15

NONE = Directives()


@lru_cache(maxsize=1024)
def parse_directives(query: str) -> Directives | Refused:
    """Read the directives out of a raw query; other parameters are none of ours and ignored.

    A value that makes no sense is refused rather than ignored: a player that is told learns of its mistake, and a
    cache keeps no copy of the playlist under a wrong key. Kept, because every viewer sends the same few queries.
    """
    if not query:
        return NONE
    values: dict[str, str] = {}
    for parameter in query.split("&"):
        name, _, value = parameter.partition("=")
        if name not in _NAMES:
            continue
        if name in values:
            return Refused(400, f"{name} is given twice")
        if name == "_HLS_skip":
            if value not in {"YES", "v2"}:
                return Refused(400, "_HLS_skip must be YES or v2")
        elif not (value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS):
            return Refused(400, f"{name} must be a number of at most {_MAX_DIGITS} digits")
        values[name] = value
    msn, part = values.get("_HLS_msn"), values.get("_HLS_part")
    return Directives(
        None if msn is None else int(msn), None if part is None else int(part), values.get("_HLS_skip")
    )
