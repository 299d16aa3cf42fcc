"""AC-3 and E-AC-3 syncframes of ffmpeg, dependent substreams by hand, and broken ones."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import AudioConfig
from rtmp.ac3 import Ac3Format, Eac3Format
from rtmp.bits import pack_bits
from rtmp.errors import UndecodableError

# Head and size of a frame, and the dac3 that ffmpeg 9.0 writes for it.
AC3: dict[str, tuple[str, int, str, int, int]] = {
    "48 kHz 5.1": ("0b77c3681e40ebf8403eff99", 1792, "103de0", 48_000, 6),
    "48 kHz stereo": ("0b772671144043e106f46370", 768, "101140", 48_000, 2),
    "48 kHz mono": ("0b77086e0c402f8429c11fa5", 384, "1008c0", 48_000, 1),
    "44.1 kHz 5.1": ("0b772f405e40ebf8403eff9d", 1950, "503de0", 44_100, 6),
    "44.1 kHz stereo": ("0b77a5af544043e106f575f0", 834, "501140", 44_100, 2),
    "44.1 kHz stereo, padded": ("0b77a5af554043e106f575f0", 836, "501140", 44_100, 2),
    "32 kHz 5.1": ("0b77b8459e40ebf8403e955f", 2688, "903de0", 32_000, 6),
}
# The same of dec3.
EAC3: dict[str, tuple[str, int, str, int, int]] = {
    "48 kHz 5.1": ("0b77037f3f87c00020f80000", 1792, "0e00200f00", 48_000, 6),
    "48 kHz stereo": ("0b77017f3487c00020300000", 768, "0600200400", 48_000, 2),
    "48 kHz mono": ("0b7700bf3287c00000028860", 384, "0300200200", 48_000, 1),
    "44.1 kHz 5.1": ("0b7703ce7f87c00020000000", 1950, "0e00600f00", 44_100, 6),
    "32 kHz stereo": ("0b77023fb487c00000000004", 1152, "0600a00400", 32_000, 2),
}


def frame(head: str, size: int) -> bytes:
    return bytes.fromhex(head).ljust(size, b"\0")


@pytest.mark.parametrize("name", AC3)
def test_ac3_frame(name: str) -> None:
    head, size, dac3, rate, channels = AC3[name]
    ac3 = Ac3Format()
    assert ac3.take(frame(head, size)) == frame(head, size)
    assert ac3.config == AudioConfig("ac-3", bytes.fromhex(dac3), "ac-3", rate, channels, 1536)


@pytest.mark.parametrize("name", EAC3)
def test_eac3_frame(name: str) -> None:
    head, size, dec3, rate, channels = EAC3[name]
    eac3 = Eac3Format()
    assert eac3.take(frame(head, size)) == frame(head, size)
    assert eac3.config == AudioConfig("ec-3", bytes.fromhex(dec3), "ec-3", rate, channels, 1536)


def test_padding_and_bit_rate_of_ac3_do_not_change_the_configuration_but_channels_do() -> None:
    ac3 = Ac3Format()
    ac3.take(frame(*AC3["44.1 kHz stereo"][:2]))
    before = ac3.config
    ac3.take(frame(*AC3["44.1 kHz stereo, padded"][:2]))
    ac3.take(frame("0b77a5af4c4043e106f575f0", 416))
    assert ac3.config is before
    ac3.take(frame(*AC3["44.1 kHz 5.1"][:2]))
    assert ac3.config is not None
    assert ac3.config.channels == 6


def substream(
    kind: int, number: int, *, acmod: int, lfe: int = 0, blocks: int = 3, words: int = 32, channel_map: int | None = None
) -> bytes:  # fmt: skip
    """An E-AC-3 syncframe at 48 kHz; `blocks` is its code."""
    fields = [
        (0x0B77, 16),
        (kind, 2),
        (number, 3),
        (words - 1, 11),
        (0, 2),
        (blocks, 2),
        (acmod, 3),
        (lfe, 1),
    ]
    fields += [(16, 5)] + [(31, 5), (1, 1), (0, 8)] * (1 if acmod else 2)
    fields += [(channel_map is not None, 1), (channel_map or 0, 16)] if kind == 1 else []
    return pack_bits(*fields).ljust(2 * words, b"\0")


MAIN = substream(0, 0, acmod=7, lfe=1)
REAR = substream(1, 0, acmod=2, channel_map=0x0200)


def test_dependent_substream_adds_channels_and_its_place_in_the_room() -> None:
    eac3 = Eac3Format()
    eac3.take(MAIN + REAR)
    assert eac3.config is not None
    assert (eac3.config.channels, eac3.config.samples_per_frame) == (8, 1536)
    assert eac3.config.extradata == pack_bits((32, 13), (0, 3), (0x200F02, 24), (2, 8))


def test_channel_map_counts_pairs_twice_and_5_1_not_at_all() -> None:
    eac3 = Eac3Format()
    eac3.take(MAIN + substream(1, 0, acmod=7, channel_map=0x1D0A) + substream(1, 1, acmod=0))
    assert eac3.config is not None
    assert eac3.config.channels == 6 + 2 + 3
    assert eac3.config.extradata[-2:] == pack_bits((0, 3), (2, 4), (0b1_1000_0101, 9))


def test_second_program_is_named_but_the_first_one_counts() -> None:
    eac3 = Eac3Format()
    eac3.take(MAIN + substream(0, 1, acmod=2))
    assert eac3.config is not None
    assert eac3.config.channels == 6
    assert len(eac3.config.extradata) == 2 + 3 + 3
    assert eac3.config.extradata[1] & 7 == 1


@pytest.mark.parametrize(
    ("unit", "samples"),
    [
        (substream(0, 0, acmod=2, blocks=0), 256),
        (substream(0, 0, acmod=2, blocks=1), 512),
        (substream(0, 0, acmod=2, blocks=2), 768),
        (substream(0, 0, acmod=2, blocks=0) * 6, 1536),
        ((substream(0, 0, acmod=2, blocks=2) + substream(1, 0, acmod=2, blocks=2)) * 2, 1536),
    ],
)
def test_short_frames_and_groups_of_them(unit: bytes, samples: int) -> None:
    eac3 = Eac3Format()
    eac3.take(unit)
    assert eac3.config is not None
    assert eac3.config.samples_per_frame == samples


def test_data_rate_of_eac3_does_not_change_the_configuration() -> None:
    eac3 = Eac3Format()
    eac3.take(MAIN)
    before = eac3.config
    eac3.take(substream(0, 0, acmod=7, lfe=1, words=900))
    assert eac3.config is before


def test_half_sample_rates_of_eac3() -> None:
    eac3 = Eac3Format()
    fields = ((0x0B77, 16), (0, 2), (0, 3), (31, 11), (3, 2), (1, 2), (2, 3), (0, 1), (16, 5))
    eac3.take(pack_bits(*fields).ljust(64, b"\0"))
    assert eac3.config is not None
    assert (eac3.config.sample_rate, eac3.config.samples_per_frame) == (22_050, 1536)


STEREO = frame(*AC3["48 kHz stereo"][:2])


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\x0b\x77\x00",
        b"\x77\x0b" + STEREO[2:],
        STEREO[:-1],
        STEREO + b"\0",
        STEREO[:4] + b"\xd4" + STEREO[5:],
        STEREO[:4] + b"\x3f" + STEREO[5:],
        STEREO[:5] + b"\x80" + STEREO[6:],
    ],
    ids=["empty", "short", "sync word", "cut", "too long", "rate", "size code", "version"],
)
def test_broken_ac3_frame(broken: bytes) -> None:
    ac3 = Ac3Format()
    with pytest.raises(UndecodableError):
        ac3.take(broken)
    assert ac3.config is None


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\x0b\x77\x00",
        MAIN[:-1],
        MAIN + REAR[:-1],
        MAIN + b"\0\0",
        REAR,
        substream(0, 1, acmod=2),
        substream(3, 0, acmod=2),
        MAIN[:4] + b"\xff" + MAIN[5:],
        STEREO,
        MAIN * 65,
    ],
    ids=[
        "empty", "short", "cut", "second cut", "trailing", "nothing to depend on", "no program 0", "reserved kind", "rate",
        "AC-3", "too many",
    ],
)  # fmt: skip
def test_broken_eac3_unit(broken: bytes) -> None:
    eac3 = Eac3Format()
    with pytest.raises(UndecodableError):
        eac3.take(broken)
    assert eac3.config is None


def test_sequence_start_tells_nothing() -> None:
    for codec_format in (Ac3Format(), Eac3Format()):
        codec_format.configure(b"anything")
        assert codec_format.config is None


@given(st.binary(max_size=70), st.integers(0, 12))
def test_garbage_is_undecodable_and_nothing_else(garbage: bytes, keep: int) -> None:
    for codec_format, good in ((Ac3Format(), STEREO), (Eac3Format(), MAIN)):
        with contextlib.suppress(UndecodableError):
            codec_format.take(good[:keep] + garbage)
