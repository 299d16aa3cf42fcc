"""Byte vectors that other servers are tested with, rebuilt, from chunks to events: those that no layer's own tests hold."""

import pytest

from common.media import AudioConfig
from rtmp.chunks import ChunkReader, RawMessage
from rtmp.errors import RemoteProtocolError
from rtmp.events import Event, MessageDropped, MetadataReceived, PublishRequested, VideoReceived
from rtmp.feed import Feed
from rtmp.flv import TagReader
from rtmp.messages import (
    Acknowledgement,
    Message,
    SetPeerBandwidth,
    UserControl,
    WindowAcknowledgementSize,
    decode_message,
)
from rtmp.session import ServerSession, State
from tests.rtmp.client import HANDSHAKE, amf, command, connect, message, metadata, number, text
from tests.rtmp.sequences import opening


def read(data: bytes, *, step: int | None = None) -> list[RawMessage]:
    """Messages of a chunk stream, fed `step` bytes at a time."""
    feed = Feed()
    reader = ChunkReader(feed, max_message_bytes=1 << 20)
    found = []
    for start in range(0, len(data), step or len(data)):
        feed.push(data[start : start + (step or len(data))])
        while (raw := reader.next_message()) is not None:
            found.append(raw)
    return found


def publishing() -> ServerSession:
    session = ServerSession()
    session.receive_data(b"".join(opening()))
    session.accept()
    session.data_to_send()
    return session


# -- chunks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [128, 129, 190, 192, 256, 257])
@pytest.mark.parametrize("fmt", [0, 1, 2, 3])
def test_body_of_a_chunk_and_a_rest_behind_every_header(fmt: int, length: int) -> None:
    body = bytes(index % 251 for index in range(length))
    data = message(body, csid=27, stream_id=3123, time=100, type_id=8)
    data += message(body, csid=27, stream_id=3123, time=100, type_id=8, fmt=fmt)
    second = 100 if fmt == 0 else 200
    expected = [RawMessage(8, 3123, time, body) for time in (100, second)]
    assert read(data) == expected
    assert read(data, step=1) == expected


CONTROL: dict[str, tuple[str, Message]] = {
    "acknowledgement": ("02 000000 000004 03 00000000 02bd33b0", Acknowledgement(45_953_968)),
    "window": ("02 000000 000004 05 00000000 0004e200", WindowAcknowledgementSize(320_000)),
    "bandwidth, dynamic": ("02 000000 000005 06 00000000 0004e200 02", SetPeerBandwidth(320_000, 2)),
    "stream begin": ("02 000000 000006 04 00000000 0000 00000001", UserControl(0, 1)),
    "stream end": ("02 000000 000006 04 00000000 0001 00000001", UserControl(1, 1)),
    "stream dry": ("02 000000 000006 04 00000000 0002 00000001", UserControl(2, 1)),
    "buffer length": ("02 000000 00000a 04 00000000 0003 00000001 00000bb8", UserControl(3, 1)),
    "stream is recorded": ("02 000000 000006 04 00000000 0004 00000001", UserControl(4, 1)),
    "ping request": ("02 000000 000006 04 00000000 0006 36054f5d", UserControl(6, 0x36054F5D)),
    "ping response": ("02 000000 000006 04 00000000 0007 36054f5d", UserControl(7, 0x36054F5D)),
}


@pytest.mark.parametrize("name", CONTROL)
def test_control_message_from_its_chunk(name: str) -> None:
    data, expected = CONTROL[name]
    for step in (None, 1):
        assert [decode_message(raw) for raw in read(bytes.fromhex(data), step=step)] == [expected]


def test_abort_of_a_stream_that_has_nothing_to_abort() -> None:
    data = bytes.fromhex("02 000000 000004 02 00000000 00000007") + message(b"a")
    assert read(data, step=1) == [RawMessage(9, 1, 0, b"a")]


def test_numbers_before_set_data_frame_in_a_stream_that_starts_with_fmt_1() -> None:
    """A Uniview camera (ZLMediaKit issue 4800): twice nine zero bytes, which are two numbers."""
    body = bytes(9) + bytes(9) + metadata({"width": 2560, "framerate": 25})
    data = bytes.fromhex("44 000028") + len(body).to_bytes(3, "big") + b"\x12" + body
    assert publishing().receive_data(data) == [MetadataReceived({"width": 2560.0, "framerate": 25.0})]


# -- messages ------------------------------------------------------------------------------------------------------


def test_aac_configuration_of_44_1_khz() -> None:
    reader = TagReader()
    assert reader.read_audio(0, bytes.fromhex("af00")) == ()
    (config,) = reader.read_audio(0, bytes.fromhex("af001210"))
    assert isinstance(config, AudioConfig)
    assert (config.sample_rate, config.channels, config.rfc6381) == (44_100, 2, "mp4a.40.2")


COMMANDS = {
    "connect": text("connect") + number(1) + amf({"app": "live", "tcUrl": "rtmp://h/live"}),
    "createStream": text("createStream") + number(4) + b"\x05",
    "publish": text("publish") + number(5) + b"\x05" + text("KEY") + text("live"),
    "deleteStream": text("deleteStream") + number(7) + b"\x05" + number(1),
    "onMetaData": metadata({"width": 1920, "encoder": "x"}),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command_cut_short_anywhere_never_ends_a_publisher(name: str) -> None:
    """Fuzzing found panics at such packets in a proxy of SRS. What is left of a command may still be a command."""
    payload = COMMANDS[name]
    type_id = 18 if name == "onMetaData" else 20
    for end in range(len(payload)):
        session = publishing()
        try:
            events: list[Event] = session.receive_data(message(payload[:end], type_id=type_id))
        except RemoteProtocolError as error:
            assert str(error) in {"connect sent twice", "publish sent twice"}  # noqa: PT017
            continue
        assert all(isinstance(event, MessageDropped | MetadataReceived) for event in events) or (
            session.state is State.OVER
        )
        if session.state is State.PUBLISHING:
            assert session.receive_data(message(b"v")) == [VideoReceived(0, b"v")]


# -- sessions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(), (None,), (None, 7), (None, None), (None, {"a": 1}), (None, True)])
def test_publish_without_a_name_asks_for_no_key(arguments: tuple[object, ...]) -> None:
    session = ServerSession()
    (asked,) = session.receive_data(HANDSHAKE + connect() + command("publish", 5, *arguments, stream_id=1))
    assert isinstance(asked, PublishRequested)
    assert (asked.app, asked.key) == ("live", "")


@pytest.mark.parametrize("arguments", [(), (None,), ("live",), ([1],)])
def test_connect_without_an_object_is_answered(arguments: tuple[object, ...]) -> None:
    session = ServerSession()
    assert session.receive_data(HANDSHAKE + command("connect", 1, *arguments)) == []
    assert b"NetConnection.Connect.Success" in session.data_to_send()


@pytest.mark.parametrize(
    "command_name", ["getStreamLength", "FCSubscribe", "onBWDone", "_error", "", "x" * 3000]
)
def test_unknown_commands_are_passed_over(command_name: str) -> None:
    session = publishing()
    assert session.receive_data(command(command_name, 9, None, "KEY")) == []
    assert session.data_to_send() == b""
    assert session.state is State.PUBLISHING
