"""Captions for encoded H.264, as encoders send them: CEA-608 in SEI messages (ATSC A/53 part 4). Pure but for the file at the end.

Written for tests: one service (CC1), lines of plain letters, captions that pop on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import av

from tests.rtmp.bitwriter import escaped

LENGTH_BYTES = 4
"""Before each NAL unit, as MP4 and FLV have them."""
SEI, VCL = 6, range(1, 6)
"""Types of NAL units: messages, and slices of the picture."""
RESUME_LOADING, ERASE_SHOWN, ERASE_LOADED, SHOW = (0x14, 0x20), (0x14, 0x2C), (0x14, 0x2E), (0x14, 0x2F)
ROW_14, ROW_15 = (0x14, 0x50), (0x14, 0x70)
"""Preambles: the lowest two rows, from the first column on."""
MOST_PAIRS = 31
"""In one message; the count has five bits."""

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Caption:
    """Up to two lines, and from when to when they are seen."""

    begin_s: float
    end_s: float
    lines: tuple[str, ...]
    at_once: bool = False
    """All in the picture that it appears with; else a pair a picture, as broadcasters do."""
    behind: bool = False
    """Behind the picture's slices, where OBS puts it (and FFmpeg's decoder does not look); else before them."""


def pairs_of(lines: Iterable[str]) -> list[Pair]:
    """Give what makes lines appear; commands are sent twice."""
    pairs = [RESUME_LOADING] * 2 + [ERASE_LOADED] * 2
    for preamble, line in zip((ROW_14, ROW_15), lines, strict=False):
        codes = line.encode("ascii")
        codes += b"\0" * (len(codes) % 2)
        pairs += [preamble] * 2 + list(zip(codes[::2], codes[1::2], strict=True))
    return pairs + [SHOW] * 2


def schedule(captions: Iterable[Caption], fps: int) -> dict[int, tuple[list[Pair], bool]]:
    """Say which pairs go with which picture, in the order they are shown; and whether behind its slices."""
    pictures: dict[int, tuple[list[Pair], bool]] = {}
    for caption in captions:
        first, last = round(caption.begin_s * fps), round(caption.end_s * fps)
        pairs = pairs_of(caption.lines)
        if caption.at_once:
            pictures[first] = (pairs, caption.behind)
        else:
            for number, pair in enumerate(
                pairs, first - len(pairs) + 2
            ):  # seen with the first of both commands
                pictures[number] = ([pair], caption.behind)
        pictures[last] = ([ERASE_SHOWN], caption.behind)
    return pictures


def message(pairs: list[Pair]) -> bytes:
    """Make the NAL unit with the pairs of one picture."""
    body = bytearray(b"\xb5\x00\x31GA94\x03")
    body += bytes([0xC0 | len(pairs), 0xFF])
    for first, second in pairs:
        body += bytes([0xFC, odd(first), odd(second)])
    body.append(0xFF)
    return bytes([SEI]) + escaped(bytes([4, len(body)]) + bytes(body) + b"\x80")


def odd(code: int) -> int:
    """Set the eighth bit so that the number of bits is odd."""
    return code | (0 if code.bit_count() % 2 else 0x80)


def with_captions(unit: bytes, pairs: list[Pair], *, behind: bool) -> bytes:
    """Put messages into an access unit: before its first slice, where they belong, or behind its last one."""
    added = b"".join(
        len(nal).to_bytes(LENGTH_BYTES) + nal
        for nal in (message(pairs[at : at + MOST_PAIRS]) for at in range(0, len(pairs), MOST_PAIRS))
    )
    at = len(unit) if behind else first_slice(unit)
    return unit[:at] + added + unit[at:]


def first_slice(unit: bytes) -> int:
    """Find the first slice's length field; the end of the unit if it has none."""
    at = 0
    while at < len(unit):
        if unit[at + LENGTH_BYTES] & 0x1F in VCL:
            return at
        at += LENGTH_BYTES + int.from_bytes(unit[at : at + LENGTH_BYTES])
    return at


def caption_file(source: Path, target: Path, captions: Iterable[Caption], fps: int) -> Path:
    """Copy a file and add captions to its video."""
    pictures = schedule(captions, fps)
    with av.open(source) as reader, av.open(target, "w") as writer:
        outs = {
            stream.index: writer.add_stream_from_template(stream, opaque=True) for stream in reader.streams
        }
        start: Mapping[int, int] = defaultdict(int, {s.index: s.start_time or 0 for s in reader.streams})
        for packet in reader.demux():
            if packet.dts is None or packet.pts is None:
                continue
            data, stream = bytes(packet), packet.stream
            if stream.type == "video":
                number = round((packet.pts - start[stream.index]) * packet.time_base * fps)
                pairs, behind = pictures.get(number, ([], False))
                data = with_captions(data, pairs, behind=behind) if pairs else data
            copy = av.Packet(data)
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.duration, copy.is_keyframe = packet.duration, packet.is_keyframe
            copy.stream = outs[stream.index]
            writer.mux(copy)
    return target
