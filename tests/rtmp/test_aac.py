"""AudioSpecificConfig in all the forms that encoders send."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmp.aac import parse_aac_config
from rtmp.errors import UndecodableError


def bits(*fields: tuple[int, int]) -> bytes:
    pattern = "".join(f"{value:0{width}b}" for value, width in fields)
    pattern += "0" * (-len(pattern) & 7)
    return int(pattern, 2).to_bytes(len(pattern) // 8, "big")


LC_44100_STEREO = bytes.fromhex("1210")

CONFIGS: dict[str, tuple[bytes, str, int, int, int]] = {
    "LC 44.1 kHz stereo": (LC_44100_STEREO, "mp4a.40.2", 44100, 2, 1024),
    "LC 48 kHz stereo": (bytes.fromhex("1190"), "mp4a.40.2", 48000, 2, 1024),
    "LC 48 kHz mono": (bytes.fromhex("1188"), "mp4a.40.2", 48000, 1, 1024),
    "LC 48 kHz 5.1": (bytes.fromhex("11b0"), "mp4a.40.2", 48000, 6, 1024),
    "7.1": (bits((2, 5), (3, 4), (7, 4), (0, 3)), "mp4a.40.2", 48000, 8, 1024),
    "frames of 960 samples": (bits((2, 5), (3, 4), (2, 4), (1, 1), (0, 2)), "mp4a.40.2", 48000, 2, 960),
    "rate written out": (bits((2, 5), (15, 4), (44056, 24), (2, 4), (0, 3)), "mp4a.40.2", 44056, 2, 1024),
    "HE-AAC, explicit": (
        bits((5, 5), (6, 4), (2, 4), (3, 4), (2, 5), (0, 3)),
        "mp4a.40.5", 24000, 2, 1024,
    ),
    "HE-AAC v2, explicit": (
        bits((29, 5), (6, 4), (1, 4), (3, 4), (2, 5), (0, 3)),
        "mp4a.40.29", 24000, 1, 1024,
    ),
    "HE-AAC, backward compatible": (
        bits((2, 5), (6, 4), (2, 4), (0, 3), (0x2B7, 11), (5, 5), (1, 1), (3, 4)),
        "mp4a.40.5", 24000, 2, 1024,
    ),
    "the same with the extension off": (
        bits((2, 5), (3, 4), (2, 4), (0, 3), (0x2B7, 11), (5, 5), (0, 1)),
        "mp4a.40.2", 48000, 2, 1024,
    ),
    "ffmpeg's, with trailing bytes": (bytes.fromhex("119056e500"), "mp4a.40.2", 48000, 2, 1024),
    "object type beyond 30": (bits((31, 5), (7, 6), (3, 4), (2, 4), (0, 8)), "mp4a.40.39", 48000, 2, 1024),
}  # fmt: skip


@pytest.mark.parametrize("name", CONFIGS)
def test_config(name: str) -> None:
    extradata, rfc6381, rate, channels, samples = CONFIGS[name]
    config = parse_aac_config(extradata)
    assert (config.rfc6381, config.sample_rate, config.channels, config.samples_per_frame) == (
        rfc6381,
        rate,
        channels,
        samples,
    )
    assert config.extradata == extradata
    assert config.codec == "mp4a"


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\x12",
        bits((2, 5), (13, 4), (2, 4), (0, 3)),
        bits((2, 5), (15, 4), (0, 24), (2, 4), (0, 3)),
        bits((2, 5), (3, 4), (0, 4), (0, 3)),
        bits((2, 5), (3, 4), (15, 4), (0, 3)),
        bits((5, 5), (6, 4), (2, 4)),
    ],
    ids=["empty", "short", "rate index 13", "rate 0", "channels 0", "channels 15", "SBR cut short"],
)
def test_broken_config(broken: bytes) -> None:
    with pytest.raises(UndecodableError):
        parse_aac_config(broken)


@given(st.binary(max_size=12))
def test_garbage_is_undecodable_and_nothing_else(garbage: bytes) -> None:
    with contextlib.suppress(UndecodableError):
        config = parse_aac_config(garbage)
        assert config.sample_rate > 0
        assert config.channels > 0
