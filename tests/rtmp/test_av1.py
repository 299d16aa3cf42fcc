"""AV1 configuration records of real encoders, sequence headers by hand, and temporal units."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import VideoConfig
from rtmp.av1 import Av1Format
from rtmp.errors import UndecodableError
from tests.rtmp.bitwriter import bits, u, ue

# Written by libaom, SVT-AV1 and rav1e through ffmpeg 9.0 with the options named.
RECORDS: dict[str, tuple[str, int, int, str]] = {
    "1080p": ("81080c000a0b00000042abbfc3776be401", 1920, 1080, "av01.0.08M.08"),
    "10 bit": ("81054c000a0b0000002d4d55bfddaf9404", 1366, 768, "av01.0.05M.10"),
    "12 bit": ("81446c000a0b40000024c6abdf36be58c2", 854, 480, "av01.2.04M.12"),
    "4:2:2": ("814008000a0a400000043ea7bcdaf901", 426, 240, "av01.2.00M.08.0.100.02.02.02.0"),
    "4:4:4": ("812000000a0a200000043ea7bcdaf902", 426, 240, "av01.1.00M.08.0.000.02.02.02.0"),
    "full range": ("81010c000a0b0000000cc4ff6736be4210", 640, 360, "av01.0.01M.08.0.110.02.02.02.1"),
    "grey": ("81001c000a0a00000003b4fd936be4a8", 160, 90, "av01.0.00M.08.1.110.02.02.02.1"),
    "BT.2020": ("81014c000a0e0000000cc4ff6736be5408082410", 640, 360, "av01.0.01M.10.0.110.02.02.09.0"),
    "PQ": ("81014c000a0e0000000cc4ff6736be5424402410", 640, 360, "av01.0.01M.10.0.110.09.16.09.0"),
    "RGB": ("812000000a0d200000043cfeccdaf92021a004", 320, 180, "av01.1.00M.08.0.000.01.13.00.1"),
    "SVT-AV1": ("81054c000a0c0200002d2a67fd9e017c2020", 1280, 720, "av01.0.05M.10"),
}
RECORD = bytes.fromhex(RECORDS["1080p"][0])
HEADER = RECORD[4:]
FRAME = b"\x32\x03abc"


def configured(record: bytes = RECORD) -> Av1Format:
    av1 = Av1Format()
    av1.configure(record)
    return av1


@pytest.mark.parametrize("name", RECORDS)
def test_record_of_an_encoder(name: str) -> None:
    record, width, height, rfc6381 = RECORDS[name]
    extradata = bytes.fromhex(record)
    transfer = {"PQ": 16, "RGB": 13}.get(name, 2)
    assert configured(extradata).config == VideoConfig("av01", extradata, rfc6381, width, height, transfer)


def test_record_of_rav1e_has_no_sequence_header_so_the_first_key_frame_completes_it() -> None:
    record = bytes.fromhex("811f0c00")
    av1 = configured(record)
    seen = [av1.config]
    for unit in (FRAME, HEADER + FRAME, HEADER + FRAME):
        av1.take(unit)
        seen.append(av1.config)
    complete = VideoConfig("av01", record, "av01.0.08M.08", 1920, 1080)
    assert seen == [None, None, complete, complete]
    assert seen[2] is seen[3]


def obu(payload: bytes, kind: int = 1) -> bytes:
    return bytes([kind << 3 | 2, len(payload)]) + payload


SIZE = u(10, 4) + u(9, 4) + u(1279, 11) + u(719, 10)
TOOLS = "000" + "0000" + "0" + "1" + "1" + "000"
COLOR = "0" + "0" + "0" + "0" + "00"


@pytest.mark.parametrize(
    ("pattern", "rfc6381"),
    [
        ("000" "1" "1" + u(9, 5) + SIZE + "000" "000" + COLOR, "av01.0.09M.08"),
        ("000" "0" "0" "0" "0" + u(0, 5) + u(0, 12) + u(13, 5) + "1" + SIZE + "0" + TOOLS + COLOR, "av01.0.13H.08"),
        (
            "000" "0" "0" "1" + u(1, 32) + u(30, 32) + "1" + ue(5) + "0" "0" + u(0, 5) + u(0, 12) + u(5, 5)
            + SIZE + "0" + TOOLS + COLOR,
            "av01.0.05M.08",
        ),
        (
            "000" "0" "0" "1" + u(1, 32) + u(30, 32) + "0" "1" + u(9, 5) + u(1, 32) + u(3, 5) + u(3, 5)
            + "1" + u(1, 5)
            + u(0x101, 12) + u(8, 5) + "0" "1" + u(0, 21) + "1" + u(3, 4)
            + u(0x103, 12) + u(4, 5) + "0" "0"
            + SIZE + "1" + u(0, 7) + "000" "0000" "1" "11" "0" "1" "0" "1" "111" "000" + COLOR,
            "av01.0.08M.08",
        ),
        (
            "000" "0" "0" "0" "0" + u(0, 5) + u(0, 12) + u(5, 5) + SIZE + "0" "000" "0000" "0" "0" "0" "000" + "1" "0" "1"
            + u(9, 8) + u(16, 8) + u(9, 8) + "0" "10",
            "av01.0.05M.10.0.112.09.16.09.0",
        ),
        (
            "010" "0" "0" "0" "0" + u(0, 5) + u(0, 12) + u(5, 5) + SIZE + "0" + TOOLS + "1" "1" "0" "0" "0" "1" "0",
            "av01.2.05M.12.0.100.02.02.02.0",
        ),
    ],
    ids=["reduced", "high tier", "even picture interval", "decoder model, two operating points", "HDR", "12 bit 4:2:2"],
)  # fmt: skip
def test_sequence_header(pattern: str, rfc6381: str) -> None:
    config = configured(RECORD[:4] + obu(bits(pattern))).config
    assert config is not None
    assert (config.rfc6381, config.width, config.height) == (rfc6381, 1280, 720)


@pytest.mark.parametrize("delimiters", [b"\x12\x00", b"\x12\x00" * 3, b"\x16\x00\x00", b"\x12\x01x"])
def test_temporal_delimiters_are_taken_off(delimiters: bytes) -> None:
    assert configured().take(delimiters + HEADER + FRAME) == HEADER + FRAME


@pytest.mark.parametrize(
    "unit", [FRAME, HEADER + FRAME, b"\x30abc", b"\x36\x08\x83\x80\x00abc", b"\x1a\x01\xe8"]
)
def test_temporal_unit_without_delimiter_stays_as_it_is(unit: bytes) -> None:
    assert configured().take(unit) == unit


@pytest.mark.parametrize(
    "unit",
    [
        b"",
        b"\x12\x00",
        b"\x32",
        b"\x32\x04abc",
        b"\x32\x80",
        b"\x32" + b"\x80" * 9,
        b"\x36",
        b"\xb2\x03abc",
        FRAME + b"\x32\x01",
        b"\x2a\x00" * 1025,
    ],
    ids=[
        "empty", "delimiter only", "no size", "cut", "size cut", "endless size", "no extension", "forbidden bit",
        "second cut", "too many",
    ],
)  # fmt: skip
def test_broken_temporal_unit(unit: bytes) -> None:
    with pytest.raises(UndecodableError):
        configured().take(unit)


@pytest.mark.parametrize(
    "broken",
    [
        RECORD[:3],
        b"\x01" + RECORD[1:],
        RECORD[:10],
        RECORD[:4] + obu(b"\xe0" + HEADER[3:]),
        RECORD[:4] + obu(HEADER[2:6]),
        RECORD[:4] + obu(bits("00011" + u(9, 5) + "1111" + "1001" + u(24_639, 16) + u(719, 10) + "0" * 20)),
    ],
    ids=["short", "version", "OBU cut", "profile", "sequence header cut", "too wide"],
)
def test_broken_record_keeps_the_last_good_one(broken: bytes) -> None:
    av1 = configured()
    before = av1.config
    with pytest.raises(UndecodableError):
        av1.configure(broken)
    assert av1.config is before


@given(st.binary(max_size=40), st.binary(max_size=60), st.integers(0, len(RECORD)))
def test_garbage_is_undecodable_and_nothing_else(record: bytes, unit: bytes, keep: int) -> None:
    av1 = Av1Format()
    for step in (lambda: av1.configure(RECORD[:keep] + record), lambda: av1.take(unit)):
        with contextlib.suppress(UndecodableError):
            step()
