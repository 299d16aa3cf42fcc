"""What request headers ask of an answer: a coding, a fresh copy only, a range. Pure functions over header values.

Rules are RFC 9110's; a header that makes no sense is ignored where the RFC says so.
"""

from functools import lru_cache

_MAX_RANGE_DIGITS = 18


class RangeNotSatisfiableError(Exception):
    """The range starts behind the end: answer 416 with the size."""


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: bytes | None) -> bool:
    """Tell whether a gzip coded answer is acceptable (RFC 9110 12.5.3); without the header it is not sent."""
    if accept_encoding is None:
        return False
    weights: dict[bytes, bool] = {}
    for item in accept_encoding.lower().split(b","):
        coding, _, parameters = item.partition(b";")
        weights[coding.strip()] = _is_weighty(parameters)
    named = weights.get(b"gzip", weights.get(b"x-gzip"))
    return weights.get(b"*", False) if named is None else named


def _is_weighty(parameters: bytes) -> bool:
    for parameter in parameters.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"q":
            # `q=0`, `q=0.` and `q=0.000` refuse; anything else, also a malformed weight, accepts.
            return bool(value.strip().strip(b"0."))
    return True


def etag_matches(if_none_match: bytes, etag: bytes) -> bool:
    """Tell whether the client's copy is still good (RFC 9110 13.1.2, weak comparison). `etag` is quoted."""
    if if_none_match.strip() == b"*":
        return True
    # Our own tags hold no comma, so splitting at commas cannot cut one that matches.
    return any(tag.strip().removeprefix(b"W/") == etag for tag in if_none_match.split(b","))


def resolve_range(headers: dict[bytes, bytes], size_bytes: int, etag: bytes) -> tuple[int, int] | None:
    """Resolve the Range header to (first byte, number of bytes), or `None` for the whole.

    Several ranges, another unit, a malformed header and an If-Range that does not match all give the whole
    (RFC 9110 14.2 allows ignoring any Range).

    Raises:
        RangeNotSatisfiableError: no byte of it exists.
    """
    value = headers.get(b"range")
    if value is None or headers.get(b"if-range", etag) != etag:
        return None
    unit, _, spec = value.partition(b"=")
    first, dash, last = spec.strip().partition(b"-")
    if unit.strip().lower() != b"bytes" or not dash or not _are_numbers(first, last):
        return None
    if not first:
        length = min(int(last), size_bytes)
        start = size_bytes - length
    else:
        start = int(first)
        stop = min(int(last) + 1, size_bytes) if last else size_bytes
        if last and int(last) < start:
            return None
        length = stop - start
    if length <= 0:
        raise RangeNotSatisfiableError
    return start, length


def _are_numbers(first: bytes, last: bytes) -> bool:
    if not first and not last:
        return False
    return all(not n or (n.isdigit() and len(n) <= _MAX_RANGE_DIGITS) for n in (first, last))


def slice_pieces(pieces: tuple[bytes, ...], start: int, length: int) -> tuple[bytes, ...]:
    """Cut `length` bytes from `start` on out of the joined pieces, without joining them."""
    cut = []
    for piece in pieces:
        if start < len(piece) and length > 0:
            part = piece[start : start + length]
            cut.append(part)
            length -= len(part)
            start = 0
        else:
            start -= len(piece)
        if length <= 0:
            break
    return tuple(cut)
