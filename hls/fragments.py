"""Samples to fragmented MP4: one moof+mdat per part and track (ISO 14496-12, 8.8). Written by hand; pure.

libavformat can only be made to flush a fragment by closing its container, and opening one for every part and track cost
five times what all this does. What it writes is the oracle of the tests: the same samples at the same times.
"""

import struct
from collections.abc import Sequence
from itertools import chain

from common.media import CLOCK_HZ, MediaConfig, VideoConfig
from hls.boxes import FragmentError, box, full_box
from hls.cuts import Sample
from hls.init_section import TRACK_ID, init_section

__all__ = ["FragmentError", "Muxer", "fragment"]

SYNC_SAMPLE = 0x02000000
"""sample_depends_on = 2: decodes alone."""
NON_SYNC_SAMPLE = 0x01010000
"""sample_depends_on = 1 and sample_is_non_sync_sample."""

DEFAULT_BASE_IS_MOOF = 0x020000
DEFAULT_DURATION = 0x000008
DEFAULT_FLAGS = 0x000020

DATA_OFFSET = 0x000001
FIRST_SAMPLE_FLAGS = 0x000004
SAMPLE_DURATION = 0x000100
SAMPLE_SIZE = 0x000200
SAMPLE_FLAGS = 0x000400
SAMPLE_CTS = 0x000800

BEFORE_TRUN_BYTES = 8 + 16 + 8 + 24 + 20
"""moof, mfhd, traf, tfhd and tfdt."""
TRUN_BYTES = 20
"""Without first_sample_flags and without samples."""


class Muxer:
    """Makes the init section and the fragments of one track under one configuration.

    Raises:
        FragmentError: the decoder configuration is not usable.

    """

    def __init__(self, config: MediaConfig) -> None:
        self.timescale = CLOCK_HZ if isinstance(config, VideoConfig) else config.sample_rate
        """Ticks a second of the samples."""
        self.init = init_section(config, self.timescale)
        """ftyp and moov, no samples (A3)."""

    def fragment(self, samples: Sequence[Sample], sequence: int) -> bytes:
        """Write one part; see `fragment`."""
        return fragment(samples, sequence)


def fragment(samples: Sequence[Sample], sequence: int) -> bytes:
    """Write samples as one moof and one mdat: absolute 64-bit tfdt (A5), offsets from the moof (A6).

    Args:
        samples: at least one, durations set, in the track's ticks; each begins where the one before it ends.
        sequence: number for mfhd.

    Raises:
        FragmentError: nothing to write, or a number that its field cannot hold, such as 4 GiB of media.

    """
    if not samples:
        raise FragmentError(f"part {sequence} has no samples")
    try:
        trun_flags, default_flags, rows = _rows(samples)
        offset = BEFORE_TRUN_BYTES + TRUN_BYTES + len(rows) + 8
        trun = struct.pack(">Ii", len(samples), offset) + rows
        data = [sample.data for sample in samples]
        moof = _moof(sequence, samples[0], default_flags, full_box(b"trun", 1, trun_flags, trun))
        return b"".join((moof, struct.pack(">I4s", 8 + sum(map(len, data)), b"mdat"), *data))
    except struct.error as error:
        raise FragmentError(f"cannot write part {sequence}: {error}") from error


def _moof(sequence: int, first: Sample, default_flags: int, trun: bytes) -> bytes:
    tfhd = struct.pack(">III", TRACK_ID, first.duration, default_flags)
    traf = box(
        b"traf",
        full_box(b"tfhd", 0, DEFAULT_BASE_IS_MOOF | DEFAULT_DURATION | DEFAULT_FLAGS, tfhd),
        full_box(b"tfdt", 1, 0, struct.pack(">Q", first.dts)),
        trun,
    )
    return box(b"moof", full_box(b"mfhd", 0, 0, struct.pack(">I", sequence)), traf)


def _rows(samples: Sequence[Sample]) -> tuple[int, int, bytes]:
    """Flags of trun, sample flags for tfhd, and what follows trun's data_offset.

    What is the same for all samples is left to tfhd: of AAC, only sizes remain, or 3 % of its bytes would be ours.
    """
    durations = [sample.duration for sample in samples]
    flags = [SYNC_SAMPLE if sample.keyframe else NON_SYNC_SAMPLE for sample in samples]
    offsets = [sample.cts for sample in samples]
    bits, columns, head = DATA_OFFSET | SAMPLE_SIZE, [[len(sample.data) for sample in samples]], b""
    if not _all_same(durations):
        bits |= SAMPLE_DURATION
        columns.insert(0, durations)
    if not _all_same(flags[1:]):
        bits |= SAMPLE_FLAGS
        columns.append(flags)
    elif flags[0] != flags[-1]:
        bits |= FIRST_SAMPLE_FLAGS
        head = struct.pack(">I", flags[0])
    if any(offsets):
        bits |= SAMPLE_CTS
        columns.append(offsets)
    layout = "I" * (len(columns) - 1) + ("i" if bits & SAMPLE_CTS else "I")
    rows = struct.pack(">" + layout * len(samples), *chain.from_iterable(zip(*columns, strict=True)))
    return bits, flags[-1], head + rows


def _all_same(values: list[int]) -> bool:
    return not values or values.count(values[0]) == len(values)
