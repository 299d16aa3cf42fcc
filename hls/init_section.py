"""The init section of one track: ftyp and a moov without samples (A3, A4). Written by hand; pure.

libavformat cannot write all of them from a configuration alone: it leaves vpcC empty, and wants frames for AC-3.
"""

import struct

from common.media import MediaConfig, VideoConfig
from hls.boxes import FragmentError, box, full_box
from hls.sample_entries import sample_entry

TRACK_ID = 1
"""Of the only track there is."""

_UNITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED = 0x55C4
"""ISO 639-2 `und`, five bits a letter."""
_ENABLED_IN_MOVIE = 3
_SAME_FILE = 1


def init_section(config: MediaConfig, timescale: int) -> bytes:
    """Ftyp and moov for one track; `timescale`: ticks a second of its fragments.

    Raises:
        FragmentError: the configuration is not one of its codec, or has numbers that do not fit.

    """
    try:
        return _ftyp(config) + _moov(config, timescale)
    except struct.error as error:
        raise FragmentError(f"unusable {config.codec} configuration: {error}") from error


def _ftyp(config: MediaConfig) -> bytes:
    # AV1 in ISO BMFF, 2.1: "It SHALL have the av01 brand among the compatible brands array".
    brands = b"iso5iso6mp41" + (b"av01" if config.codec == "av01" else b"")
    return box(b"ftyp", b"iso6", bytes(4), brands)


def _moov(config: MediaConfig, timescale: int) -> bytes:
    next_track = TRACK_ID + 1
    mvhd = struct.pack(">4xII4xIH10x36s24xI", 0, 1000, 0x10000, 0x100, _UNITY_MATRIX, next_track)
    trex = struct.pack(">5I", TRACK_ID, 1, 0, 0, 0)
    return box(
        b"moov",
        full_box(b"mvhd", 0, 0, mvhd),
        box(b"trak", _tkhd(config), _mdia(config, timescale)),
        box(b"mvex", full_box(b"trex", 0, 0, trex)),
    )


def _tkhd(config: MediaConfig) -> bytes:
    if isinstance(config, VideoConfig):
        group, volume, width, height = 0, 0, config.width << 16, config.height << 16
    else:
        group, volume, width, height = 1, 0x100, 0, 0
    layout = ">8xI16xHHH2x36sII"
    fields = struct.pack(layout, TRACK_ID, 0, group, volume, _UNITY_MATRIX, width, height)
    return full_box(b"tkhd", 0, _ENABLED_IN_MOVIE, fields)


def _mdia(config: MediaConfig, timescale: int) -> bytes:
    if isinstance(config, VideoConfig):
        kind, header = b"vide", full_box(b"vmhd", 0, 1, bytes(8))
    else:
        kind, header = b"soun", full_box(b"smhd", 0, 0, bytes(4))
    reference = full_box(b"url ", 0, _SAME_FILE)
    return box(
        b"mdia",
        full_box(b"mdhd", 0, 0, struct.pack(">8xIIH2x", timescale, 0, _UNDETERMINED)),
        full_box(b"hdlr", 0, 0, struct.pack(">4x4s12xx", kind)),
        box(
            b"minf",
            header,
            box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), reference)),
            _empty_stbl(sample_entry(config)),
        ),
    )


def _empty_stbl(entry: bytes) -> bytes:
    return box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
