"""Reads fragmented MP4 with nothing but struct: for what is written here and for what libavformat writes."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf", b"dinf"}


@dataclass
class Box:
    kind: str
    start: int
    body: bytes
    children: "list[Box]" = field(default_factory=list)

    def all(self, path: str) -> "list[Box]":
        first, _, rest = path.partition("/")
        found = [child for child in self.children if child.kind == first]
        return [box for child in found for box in child.all(rest)] if rest else found

    def one(self, path: str) -> "Box":
        (box,) = self.all(path)
        return box


def parse(data: bytes, start: int = 0) -> list[Box]:
    boxes = []
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        assert 8 <= size <= len(data) - at, f"box {kind!r} of {size} bytes at {start + at}"
        body = data[at + 8 : at + size]
        children = parse(body, start + at + 8) if kind in CONTAINERS else []
        boxes.append(Box(kind.decode("latin-1"), start + at, body, children))
        at += size
    return boxes


def root(data: bytes) -> Box:
    return Box("", 0, data, parse(data))


@dataclass
class ReadSample:
    dts: int
    cts: int
    duration: int
    keyframe: bool
    data: bytes
    flags: int = field(default=0, compare=False)


@dataclass
class Fragment:
    sequence: int
    track: int
    base: int
    """tfdt."""
    samples: list[ReadSample]

    @property
    def end(self) -> int:
        return self.samples[-1].dts + self.samples[-1].duration

    @property
    def duration(self) -> int:
        return sum(sample.duration for sample in self.samples)


def fragments(data: bytes) -> list[Fragment]:
    """Every moof+mdat pair; nothing else may be there."""
    boxes = parse(data)
    assert [box.kind for box in boxes] == ["moof", "mdat"] * (len(boxes) // 2)
    return [_fragment(data, moof, mdat) for moof, mdat in zip(boxes[::2], boxes[1::2], strict=True)]


def _fragment(data: bytes, moof: Box, mdat: Box) -> Fragment:
    (sequence,) = struct.unpack(">I", moof.one("mfhd").body[4:])
    traf = moof.one("traf")
    header = _tfhd(traf.one("tfhd").body)
    tfdt = traf.one("tfdt").body
    assert tfdt[0] == 1, "64-bit tfdt"
    (base,) = struct.unpack(">Q", tfdt[4:12])
    samples = list(_trun(data, moof.start, traf.one("trun").body, base, header))
    assert sum(len(sample.data) for sample in samples) == len(mdat.body)
    return Fragment(sequence, header["track"], base, samples)


def _tfhd(body: bytes) -> dict[str, int]:
    flags, track = struct.unpack_from(">II", body)
    assert flags & 0x020000, "default-base-is-moof"
    assert not flags & 0x000001, "no absolute base offset"
    at, values = 8, {"track": track}
    for bit, name in ((2, "description"), (8, "duration"), (16, "size"), (32, "flags")):
        if flags & bit:
            (values[name],) = struct.unpack_from(">I", body, at)
            at += 4
    return values


def _trun(data: bytes, moof: int, body: bytes, base: int, default: dict[str, int]) -> Iterator[ReadSample]:
    head, count = struct.unpack_from(">II", body)
    version, flags = head >> 24, head & 0xFFFFFF
    at = 8
    assert flags & 1, "data offset"
    (offset,) = struct.unpack_from(">i", body, at)
    at += 4
    first_flags = None
    if flags & 4:
        (first_flags,) = struct.unpack_from(">I", body, at)
        at += 4
    position, dts = moof + offset, base
    for index in range(count):
        values = dict(default)
        for bit, name in ((0x100, "duration"), (0x200, "size"), (0x400, "flags"), (0x800, "cts")):
            if flags & bit:
                (values[name],) = struct.unpack_from(">i" if name == "cts" and version else ">I", body, at)
                at += 4
        if index == 0 and first_flags is not None:
            values["flags"] = first_flags
        size = values["size"]
        keyframe = not values["flags"] & 0x10000
        payload = data[position : position + size]
        yield ReadSample(
            dts, values.get("cts", 0), values["duration"], keyframe, payload, flags=values["flags"]
        )
        position += size
        dts += values["duration"]
