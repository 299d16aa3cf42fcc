"""FLAC's stream header in both spellings, and the block size in frame heads."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import AudioConfig
from rtmp.errors import UndecodableError
from rtmp.flac import FlacFormat

INFO = bytes.fromhex("040004000000000010980bb802f000000000") + bytes(16)
"""Written by ffmpeg 9.0: 48 kHz, stereo, 16 bits, blocks of 1024 samples."""
FRAME = bytes.fromhex("fff8aa88005b4c000000a6")


def config(samples: int, rate: int = 48_000, channels: int = 2, info: bytes = INFO) -> AudioConfig:
    return AudioConfig("fLaC", info, "fLaC", rate, channels, samples)


def configured(record: bytes = INFO) -> FlacFormat:
    flac = FlacFormat()
    flac.configure(record)
    return flac


@pytest.mark.parametrize(
    "record",
    [
        INFO,
        b"fLaC\x80\x00\x00\x22" + INFO,
        b"fLaC\x00\x00\x00\x22" + INFO + b"\x84\x00\x00\x04more",
        b"\x80\x00\x00\x22" + INFO,
    ],
    ids=["ffmpeg", "Enhanced RTMP", "with more blocks", "without the magic"],
)
def test_header_in_every_spelling(record: bytes) -> None:
    flac = configured(record)
    assert flac.take(FRAME) == FRAME
    assert flac.config == config(1024)


def test_rate_and_channels_of_stream_info() -> None:
    info = INFO[:10] + (96_000 << 12 | 5 << 9 | 23 << 4).to_bytes(4, "big") + INFO[14:]
    flac = configured(info)
    flac.take(FRAME)
    assert flac.config == config(1024, 96_000, 6, info)


@pytest.mark.parametrize(
    ("head", "samples"),
    [
        ("fff819080000", 192),
        ("fff829080000", 576),
        ("fff859080000", 4608),
        ("fff8690800ff00", 256),
        ("fff87908000fff00", 4096),
        ("fff86908c280ff00", 256),
        ("fff86908fe8080808080807f", 128),
        ("fff889080000", 256),
        ("fff8c9080000", 4096),
        ("fff8f9080000", 32768),
    ],
)
def test_block_size_of_a_frame(head: str, samples: int) -> None:
    flac = configured()
    flac.take(bytes.fromhex(head))
    assert flac.config is not None
    assert flac.config.samples_per_frame == samples


def test_the_last_block_may_be_shorter_and_none_may_be_longer() -> None:
    flac = configured()
    flac.take(FRAME)
    before = flac.config
    flac.take(bytes.fromhex("fff8690800ff00"))
    with pytest.raises(UndecodableError):
        flac.take(bytes.fromhex("fff8c9080000"))
    assert flac.config is before


def test_frame_without_a_header_leaves_the_configuration_open() -> None:
    flac = FlacFormat()
    flac.take(FRAME)
    assert flac.config is None


@pytest.mark.parametrize(
    "record", [b"fLaC", INFO[:33], b"fLaC\x84" + bytes(40), b"\x80\x00\x00\x22" + INFO[:29], bytes(34)]
)
def test_broken_header(record: bytes) -> None:
    with pytest.raises(UndecodableError):
        FlacFormat().configure(record)


@pytest.mark.parametrize(
    "frame",
    ["", "fff8", "fff9aa8800000000", "fffbaa8800000000", "fff80a0800000000", "fff86908fe80", "fff869080003", "fff879080003"],
    ids=["empty", "short", "varying blocks", "MP3", "reserved size", "number cut", "4 samples", "size cut"],
)  # fmt: skip
def test_broken_frame(frame: str) -> None:
    with pytest.raises(UndecodableError):
        configured().take(bytes.fromhex(frame))


@given(st.binary(max_size=50), st.binary(max_size=16), st.integers(0, len(INFO)))
def test_garbage_is_undecodable_and_nothing_else(record: bytes, frame: bytes, keep: int) -> None:
    flac = FlacFormat()
    for step in (
        lambda: flac.configure(INFO[:keep] + record),
        lambda: flac.take(frame),
        lambda: flac.take(b"\xff\xf8" + frame),
    ):
        with contextlib.suppress(UndecodableError):
            step()
