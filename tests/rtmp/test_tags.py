"""Heads of FLV and Enhanced RTMP tags."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmp.errors import UndecodableError
from rtmp.tags import Kind, Tag, parse_audio_tag, parse_video_tag


def video(codec: str, kind: Kind, start: int, *, keyframe: bool = True, cts_ms: int = 0) -> Tag:
    return Tag(codec, kind, keyframe, cts_ms, start)


NOTHING = Tag("", Kind.OTHER, keyframe=False, cts_ms=0, start=0)

VIDEO: dict[str, tuple[bytes, Tag]] = {
    "AVC config": (b"\x17\x00\x00\x00\x00c", video("avc1", Kind.CONFIG, 5)),
    "AVC key frame": (b"\x17\x01\x00\x00\x42d", video("avc1", Kind.FRAME, 5, cts_ms=66)),
    "AVC frame": (b"\x27\x01\x00\x00\x00d", video("avc1", Kind.FRAME, 5, keyframe=False)),
    "AVC disposable frame": (b"\x37\x01\x00\x00\x00d", video("avc1", Kind.FRAME, 5, keyframe=False)),
    "AVC generated key frame": (b"\x47\x01\x00\x00\x00d", video("avc1", Kind.FRAME, 5)),
    "AVC end of sequence": (b"\x17\x02\x00\x00\x00", video("avc1", Kind.OTHER, 5)),
    "negative composition offset": (b"\x27\x01\xff\xff\xfed", video("avc1", Kind.FRAME, 5, keyframe=False, cts_ms=-2)),
    "largest composition offset": (b"\x17\x01\x7f\xff\xffd", video("avc1", Kind.FRAME, 5, cts_ms=0x7FFFFF)),
    "smallest composition offset": (b"\x17\x01\x80\x00\x00d", video("avc1", Kind.FRAME, 5, cts_ms=-0x800000)),
    "seek command": (b"\x57\x00", NOTHING),
    "empty": (b"", NOTHING),
    "HEVC the old way": (b"\x1c\x01\x00\x00\x00d", video("hvc1", Kind.FRAME, 5)),
    "Sorenson": (b"\x22d", video("H.263", Kind.FRAME, 1, keyframe=False)),
    "a codec id of nobody": (b"\x1fd", video("codec 15", Kind.FRAME, 1)),
    "ex SequenceStart": (b"\x90avc1c", video("avc1", Kind.CONFIG, 5)),
    "ex CodedFrames": (b"\x91avc1\x00\x00\x42d", video("avc1", Kind.FRAME, 8, cts_ms=66)),
    "ex CodedFrames, negative": (b"\xa1hvc1\xff\xff\xffd", video("hvc1", Kind.FRAME, 8, keyframe=False, cts_ms=-1)),
    "ex CodedFrames without an offset": (b"\x91av01d", video("av01", Kind.FRAME, 5)),
    "ex CodedFramesX": (b"\xa3avc1d", video("avc1", Kind.FRAME, 5, keyframe=False)),
    "ex SequenceEnd": (b"\x92avc1", video("avc1", Kind.OTHER, 5)),
    "ex Metadata": (b"\x94hvc1x", video("hvc1", Kind.OTHER, 5)),
    "ex MPEG2TSSequenceStart": (b"\x95av01x", video("av01", Kind.OTHER, 5)),
    "ex packet type of the future": (b"\x9eavc1x", video("avc1", Kind.OTHER, 5)),
    "ex Multitrack": (b"\x96\x01avc1\x01", video("", Kind.MULTITRACK, 1)),
    "ex command": (b"\xd1\x00", NOTHING),
    "ex ModEx with a nanosecond offset": (b"\x97\x02\x00\x01\x02\x03avc1d", video("avc1", Kind.FRAME, 10)),
    "ex two ModEx": (b"\x97\x00x\x07\x01yz\x01avc1\x00\x00\x01d", video("avc1", Kind.FRAME, 15, cts_ms=1)),
    "ex long ModEx": (b"\x97\xff\x01\x00" + bytes(257) + b"\x03avc1d", video("avc1", Kind.FRAME, 266)),
    "ex sixteen ModEx": (b"\x97" + b"\x00\x00\x07" * 15 + b"\x00\x00\x03avc1d", video("avc1", Kind.FRAME, 53)),
    "ex ModEx of 256 bytes": (b"\x97\xff\x00\xff" + bytes(256) + b"\x03avc1d", video("avc1", Kind.FRAME, 265)),
}  # fmt: skip

AUDIO: dict[str, tuple[bytes, Tag]] = {
    "AAC config": (b"\xaf\x00\x12\x10", video("mp4a", Kind.CONFIG, 2)),
    "empty AAC config": (b"\xaf\x00", video("mp4a", Kind.CONFIG, 2)),
    "AAC frame": (b"\xaf\x01d", video("mp4a", Kind.FRAME, 2)),
    "AAC of no known packet type": (b"\xaf\x09d", video("mp4a", Kind.OTHER, 2)),
    "MP3": (b"\x2fd", video(".mp3", Kind.FRAME, 1)),
    "Speex": (b"\xb2d", video("Speex", Kind.FRAME, 1)),
    "reserved": (b"\xf0d", video("codec 15", Kind.FRAME, 1)),
    "empty": (b"", NOTHING),
    "ex SequenceStart": (b"\x90mp4a\x12\x10", video("mp4a", Kind.CONFIG, 5)),
    "ex Opus head": (b"\x90OpusOpusHead", video("Opus", Kind.CONFIG, 5)),
    "ex CodedFrames": (b"\x91mp4ad", video("mp4a", Kind.FRAME, 5)),
    "ex CodedFrames with nothing behind": (b"\x91fLaC", video("fLaC", Kind.OTHER, 5)),
    "ex SequenceEnd": (b"\x92mp4a", video("mp4a", Kind.OTHER, 5)),
    "ex MultichannelConfig": (b"\x94mp4a\x01\x02", video("mp4a", Kind.OTHER, 5)),
    "ex Multitrack": (b"\x95\x01mp4a\x01d", video("", Kind.MULTITRACK, 1)),
    "ex ModEx": (b"\x97\x00x\x01mp4ad", video("mp4a", Kind.FRAME, 8)),
}  # fmt: skip


@pytest.mark.parametrize("name", VIDEO)
def test_video_tag(name: str) -> None:
    body, tag = VIDEO[name]
    assert parse_video_tag(body) == tag


@pytest.mark.parametrize("name", AUDIO)
def test_audio_tag(name: str) -> None:
    body, tag = AUDIO[name]
    assert parse_audio_tag(body) == tag


@pytest.mark.parametrize(
    ("parse", "body"),
    [
        (parse_video_tag, b"\x17"),
        (parse_video_tag, b"\x17\x01\x00\x00"),
        (parse_video_tag, b"\x91avc"),
        (parse_video_tag, b"\x91avc1\x00\x00"),
        (parse_video_tag, b"\x97"),
        (parse_video_tag, b"\x97\x05abc"),
        (parse_video_tag, b"\x97\xff\xff\xff" + bytes(100)),
        (parse_video_tag, b"\x97" + b"\x00\x00\x07" * 17 + b"\x00\x00\x01avc1\x00\x00\x00d"),
        (parse_audio_tag, b"\xaf"),
        (parse_audio_tag, b"\x91mp"),
        (parse_audio_tag, b"\x97\x00"),
    ],
)
def test_tag_cut_short(parse: Callable[[bytes], Tag], body: bytes) -> None:
    with pytest.raises(UndecodableError):
        parse(body)


@given(st.binary(max_size=40))
def test_garbage_is_undecodable_and_nothing_else(body: bytes) -> None:
    for parse in (parse_video_tag, parse_audio_tag):
        with contextlib.suppress(UndecodableError):
            assert parse(body).start <= len(body)
