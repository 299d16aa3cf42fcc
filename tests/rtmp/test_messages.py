"""Messages: one table for both directions, then what encoders get wrong."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmp.amf import EcmaArray
from rtmp.chunks import RawMessage
from rtmp.errors import UndecodableError
from rtmp.messages import (
    Abort,
    Acknowledgement,
    Aggregate,
    Command,
    Data,
    Media,
    Message,
    Reply,
    SetChunkSize,
    SetPeerBandwidth,
    UserControl,
    WindowAcknowledgementSize,
    decode_message,
    encode_message,
)
from tests.rtmp.client import amf, ecma_array, number, text

BOTH_WAYS: dict[str, tuple[int, int, bytes, Message]] = {
    "acknowledgement": (3, 0, bytes.fromhex("02bd33b0"), Acknowledgement(45953968)),
    "stream begin": (4, 0, bytes.fromhex("000000000001"), UserControl(0, 1)),
    "ping request": (4, 0, bytes.fromhex("000600000d0f"), UserControl(6, 0xD0F)),
    "window": (5, 0, bytes.fromhex("002625a0"), WindowAcknowledgementSize(2_500_000)),
    "bandwidth": (6, 0, bytes.fromhex("002625a002"), SetPeerBandwidth(2_500_000, 2)),
    "command": (
        20,
        1,
        text("publish") + number(5) + b"\x05" + text("key") + text("live"),
        Command(1, "publish", 5, [None, "key", "live"]),
    ),
    "data": (
        18,
        1,
        text("onMetaData") + ecma_array({"width": 1920}),
        Data(1, ["onMetaData", EcmaArray(width=1920.0)]),
    ),
}


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_message_both_ways(name: str) -> None:
    type_id, stream_id, payload, message = BOTH_WAYS[name]
    raw = RawMessage(type_id, stream_id, 0, payload)
    assert decode_message(raw) == message
    assert not isinstance(message, Media | Aggregate)
    assert encode_message(message) == raw


@pytest.mark.parametrize(
    ("message", "type_id", "payload"),
    [(SetChunkSize(65536), 1, bytes.fromhex("00010000")), (Abort(7), 2, bytes.fromhex("00000007"))],
)
def test_messages_of_the_chunk_layer_are_written(message: Reply, type_id: int, payload: bytes) -> None:
    assert encode_message(message) == RawMessage(type_id, 0, 0, payload)


def test_media_is_passed_through() -> None:
    assert decode_message(RawMessage(8, 1, 7, b"\xaf\x01a")) == Media(8, 1, 7, b"\xaf\x01a")
    assert decode_message(RawMessage(9, 1, 7, b"\x17\x01a")) == Media(9, 1, 7, b"\x17\x01a")


@pytest.mark.parametrize(("type_id", "plain"), [(17, 20), (15, 18)])
def test_amf3_messages_hold_amf0_behind_a_zero(type_id: int, plain: int) -> None:
    payload = text("connect") + number(1)
    assert decode_message(RawMessage(type_id, 1, 0, b"\0" + payload)) == decode_message(
        RawMessage(plain, 1, 0, payload)
    )
    with pytest.raises(UndecodableError, match="AMF3"):
        decode_message(RawMessage(type_id, 1, 0, b"\x11" + payload))


@pytest.mark.parametrize("payload", [text("FCPublish"), text("FCPublish") + b"\x05"])
def test_command_without_a_transaction_id_wants_no_answer(payload: bytes) -> None:
    message = decode_message(RawMessage(20, 0, 0, payload))
    assert message == Command(0, "FCPublish", 0, [])


@pytest.mark.parametrize(
    ("type_id", "payload"),
    [
        (0, b""),
        (7, b"abcd"),
        (3, b"\0\0"),
        (5, b""),
        (6, b"\0\0\0"),
        (20, b""),
        (20, number(1)),
        (18, b""),
        (15, b""),
        (99, b"x"),
    ],
)
def test_nonsense_is_undecodable(type_id: int, payload: bytes) -> None:
    with pytest.raises(UndecodableError):
        decode_message(RawMessage(type_id, 0, 0, payload))


def flv_tag(type_id: int, time: int, body: bytes) -> bytes:
    head = bytes([type_id]) + len(body).to_bytes(3, "big")
    head += (time & 0xFFFFFF).to_bytes(3, "big") + bytes([time >> 24]) + bytes(3)
    return head + body + (11 + len(body)).to_bytes(4, "big")


def test_aggregate_keeps_distances_to_the_message_s_own_time() -> None:
    payload = flv_tag(8, 0x1000010, b"a1") + flv_tag(18, 0x1000011, b"?") + flv_tag(9, 0x1000030, b"v1")
    assert decode_message(RawMessage(22, 1, 5000, payload)) == Aggregate(
        (Media(8, 1, 5000, b"a1"), Media(9, 1, 5032, b"v1"))
    )


def test_aggregate_may_leave_out_its_last_back_pointer() -> None:
    assert decode_message(RawMessage(22, 1, 5, flv_tag(8, 0, b"a")[:-4])) == Aggregate(
        (Media(8, 1, 5, b"a"),)
    )


def test_aggregate_cut_short_is_undecodable() -> None:
    with pytest.raises(UndecodableError, match="cut short"):
        decode_message(RawMessage(22, 1, 5, flv_tag(8, 0, b"abc")[:-5]))


def test_stream_keys_stay_out_of_reprs() -> None:
    assert "SECRET" not in repr(Command(1, "publish", 5, [None, "SECRET"]))


@given(st.integers(0, 30), st.binary(max_size=100))
def test_garbage_is_undecodable_and_nothing_else(type_id: int, payload: bytes) -> None:
    with contextlib.suppress(UndecodableError):
        decode_message(RawMessage(type_id, 1, 0, payload))


def test_helper_agrees_on_objects() -> None:
    assert amf({"a": 1}) == b"\x03\x00\x01a" + number(1) + b"\x00\x00\x09"
