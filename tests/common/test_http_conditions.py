"""Coding, freshness and ranges, after RFC 9110."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http_conditions import (
    RangeNotSatisfiableError,
    accepts_gzip,
    etag_matches,
    resolve_range,
    slice_pieces,
)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (None, False),
        (b"", False),
        (b"gzip", True),
        (b"gzip, deflate, br", True),
        (b"br;q=1.0, GZIP;q=0.5", True),
        (b"x-gzip", True),
        (b"gzip;q=0", False),
        (b"gzip; q=0.000", False),
        (b"gzip;q=0.001", True),
        (b"*", True),
        (b"*;q=0", False),
        (b"gzip;q=0, *", False),
        (b"identity", False),
        (b"br", False),
        (b";;,q=,", False),
    ],
)
def test_gzip_is_sent_only_where_it_is_accepted(header: bytes | None, *, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize(
    ("header", "matches"),
    [
        (b'"a"', True),
        (b'W/"a"', True),
        (b'"b", "a"', True),
        (b"*", True),
        (b'"b"', False),
        (b"a", False),
        (b"", False),
    ],
)
def test_if_none_match_compares_weakly(header: bytes, *, matches: bool) -> None:
    assert etag_matches(header, b'"a"') is matches


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"bytes=0-0", (0, 1)),
        (b"bytes=2-4", (2, 3)),
        (b"bytes=2-", (2, 8)),
        (b"bytes=2-99", (2, 8)),
        (b"bytes=-3", (7, 3)),
        (b"bytes=-99", (0, 10)),
        (b"Bytes=1-1", (1, 1)),
        (b"bytes=4-2", None),
        (b"bytes=0-1,3-4", None),
        (b"bytes=", None),
        (b"bytes=-", None),
        (b"bytes=a-b", None),
        (b"bytes=+1-2", None),
        (b"items=0-1", None),
        (b"bytes=99999999999999999999999-", None),
        (b"junk", None),
    ],
)
def test_range_is_resolved_or_ignored(header: bytes, expected: tuple[int, int] | None) -> None:
    assert resolve_range({b"range": header}, 10, b'"a"') == expected


@pytest.mark.parametrize("header", [b"bytes=10-", b"bytes=10-12", b"bytes=-0"])
def test_range_behind_the_end_cannot_be_satisfied(header: bytes) -> None:
    with pytest.raises(RangeNotSatisfiableError):
        resolve_range({b"range": header}, 10, b'"a"')


def test_if_range_with_another_tag_gives_the_whole() -> None:
    headers = {b"range": b"bytes=0-1", b"if-range": b'"a"'}
    assert resolve_range(headers, 10, b'"a"') == (0, 2)
    assert resolve_range(headers, 10, b'"b"') is None


@given(st.lists(st.binary(max_size=8), max_size=6), st.integers(0, 50), st.integers(0, 50))
def test_sliced_pieces_join_to_the_slice(pieces: list[bytes], start: int, length: int) -> None:
    assert b"".join(slice_pieces(tuple(pieces), start, length)) == b"".join(pieces)[start : start + length]


@given(st.binary(max_size=40))
def test_no_header_value_raises(value: bytes) -> None:
    accepts_gzip(value)
    etag_matches(value, b'"a"')
    try:
        found = resolve_range({b"range": b"bytes=" + value}, 10, b'"a"')
    except RangeNotSatisfiableError:
        return
    assert found is None or 0 <= found[0] < found[0] + found[1] <= 10
