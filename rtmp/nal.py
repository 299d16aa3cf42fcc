"""NAL units as MP4 and RTMP carry them, the same for H.264 and HEVC (ISO 14496-15): a length before every unit."""

from collections.abc import Callable

from common.media import VideoConfig
from rtmp.errors import UndecodableError

_MAX_NAL_UNITS = 2048
"""In one frame. Encoders write one to eight slices; empty units by the million would only cost time."""


class NalFormat:
    """Access units of H.264 or HEVC (`rtmp.formats.Format`)."""

    def __init__(self, parse: Callable[[bytes], VideoConfig], length_at: int) -> None:
        """`parse`: of the codec's configuration record, whose byte `length_at` tells the size of the length fields."""
        self.config: VideoConfig | None = None
        self._parse = parse
        self._length_at = length_at
        self._length_bytes = 4

    def configure(self, record: bytes) -> None:
        """Take a decoder configuration record."""
        self.config = self._parse(record)
        self._length_bytes = (record[self._length_at] & 3) + 1

    def take(self, data: bytes) -> bytes:
        """Check one access unit."""
        check_nal_units(data, self._length_bytes)
        return data


def check_nal_units(data: bytes, length_bytes: int) -> None:
    """Check that the NAL units' lengths add up: a player that is given others gives up the stream.

    Raises:
        UndecodableError: they do not, as with some drones and cameras.
    """
    position, end = 0, len(data)
    for _ in range(_MAX_NAL_UNITS):
        position += length_bytes + int.from_bytes(data[position : position + length_bytes], "big")
        if position >= end:
            break
    if position != end:
        raise UndecodableError("NAL unit lengths do not add up")


def unescape(payload: bytes) -> bytes:
    """Undo emulation prevention: 00 00 03 stands for 00 00 (H.264 7.4.1, HEVC 7.4.2)."""
    return payload.replace(b"\0\0\x03", b"\0\0")
