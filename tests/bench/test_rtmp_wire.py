"""The bytes of the load generator say what the recording says, in every chunk size and over every pass."""

from hypothesis import given
from hypothesis import strategies as st

from bench.flvfile import AUDIO_TAG, DATA_TAG, VIDEO_TAG, Clip, Tag
from bench.rtmp_wire import connect, create_stream, cut, goodbye, publish
from rtmp.amf import decode_values
from rtmp.chunks import ChunkReader, RawMessage
from rtmp.feed import Feed

PERIOD_MS = 100
HEADERS = (Tag(VIDEO_TAG, 0, b"\x17\x00\x00\x00\x00avcC"), Tag(AUDIO_TAG, 0, b"\xaf\x00asc"))


def read(data: bytes) -> list[RawMessage]:
    feed = Feed()
    feed.push(data)
    reader = ChunkReader(feed, max_message_bytes=1 << 20)
    messages = []
    while (message := reader.next_message()) is not None:
        messages.append(message)
    assert len(feed) == 0
    return messages


def names(data: bytes) -> list[object]:
    return [decode_values(message.payload)[0] for message in read(data)]


def test_commands_are_what_encoders_send() -> None:
    assert names(connect("live", "rtmp://h/live")) == ["connect"]
    assert names(create_stream("key", 4096)) == ["releaseStream", "FCPublish", "createStream"]
    assert names(publish("key", 4096)) == ["publish"]
    assert names(goodbye("key", 4096)) == ["FCUnpublish", "deleteStream"]


@st.composite
def clips(draw: st.DrawFn) -> Clip:
    times = sorted(draw(st.lists(st.integers(0, PERIOD_MS - 1), min_size=1, max_size=12)))
    tags = []
    for number, ms in enumerate(times):
        kind = draw(st.sampled_from((AUDIO_TAG, VIDEO_TAG)))
        size = draw(st.integers(1, 700))
        tags.append(Tag(kind, ms, bytes([number]) * size))
    return Clip(b"metadata", HEADERS, tuple(tags), PERIOD_MS)


@given(clips(), st.sampled_from((128, 200, 4096, 65536)))
def test_time_goes_on_over_every_pass(clip: Clip, chunk_size: int) -> None:
    replay = cut(clip, chunk_size)
    passes = [replay.first, replay.again, replay.again]
    media = b"".join(piece.data for pieces in passes for piece in pieces)
    messages = read(create_stream("k", chunk_size) + replay.opening + media)[3:]
    assert messages[0].type_id == DATA_TAG
    assert [message.payload for message in messages[1:3]] == [header.body for header in HEADERS]
    sent = [(message.type_id, message.timestamp, message.payload) for message in messages[3:]]
    assert sent == [
        (tag.kind, tag.dts_ms + number * PERIOD_MS, tag.body) for number in range(3) for tag in clip.tags
    ]
    assert {message.stream_id for message in messages} == {1}
