"""Multitrack tags taken apart: one track, many tracks of one codec, many tracks of many codecs."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import AudioConfig, Packet, Track, VideoConfig
from rtmp.errors import UndecodableError
from rtmp.flv import ExtraTrackFound, TagReader, UnsupportedCodec
from rtmp.multitrack import ExtraTrack, TrackTag, split_tracks
from rtmp.tags import Kind, Tag, parse_audio_tag, parse_video_tag
from tests.rtmp.client import (
    AAC_CONFIG,
    AVC_CONFIG,
    audio_config,
    audio_frame,
    nal,
    video_config,
    video_frame,
)


def video(body: bytes) -> list[TrackTag]:
    return split_tracks(Track.VIDEO, parse_video_tag(body), body)


def audio(body: bytes) -> list[TrackTag]:
    return split_tracks(Track.AUDIO, parse_audio_tag(body), body)


def sized(track_id: int, data: bytes) -> bytes:
    return bytes([track_id]) + len(data).to_bytes(3, "big") + data


def content(body: bytes, parts: list[TrackTag]) -> list[tuple[int, str, bytes]]:
    return [(part.track_id, part.tag.codec, body[part.tag.start : part.end]) for part in parts]


def test_one_track() -> None:
    body = b"\x96\x00avc1\x01record"
    assert video(body) == [TrackTag(1, Tag("avc1", Kind.CONFIG, True, 0, 7), 13)]
    body = b"\xa6\x01hvc1\x02\xff\xff\xfeframe"
    assert video(body) == [TrackTag(2, Tag("hvc1", Kind.FRAME, False, -2, 10), 15)]
    body = b"\x95\x01mp4a\x03sound"
    assert audio(body) == [TrackTag(3, Tag("mp4a", Kind.FRAME, True, 0, 7), 12)]


def test_many_tracks_of_one_codec() -> None:
    body = b"\x96\x11avc1" + sized(0, b"\x00\x00\x21zero") + sized(1, b"\x00\x00\x00one")
    assert content(body, video(body)) == [(0, "avc1", b"zero"), (1, "avc1", b"one")]
    assert [part.tag.cts_ms for part in video(body)] == [33, 0]
    body = b"\x95\x11Opus" + sized(0, b"zero") + sized(7, b"")
    assert content(body, audio(body)) == [(0, "Opus", b"zero"), (7, "Opus", b"")]


def test_many_tracks_of_many_codecs() -> None:
    body = b"\x96\x23av01" + sized(0, b"zero") + b"hvc1" + sized(1, b"one") + b"vvc1" + sized(2, b"two")
    assert content(body, video(body)) == [(0, "av01", b"zero"), (1, "hvc1", b"one"), (2, "vvc1", b"two")]
    body = b"\x95\x21mp4a" + sized(0, b"zero") + b"ac-3" + sized(1, b"one")
    assert content(body, audio(body)) == [(0, "mp4a", b"zero"), (1, "ac-3", b"one")]


def test_modex_before_many_tracks() -> None:
    body = b"\x97\x02\x00\x01\x02\x06\x03avc1\x04frame"
    assert content(body, video(body)) == [(4, "avc1", b"frame")]


@pytest.mark.parametrize(
    "body",
    [
        b"\x96",
        b"\x96\x01",
        b"\x96\x01avc",
        b"\x96\x01avc1",
        b"\x96\x01avc1\x01\x00\x00",
        b"\x96\x31avc1\x01d",
        b"\x96\x06avc1\x01d",
        b"\x96\x07avc1\x01d",
        b"\x96\x13avc1",
        b"\x96\x13avc1\x01\x00\x00",
        b"\x96\x13avc1\x01\x00\x00\x02d",
        b"\x96\x13avc1" + sized(0, b"d") + b"\x01",
        b"\x96\x23av01" + sized(0, b"d") + b"hvc",
        b"\x96\x13avc1" + sized(0, b"") * 33,
    ],
)
def test_broken_multitrack_tag(body: bytes) -> None:
    with pytest.raises(UndecodableError):
        video(body)


@given(st.binary(max_size=60))
def test_garbage_is_undecodable_and_nothing_else(garbage: bytes) -> None:
    reader = TagReader()
    for read, head in ((reader.read_video, b"\x96"), (reader.read_audio, b"\x95")):
        with contextlib.suppress(UndecodableError):
            read(0, head + garbage)
    for split, head in ((video, b"\x96"), (audio, b"\x95")):
        with contextlib.suppress(UndecodableError):
            for part in split(head + garbage):
                assert 2 <= part.tag.start <= part.end <= 1 + len(garbage)


def test_track_0_of_a_multitrack_tag_is_published_like_any_other() -> None:
    tags = TagReader()
    body = b"\x96\x20avc1" + sized(0, AVC_CONFIG) + b"hvc1" + sized(1, b"record")
    found, config = tags.read_video(0, body)
    assert found == ExtraTrackFound(Track.VIDEO, 1, "HEVC")
    assert isinstance(config, VideoConfig)
    body = b"\x96\x21hvc1" + sized(1, b"\0\0\0else") + b"avc1" + sized(0, b"\x00\x00\x05" + nal())
    assert tags.read_video(20, body) == (Packet(Track.VIDEO, 1800, 2250, keyframe=True, data=nal()),)
    (config,) = tags.read_audio(0, b"\x95\x00mp4a\x00" + AAC_CONFIG)
    assert isinstance(config, AudioConfig)
    assert tags.read_audio(9, b"\x95\x01mp4a\x00sound") == (
        Packet(Track.AUDIO, 810, 810, keyframe=True, data=b"sound"),
    )
    assert tags.extra_tracks == (ExtraTrack(Track.VIDEO, 1, "hvc1", packets=1, bytes=4),)


def test_obs_sends_track_0_plainly_and_the_others_one_by_one() -> None:
    tags = TagReader()
    assert len(tags.read_video(0, video_config())) == 1
    assert tags.read_video(0, b"\x96\x00avc1\x01" + AVC_CONFIG) == (ExtraTrackFound(Track.VIDEO, 1, "H.264"),)
    assert len(tags.read_audio(0, audio_config())) == 1
    assert tags.read_audio(0, b"\x95\x00mp4a\x01" + AAC_CONFIG) == (ExtraTrackFound(Track.AUDIO, 1, "AAC"),)
    for dts_ms in (0, 33, 66):
        assert len(tags.read_video(dts_ms, video_frame())) == 1
        assert tags.read_video(dts_ms, b"\x96\x01avc1\x01\x00\x00\x00" + nal(20)) == ()
        assert len(tags.read_audio(dts_ms, audio_frame())) == 1
        assert tags.read_audio(dts_ms, b"\x95\x01mp4a\x01sound") == ()
    assert tags.read_video(99, b"\x96\x02avc1\x01") == ()
    assert tags.extra_tracks == (
        ExtraTrack(Track.VIDEO, 1, "avc1", packets=3, bytes=72),
        ExtraTrack(Track.AUDIO, 1, "mp4a", packets=3, bytes=15),
    )


def test_track_0_of_a_codec_that_cannot_be_used_is_named() -> None:
    assert TagReader().read_video(0, b"\x96\x01vvc1\x00\x00\x00\x00d") == (
        UnsupportedCodec(Track.VIDEO, "VVC"),
    )


def test_broken_track_0_does_not_keep_the_others_from_being_counted() -> None:
    tags = TagReader()
    body = b"\x96\x13avc1" + sized(0, b"no frame") + sized(1, nal())
    with pytest.raises(UndecodableError):
        tags.read_video(0, body)
    assert tags.extra_tracks == (ExtraTrack(Track.VIDEO, 1, "avc1", packets=1, bytes=12),)


def test_counted_tracks_are_bounded() -> None:
    tags = TagReader()
    found = [tags.read_video(0, b"\x96\x03av01" + bytes([track_id]) + b"d") for track_id in range(1, 256)]
    assert sum(map(len, found)) == 32
    assert len(tags.extra_tracks) == 32


def test_other_kinds_of_packets_in_tracks_mean_nothing() -> None:
    tags = TagReader()
    assert tags.read_audio(0, b"\x95\x04mp4a\x00\x01\x02\x00\x00\x00\x03") == ()
    assert tags.read_video(0, b"\xd6\x04hvc1\x00\x02\x00\x09colorInfo") == ()
