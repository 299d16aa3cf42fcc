"""VP9 configuration records and key frame heads of libvpx, and broken ones."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import VideoConfig
from rtmp.errors import UndecodableError
from rtmp.vp9 import Vp9Format

# The record and the first bytes of a key frame, written by libvpx through ffmpeg 9.0 with the options named.
STREAMS: dict[str, tuple[str, str, int, int, str]] = {
    "1080p": ("0028820202020000", "824983420077f04376063824", 1920, 1080, "vp09.00.40.08"),
    "10 bit": ("0215a20202020000", "924983420013f80b3b031c12", 640, 360, "vp09.02.21.10"),
    "4:4:4": ("0114860202020000", "a249834200035201dec0c704", 426, 240, "vp09.01.20.08.03.02.02.02.00"),
    "12 bit 4:2:2": ("031ec40202020000", "b124c1a14201aa80efb031c1", 854, 480, "vp09.03.30.12.02.02.02.02.00"),
    "full range": ("0015830202020000", "824983421027f01676063824", 640, 360, "vp09.00.21.08.01.02.02.02.01"),
    "BT.2020": ("0215a20202090000", "924983425013f80b3b031c12", 640, 360, "vp09.02.21.10.01.02.02.09.00"),
    "HLG": ("0215a20912090000", "924983425013f80b3b031c12", 640, 360, "vp09.02.21.10.01.09.18.09.00"),
    "RGB": ("010b870202000000", "a2498342e013f00b36063824", 320, 180, "vp09.01.11.08.03.02.02.00.01"),
    "no level": ("0000820101010000", "824983420077f04376063824", 1920, 1080, "vp09.00.40.08"),
}  # fmt: skip
RECORD, KEY_FRAME = (bytes.fromhex(text) for text in STREAMS["1080p"][:2])
FRAME = b"\x86\x00\x40\x92\xf1"


def configured() -> Vp9Format:
    vp9 = Vp9Format()
    vp9.configure(RECORD)
    return vp9


@pytest.mark.parametrize("head", [b"", b"\x01\0\0\0"], ids=["record", "box"])
@pytest.mark.parametrize("name", STREAMS)
def test_record_with_and_without_the_head_of_its_box(name: str, head: bytes) -> None:
    record, frame, width, height, rfc6381 = STREAMS[name]
    vp9 = Vp9Format()
    vp9.configure(head + bytes.fromhex(record))
    assert vp9.config is None
    vp9.take(bytes.fromhex(frame))
    transfer = {"HLG": 18, "no level": 1}.get(name, 2)
    assert vp9.config == VideoConfig("vp09", bytes.fromhex(record), rfc6381, width, height, transfer)


def test_only_a_key_frame_completes_the_configuration() -> None:
    vp9 = configured()
    assert vp9.take(FRAME) == FRAME
    assert vp9.take(b"\x88") == b"\x88"  # shows a frame again
    assert vp9.config is None
    assert vp9.take(KEY_FRAME) == KEY_FRAME
    assert vp9.config is not None


def test_key_frame_of_another_size_gives_a_new_configuration() -> None:
    vp9 = configured()
    vp9.take(KEY_FRAME)
    before = vp9.config
    vp9.take(FRAME)
    vp9.take(KEY_FRAME)
    assert vp9.config is before
    vp9.take(bytes.fromhex("824983420027f01676063824"))
    assert vp9.config is not None
    assert (vp9.config.width, vp9.config.height) == (640, 360)


@pytest.mark.parametrize(
    "frame", [b"", b"\x42", b"\x82\x49\x83", b"\x82\x49\x83\x43" + KEY_FRAME[4:], b"\x82"]
)
def test_broken_frame(frame: bytes) -> None:
    with pytest.raises(UndecodableError):
        configured().take(frame)


def test_picture_that_no_level_allows_keeps_the_last_good_configuration() -> None:
    vp9 = configured()
    vp9.take(KEY_FRAME)
    before = vp9.config
    with pytest.raises(UndecodableError, match="picture of 24640 x 1080"):
        vp9.take(bytes.fromhex("824983420603f04376063824"))
    assert vp9.config is before


@pytest.mark.parametrize("record", [RECORD[:7], b"\x01\0\0\0" + RECORD[:4], b"\x04" + RECORD[1:], bytes(8)])
def test_broken_record(record: bytes) -> None:
    with pytest.raises(UndecodableError):
        Vp9Format().configure(record)


@given(st.binary(max_size=16), st.binary(max_size=20), st.integers(0, len(RECORD)))
def test_garbage_is_undecodable_and_nothing_else(record: bytes, frame: bytes, keep: int) -> None:
    vp9 = Vp9Format()
    for step in (
        lambda: vp9.configure(RECORD[:keep] + record),
        lambda: vp9.take(frame),
        lambda: vp9.take(KEY_FRAME[:keep] + frame),
    ):
        with contextlib.suppress(UndecodableError):
            step()
