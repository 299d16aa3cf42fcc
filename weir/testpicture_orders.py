"""What the test picture's parent and child say to each other: one JSON line down, few up. Pure."""

from typing import Annotated

import msgspec
from msgspec import Meta

_MAX_LINE_BYTES = 4096


class Orders(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the child is told on stdin; it holds the secret key, so it stays out of arguments, logs and reprs."""

    url: str
    """`rtmp://HOST:PORT/APP/KEY`."""
    width: Annotated[int, Meta(ge=160, le=3840, multiple_of=2)] = 1280
    height: Annotated[int, Meta(ge=90, le=2160, multiple_of=2)] = 720
    fps: Annotated[int, Meta(ge=1, le=120)] = 30
    video_bps: Annotated[int, Meta(ge=100_000)] = 2_500_000
    """Target and, over a second, maximum of the video's bit rate."""

    def __repr__(self) -> str:
        """Everything but the URL."""
        return f"Orders({self.width}x{self.height}, {self.fps} fps, {self.video_bps} bit/s)"


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of the child's stdout."""

    event: str
    """`live` once the server has accepted, `failed` before the child ends because of the server, `said` for a line that is
    no report, such as a traceback."""
    reason: str = ""
    """The failure, or the line, for people."""


class ReportReader:
    """Cuts the child's output into reports."""

    def __init__(self) -> None:
        self._partial = b""

    def receive(self, data: bytes) -> list[Report]:
        """Feed output; return the reports it completed. Lines are cut at 4 KiB."""
        *lines, partial = (self._partial + data).split(b"\n")
        self._partial = partial[:_MAX_LINE_BYTES]
        return [_parse(line[:_MAX_LINE_BYTES]) for line in lines]


def _parse(line: bytes) -> Report:
    try:
        return msgspec.json.decode(line, type=Report)
    except msgspec.DecodeError:
        return Report(event="said", reason=line.decode(errors="replace"))
