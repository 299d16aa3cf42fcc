"""Chunk streams: every rule, every tolerance with the client that needs it, and any split of the bytes (one layer, so one file)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmp.chunks import ChunkReader, ChunkWriter, RawMessage
from rtmp.errors import RemoteProtocolError
from rtmp.feed import Feed
from tests.rtmp.client import basic_header, chunks, control, message, set_chunk_size

MAX = 1 << 20


def read(*pieces: bytes, limit: int = MAX) -> list[RawMessage]:
    feed = Feed()
    reader = ChunkReader(feed, max_message_bytes=limit)
    found = []
    for piece in pieces:
        feed.push(piece)
        while (raw := reader.next_message()) is not None:
            found.append(raw)
    return found


def times(*pieces: bytes) -> list[int]:
    return [raw.timestamp for raw in read(*pieces)]


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


BODY = bytes(range(190))


# -- vectors of other projects, rebuilt --------------------------------------------------------------------------


def raw(type_id: int, stream_id: int, timestamp: int, payload: bytes) -> RawMessage:
    return RawMessage(type_id, stream_id, timestamp, payload)


VECTORS: dict[str, tuple[bytes, list[RawMessage]]] = {
    "fmt 0 then fmt 1 with a delta": (
        message(b"\x03" * 64, csid=27, stream_id=3123, time=18576, type_id=6)
        + message(b"\x04" * 64, csid=27, fmt=1, time=15, type_id=5),
        [raw(6, 3123, 18576, b"\x03" * 64), raw(5, 3123, 18591, b"\x04" * 64)],
    ),
    "fmt 0, fmt 2, fmt 3": (
        message(b"a" * 64, csid=27, stream_id=3123, time=18576, type_id=6)
        + message(b"b" * 64, csid=27, fmt=2, time=15)
        + message(b"c" * 64, csid=27, fmt=3),
        [
            raw(6, 3123, 18576, b"a" * 64),
            raw(6, 3123, 18591, b"b" * 64),
            raw(6, 3123, 18606, b"c" * 64),
        ],
    ),
    "190 bytes as 128 and the rest, fmt 0": (message(BODY, time=5), [raw(9, 1, 5, BODY)]),
    "extended timestamp repeated in the continuation": (
        message(bytes(160), csid=27, time=0xFF123456),
        [raw(9, 1, 0xFF123456, bytes(160))],
    ),
    "decreasing timestamps": (
        message(b"a", time=16000)
        + message(b"b", fmt=1, time=1000)
        + message(b"c", time=16000)
        + message(b"d", fmt=1, time=1000),
        [raw(9, 1, 16000, b"a"), raw(9, 1, 17000, b"b"), raw(9, 1, 16000, b"c"), raw(9, 1, 17000, b"d")],
    ),
    "an extended fmt 0 followed by a new message as fmt 3 keeps the time": (
        message(bytes(15), csid=27, time=0xFF123456) + b"\xdb\xff\x12\x34\x56" + bytes(15),
        [raw(9, 1, 0xFF123456, bytes(15)), raw(9, 1, 0xFF123456, bytes(15))],
    ),
    "smallest message": (
        bytes.fromhex("04000000000001090100000001"),
        [raw(9, 1, 0, b"\x01")],
    ),
    "chunks of four bytes": (
        set_chunk_size(4) + bytes.fromhex("4400002100000509 01020304 c405"),
        [raw(9, 0, 33, b"\x01\x02\x03\x04\x05")],
    ),
    "extended timestamp, chunks of four bytes": (
        set_chunk_size(4) + bytes.fromhex("06ffffff000007090100000001ffffff01020304 c601ffffff050607"),
        [raw(9, 1, 0x1FFFFFF, b"\x01\x02\x03\x04\x05\x06\x07")],
    ),
    "FMLE's first two audio packets: fmt 3 after fmt 0 adds its timestamp": (
        bytes.fromhex("0400001a00009d0801000000")
        + bytes(128)
        + b"\xc4"
        + bytes(29)
        + b"\xc4"
        + bytes(128)
        # the third header continues the second message
        + b"\xc4"
        + bytes(29),
        [raw(8, 1, 26, bytes(157)), raw(8, 1, 52, bytes(157))],
    ),
    "an extended delta is a delta": (
        message(b"a", time=0x002AF8) + message(b"b", fmt=1, time=0x00FFFC18 + 0xFF000000),
        [raw(9, 1, 11000, b"a"), raw(9, 1, (11000 + 0xFFFFFC18) & 0xFFFFFFFF, b"b")],
    ),
    "librtmp's first ping starts with fmt 1": (
        bytes.fromhex("420000000000060400060000 0d0f"),
        [raw(4, 0, 0, bytes.fromhex("000600000d0f"))],
    ),
    "an acknowledgement": (
        bytes.fromhex("02000000000004030000000002bd33b0"),
        [raw(3, 0, 0, bytes.fromhex("02bd33b0"))],
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_vector_whole_byte_by_byte_and_with_trailing_data(name: str) -> None:
    data, expected = VECTORS[name]
    assert read(data) == expected
    assert read(*byte_by_byte(data)) == expected
    assert read(data + b"\x05\x00")[: len(expected)] == expected


def test_extended_delta_of_srs_4356() -> None:
    data = message(b"a", time=0x002AF8) + bytes.fromhex("44ffffff 000001 09 00fffc18 62")
    assert times(data) == [11000, 11000 + 0x00FFFC18]


@pytest.mark.parametrize("fmt", [0, 1, 2, 3])
def test_long_message_that_starts_with_any_header(fmt: int) -> None:
    first = message(bytes(190), time=10)
    data = first + message(BODY, fmt=fmt, time=10)
    assert read(data)[1] == RawMessage(9, 1, 10 if fmt == 0 else 20, BODY)
    assert read(*byte_by_byte(data)) == read(data)


# -- fmt 3 ---------------------------------------------------------------------------------------------------------


def test_new_message_as_fmt_3_after_fmt_0_adds_its_timestamp_field() -> None:
    """ffmpeg, GStreamer and OBS since 30.2 write with this rule."""
    assert times(message(b"a", time=40) + message(b"b", fmt=3) + message(b"c", fmt=3)) == [40, 80, 120]


def test_new_message_as_fmt_3_repeats_an_extended_delta() -> None:
    data = message(b"a", time=0) + message(b"b", fmt=1, time=0x1000000) + b"\xc4\x01\x00\x00\x00c"
    assert times(data) == [0, 0x1000000, 0x2000000]


@pytest.mark.parametrize("written", [True, False], ids=["ffmpeg and OBS since 30.1", "OBS up to 30.0"])
def test_extended_timestamp_in_continuations_is_optional(written: bool) -> None:  # noqa: FBT001
    body = bytes(range(256)) * 2
    data = message(body, time=0x01020304, extended_in_continuations=written) + message(b"next", fmt=1, time=1)
    expected = [RawMessage(9, 1, 0x01020304, body), RawMessage(9, 1, 0x01020305, b"next")]
    assert read(data) == expected
    assert read(*byte_by_byte(data)) == expected


def test_payload_that_starts_like_the_extended_timestamp_but_differs() -> None:
    body = bytes(128) + b"\x01\x02\x03\xff" + bytes(60)
    data = message(body, time=0x01020304, extended_in_continuations=False)
    assert read(*byte_by_byte(data)) == [RawMessage(9, 1, 0x01020304, body)]


def test_end_of_a_message_is_not_held_back_by_the_search_for_an_extended_timestamp() -> None:
    data = message(bytes(129), time=0x01020304, extended_in_continuations=False)
    assert len(read(data)) == 1


# -- chunk stream ids ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "csid"),
    [
        (b"\x02", 2),
        (b"\x3f", 63),
        (b"\x00\x00", 64),
        (b"\x00\xff", 319),
        (b"\x01\x00\x01", 320),
        (b"\x01\xff\xff", 65599),
    ],
)
def test_three_forms_of_the_basic_header_are_little_endian(header: bytes, csid: int) -> None:
    assert basic_header(0, csid) == header
    feed = Feed()
    reader = ChunkReader(feed, max_message_bytes=MAX)
    feed.push(header + bytes.fromhex("000007 000001 09 01000000 61"))
    assert reader.next_message() == RawMessage(9, 1, 7, b"a")
    assert list(reader._streams) == [csid]


def test_two_and_three_byte_form_of_one_id_are_the_same_stream() -> None:
    data = message(b"a", csid=100, time=7) + b"\xc1\x24\x00" + b"b"
    assert times(data) == [7, 14]


@pytest.mark.parametrize("csid", [63, 64, 400])
def test_interleaved_messages_on_two_streams(csid: int) -> None:
    video, audio = bytes(range(256)) * 2, b"\xaf" * 300
    first = chunks(video, csid=4, time=10)
    second = chunks(audio, csid=csid, time=11, type_id=8)
    mixed = [piece for pair in zip(first, second, strict=False) for piece in pair] + first[len(second) :]
    expected = [RawMessage(8, 1, 11, audio), RawMessage(9, 1, 10, video)]
    assert read(b"".join(mixed)) == expected
    assert read(*mixed) == expected


@pytest.mark.parametrize("length", [4095, 4096, 4097, 8192, 8193, 25_000])
@pytest.mark.parametrize("csid", [4, 64])
@pytest.mark.parametrize("interrupted", [False, True])
def test_large_chunks_give_the_same_message_however_they_arrive(
    length: int, csid: int, *, interrupted: bool
) -> None:
    # \xc4 all over: what is between the chunks must not be found inside them.
    body = b"\xc4" * (length - 1) + b"!"
    between = message(b"\xaf" * 9, csid=6, type_id=8, time=7) if interrupted else b""
    pieces = chunks(body, csid=csid, time=5, size=4096)
    data = set_chunk_size(4096) + pieces[0] + between + b"".join(pieces[1:]) + between
    video, audio = RawMessage(9, 1, 5, body), RawMessage(8, 1, 7, b"\xaf" * 9)
    whole = read(data + data[16:])
    assert sorted(whole, key=lambda raw: raw.type_id) == [audio] * (4 * interrupted) + [video] * 2
    for cut in (1, 20, 40, 4096, 4120, len(data) - 10, len(data) - 1):
        assert read(data[:cut], data[cut:] + data[16:]) == whole


def test_64_chunk_streams_are_allowed_and_65_are_not() -> None:
    data = b"".join(message(b"a", csid=1000 + i) for i in range(64))
    assert len(read(data)) == 64
    with pytest.raises(RemoteProtocolError, match="64 chunk streams"):
        read(data + message(b"a", csid=5000))


# -- chunk size and abort -------------------------------------------------------------------------------------------


def test_chunk_size_changes_between_the_chunks_of_another_stream_s_message() -> None:
    body = bytes(range(250))
    first, *_ = chunks(body, csid=6, time=3)
    data = (
        first + set_chunk_size(60) + b"\xc6" + body[128:188] + b"\xc6" + body[188:248] + b"\xc6" + body[248:]
    )
    assert read(data) == [RawMessage(9, 1, 3, body)]
    assert read(*byte_by_byte(data)) == [RawMessage(9, 1, 3, body)]


@pytest.mark.parametrize("size", [0, 0x80000000, 0x80000080, 16 * 1024 * 1024 + 1, 0xFFFFFFFF])
def test_chunk_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(RemoteProtocolError, match="chunk size"):
        read(set_chunk_size(size))


@pytest.mark.parametrize("size", [1, 16 * 1024 * 1024])
def test_chunk_size_limits_are_inclusive(size: int) -> None:
    assert read(set_chunk_size(size) + message(BODY, size=size)) == [RawMessage(9, 1, 0, BODY)]


@pytest.mark.parametrize("type_id", [1, 2])
def test_short_chunk_control_messages_are_refused(type_id: int) -> None:
    with pytest.raises(RemoteProtocolError):
        read(control(type_id, b"\0\0\1"))


def test_abort_drops_the_message_in_progress_and_fmt_3_starts_a_new_one() -> None:
    begun, *_ = chunks(BODY, csid=6, time=40)
    data = begun + control(2, (6).to_bytes(4, "big")) + b"\xc6" + BODY[:128] + b"\xc6" + BODY[128:]
    assert read(data) == [RawMessage(9, 1, 80, BODY)]
    assert read(*byte_by_byte(data)) == [RawMessage(9, 1, 80, BODY)]


def test_abort_frees_what_was_buffered() -> None:
    feed = Feed()
    reader = ChunkReader(feed, max_message_bytes=MAX)
    feed.push(chunks(BODY, csid=6)[0])
    assert reader.next_message() is None
    assert reader.buffered_bytes == 128
    feed.push(control(2, (6).to_bytes(4, "big")))
    assert reader.next_message() is None
    assert reader.buffered_bytes == 0


def test_abort_of_an_unknown_stream_is_ignored() -> None:
    assert read(control(2, (99).to_bytes(4, "big")) + message(b"a")) == [RawMessage(9, 1, 0, b"a")]


# -- violations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", [2, 3])
def test_stream_that_starts_without_a_length_is_refused(fmt: int) -> None:
    with pytest.raises(RemoteProtocolError, match="starts with"):
        read(message(b"a", fmt=fmt))


def test_message_length_that_changes_midway_is_refused() -> None:
    """CVE-2016-10191."""
    begun, *_ = chunks(BODY)
    with pytest.raises(RemoteProtocolError, match="inside a message"):
        read(begun + chunks(bytes(4000), fmt=1)[0])


def test_fmt_0_inside_a_message_is_refused() -> None:
    begun, *_ = chunks(BODY)
    with pytest.raises(RemoteProtocolError, match="inside a message"):
        read(begun + begun)


@pytest.mark.parametrize("fmt", [1, 2])
def test_header_that_says_the_same_may_continue_a_message(fmt: int) -> None:
    begun, *_ = chunks(BODY, time=10)
    head = chunks(BODY, fmt=fmt, time=10)[0][: {1: 8, 2: 4}[fmt]]
    assert read(begun + head + BODY[128:]) == [RawMessage(9, 1, 10, BODY)]


def test_too_long_a_message_is_refused_when_it_is_announced() -> None:
    header = b"\x04" + bytes(3) + b"\xff\xff\xff" + b"\x09" + bytes(4)
    with pytest.raises(RemoteProtocolError, match="limit 65536"):
        read(header, limit=65536)


def test_memory_follows_what_has_arrived_not_what_was_announced() -> None:
    feed = Feed()
    reader = ChunkReader(feed, max_message_bytes=MAX)
    announced = bytes(3) + MAX.to_bytes(3, "big") + b"\x09" + bytes(4)
    for csid in range(4, 60):
        feed.push(bytes([csid]) + announced + bytes(128))
        assert reader.next_message() is None
    assert reader.buffered_bytes == 56 * 128


def test_unfinished_messages_are_limited_together() -> None:
    with pytest.raises(RemoteProtocolError, match="unfinished"):
        read(b"".join(chunks(bytes(1000), csid=csid)[0] for csid in range(4, 60)), limit=1000)


def test_message_without_payload() -> None:
    assert read(message(b"", time=3) + message(b"a", fmt=1)) == [
        RawMessage(9, 1, 3, b""),
        RawMessage(9, 1, 3, b"a"),
    ]


# -- properties -----------------------------------------------------------------------------------------------------


@st.composite
def conversations(draw: st.DrawFn) -> tuple[bytes, list[RawMessage]]:
    """Messages on several chunk streams, interleaved at random, with chunk size changes between."""
    size = 128
    out: list[bytes] = []
    expected: list[RawMessage] = []
    for _ in range(draw(st.integers(1, 4))):
        queues: list[tuple[list[bytes], RawMessage]] = []
        for csid in draw(
            st.lists(st.sampled_from([3, 4, 6, 63, 64, 330]), min_size=1, max_size=3, unique=True)
        ):
            payload = draw(st.binary(max_size=700))
            time = draw(st.sampled_from([0, 40, 0xFFFFFE, 0xFFFFFF, 0x1000000, 0xFFFFFFFF]))
            written = draw(st.booleans())
            pieces = chunks(payload, csid=csid, time=time, size=size, extended_in_continuations=written)
            queues.append((pieces, RawMessage(9, 1, time, payload)))
        while queues:
            pieces, whole = queues[draw(st.integers(0, len(queues) - 1))]
            out.append(pieces.pop(0))
            if not pieces:
                expected.append(whole)
                queues = [queue for queue in queues if queue[0]]
        old, size = size, draw(st.sampled_from([1, 5, 128, 4096]))
        out.append(set_chunk_size(size, size=old))
    return b"".join(out), expected


def cut(data: bytes, points: list[int]) -> list[bytes]:
    marks = [0, *sorted(point % (len(data) + 1) for point in points), len(data)]
    return [data[a:b] for a, b in pairwise(marks)]


@given(conversations(), st.lists(st.integers(0, 10_000), max_size=20))
def test_packet_boundaries_never_change_the_messages(
    conversation: tuple[bytes, list[RawMessage]], points: list[int]
) -> None:
    data, expected = conversation
    assert read(data) == expected
    assert read(*cut(data, points)) == expected


@given(conversations())
def test_byte_by_byte_gives_the_same_messages(conversation: tuple[bytes, list[RawMessage]]) -> None:
    data, expected = conversation
    assert read(*byte_by_byte(data)) == expected


def outcome(pieces: list[bytes]) -> tuple[list[RawMessage], str]:
    feed = Feed()
    reader = ChunkReader(feed, max_message_bytes=5000)
    found: list[RawMessage] = []
    try:
        for piece in pieces:
            feed.push(piece)
            while (raw := reader.next_message()) is not None:
                found.append(raw)
    except RemoteProtocolError as error:
        return found, str(error)
    return found, ""


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=10))
def test_garbage_raises_only_the_remote_fault_and_the_same_however_it_is_cut(
    garbage: bytes, points: list[int]
) -> None:
    assert outcome([garbage]) == outcome(cut(garbage, points))


@given(st.binary(max_size=3000), st.integers(1, 300), st.sampled_from([0, 5, 0xFFFFFF, 0xFFFFFFFF]))
def test_what_the_writer_writes_is_what_the_reader_reads(payload: bytes, size: int, time: int) -> None:
    writer = ChunkWriter()
    writer.chunk_bytes = size
    written = RawMessage(20, 7, time, payload)
    assert read(set_chunk_size(size) + writer.write(written, 5)) == [written]
