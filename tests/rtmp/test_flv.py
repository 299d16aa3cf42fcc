"""Tags become media."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import AudioConfig, Packet, Track, VideoConfig
from rtmp.errors import UndecodableError
from rtmp.flv import TagReader, UnsupportedCodec
from tests.rtmp.client import (
    AAC_CONFIG,
    AVC_CONFIG,
    audio_config,
    audio_frame,
    nal,
    video_config,
    video_frame,
)

VIDEO = VideoConfig("avc1", AVC_CONFIG, "avc1.640028", 1920, 1080)
AUDIO = AudioConfig("mp4a", AAC_CONFIG, "mp4a.40.2", 48000, 2)
OTHER_AVC = bytes.fromhex("014d401effe10018674d401eeca05017fcb808800000030080000019078b16cb01000568ebe3cb20")


def ready() -> TagReader:
    tags = TagReader()
    tags.read_video(0, video_config())
    tags.read_audio(0, audio_config())
    return tags


def test_config_then_packets() -> None:
    tags = TagReader()
    assert tags.read_video(0, video_config()) == (VIDEO,)
    assert tags.read_audio(0, audio_config()) == (AUDIO,)
    assert tags.read_video(33, video_frame(cts_ms=66)) == (
        Packet(Track.VIDEO, 2970, 8910, keyframe=True, data=nal()),
    )
    assert tags.read_video(66, video_frame(cts_ms=-33, keyframe=False)) == (
        Packet(Track.VIDEO, 5940, 2970, keyframe=False, data=nal()),
    )
    assert tags.read_audio(70, audio_frame(b"frame")) == (
        Packet(Track.AUDIO, 6300, 6300, keyframe=True, data=b"frame"),
    )


def test_enhanced_avc_and_aac() -> None:
    tags = TagReader()
    assert tags.read_video(0, b"\x90avc1" + AVC_CONFIG) == (VIDEO,)
    assert tags.read_audio(0, b"\x90mp4a" + AAC_CONFIG) == (AUDIO,)
    assert tags.read_video(10, b"\x91avc1\x00\x00\x05" + nal()) == (
        Packet(Track.VIDEO, 900, 1350, keyframe=True, data=nal()),
    )
    assert tags.read_video(20, b"\xa3avc1" + nal()) == (
        Packet(Track.VIDEO, 1800, 1800, keyframe=False, data=nal()),
    )
    assert tags.read_video(30, b"\x92avc1") == ()
    assert tags.read_audio(20, b"\x91mp4aframe") == (
        Packet(Track.AUDIO, 1800, 1800, keyframe=True, data=b"frame"),
    )


def test_equal_configs_are_not_repeated_and_other_ones_are_new() -> None:
    tags = ready()
    assert tags.read_video(9, video_config()) == ()
    assert tags.read_audio(9, audio_config()) == ()
    (changed,) = tags.read_video(9, video_config(OTHER_AVC))
    assert isinstance(changed, VideoConfig)
    assert (changed.width, changed.height) == (640, 360)
    assert tags.read_video(9, video_config()) == (VIDEO,)
    assert tags.read_audio(9, audio_config(b"\x11\x88")) == (
        replace(AUDIO, extradata=b"\x11\x88", channels=1),
    )


def test_empty_video_config_is_ignored() -> None:
    tags = TagReader()
    assert tags.read_video(0, b"\x90avc1") == ()
    assert tags.read_video(0, video_config()) == (VIDEO,)


def test_empty_aac_config_is_ignored() -> None:
    tags = TagReader()
    assert tags.read_audio(0, b"\xaf\x00") == ()
    assert tags.read_audio(0, audio_config()) == (AUDIO,)
    assert tags.read_audio(0, b"\xaf\x00") == ()
    assert len(tags.read_audio(0, audio_frame())) == 1


@pytest.mark.parametrize("body", [video_frame(), b"\x1c\x00\x00\x00\x00\x01", video_config(b"\x01garbage")])
def test_video_that_makes_no_sense(body: bytes) -> None:
    with pytest.raises(UndecodableError):
        TagReader().read_video(0, body)


def test_configuration_that_is_no_configuration_by_its_length() -> None:
    with pytest.raises(UndecodableError, match="65537 bytes"):
        TagReader().read_video(0, video_config(AVC_CONFIG.ljust(65_537, b"\0")))


@pytest.mark.parametrize("body", [audio_frame(), audio_config(b"\x01")])
def test_audio_that_makes_no_sense(body: bytes) -> None:
    with pytest.raises(UndecodableError):
        TagReader().read_audio(0, body)


def test_broken_frames_are_dropped_one_by_one() -> None:
    tags = ready()
    for broken in (b"", nal()[:-1], b"\0\0\0\x01\x65\x88"):
        with pytest.raises(UndecodableError):
            tags.read_video(0, video_frame(broken))
    with pytest.raises(UndecodableError):
        tags.read_audio(0, audio_frame(b""))
    assert len(tags.read_video(0, video_frame())) == 1


def test_broken_config_keeps_the_last_good_one() -> None:
    tags = ready()
    with pytest.raises(UndecodableError):
        tags.read_video(0, video_config(AVC_CONFIG[:12]))
    assert len(tags.read_video(0, video_frame())) == 1


@pytest.mark.parametrize("body", [b"", b"\x57\x00", b"\x17\x02\x00\x00\x00", b"\xd0\x00", b"\x94avc1x"])
def test_tags_that_mean_nothing_for_the_timeline(body: bytes) -> None:
    assert ready().read_video(0, body) == ()


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"\x91vp08d", "VP8"),
        (b"\x90vvc1d", "VVC"),
        (b"\x22d", "H.263"),
        (b"\x91????d", "????"),
    ],
)
def test_codec_that_cannot_be_used_is_named_once(body: bytes, name: str) -> None:
    tags = ready()
    assert tags.read_video(0, body) == (UnsupportedCodec(Track.VIDEO, name),)
    assert tags.read_video(0, body) == ()
    assert len(tags.read_video(0, video_frame())) == 1


def test_audio_codec_that_cannot_be_used_is_named_once() -> None:
    tags = ready()
    assert tags.read_audio(0, b"\x2fd") == (UnsupportedCodec(Track.AUDIO, "MP3"),)
    assert tags.read_audio(0, b"\x2ed") == ()


def test_a_drone_that_sends_random_codec_ids_is_named_eight_times_at_most() -> None:
    tags = TagReader()
    reports = [tags.read_video(0, b"\x93" + bytes([65 + i]) * 4) for i in range(26)]
    assert sum(map(len, reports)) == 8


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=30)), max_size=10))
def test_garbage_is_undecodable_and_nothing_else(tags: list[tuple[bool, bytes]]) -> None:
    reader = ready()
    for is_video, body in tags:
        with contextlib.suppress(UndecodableError):
            (reader.read_video if is_video else reader.read_audio)(1, body)
