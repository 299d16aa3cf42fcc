"""AMF0: every type, both directions, limits, and garbage."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmp.amf import MAX_DEPTH, MAX_ITEMS, UNDEFINED, AmfValue, EcmaArray, decode_values, encode_values
from rtmp.errors import UndecodableError
from tests.rtmp.client import amf, ecma_array, number, text

VALUES: dict[str, tuple[bytes, AmfValue]] = {
    "number": (b"\x00\x40\x09\x21\xfb\x54\x44\x2d\x18", math.pi),
    "true": (b"\x01\x01", True),
    "false": (b"\x01\x00", False),
    "string": (b"\x02\x00\x04live", "live"),
    "empty string": (b"\x02\x00\x00", ""),
    "string beyond ASCII": (b"\x02\x00\x03\xe2\x82\xac", "€"),
    "object": (b"\x03\x00\x01a" + number(1) + b"\x00\x00\x09", {"a": 1.0}),
    "object with an empty key": (b"\x03\x00\x00" + number(1) + b"\x00\x00\x09", {"": 1.0}),
    "null": (b"\x05", None),
    "undefined": (b"\x06", UNDEFINED),
    "ECMA array": (ecma_array({"a": "b"}), EcmaArray(a="b")),
    "strict array": (b"\x0a\x00\x00\x00\x02\x05" + text("x"), [None, "x"]),
    "long string": (b"\x0c\x00\x01\x00\x00" + b"a" * 65536, "a" * 65536),
}
READ_ONLY: dict[str, tuple[bytes, AmfValue]] = {
    "ECMA array that announces a wrong count": (
        b"\x08\xff\xff\xff\xff\x00\x01a\x05\x00\x00\x09",
        EcmaArray(a=None),
    ),
    "date": (b"\x0b" + number(1e12)[1:] + b"\x00\x3c", 1e12),
    "unsupported": (b"\x0d", None),
    "XML document": (b"\x0f\x00\x00\x00\x04<a/>", "<a/>"),
    "typed object": (b"\x10\x00\x01C\x00\x01a\x05\x00\x00\x09", {"a": None}),
    "string that is no UTF-8": (b"\x02\x00\x02\xff\xfe", "\ufffd\ufffd"),
}


@pytest.mark.parametrize("name", VALUES)
def test_value_both_ways(name: str) -> None:
    data, value = VALUES[name]
    assert encode_values(value) == data
    assert decode_values(data) == [value]


@pytest.mark.parametrize("name", READ_ONLY)
def test_value_that_is_only_read(name: str) -> None:
    data, value = READ_ONLY[name]
    assert decode_values(data) == [value]


@pytest.mark.parametrize("name", [*VALUES, *READ_ONLY])
def test_value_cut_anywhere_is_undecodable(name: str) -> None:
    data, _ = (VALUES | READ_ONLY)[name]
    for end in range(min(len(data), 300)):
        with pytest.raises(UndecodableError):
            decode_values(data[:end])


def test_what_follows_an_undecodable_value_is_ignored() -> None:
    """OBS up to 30.1 puts an AMF3 byte array behind `additionalMedia`."""
    assert decode_values(text("additionalMedia") + b"\x11\x0c\x03ab") == ["additionalMedia"]


@pytest.mark.parametrize("marker", [4, 7, 9, 14, 17, 18, 255])
def test_markers_that_have_no_meaning_here(marker: int) -> None:
    with pytest.raises(UndecodableError, match=f"{marker:#04x}"):
        decode_values(bytes([marker]) + bytes(20))


def nested(depth: int, opener: bytes) -> bytes:
    return opener * depth + b"\x05" + (b"\x00\x00\x09" * depth if opener[0] != 10 else b"")


@pytest.mark.parametrize(
    "opener", [b"\x03\x00\x01a", b"\x08\x00\x00\x00\x01\x00\x01a", b"\x0a\x00\x00\x00\x01"]
)
def test_depth_is_limited(opener: bytes) -> None:
    decode_values(nested(MAX_DEPTH, opener))
    with pytest.raises(UndecodableError, match="deeper than 32"):
        decode_values(nested(MAX_DEPTH + 1, opener))


def test_seventy_thousand_nested_arrays_cost_nothing() -> None:
    with pytest.raises(UndecodableError, match="deeper"):
        decode_values(nested(70_000, b"\x0a\x00\x00\x00\x01"))


def test_number_of_values_is_limited() -> None:
    decode_values(b"\x0a" + (MAX_ITEMS - 1).to_bytes(4, "big") + b"\x05" * (MAX_ITEMS - 1))
    with pytest.raises(UndecodableError, match="more than 1024"):
        decode_values(b"\x0a\xff\xff\xff\xff" + b"\x05" * 5000)


def test_limits_hold_for_all_values_of_a_message_together() -> None:
    assert len(decode_values(b"\x05" * 5000)) == MAX_ITEMS


plain = st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20)
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(values, min_size=1, max_size=5))
def test_what_is_encoded_is_decoded(several: list[AmfValue]) -> None:
    assert decode_values(encode_values(*several)) == several


@given(st.lists(values, max_size=3))
def test_two_encoders_agree(several: list[AmfValue]) -> None:
    assert encode_values(*several) == b"".join(map(amf, several))


@given(
    st.binary(max_size=200)
    | st.binary(max_size=50).map(lambda tail: b"\x03\x00\x01a\x0a\x00\x00\x00\x09" + tail)
)
def test_garbage_is_undecodable_and_nothing_else(garbage: bytes) -> None:
    with contextlib.suppress(UndecodableError):
        decode_values(garbage)
