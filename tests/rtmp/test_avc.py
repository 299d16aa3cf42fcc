"""H.264 configuration records of a real encoder, and broken ones."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import VideoConfig
from rtmp.avc import LENGTH_AT, parse_avc_config
from rtmp.errors import UndecodableError
from rtmp.nal import NalFormat, check_nal_units
from tests.rtmp.bitwriter import bits, escaped, ue
from tests.rtmp.client import AVC_CONFIG, nal

# Written by x264 with the options named.
RECORDS: dict[str, tuple[str, int, int, str]] = {
    "high, cropped": (AVC_CONFIG.hex(), 1920, 1080, "avc1.640028"),
    "baseline": (
        "0142c01fffe100196742c01fd9005005bb011000000300100000030320f183248001000568cb83cb20",
        1280, 720, "avc1.42c01f",
    ),
    "main": (
        "014d401effe10018674d401eeca05017fcb808800000030080000019078b16cb01000568ebe3cb20",
        640, 360, "avc1.4d401e",
    ),
    "interlaced": (
        "01640028ffe1001a67640028acd94078044fde0220000003002000000643e2c5b2c001000668fba3cb22c0fdf8f800",
        1920, 1080, "avc1.640028",
    ),
    "4:4:4": (
        "01f4001effe1001b67f4001e919b281b07bc5f80880000030008000003019078b16cb001000668ebe3c44844fff8f800",
        854, 480, "avc1.f4001e",
    ),
    "4:2:2": (
        "017a0020ffe1001b677a0020bcd94056061e6f011000000300100000030320f183196001000668ebe3cb22c0fef8f800",
        1366, 768, "avc1.7a0020",
    ),
    "4:2:2, 10 bit": (
        "017a0020ffe1001b677a0020b6cd94056061e6f011000003000100000300320f18319601000668ebe3cb22c0fefafa00",
        1366, 768, "avc1.7a0020",
    ),
    "grey": (
        "01640015ffe1001a67640015f36506c7f9fc05b2000003000200000300641e2c5b2c01000668ebe3cb22c0fcf8f800",
        426, 240, "avc1.640015",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_record_of_x264(name: str) -> None:
    record, width, height, rfc6381 = RECORDS[name]
    extradata = bytes.fromhex(record)
    config = parse_avc_config(extradata)
    assert config == VideoConfig("avc1", extradata, rfc6381, width, height)


def record(sps: bytes) -> bytes:
    return b"\x01" + sps[1:4] + b"\xff\xe1" + len(sps).to_bytes(2, "big") + sps + b"\x00"


def sps(profile: int, body: str) -> bytes:
    return escaped(b"\x67" + bytes([profile, 0, 40]) + bits(body))


def size(width_mbs: int, height_mbs: int) -> str:
    return ue(width_mbs - 1) + ue(height_mbs - 1) + "1 1 0"


def test_scaling_lists_are_stepped_over() -> None:
    flat = "1" + (ue(0) * 15 + ue(0))
    early_end = "1" + ue(16)  # delta -8: the rest of the list repeats
    lists = flat + early_end + "0" * 4 + "1" + ue(0) * 64 + "0"
    body = ue(0) + ue(1) + ue(0) + ue(0) + "0" + "1" + lists + ue(0) + ue(2) + ue(4) + "0" + size(80, 45)
    config = parse_avc_config(record(sps(100, body)))
    assert (config.width, config.height) == (1280, 720)


def test_picture_order_type_1_is_stepped_over() -> None:
    order = ue(1) + "1" + ue(3) + ue(4) + ue(2) + ue(1) + ue(2)
    config = parse_avc_config(record(sps(66, ue(0) + ue(0) + order + ue(1) + "0" + size(20, 15))))
    assert (config.width, config.height) == (320, 240)


def test_emulation_prevention_bytes_are_removed() -> None:
    unit = escaped(b"\x67\x42\x00\x00" + bits(ue(63) + ue(0) + ue(2) + ue(1) + "0" + size(20, 15)))
    assert unit.startswith(b"\x67\x42\x00\x00\x03\x02")
    config = parse_avc_config(record(unit))
    assert (config.width, config.height) == (320, 240)


def test_transfer_is_read_from_the_usability_information() -> None:
    hlg = "016e001effe1001e676e001ea6cb405017fcb80b50912094000003000400000300f03c58ba8001000468ce0fc8fdfafa00"
    assert parse_avc_config(bytes.fromhex(hlg)).transfer == 18


def test_usability_information_that_is_cut_off_does_not_matter() -> None:
    body = ue(0) + ue(0) + ue(2) + ue(1) + "0" + size(20, 15) + "1" + "1" * 4
    config = parse_avc_config(record(sps(66, body)))
    assert (config.width, config.height, config.transfer) == (320, 240, 2)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        AVC_CONFIG[:6],
        b"\x00" + AVC_CONFIG[1:],
        AVC_CONFIG[:5] + b"\xe0\x01" + AVC_CONFIG[6:],
        AVC_CONFIG[:20],
        AVC_CONFIG[:8] + b"\x68" + AVC_CONFIG[9:],
        record(sps(66, ue(0) + ue(0) + ue(2) + ue(1) + "0" + size(5000, 15))),
        record(sps(66, ue(0) + ue(0) + ue(2) + ue(1) + "0" + ue(0) + ue(0) + "1 1 1" + ue(9) * 4)),
        record(sps(66, "0" * 100)),
        record(sps(66, ue(0) + ue(0) + ue(1) + "1" + ue(0) + ue(0) + ue(256))),
        record(b"\x67\x42\x00\x28"),
    ],
    ids=[
        "empty", "short", "version", "no SPS", "SPS cut", "not an SPS", "too wide", "cropped away",
        "number out of range", "too many offsets", "SPS without a body",
    ],
)  # fmt: skip
def test_broken_record(broken: bytes) -> None:
    with pytest.raises(UndecodableError):
        parse_avc_config(broken)


@given(st.binary(max_size=60), st.integers(0, len(AVC_CONFIG)))
def test_garbage_is_undecodable_and_nothing_else(garbage: bytes, keep: int) -> None:
    with contextlib.suppress(UndecodableError):
        parse_avc_config(AVC_CONFIG[:keep] + garbage)


@pytest.mark.parametrize(
    ("data", "length_bytes"),
    [
        (nal(), 4),
        (nal() + nal(3000, 1), 4),
        (bytes(4), 4),
        (nal() + bytes(4), 4),
        (b"\x02ab\x01c", 1),
        (b"\x00\x02ab", 2),
    ],
)
def test_nal_units_that_add_up(data: bytes, length_bytes: int) -> None:
    check_nal_units(data, length_bytes)


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\0", nal()[:-1], nal() + b"\0", b"\0\0\0\x01\x67\x42\x00\x28", bytes(40_000)]
)
def test_nal_units_that_do_not(data: bytes) -> None:
    with pytest.raises(UndecodableError):
        check_nal_units(data, 4)


def test_length_fields_have_the_size_that_the_record_tells() -> None:
    avc = NalFormat(parse_avc_config, LENGTH_AT)
    avc.configure(AVC_CONFIG[:4] + b"\xfd" + AVC_CONFIG[5:])
    assert avc.take(b"\x00\x02ab") == b"\x00\x02ab"
    with pytest.raises(UndecodableError):
        avc.take(b"\x00\x01ab")
