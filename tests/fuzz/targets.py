"""What is fuzzed: one function a parser, which takes any bytes and raises only when the parser did something wrong.

Wrong is: an exception that is not for the peer, another result when the bytes are cut elsewhere, or memory out of all
proportion. Pure and without randomness, so that a file is all it takes to see a finding again.
"""

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from common.ingest import StreamMetadata
from common.media import AudioConfig, MediaConfig, Packet, VideoConfig
from common.proxy_protocol import ProxyProtocolError, may_be_proxy_header, parse_proxy_header
from rtmp.amf import decode_values, encode_values
from rtmp.chunks import ChunkReader, RawMessage
from rtmp.errors import RemoteProtocolError, UndecodableError
from rtmp.events import Event, PublishRequested
from rtmp.feed import Feed
from rtmp.flv import TagReader
from rtmp.handshake import PACKET_BYTES, accept_handshake
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.messages import decode_message
from rtmp.pump import PublisherPump
from tests.rtmp.client import HANDSHAKE, greeting
from tests.rtmp.drive import drive
from tests.rtmp.recorder import RecordingPublication

MAX_INPUT_BYTES = 4096

MAX_SINGLE_BYTES = 200
"""Longer inputs are hardly ever fed byte by byte: a search would spend nearly all its time on that."""

GREETING = greeting()

Outcome = TypeVar("Outcome", bound=tuple[object, ...])
"""Ends in the text of the peer's fault, or an empty one."""


def cut(data: bytes) -> Iterator[list[bytes]]:
    """Two ways in which the same bytes may arrive: at once, and in pieces of a size that the last byte decides."""
    yield [data]
    step = 1 + data[-1] if data else 1
    if len(data) <= MAX_SINGLE_BYTES and step & 1:
        step = 1
    yield [data[i : i + step] for i in range(0, len(data), step)]


def same_however_cut(run: Callable[[list[bytes]], Outcome], data: bytes) -> Outcome:
    whole, other = (run(pieces) for pieces in cut(data))
    if "too many" not in str(whole[-1]):  # a flood: what one read may hold is limited
        assert other == whole, "packet boundaries change the outcome"
    return whole


def fuzz_handshake(data: bytes) -> None:
    """C0 to C2 and the beginning of what follows; short input is filled up, or mutations would hardly ever be answered."""
    first = data[:1] or b"\3"
    padded = first + data[1:].ljust(2 * PACKET_BYTES, b"\0") + b"tail"

    def run(pieces: list[bytes]) -> tuple[bytes, int, str]:
        feed, sent = Feed(), bytearray()
        parser = accept_handshake(feed, sent.extend)
        done = False
        for piece in pieces:
            feed.push(piece)
            if not done:
                try:
                    next(parser)
                except StopIteration:
                    done = True
                except RemoteProtocolError as error:
                    return bytes(sent), -1, str(error)
        return bytes(sent), len(feed), ""

    sent, left, failure = same_however_cut(run, padded[: 2 * PACKET_BYTES + 5])
    assert failure or (len(sent) == 1 + 2 * PACKET_BYTES and left == 4)


def fuzz_chunks(data: bytes) -> None:
    """The chunk stream, small limits."""
    limit = 2048

    def run(pieces: list[bytes]) -> tuple[list[RawMessage], str]:
        feed, found, received = Feed(), list[RawMessage](), 0
        reader = ChunkReader(feed, max_message_bytes=limit)
        try:
            for piece in pieces:
                feed.push(piece)
                received += len(piece)
                while (raw := reader.next_message()) is not None:
                    found.append(raw)
                assert reader.buffered_bytes <= min(2 * limit, received)
        except RemoteProtocolError as error:
            return found, str(error)
        return found, ""

    found, _ = same_however_cut(run, data)
    assert sum(len(raw.payload) for raw in found) <= len(data)


def fuzz_amf(data: bytes) -> None:
    """AMF0 values; what was understood is written, and read as the same."""
    with suppress(UndecodableError):
        values = decode_values(data)
        written = encode_values(*values)
        # As text, because NaN is not equal to itself.
        assert repr(decode_values(written)) == repr(values)
        assert len(written) <= 4 * len(data)  # a byte that is no UTF-8 becomes three; a boolean keeps its two


def fuzz_messages(data: bytes) -> None:
    """One message of any type: the first byte says which. AMF3's messages are among them."""
    with suppress(UndecodableError):
        decode_message(RawMessage(data[0] % 32 if data else 0, 1, 0xFFFFFFF0, data[1:]))


def fuzz_tags(data: bytes) -> None:
    """Several tags of one publisher. Each: a byte, whose lowest bit says video; two bytes of length; the body."""
    reader = TagReader()
    for number, (video, body) in enumerate(split_records(data)):
        read = reader.read_video if video else reader.read_audio
        with suppress(UndecodableError):
            for item in read(number * 20, body):
                if isinstance(item, Packet):
                    check_packet(item)
                    assert len(item.data) <= len(body) + 64
                elif isinstance(item, VideoConfig | AudioConfig):
                    check_config(item)
                    assert len(item.extradata) <= len(body) + 64


def split_records(data: bytes) -> Iterator[tuple[bool, bytes]]:
    position = 0
    while position + 3 <= len(data):
        size = int.from_bytes(data[position + 1 : position + 3], "big")
        yield bool(data[position] & 1), data[position + 3 : position + 3 + size]
        position += 3 + size


def join_records(records: list[tuple[bool, bytes]]) -> bytes:
    return b"".join(bytes([video]) + len(body).to_bytes(2, "big") + body for video, body in records)


def check_packet(packet: Packet) -> None:
    assert packet.dts >= 0
    assert abs(packet.pts - packet.dts) <= (1 << 23) * 90
    assert packet.data


def check_config(config: MediaConfig) -> None:
    assert config.extradata
    assert config.rfc6381.isascii()
    if isinstance(config, VideoConfig):
        assert 0 < config.width <= 16_384
        assert 0 < config.height <= 16_384
    else:
        assert config.sample_rate > 0
        assert 0 < config.channels <= 255
        assert config.samples_per_frame > 0


LIMITS = RtmpLimits(max_command_bytes=2048, max_message_bytes=8192, window_bytes=1 << 30, min_message_bytes=1)
"""Small; no acknowledgements, which depend on single reads."""


def fuzz_session(data: bytes) -> None:
    """Everything behind the handshake, from a stranger who is let in when he asks."""

    def run(pieces: list[bytes]) -> tuple[list[Event], bytes, str]:
        return drive([HANDSHAKE, *pieces], LIMITS)

    events, sent, _ = same_however_cut(run, data)
    assert len(sent) <= 3073 + 64 * (len(data) + 64)
    assert sum(isinstance(event, PublishRequested) for event in events) <= 1


def fuzz_publisher(data: bytes) -> None:
    """Everything behind `publish`, from a publisher who was accepted: chunks, messages, tags and media together."""

    def run(pieces: list[bytes]) -> tuple[list[MediaConfig | Packet | StreamMetadata], int, str]:
        stats, publication = RtmpStats(), RecordingPublication()
        pump = PublisherPump(LIMITS, stats)
        pump.receive(GREETING)
        pump.accept(publication)
        try:
            for piece in pieces:
                pump.receive(piece)
                pump.data_to_send()
        except RemoteProtocolError as error:
            return publication.items, stats.undecodable_total, str(error)
        assert len(pump.notices) <= 16
        return publication.items, stats.undecodable_total, ""

    items, _, _ = same_however_cut(run, data)
    for item in items:
        if isinstance(item, Packet):
            check_packet(item)
        elif not isinstance(item, StreamMetadata):
            check_config(item)


def fuzz_proxy(data: bytes) -> None:
    """The PROXY header before everything else. It ends where it says, and its beginnings ask for more."""
    if not may_be_proxy_header(data):
        return
    with suppress(ProxyProtocolError):
        header = parse_proxy_header(data)
        if header is None:
            assert len(data) < MAX_INPUT_BYTES
            return
        assert 8 < header.size <= len(data)
        assert parse_proxy_header(data[: header.size]) == header
        for cut_at in {1, header.size // 2, header.size - 1}:
            assert parse_proxy_header(data[:cut_at]) is None
        assert header.address is None or str(ipaddress.ip_address(header.address)) == header.address


TARGETS: dict[str, Callable[[bytes], None]] = {
    "handshake": fuzz_handshake,
    "chunks": fuzz_chunks,
    "amf": fuzz_amf,
    "messages": fuzz_messages,
    "tags": fuzz_tags,
    "session": fuzz_session,
    "publisher": fuzz_publisher,
    "proxy": fuzz_proxy,
}
