"""The boxes of fragmented MP4 that the rules are about (ISO 14496-12): init sections and movie fragments. Pure."""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_CONTAINERS = {"moov", "trak", "mdia", "minf", "stbl", "mvex", "moof", "traf", "dinf"}
_RUN_BOX = "trun"  # codespell:ignore trun
_MAX_SAMPLES = 100_000
_MAX_DEPTH = 8
_VIDEO_ENTRY_BYTES, _AUDIO_ENTRY_BYTES = 78, 28


class BoxError(ValueError):
    """The bytes are no MP4 that can be read."""


@dataclass(frozen=True, slots=True)
class Box:
    kind: str
    start: int
    """First byte of its header."""
    body: bytes = field(repr=False)
    children: tuple["Box", ...] = ()

    def all(self, path: str) -> list["Box"]:
        """Boxes at `a/b/c` below this one."""
        first, _, rest = path.partition("/")
        found = [child for child in self.children if child.kind == first]
        return [box for child in found for box in child.all(rest)] if rest else found

    def first(self, path: str) -> "Box | None":
        return next(iter(self.all(path)), None)


def read_boxes(data: bytes) -> Box:
    """Read all boxes; the result is a box around them. Raises BoxError when sizes do not add up."""
    return Box("", 0, data, tuple(_boxes(data, 0, 0)))


def _boxes(data: bytes, start: int, depth: int) -> Iterator[Box]:
    at = 0
    while at < len(data):
        if len(data) - at < 8:
            raise BoxError(f"{len(data) - at} bytes left over at {start + at}")
        size, name = struct.unpack_from(">I4s", data, at)
        header = 8
        if size == 1 and len(data) - at >= 16:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            header = 16
        kind = name.decode("latin-1")
        if not header <= size <= len(data) - at:
            raise BoxError(f"box {kind!r} of {size} bytes at {start + at}, where {len(data) - at} are left")
        body = data[at + header : at + size]
        children: tuple[Box, ...] = ()
        if kind in _CONTAINERS and depth < _MAX_DEPTH:
            children = tuple(_boxes(body, start + at + header, depth + 1))
        yield Box(kind, start + at, body, children)
        at += size


@dataclass(frozen=True, slots=True)
class Sample:
    dts: int
    cts: int
    duration: int
    sync: bool
    size: int
    digest: bytes
    """Of the sample's bytes."""


@dataclass(frozen=True, slots=True)
class Run:
    """A track fragment (`traf`)."""

    track: int
    base: int | None
    """Decode time of the first sample (`tfdt`); `None` without the box."""
    absolute: bool
    """Addressed from the file's start (base-data-offset)."""
    default_base: bool
    """default-base-is-moof."""
    samples: tuple[Sample, ...]

    @property
    def end(self) -> int:
        return self.samples[-1].dts + self.samples[-1].duration if self.samples else self.base or 0


@dataclass(frozen=True, slots=True)
class Media:
    """A part or segment: all its fragments' track runs, in order."""

    kinds: tuple[str, ...]
    """Of its top-level boxes."""
    runs: tuple[Run, ...]
    runs_in_fragments: tuple[int, ...] = ()
    """Number of `traf` in each `moof`."""

    def samples(self) -> list[Sample]:
        return [sample for run in self.runs for sample in run.samples]


def read_media(data: bytes, defaults: dict[int, tuple[int, int, int]] | None = None) -> Media:
    """Read a part or a segment. `defaults`: from `Init.defaults`. Raises BoxError."""
    root = read_boxes(data)
    try:
        fragments = [
            [_run(data, moof, traf, defaults or {}) for traf in moof.all("traf")] for moof in root.all("moof")
        ]
    except (struct.error, IndexError) as error:
        raise BoxError(f"a box is too short: {error}") from None
    return Media(
        tuple(box.kind for box in root.children),
        tuple(run for fragment in fragments for run in fragment),
        tuple(map(len, fragments)),
    )


def _run(data: bytes, moof: Box, traf: Box, defaults: dict[int, tuple[int, int, int]]) -> Run:
    header = traf.first("tfhd")
    if header is None:
        raise BoxError("a traf without tfhd")
    flags, track = struct.unpack_from(">II", header.body)
    at = 8 + 8 * bool(flags & 1) + 4 * bool(flags & 2)
    values = list(defaults.get(track, (0, 0, 0)))
    for index, bit in enumerate((8, 16, 32)):
        if flags & bit:
            (values[index],) = struct.unpack_from(">I", header.body, at)
            at += 4
    time_box = traf.first("tfdt")
    base = None
    if time_box is not None:
        (base,) = struct.unpack_from(">Q" if time_box.body[0] else ">I", time_box.body, 4)
    samples: list[Sample] = []
    for run in traf.all(_RUN_BOX):
        dts = samples[-1].dts + samples[-1].duration if samples else base or 0
        samples += _samples(data, moof.start, run.body, dts, values)
    return Run(track, base, bool(flags & 1), bool(flags & 0x020000), tuple(samples))


def _samples(data: bytes, moof: int, body: bytes, dts: int, defaults: list[int]) -> Iterator[Sample]:
    head, count = struct.unpack_from(">II", body)
    version, flags = head >> 24, head & 0xFFFFFF
    if count > _MAX_SAMPLES:
        raise BoxError(f"{count} samples in a run")
    at, position, first_flags = 8, moof, None
    if flags & 1:
        position += struct.unpack_from(">i", body, at)[0]
        at += 4
    if flags & 4:
        (first_flags,) = struct.unpack_from(">I", body, at)
        at += 4
    for index in range(count):
        values = [*defaults, 0]
        for field_index, bit in enumerate((0x100, 0x200, 0x400, 0x800)):
            if flags & bit:
                code = ">i" if field_index == 3 and version else ">I"
                (values[field_index],) = struct.unpack_from(code, body, at)
                at += 4
        duration, size, sample_flags, cts = values
        if index == 0 and first_flags is not None:
            sample_flags = first_flags
        content = data[position : position + size]
        if len(content) != size:
            raise BoxError(f"a sample of {size} bytes at {position}, beyond the end")
        digest = hashlib.blake2b(content, digest_size=12).digest()
        yield Sample(dts, cts, duration, not sample_flags & 0x10000, size, digest)
        position += size
        dts += duration


@dataclass(frozen=True, slots=True)
class Track:
    number: int
    handler: str
    """`vide`, `soun` and so on."""
    timescale: int
    format: str
    """Four characters of the sample entry."""
    codec: str
    """RFC 6381 as far as it can be made from the boxes."""
    width: int
    height: int
    entry: bytes = field(repr=False)
    """The sample description: equal ones mean equal encoding parameters."""
    table_entries: int = 0
    """Samples in stts, stsc, stsz and stco, which have to be empty."""
    external: bool = False
    """A data reference to another file."""
    tkhd_duration: int = 0


@dataclass(frozen=True, slots=True)
class Init:
    """An init section (EXT-X-MAP)."""

    kinds: tuple[str, ...]
    brands: tuple[str, ...]
    tracks: tuple[Track, ...]
    movie_duration: int
    has_mvex: bool
    mvex_last: bool
    """`mvex` stands behind the last `trak`."""
    defaults: dict[int, tuple[int, int, int]]
    """Track to duration, size and flags of its samples, from `trex`."""


def read_init(data: bytes) -> Init:
    """Read an init section. Raises BoxError."""
    root = read_boxes(data)
    movie = root.first("moov")
    if movie is None:
        raise BoxError(f"no moov in {[box.kind for box in root.children]}")
    brand_box = root.first("ftyp")
    brands = brand_box.body[:4] + brand_box.body[8:] if brand_box else b""
    kinds = [box.kind for box in movie.children]
    try:
        header = movie.first("mvhd")
        duration = _duration(header.body, 12) if header else 0
        tracks = tuple(_track(trak) for trak in movie.all("trak"))
        defaults = {
            number: (length, size, flags)
            for number, _, length, size, flags in (
                struct.unpack_from(">IIIII", box.body, 4) for box in movie.all("mvex/trex")
            )
        }
    except (struct.error, IndexError) as error:
        raise BoxError(f"a box is too short: {error}") from None
    last_trak = max((index for index, kind in enumerate(kinds) if kind == "trak"), default=0)
    return Init(
        tuple(box.kind for box in root.children),
        tuple(brands[at : at + 4].decode("latin-1") for at in range(0, len(brands), 4)),
        tracks,
        duration,
        "mvex" in kinds,
        "mvex" in kinds and kinds.index("mvex") > last_trak,
        defaults,
    )


def _duration(body: bytes, offset: int) -> int:
    """Duration of mvhd (`offset` 12) or tkhd (16), version 0 or 1; all ones stand for unknown, which is none."""
    if body[0]:
        value: int = struct.unpack_from(">Q", body, offset + 12)[0]
        return 0 if value == 2**64 - 1 else value
    value = struct.unpack_from(">I", body, offset + 4)[0]
    return 0 if value == 2**32 - 1 else value


def _track(trak: Box) -> Track:
    header, media = trak.first("tkhd"), trak.first("mdia/mdhd")
    handler, description = trak.first("mdia/hdlr"), trak.first("mdia/minf/stbl/stsd")
    if (
        header is None
        or media is None
        or handler is None
        or description is None
        or len(description.body) < 16
    ):
        raise BoxError("a trak without tkhd, mdhd, hdlr or stsd")
    (number,) = struct.unpack_from(">I", header.body, 20 if header.body[0] else 12)
    (timescale,) = struct.unpack_from(">I", media.body, 20 if media.body[0] else 12)
    kind = handler.body[8:12].decode("latin-1")
    entry = description.body[8:]
    width, height = struct.unpack_from(">HH", entry, 32) if kind == "vide" else (0, 0)
    references = trak.first("mdia/minf/dinf/dref")
    return Track(
        number,
        kind,
        timescale,
        entry[4:8].decode("latin-1"),
        _codec(entry, kind),
        width,
        height,
        entry,
        _table_entries(trak),
        references is not None and _is_external(references.body),
        _duration(header.body, 16),
    )


def _table_entries(trak: Box) -> int:
    total = 0
    for name, at in (("stts", 4), ("stsc", 4), ("stsz", 8), ("stco", 4), ("co64", 4)):
        table = trak.first(f"mdia/minf/stbl/{name}")
        if table is not None:
            total += struct.unpack_from(">I", table.body, at)[0]
    return total


def _is_external(dref: bytes) -> bool:
    return any(not int.from_bytes(box.body[:4], "big") & 1 for box in _boxes(dref[8:], 0, 0))


def _codec(entry: bytes, handler: str) -> str:
    kind = entry[4:8].decode("latin-1")
    head = 8 + (_VIDEO_ENTRY_BYTES if handler == "vide" else _AUDIO_ENTRY_BYTES)
    try:
        inner = {box.kind: box.body for box in _boxes(entry[head:], 0, 0)}
    except BoxError:
        return kind
    if kind in {"avc1", "avc3"} and len(inner.get("avcC", b"")) >= 4:
        return f"{kind}.{inner['avcC'][1:4].hex()}"
    if kind == "mp4a" and "esds" in inner:
        return _aac_codec(inner["esds"])
    return kind


def _aac_codec(esds: bytes) -> str:
    """Object type and audio object type out of an esds box."""
    config = esds.find(b"\x04", 4)  # DecoderConfigDescriptor
    at = config + 1
    while at < len(esds) and esds[at] & 0x80:
        at += 1
    object_type = esds[at + 1] if at + 1 < len(esds) else 0
    specific = esds.find(b"\x05", at + 14)  # DecoderSpecificInfo: behind 13 bytes of the config
    at = specific + 1
    while 0 < at < len(esds) and esds[at] & 0x80:
        at += 1
    if object_type != 0x40 or specific < 0 or at + 1 >= len(esds):
        return f"mp4a.{object_type:02x}"
    return f"mp4a.40.{esds[at + 1] >> 3}"
