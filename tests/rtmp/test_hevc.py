"""HEVC configuration records of real encoders, and broken ones."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import VideoConfig
from rtmp.errors import UndecodableError
from rtmp.hevc import LENGTH_AT, parse_hevc_config
from rtmp.nal import NalFormat
from tests.rtmp.bitwriter import bits, escaped, u, ue
from tests.rtmp.client import nal

# Written by x265 through ffmpeg 9.0 with the options named; without the SEI in which x265 introduces itself.
RECORDS: dict[str, tuple[str, int, int, str]] = {
    "main, cropped": (
        ("01016000000090000000000078f000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003007895"
        "9409a10001002b420101016000000300900000030000030078a003c0801107cb965654a4c2f0168080000003008000000f04"
        "a2000100064401c073c189"),
        1920, 1080, "hvc1.1.6.L120.90",
    ),
    "main 10, cropped on the right": (
        ("01022000000090000000000078f000fcfdfafa00000f03a00001001840010c01ffff02200000030090000003000003007895"
        "9409a10001002c420101022000000300900000030000030078a002b080301cdb6595952930bc05a020000003002000000303"
        "c1a2000100064401c073c189"),
        1366, 768, "hvc1.2.4.L120.90",
    ),
    "4:2:2, 10 bit": (
        ("0104080000009d08000000005af000fcfefafa00000f03a00001001740010c01ffff0408000003009d0800000300005a9594"
        "09a10001002b4201010408000003009d0800000300005ab006c201e1cdb6595952930bc05a020000030002000003003c10a2"
        "000100064401c073c189"),
        854, 480, "hvc1.4.10.L90.9D.8",
    ),
    "4:4:4": (
        ("0104080000009e08000000003cf000fcfff8f800000f03a00001001740010c01ffff0408000003009e0800000300003c9594"
        "09a1000100294201010408000003009e0800000300003c9001b101e39fcb2b2a5261780b4040000003004000000782a20001"
        "00084401c07318301890"),
        426, 240, "hvc1.4.10.L60.9E.8",
    ),
    "grey": (
        ("0104080000009fc8000000001ef000fcfcf8f800000f03a00001001740010c01ffff0408000003009fc800000300001e9594"
        "09a1000100284201010408000003009fc800000300001ec0508187cf965654a4c2f016c080000003008000000f04a2000100"
        "064401c073c189"),
        160, 90, "hvc1.4.10.L30.9F.C8",
    ),
    "high tier": (
        ("01216000000090000000000099f000fcfdf8f800000f03a00001001840010c01ffff21600000030090000003000003009995"
        "9409a10001002b420101216000000300900000030000030099a005020171f2e595952930bc05a02000000300200000030"
        "3c1a2000100064401c073c189"),
        640, 360, "hvc1.1.6.H153.90",
    ),
    "three temporal layers": (
        ("0101600000009000000000003ff000fcfdf8f800001b03a00001001e40010c04ffff01600000030090000003000003003f00"
        "009594aca5650240a10001003142010401600000030090000003000003003f0000a005020171f2e59594aca5654a4c2f0168"
        "08000003000800000300f040a2000100064401c073c189"),
        640, 360, "hvc1.1.6.L63.90",
    ),
}  # fmt: skip
RECORD = bytes.fromhex(RECORDS["main, cropped"][0])


@pytest.mark.parametrize("name", RECORDS)
def test_record_of_x265(name: str) -> None:
    record, width, height, rfc6381 = RECORDS[name]
    extradata = bytes.fromhex(record)
    assert parse_hevc_config(extradata) == VideoConfig("hvc1", extradata, rfc6381, width, height)


def arrays(*units: tuple[int, bytes]) -> bytes:
    """The record's head with arrays of one unit each."""
    sets = b"".join(
        bytes([kind, 0, 1]) + len(unit).to_bytes(2, "big") + unit if unit else bytes([kind, 0, 0])
        for kind, unit in units
    )
    return RECORD[:22] + bytes([len(units)]) + sets


PROFILE = u(1, 8) + u(0, 80) + u(93, 8)


def sps(body: str, *, sub_layers: str = "000", layers: str = "") -> bytes:
    return escaped(b"\x42\x01" + bits("0000" + sub_layers + "1" + PROFILE + layers + body))


def size(width: int, height: int, chroma: int = 1, window: str = "0") -> str:
    return ue(0) + ue(chroma) + ("0" if chroma == 3 else "") + ue(width) + ue(height) + window


def test_sub_layer_profiles_and_levels_are_stepped_over() -> None:
    layers = "11" + "01" + "00" * 6 + u(0, 96) + u(0, 8)
    config = parse_hevc_config(arrays((33, sps(size(640, 360), sub_layers="010", layers=layers))))
    assert (config.width, config.height) == (640, 360)


@pytest.mark.parametrize(
    ("chroma", "width", "height"), [(0, 637, 356), (1, 634, 352), (2, 634, 356), (3, 637, 356)]
)
def test_conformance_window_counts_in_chroma_samples(chroma: int, width: int, height: int) -> None:
    window = "1" + ue(1) + ue(2) + ue(0) + ue(4)
    config = parse_hevc_config(arrays((33, sps(size(640, 360, chroma, window)))))
    assert (config.width, config.height) == (width, height)


def test_sps_is_found_behind_other_arrays() -> None:
    unit = sps(size(640, 360))
    config = parse_hevc_config(arrays((39, b"\x4e\x01sei"), (32, b""), (0xA1, unit), (33, b"\x42")))
    assert (config.width, config.height) == (640, 360)


def test_arrays_are_marked_complete_as_the_sample_entry_wants_it() -> None:
    sent = arrays((32, b"vps"), (33, sps(size(640, 360))), (34, b"pps"), (39, b"sei"))
    kept = parse_hevc_config(sent).extradata
    assert len(kept) == len(sent)
    assert [(before, after) for before, after in zip(sent, kept, strict=True) if before != after] == [
        (32, 0xA0),
        (33, 0xA1),
        (34, 0xA2),
    ]


def test_profile_space_and_all_constraint_bytes() -> None:
    head = b"\x01\x82" + b"\x80\0\0\1" + b"\x01\x20\x00\x00\x00\x0f"
    config = parse_hevc_config(head + RECORD[12:])
    assert config.rfc6381 == "hvc1.B2.80000001.L120.1.20.0.0.0.F"


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        RECORD[:22],
        b"\x00" + RECORD[1:],
        RECORD[:22] + b"\x00",
        RECORD[:40],
        RECORD[:90],
        arrays((33, b"")),
        arrays((34, sps(size(640, 360)))),
        arrays((33, b"\x42\x01\x01")),
        arrays((33, sps(size(640, 360, 4)))),
        arrays((33, sps(size(0, 360)))),
        arrays((33, sps(size(20_000, 360)))),
        arrays((33, sps(size(64, 64, 1, "1" + ue(16) * 4)))),
        arrays((33, sps("0" * 90))),
        RECORD[:22] + b"\xff" + b"\x20\xff\xff",
    ],
    ids=[
        "empty", "short", "version", "no arrays", "VPS cut", "SPS cut", "empty array", "no SPS", "SPS without a body",
        "chroma format", "no width", "too wide", "cropped away", "number out of range", "65 535 units that are not there",
    ],
)  # fmt: skip
def test_broken_record(broken: bytes) -> None:
    with pytest.raises(UndecodableError):
        parse_hevc_config(broken)


@given(st.binary(max_size=80), st.integers(0, len(RECORD)))
def test_garbage_is_undecodable_and_nothing_else(garbage: bytes, keep: int) -> None:
    with contextlib.suppress(UndecodableError):
        parse_hevc_config(RECORD[:keep] + garbage)


def test_frames_have_the_length_fields_that_the_record_tells() -> None:
    hevc = NalFormat(parse_hevc_config, LENGTH_AT)
    hevc.configure(RECORD)
    assert hevc.take(nal()) == nal()
    hevc.configure(RECORD[:21] + b"\x0d" + RECORD[22:])
    assert hevc.take(b"\x00\x02ab") == b"\x00\x02ab"
    with pytest.raises(UndecodableError):
        hevc.take(b"\x00\x03ab")


# With the colours of BT.2020 and the transfer named.
PQ = (
    "0102200000009000000000003ff000fcfdfafa00000f03a00001001840010c01ffff02200000030090000003000003003f959409"
    "a10001002f42010102200000030090000003000003003fa005020171f2b6595952930bc05a84880482000003000200000300"
    "3c10a2000100064401c073c189"
)
HLG_IN_LAYERS = (
    "0102200000009000000000003ff000fcfdfafa00001b03a00001001e40010c04ffff02200000030090000003000003003f000095"
    "94aca5650240a10001003342010402200000030090000003000003003f0000a005020171f2b659594aca5654a4e1780b509120"
    "9040000003004000000782a2000100064401c073c189"
)


@pytest.mark.parametrize(("record", "transfer"), [(PQ, 16), (HLG_IN_LAYERS, 18), (RECORD.hex(), 2)])
def test_transfer_of_x265(record: str, transfer: int) -> None:
    assert parse_hevc_config(bytes.fromhex(record)).transfer == transfer


SIGNAL = (
    "1 1" + u(255, 8) + u(16, 16) + u(11, 16) + "1 0" + "1" + u(5, 3) + "0 1" + u(9, 8) + u(18, 8) + u(9, 8)
)
BLOCKS = ue(2) * 2 + ue(4) + "1" + ue(4) * 3 + ue(1) * 6


@pytest.mark.parametrize(
    "tail",
    [
        "0" + "11" + "0" + ue(0) + "0" + "11",
        "10" + "11" + "0" + ue(0) + "0" + "11",
        "11" + ("0" + ue(0)) * 20 + "11" + "0" + ue(0) + "0" + "11",
        "11" + ("1" + ue(1) * 16) * 6 + ("1" + ue(1) * 64) * 6 + ("1" + ue(7) + ue(1) * 64) * 8 + "11" + "0" + ue(0) + "0" + "11",
        "0" + "11" + "1" + u(7, 4) * 2 + ue(0) + ue(2) + "1" + ue(0) + "0" + "11",
        "0" + "11" + "0" + ue(3)
        + ue(2) + ue(1) + (ue(0) + "1") * 3
        + "1" + "0" + ue(0) + "1" + "01" + "00" + "1"
        + "0" + ue(1) + ue(0) + ue(3) + "0"
        + "1" + ue(2) + (u(5, 8) + "1") * 2
        + "11",
    ],
    ids=["plain", "default scaling lists", "copied ones", "own ones", "PCM", "reference sets"],
)  # fmt: skip
def test_way_through_the_sps_to_the_transfer(tail: str) -> None:
    config = parse_hevc_config(arrays((33, sps(size(640, 360) + BLOCKS + tail + SIGNAL))))
    assert config.transfer == 18


@pytest.mark.parametrize(
    "tail",
    [
        "",
        BLOCKS,
        BLOCKS + "0 11 0" + ue(65),
        BLOCKS + "0 11 0" + ue(1) + ue(17) + ue(0),
        BLOCKS + "0 11 0" + ue(0) + "1" + ue(33),
        ue(2) * 2 + ue(40) + BLOCKS[len(ue(2) * 2 + ue(4)) :] + "0 11 0" + ue(0) + "1" + ue(1) + "0" * 50,
        BLOCKS + "0 11 0" + ue(0) + "0 11 0",
        BLOCKS + "0 11 0" + ue(0) + "0 11 1 0 0 0",
        BLOCKS + "0 11 0" + ue(0) + "0 11 1 0 0 1 10101 0",
    ],
)
def test_sps_that_does_not_tell_its_transfer_is_good_enough(tail: str) -> None:
    config = parse_hevc_config(arrays((33, sps(size(640, 360) + tail))))
    assert (config.width, config.height, config.transfer) == (640, 360, 2)
