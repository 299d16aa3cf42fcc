"""Fragmented MP4 made by hand: the smallest boxes that a reader needs, with every field open to violation."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

RUN = b"trun"  # codespell:ignore trun


@dataclass(frozen=True)
class S:
    """A sample: duration, bytes, sync, composition offset."""

    duration: int
    data: bytes = b"frame"
    sync: bool = True
    cts: int = 0


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def u32(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


AVCC = bytes([1, 0x64, 0, 0x0A, 0xFF, 0xE0, 0])
ESDS = bytes([3, 0x19, 0, 0, 0, 4, 0x11, 0x40, 0x15, *bytes(11), 5, 2, 0x11, 0x90])


def sample_entry(handler: bytes, *, width: int, height: int, codec: bytes) -> bytes:
    if handler == b"vide":
        head = bytes(6) + b"\0\1" + bytes(16) + struct.pack(">HH", width, height) + bytes(50)
        return box(codec, head, box(b"avcC", AVCC))
    return box(codec, bytes(6) + b"\0\1" + bytes(20), full(b"esds", 0, 0, ESDS))


def init(
    handler: bytes = b"vide",
    *,
    timescale: int = 90_000,
    brands: bytes = b"iso6mp41",
    track: int = 1,
    width: int = 640,
    height: int = 360,
    codec: bytes | None = None,
    tracks: int = 1,
    movie_duration: int = 0,
    track_duration: int = 0,
    table_entries: int = 0,
    self_contained: bool = True,
    mvex: bool = True,
    mvex_first: bool = False,
    extra: bytes = b"",
) -> bytes:
    codec = codec or (b"avc1" if handler == b"vide" else b"mp4a")
    stsd = full(b"stsd", 0, 0, u32(1), sample_entry(handler, width=width, height=height, codec=codec))
    tables = [full(b"stts", 0, 0, u32(table_entries), bytes(8 * table_entries)), full(b"stsc", 0, 0, u32(0))]
    tables += [full(b"stsz", 0, 0, u32(0, 0)), full(b"stco", 0, 0, u32(0))]
    dref = full(b"dref", 0, 0, u32(1), full(b"url ", 0, int(self_contained)))
    traks = [
        box(
            b"trak",
            full(b"tkhd", 0, 7, u32(0, 0, track + number, 0, track_duration), bytes(60)),
            box(
                b"mdia",
                full(b"mdhd", 0, 0, u32(0, 0, timescale, 0, 0)),
                full(b"hdlr", 0, 0, u32(0), handler, bytes(13)),
                box(b"minf", box(b"dinf", dref), box(b"stbl", stsd, *tables)),
            ),
        )
        for number in range(tracks)
    ]
    extends = box(b"mvex", full(b"trex", 0, 0, u32(track, 1, 0, 0, 0))) if mvex else b""
    inside = [extends, *traks] if mvex_first else [*traks, extends]
    movie = box(b"moov", full(b"mvhd", 0, 0, u32(0, 0, 1000, movie_duration), bytes(80)), *inside)
    return box(b"ftyp", brands[:4], u32(0), brands) + movie + extra


def fragment(
    base: int,
    samples: Sequence[S],
    *,
    track: int = 1,
    tfdt: bool = True,
    tfhd_flags: int = 0x020000,
    runs: int = 1,
) -> bytes:
    """One moof and mdat, with `runs` equal traf."""
    rows = b"".join(
        u32(one.duration, len(one.data), 0x02000000 if one.sync else 0x01010000, one.cts) for one in samples
    )
    header = u32(track) + (bytes(8) if tfhd_flags & 1 else b"")

    def moof(offset: int) -> bytes:
        time = full(b"tfdt", 1, 0, struct.pack(">Q", base)) if tfdt else b""
        traf = box(
            b"traf",
            full(b"tfhd", 0, tfhd_flags, header),
            time,
            full(RUN, 0, 0xF01, u32(len(samples), offset), rows),
        )
        return box(b"moof", full(b"mfhd", 0, 0, u32(1)), *([traf] * runs))

    return moof(len(moof(0)) + 8) + box(b"mdat", *(one.data for one in samples))
