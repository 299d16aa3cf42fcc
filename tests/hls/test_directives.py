"""Delivery directives: read or refused (rules F5-F9 of the draft's 6.2.5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hls.answers import Directives, Refused
from hls.directives import parse_directives


@pytest.mark.parametrize(
    ("query", "directives"),
    [
        ("", Directives()),
        ("token=1&_HLS_other=x", Directives()),
        ("_HLS_msn=12", Directives(msn=12)),
        ("_HLS_msn=12&_HLS_part=0", Directives(msn=12, part=0)),
        ("_HLS_part=3&a=b&_HLS_msn=007", Directives(msn=7, part=3)),
        ("_HLS_skip=YES", Directives(skip="YES")),
        ("_HLS_msn=1&_HLS_skip=v2", Directives(msn=1, skip="v2")),
        ("_HLS_part=1", Directives(part=1)),  # whether that is wrong depends on the stream (F4, F9)
    ],
)
def test_directives_are_read(query: str, directives: Directives) -> None:
    assert parse_directives(query) == directives


@pytest.mark.parametrize(
    "query",
    [
        "_HLS_msn",
        "_HLS_msn=",
        "_HLS_msn=-1",
        "_HLS_msn=+1",
        "_HLS_msn=1.5",
        "_HLS_msn=x",
        "_HLS_msn=%31",
        "_HLS_msn=²",
        "_HLS_msn=1234567890123456",
        "_HLS_msn=1&_HLS_msn=1",
        "_HLS_msn=1&_HLS_part=a",
        "_HLS_skip=yes",
        "_HLS_skip=",
    ],
)
def test_senseless_value_is_refused_with_a_sentence(query: str) -> None:
    refused = parse_directives(query)
    assert isinstance(refused, Refused)
    assert refused.status == 400
    assert refused.reason.startswith("_HLS_")


@given(st.text(max_size=60))
def test_no_query_raises(text: str) -> None:
    parse_directives(text)
    parse_directives(f"_HLS_msn={text}")
