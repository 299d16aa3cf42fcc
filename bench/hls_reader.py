"""What a viewer reads out of playlists and parts: enough for the benchmarks. Pure."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_RUN_BOX = b"trun"  # codespell:ignore trun
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')


@dataclass(frozen=True, slots=True)
class Part:
    """An EXT-X-PART line."""

    msn: int
    index: int
    """Number of the part in its segment."""
    uri: str
    duration_s: float
    is_gap: bool


@dataclass(frozen=True, slots=True)
class Playlist:
    """A media playlist, as far as parts go."""

    part_target_s: float
    parts: tuple[Part, ...]
    next_msn: int
    next_part: int
    """What a blocking reload asks for next."""
    ended: bool
    skip: str = ""
    """What `_HLS_skip` may say: `v2`, `YES`, or nothing where delta updates are not offered."""
    hold_back_s: float = 0.0
    """PART-HOLD-BACK: how far behind the newest part a player keeps."""


def attributes(line: str) -> dict[str, str]:
    """The attribute list of a tag, quotes removed."""
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}


def first_variant(text: str) -> str:
    """URI of the first variant in a multivariant playlist."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("#EXT-X-STREAM-INF:"):
            return next(lines)
    raise ValueError("no variant in the playlist")


def audio_rendition(text: str) -> str | None:
    """URI of the first audio rendition in a multivariant playlist; `None` when audio is in the variant or absent."""
    tags = (line for line in text.splitlines() if line.startswith("#EXT-X-MEDIA:"))
    renditions = (values for values in map(attributes, tags) if values.get("TYPE") == "AUDIO")
    return next((values["URI"] for values in renditions if "URI" in values), None)


def read_playlist(text: str) -> Playlist:
    """Read a media playlist; in a delta update only the parts are complete, which stand at its end."""
    part_target_s, parts, ended = 0.0, [], False
    msn, index = 0, 0
    control: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("#EXT-X-MEDIA-SEQUENCE:"):
            msn = int(line.partition(":")[2])
        elif line.startswith("#EXT-X-PART-INF:"):
            part_target_s = float(attributes(line)["PART-TARGET"])
        elif line.startswith("#EXT-X-SERVER-CONTROL:"):
            control = attributes(line)
        elif line.startswith("#EXT-X-SKIP:"):
            msn += int(attributes(line)["SKIPPED-SEGMENTS"])
        elif line.startswith("#EXT-X-PART:"):
            values = attributes(line)
            gap = values.get("GAP") == "YES"
            parts.append(Part(msn, index, values["URI"], float(values["DURATION"]), gap))
            index += 1
        elif line.startswith("#EXT-X-ENDLIST"):
            ended = True
        elif line and not line.startswith("#"):
            msn, index = msn + 1, 0
    skip = "" if "CAN-SKIP-UNTIL" not in control else "v2" if "CAN-SKIP-DATERANGES" in control else "YES"
    hold_back_s = float(control.get("PART-HOLD-BACK", 0))
    return Playlist(part_target_s, tuple(parts), msn, index, ended, skip, hold_back_s)


def sample_sizes(fragment: bytes) -> list[int]:
    """Sizes in bytes of the samples in a fragment with one track, as its run box and the header of its track say.

    Raises:
        ValueError: There is no such box.
    """
    traf = _box(_box(fragment, b"moof"), b"traf")
    header, run = _box(traf, b"tfhd"), _box(traf, _RUN_BOX)
    flags, count = struct.unpack_from(">II", run)
    flags &= 0xFFFFFF
    if not flags & 0x200:  # no sizes of their own: the default holds for all
        return [_default_size(header)] * count
    position = 8 + 4 * bool(flags & 0x1) + 4 * bool(flags & 0x4)
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    step, offset = 4 * len(fields), 4 * fields.index(0x200)
    return [struct.unpack_from(">I", run, position + number * step + offset)[0] for number in range(count)]


def _default_size(tfhd: bytes) -> int:
    flags = int.from_bytes(tfhd[1:4], "big")
    if not flags & 0x10:
        raise ValueError("samples without a size")
    position = 8 + 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2) + 4 * bool(flags & 0x8)
    return int.from_bytes(tfhd[position : position + 4], "big")


def _box(data: bytes, wanted: bytes) -> bytes:
    for kind, body in _boxes(data):
        if kind == wanted:
            return body
    raise ValueError(f"no {wanted.decode()} box")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        if size < 8:
            return
        yield kind, data[position + 8 : position + size]
        position += size
