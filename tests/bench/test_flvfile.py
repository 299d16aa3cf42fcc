"""The recording that benchmarks replay is cut so that it can be repeated without a seam."""

import struct
from pathlib import Path

from bench.flvfile import AUDIO_TAG, DATA_TAG, VIDEO_TAG, Recipe, Tag, is_keyframe, make_flv, read_clip


def flv(*tags: Tag) -> bytes:
    data = b"FLV\x01\x05\x00\x00\x00\x09" + bytes(4)
    for tag in tags:
        size = len(tag.body).to_bytes(3, "big")
        time = struct.pack(">I", tag.dts_ms)
        data += bytes([tag.kind]) + size + time[1:] + time[:1] + bytes(3) + tag.body
        data += struct.pack(">I", 11 + len(tag.body))
    return data


def video(ms: int, *, key: bool = False) -> Tag:
    return Tag(VIDEO_TAG, ms, bytes([0x17 if key else 0x27, 1, 0, 0, 0]) + b"nal")


def audio(ms: int) -> Tag:
    return Tag(AUDIO_TAG, ms, b"\xaf\x01aac")


def test_a_period_is_kept_from_the_second_keyframe_on() -> None:
    metadata = Tag(DATA_TAG, 0, b"onMetaData")
    headers = [Tag(VIDEO_TAG, 0, b"\x17\x00\x00\x00\x00avcC"), Tag(AUDIO_TAG, 0, b"\xaf\x00asc")]
    media = [video(0, key=True), audio(70), video(1000), video(2000, key=True), audio(2010), video(3000)]
    rest = [video(4000, key=True), audio(4010), Tag(VIDEO_TAG, 5000, b"\x17\x02\x00\x00\x00")]
    clip = read_clip(flv(metadata, *headers, *media, *rest), 2000)
    assert clip.metadata == b"onMetaData"
    assert [tag.body for tag in clip.headers] == [header.body for header in headers]
    assert [(tag.kind, tag.dts_ms) for tag in clip.tags] == [
        (VIDEO_TAG, 0),
        (AUDIO_TAG, 10),
        (VIDEO_TAG, 1000),
    ]
    assert is_keyframe(clip.tags[0])
    assert not is_keyframe(clip.tags[1])


def test_times_beyond_24_bits_are_read() -> None:
    late = 0x1_000_000
    clip = read_clip(flv(video(0, key=True), video(late, key=True), video(late + 40)), 1000)
    assert [tag.dts_ms for tag in clip.tags] == [0, 40]


def test_a_recording_is_made_as_its_recipe_says(tmp_path: Path) -> None:
    make_flv(tmp_path / "small.flv", Recipe("small", 64, 36, 4, 20_000, 64_000), seconds=5)
    clip = read_clip((tmp_path / "small.flv").read_bytes(), 2000)
    video_times = [tag.dts_ms for tag in clip.tags if tag.kind == VIDEO_TAG]
    assert video_times == [0, 250, 500, 750, 1000, 1250, 1500, 1750]
    assert [is_keyframe(tag) for tag in clip.tags if tag.kind == VIDEO_TAG] == [True] + [False] * 7
    assert len(clip.headers) == 2
