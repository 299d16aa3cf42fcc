"""Opus identification headers, and how long packets are."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import AudioConfig
from rtmp.errors import UndecodableError
from rtmp.opus import OpusFormat

HEAD = bytes.fromhex("4f707573486561640102380180bb0000000000")
"""Written by libopus through ffmpeg 9.0: stereo, 312 samples of pre-skip."""
SURROUND = HEAD[:9] + b"\x06" + HEAD[10:18] + b"\x01\x04\x02\x00\x04\x01\x02\x03\x05"


def configured(head: bytes = HEAD) -> OpusFormat:
    opus = OpusFormat()
    opus.configure(head)
    return opus


def config(samples: int, head: bytes = HEAD, channels: int = 2) -> AudioConfig:
    return AudioConfig("Opus", head, "Opus", 48_000, channels, samples)


def toc(mode: int, count_code: int = 0) -> bytes:
    return bytes([mode << 3 | 4 | count_code])


@pytest.mark.parametrize(
    ("packet", "samples"),
    [
        (toc(0) + b"d", 480),
        (toc(1) + b"d", 960),
        (toc(2) + b"d", 1920),
        (toc(3) + b"d", 2880),
        (toc(7) + b"d", 2880),
        (toc(12) + b"d", 480),
        (toc(13) + b"d", 960),
        (toc(14) + b"d", 480),
        (toc(15) + b"d", 960),
        (toc(16) + b"d", 120),
        (toc(29) + b"d", 240),
        (toc(30) + b"d", 480),
        (toc(31) + b"d", 960),
        (toc(31), 960),
        (toc(31, 1) + b"dd", 1920),
        (toc(31, 2) + b"\x01dd", 1920),
        (toc(31, 3) + b"\x03ddd", 2880),
        (toc(16, 3) + b"\x70" + bytes(48), 5760),
    ],
)
def test_packet_tells_how_long_it_is(packet: bytes, samples: int) -> None:
    opus = configured()
    assert opus.take(packet) == packet
    assert opus.config == config(samples)


def test_another_length_gives_a_new_configuration_and_the_same_length_does_not() -> None:
    opus = configured()
    seen = [opus.config]
    for packet in (toc(31), toc(31) + b"d", toc(30) + b"d", toc(31)):
        opus.take(packet)
        seen.append(opus.config)
    assert seen == [None, config(960), config(960), config(480), config(960)]
    assert seen[1] is seen[2]


def test_surround() -> None:
    opus = configured(SURROUND)
    opus.take(toc(31))
    assert opus.config == config(960, SURROUND, 6)


def test_comment_header_is_ignored() -> None:
    opus = configured()
    opus.configure(b"OpusTags" + bytes(8))
    opus.take(toc(31))
    assert opus.config == config(960)


def test_packets_without_a_header_are_plain_stereo() -> None:
    opus = OpusFormat()
    opus.take(toc(31))
    plain = b"OpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\x00"
    assert opus.config == config(960, plain)


@pytest.mark.parametrize(
    "head",
    [
        HEAD[:18],
        b"opusHead" + HEAD[8:],
        HEAD[:8] + b"\x10" + HEAD[9:],
        HEAD[:9] + b"\x00" + HEAD[10:],
        HEAD[:9] + b"\x03" + HEAD[10:],
        SURROUND[:-1],
        SURROUND[:9] + b"\x09" + SURROUND[10:] + bytes(3),
    ],
    ids=["short", "magic", "version", "0 channels", "3 channels", "no mapping", "9 channels"],
)
def test_broken_header(head: bytes) -> None:
    with pytest.raises(UndecodableError):
        OpusFormat().configure(head)


@pytest.mark.parametrize("packet", [b"", toc(31, 3), toc(31, 3) + b"\x00", toc(31, 3) + b"\x07" + bytes(9)])
def test_broken_packet(packet: bytes) -> None:
    with pytest.raises(UndecodableError):
        configured().take(packet)


@given(st.binary(max_size=30), st.binary(max_size=4), st.integers(0, len(HEAD)))
def test_garbage_is_undecodable_and_nothing_else(head: bytes, packet: bytes, keep: int) -> None:
    opus = OpusFormat()
    for step in (lambda: opus.configure(HEAD[:keep] + head), lambda: opus.take(packet)):
        with contextlib.suppress(UndecodableError):
            step()
