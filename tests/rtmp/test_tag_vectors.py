"""The tags that other servers' tests, captures and issues name, each through the whole reader."""

import contextlib
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import AudioConfig, Packet, Track, VideoConfig
from rtmp.errors import UndecodableError
from rtmp.flv import ExtraTrackFound, MediaItem, TagReader, UnsupportedCodec
from tests.rtmp.client import (
    AAC_CONFIG,
    AVC_CONFIG,
    audio_config,
    audio_frame,
    nal,
    video_config,
    video_frame,
)
from tests.rtmp.test_av1 import FRAME as AV1_FRAME
from tests.rtmp.test_av1 import HEADER as AV1_HEADER
from tests.rtmp.test_av1 import RECORD as AV1_RECORD
from tests.rtmp.test_avc import RECORDS as AVC_RECORDS
from tests.rtmp.test_flac import FRAME as FLAC_FRAME
from tests.rtmp.test_flac import INFO as STREAM_INFO
from tests.rtmp.test_hevc import RECORD as HEVC_RECORD
from tests.rtmp.test_opus import HEAD as OPUS_HEAD
from tests.rtmp.test_vp9 import KEY_FRAME as VP9_KEY_FRAME
from tests.rtmp.test_vp9 import RECORD as VP9_RECORD

AC3_FRAME = bytes.fromhex("0b772671144043e106f46370").ljust(768, b"\0")
EAC3_FRAME = bytes.fromhex("0b77017f3487c00020300000").ljust(768, b"\0")
Config = TypeVar("Config", VideoConfig, AudioConfig)

OPUS_PACKET = b"\xfcpacket"
COLOR_INFO = bytes.fromhex("020009636f6c6f72496e666f03000b636f6c6f72436f6e66696703000009000009")
"""The AMF values "colorInfo" and an object, as ffmpeg 9.0 sends them."""


def video_packet(dts_ms: int, data: bytes, *, cts_ms: int = 0, keyframe: bool = True) -> Packet:
    return Packet(Track.VIDEO, 90 * dts_ms, 90 * (dts_ms + cts_ms), keyframe=keyframe, data=data)


def audio_packet(dts_ms: int, data: bytes) -> Packet:
    return Packet(Track.AUDIO, 90 * dts_ms, 90 * dts_ms, keyframe=True, data=data)


def only(items: tuple[MediaItem, ...], kind: type[Config]) -> Config:
    (item,) = items
    assert isinstance(item, kind)
    return item


def test_hevc_the_enhanced_way_with_offsets_and_without() -> None:
    tags = TagReader()
    config = only(tags.read_video(0, b"\x90hvc1" + HEVC_RECORD), VideoConfig)
    assert config == VideoConfig("hvc1", HEVC_RECORD, "hvc1.1.6.L120.90", 1920, 1080)
    assert tags.read_video(5, b"\x91hvc1\x00\x00\x43" + nal()) == (video_packet(5, nal(), cts_ms=67),)
    assert tags.read_video(9, b"\xa1hvc1\xff\xff\xf6" + nal()) == (
        video_packet(9, nal(), cts_ms=-10, keyframe=False),
    )
    assert tags.read_video(12, b"\xa3hvc1" + nal()) == (video_packet(12, nal(), keyframe=False),)
    assert tags.read_video(13, b"\x92hvc1") == ()


def test_hevc_as_codec_id_12() -> None:
    """Encoders older than Enhanced RTMP, mostly Chinese; MediaMTX issue 5105."""
    tags = TagReader()
    config = only(tags.read_video(0, b"\x1c\x00\x00\x00\x00" + HEVC_RECORD), VideoConfig)
    assert config.rfc6381 == "hvc1.1.6.L120.90"
    assert tags.read_video(40, b"\x1c\x01\x00\x00\x28" + nal()) == (video_packet(40, nal(), cts_ms=40),)
    assert tags.read_video(80, b"\x2c\x01\xff\xff\xd8" + nal()) == (
        video_packet(80, nal(), cts_ms=-40, keyframe=False),
    )
    assert tags.read_video(99, b"\x1c\x02\x00\x00\x00") == ()


def test_av1_with_a_sequence_start_and_a_delimiter_in_the_frame() -> None:
    tags = TagReader()
    config = only(tags.read_video(0, b"\x90av01" + AV1_RECORD), VideoConfig)
    assert config == VideoConfig("av01", AV1_RECORD, "av01.0.08M.08", 1920, 1080)
    assert tags.read_video(7, b"\x91av01\x12\x00" + AV1_HEADER + AV1_FRAME) == (
        video_packet(7, AV1_HEADER + AV1_FRAME),
    )


def test_av1_whose_first_sequence_start_is_empty() -> None:
    """libaom has no header before its first frame, so ffmpeg sends a second sequence start."""
    tags = TagReader()
    assert tags.read_video(0, b"\x90av01") == ()
    assert only(tags.read_video(0, b"\x90av01" + AV1_RECORD), VideoConfig).width == 1920


def test_vp9_config_comes_with_its_first_key_frame() -> None:
    tags = TagReader()
    assert tags.read_video(0, b"\x90vp09\x01\0\0\0" + VP9_RECORD) == ()
    with pytest.raises(UndecodableError, match="before a configuration"):
        tags.read_video(1, b"\xa1vp09\x86")
    assert tags.read_video(2, b"\x91vp09" + VP9_KEY_FRAME) == (
        VideoConfig("vp09", VP9_RECORD, "vp09.00.40.08", 1920, 1080),
        video_packet(2, VP9_KEY_FRAME),
    )
    assert tags.read_video(3, b"\xa1vp09\x86") == (video_packet(3, b"\x86", keyframe=False),)


def test_opus_sequence_start_is_announced_with_the_first_packet() -> None:
    tags = TagReader()
    assert tags.read_audio(0, b"\x90Opus" + OPUS_HEAD) == ()
    assert tags.read_audio(1, b"\x91Opus" + OPUS_PACKET) == (
        AudioConfig("Opus", OPUS_HEAD, "Opus", 48_000, 2, 960),
        audio_packet(1, OPUS_PACKET),
    )
    assert tags.read_audio(21, b"\x91Opus" + OPUS_PACKET) == (audio_packet(21, OPUS_PACKET),)
    config, _ = tags.read_audio(41, b"\x91Opus\xf4packet")
    assert config == AudioConfig("Opus", OPUS_HEAD, "Opus", 48_000, 2, 480)


@pytest.mark.parametrize("record", [STREAM_INFO, b"fLaC\x80\x00\x00\x22" + STREAM_INFO])
def test_flac_of_ffmpeg_and_of_the_specification(record: bytes) -> None:
    tags = TagReader()
    assert tags.read_audio(0, b"\x90fLaC" + record) == ()
    assert tags.read_audio(1, b"\x91fLaC" + FLAC_FRAME) == (
        AudioConfig("fLaC", STREAM_INFO, "fLaC", 48_000, 2, 1024),
        audio_packet(1, FLAC_FRAME),
    )
    # ffmpeg's end: a header that counts the samples, then an empty packet.
    assert tags.read_audio(2, b"\x90fLaC" + record[:-1] + b"x") == ()
    assert tags.read_audio(2, b"\x91fLaC") == ()


@pytest.mark.parametrize(
    ("fourcc", "frame", "box"), [(b"ac-3", AC3_FRAME, "101140"), (b"ec-3", EAC3_FRAME, "0600200400")]
)
def test_ac3_and_eac3_need_no_sequence_start(fourcc: bytes, frame: bytes, box: str) -> None:
    for start in ((), (b"\x90" + fourcc,)):
        tags = TagReader()
        for body in start:
            assert tags.read_audio(0, body) == ()
        config, packet = tags.read_audio(5, b"\x91" + fourcc + frame)
        assert isinstance(config, AudioConfig)
        assert (config.codec, config.extradata.hex()) == (fourcc.decode(), box)
        assert packet == audio_packet(5, frame)
        assert tags.read_audio(37, b"\x91" + fourcc + frame) == (audio_packet(37, frame),)


def test_ex_multitrack_audio_and_video() -> None:
    tags = TagReader()
    assert tags.read_audio(0, b"\x95\x00mp4a\x02" + AAC_CONFIG) == (ExtraTrackFound(Track.AUDIO, 2, "AAC"),)
    assert tags.read_video(0, b"\x96\x00hvc1\x05" + HEVC_RECORD) == (ExtraTrackFound(Track.VIDEO, 5, "HEVC"),)
    assert tags.read_video(0, b"\xa6\x03av01\x05frame") == ()
    assert [track.codec for track in tags.extra_tracks] == ["mp4a", "av01"]


def test_negative_composition_offset() -> None:
    tags = TagReader()
    tags.read_video(0, video_config())
    assert tags.read_video(0, video_frame(cts_ms=-80)) == (video_packet(0, nal(), cts_ms=-80),)
    assert tags.read_video(1, b"\x91avc1\x80\x00\x00" + nal()) == (video_packet(1, nal(), cts_ms=-0x800000),)


def test_empty_aac_configuration_and_then_a_real_one() -> None:
    """MediaMTX issue 3414."""
    tags = TagReader()
    assert tags.read_audio(0, b"\xaf\x00") == ()
    with pytest.raises(UndecodableError, match="before a configuration"):
        tags.read_audio(1, audio_frame())
    assert only(tags.read_audio(2, audio_config()), AudioConfig).sample_rate == 48_000
    assert tags.read_audio(3, audio_frame(b"d")) == (audio_packet(3, b"d"),)


def test_two_avc_configurations_of_which_the_second_counts() -> None:
    """MediaMTX issue 3802."""
    tags = TagReader()
    other = bytes.fromhex(AVC_RECORDS["main"][0])
    assert only(tags.read_video(0, video_config(other)), VideoConfig).rfc6381 == "avc1.4d401e"
    assert only(tags.read_video(0, video_config(AVC_CONFIG)), VideoConfig).rfc6381 == "avc1.640028"
    assert tags.read_video(0, video_config(AVC_CONFIG)) == ()
    assert len(tags.read_video(0, video_frame())) == 1


def test_drone_with_garbage_codec_ids_keeps_its_picture() -> None:
    """DJI: MediaMTX issues 2393, 2556, 2564."""
    tags = TagReader()
    assert len(tags.read_video(0, video_config())) == 1
    named = 0
    for codec_id in range(16):
        for head in (codec_id, 0x10 | codec_id, 0x20 | codec_id):
            if codec_id not in {7, 12}:
                named += len(tags.read_video(1, bytes([head]) + b"\xff\xfe\xfd\xfc\xfb"))
    assert named == 8
    assert tags.read_video(2, video_frame()) == (video_packet(2, nal()),)


def test_drone_with_units_that_do_not_add_up_loses_only_those() -> None:
    """DJI: MediaMTX issue 2375."""
    tags = TagReader()
    tags.read_video(0, video_config())
    with pytest.raises(UndecodableError):
        tags.read_video(1, video_frame(nal() + b"\0\0\0\x09\x41"))
    assert len(tags.read_video(2, video_frame())) == 1


@pytest.mark.parametrize(
    "modifiers",
    [
        b"\x02\x0f\x42\x3f\x03",
        b"\x00\x00\x07\x02\x0f\x42\x3f\x03",
        b"\x00\x00\x17" + b"\xff\x01\x00" + bytes(257) + b"\xf3",
        b"\xff\x00\xff" + bytes(256) + b"\x07" + b"\xfe" + bytes(255) + b"\x03",
        b"\xff\x00\x00" + b"\x00" + b"\x03",
    ],
    ids=[
        "999 999 ns", "unknown type, then 1 byte and nanoseconds", "16-bit size, type 15", "256 and 255 bytes",
        "16-bit size of 1 byte",
    ],
)  # fmt: skip
def test_modex_chains_are_stepped_over_and_no_time_changes(modifiers: bytes) -> None:
    tags = TagReader()
    tags.read_video(0, video_config())
    assert tags.read_video(4, b"\x97" + modifiers + b"avc1" + nal()) == (video_packet(4, nal()),)


def test_modex_before_audio() -> None:
    tags = TagReader()
    tags.read_audio(0, audio_config())
    assert tags.read_audio(4, b"\x97\x02\x00\x00\x01\x01mp4ad") == (audio_packet(4, b"d"),)


def test_hdr_metadata_channel_maps_and_commands_mean_nothing_for_the_timeline() -> None:
    tags = TagReader()
    tags.read_video(0, video_config())
    tags.read_audio(0, audio_config())
    for body in (b"\xd4hvc1" + COLOR_INFO, b"\x94avc1" + COLOR_INFO, b"\xd1\x00", b"\xd0\x01", b"\x57\x01"):
        assert tags.read_video(1, body) == ()
    for body in (
        b"\x94mp4a\x01\x02\x00\x00\x00\x03",
        b"\x94Opus\x02\x02\x00\x01",
        b"\x94ac-3\x00\x06",
        b"\x92mp4a",
    ):
        assert tags.read_audio(1, body) == ()
    assert len(tags.read_video(2, video_frame())) == 1
    assert len(tags.read_audio(2, audio_frame())) == 1


@pytest.mark.parametrize(
    ("video", "body", "name"),
    [
        (True, b"\x91vp08d", "VP8"),
        (True, b"\x91vvc1\x00\x00\x00d", "VVC"),
        (False, b"\x91.mp3d", "MP3"),
        (False, b"\x2fd", "MP3"),
    ],
)
def test_codecs_that_stay_outside_are_named_once(video: bool, body: bytes, name: str) -> None:  # noqa: FBT001
    tags = TagReader()
    track, read = (Track.VIDEO, tags.read_video) if video else (Track.AUDIO, tags.read_audio)
    assert read(0, body) == (UnsupportedCodec(track, name),)
    assert read(1, body) == ()


def test_codec_may_change_and_change_back_in_mid_stream() -> None:
    tags = TagReader()
    only(tags.read_video(0, video_config()), VideoConfig)
    assert len(tags.read_video(0, video_frame())) == 1
    assert only(tags.read_video(1, b"\x90hvc1" + HEVC_RECORD), VideoConfig).codec == "hvc1"
    with pytest.raises(UndecodableError, match="before a configuration"):
        tags.read_video(2, video_frame())
    assert len(tags.read_video(2, b"\xa3hvc1" + nal())) == 1
    assert only(tags.read_video(3, video_config()), VideoConfig).codec == "avc1"
    only(tags.read_audio(0, audio_config()), AudioConfig)
    assert len(tags.read_audio(1, b"\x91ac-3" + AC3_FRAME)) == 2
    only(tags.read_audio(2, audio_config()), AudioConfig)
    assert tags.read_audio(3, audio_frame(b"d")) == (audio_packet(3, b"d"),)


def test_broken_sequence_start_of_another_codec_keeps_the_one_in_use() -> None:
    tags = TagReader()
    only(tags.read_video(0, video_config()), VideoConfig)
    with pytest.raises(UndecodableError):
        tags.read_video(1, b"\x90hvc1" + HEVC_RECORD[:40])
    assert len(tags.read_video(2, video_frame())) == 1


FOURCCS = (b"avc1", b"hvc1", b"av01", b"vp09", b"mp4a", b"Opus", b"fLaC", b"ac-3", b"ec-3", b"vp08")
GOOD = (
    AVC_CONFIG, HEVC_RECORD, AV1_RECORD, VP9_RECORD, VP9_KEY_FRAME, AAC_CONFIG, OPUS_HEAD, OPUS_PACKET, STREAM_INFO,
    FLAC_FRAME, AC3_FRAME, EAC3_FRAME, nal(), AV1_HEADER + AV1_FRAME, b"",
)  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(0, 7),
            st.sampled_from((b"", b"\x00", b"\x01", b"\x10", b"\x11", b"\x21")),
            st.sampled_from(FOURCCS),
            st.sampled_from(GOOD),
            st.binary(max_size=6),
        ),
        max_size=12,
    )
)
def test_any_order_of_good_and_broken_tags_is_media_or_undecodable(
    tags: list[tuple[bool, int, bytes, bytes, bytes, bytes]],
) -> None:
    reader = TagReader()
    configured = set()
    for video, packet_type, multitrack, fourcc, content, garbage in tags:
        body = bytes([0x90 | packet_type]) + multitrack + fourcc + content + garbage
        with contextlib.suppress(UndecodableError):
            for item in (reader.read_video if video else reader.read_audio)(1, body):
                if isinstance(item, VideoConfig | AudioConfig):
                    configured.add(isinstance(item, VideoConfig))
                if isinstance(item, Packet):
                    assert (item.track is Track.VIDEO) in configured
                    assert item.data
