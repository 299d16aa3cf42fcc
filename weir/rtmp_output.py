"""FFmpeg's own RTMP client, as PyAV offers it, with errors that say what happened. Blocking: never for the server process.

PyAV opens an output while it holds the interpreter lock, and its network code waits without limit, so neither a thread nor
a Python signal handler runs until the server has answered. `connect` therefore arms a timer that ends the process.
"""

import faulthandler
import os
import re
import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import av
import av.error
import av.logging
from av.container import OutputContainer
from av.packet import Packet

from common.errors import WeirError

ANSWER_S = 15
"""Seconds a server may take to accept a publisher before the process gives up."""

_CLOSE_S = 2
_SPARSE_US = 1_000_000
"""A track that has nothing to send holds the other one back no longer than this."""

_SERVER_SAYS = re.compile(r"Server error: (?P<description>.+)")


class PublishError(WeirError):
    """The server cannot be reached, refused us or hung up; the text is for people and holds no key."""


class PublishRefusedError(PublishError):
    """The server said no; the text holds its own description."""


class RtmpOutput:
    """One publisher: add streams to `container`, connect, mux, close.

    Args:
        url: `rtmp://HOST[:PORT]/APP/KEY`; never shown or logged.
    """

    def __init__(self, url: str) -> None:
        self._where = urlsplit(url).netloc.rpartition("@")[2]
        # Errors are kept for the exceptions, nothing is printed.
        av.logging.set_level(av.logging.FATAL)
        self.container: OutputContainer = av.open(
            url,
            "w",
            format="flv",
            container_options={"flvflags": "no_duration_filesize", "max_interleave_delta": str(_SPARSE_US)},
        )

    def connect(self) -> None:
        """Connect and wait for the server's verdict; the process ends with code 1 when that takes too long.

        Raises:
            PublishRefusedError: The server refused, with its description.
            PublishError: It cannot be reached, or hung up without one.
        """
        before = _open_sockets()
        av.logging.set_level(av.logging.ERROR)
        try:
            with av.logging.Capture() as lines, _ends_process_after(ANSWER_S):
                self.container.start_encoding()
        except (av.error.FFmpegError, OSError) as error:
            raise _explain(error, [message for _, _, message in lines], self._where) from None
        finally:
            av.logging.set_level(av.logging.FATAL)
        for descriptor in _open_sockets() - before:
            _send_at_once(descriptor)

    def mux(self, packets: "Sequence[Packet[Any]]") -> None:
        """Send packets, waiting while the server does not read.

        Raises:
            PublishRefusedError: The server ended the stream and said why.
            PublishError: The connection is gone.
        """
        try:
            self.container.mux(packets)
        except (av.error.FFmpegError, OSError) as error:
            raise _explain(error, [], self._where) from None

    def close(self) -> None:
        """Say good-bye, so that the server ends the broadcast at once; errors no longer matter. Idempotent."""
        with _ends_process_after(_CLOSE_S), suppress(av.error.FFmpegError, OSError):
            self.container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _explain(error: Exception, lines: list[str], where: str) -> PublishError:
    """Find the server's own words among FFmpeg's log lines, else say what the failure means to a person."""
    last = getattr(error, "log", None)
    said = "".join([*lines, last[2] if last else ""])
    if match := _SERVER_SAYS.search(said):
        return PublishRefusedError(f"The server refused: {match['description'].strip()}")
    if "Failed to resolve" in said:
        return PublishError(f"There is no host of that name: {where}.")
    if "handshake" in said:
        return PublishError(
            f"What listens at {where} does not speak RTMP: weir's RTMP port is 1935 unless it was changed."
        )
    if isinstance(error, ConnectionRefusedError):
        return PublishError(f"Nothing listens at {where}: start `weir serve` there, or correct the address.")
    if isinstance(error, ConnectionError | EOFError):
        return PublishError(f"The server at {where} closed the connection.")
    return PublishError(
        f"Cannot publish to {where}: {getattr(error, 'strerror', None) or type(error).__name__}."
    )


def _open_sockets() -> set[int]:
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if stat.S_ISSOCK(entry.stat().st_mode):
                found.add(int(entry.name))
    return found


def _send_at_once(descriptor: int) -> None:
    """Set TCP_NODELAY as OBS does: FFmpeg has an option for it that PyAV cannot reach, and Nagle costs up to 40 ms."""
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as duplicate:
        duplicate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@contextmanager
def _ends_process_after(seconds: int) -> Iterator[None]:
    """End the process with code 1 when FFmpeg waits for ever: only C code can, no Python code runs meanwhile."""
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(seconds, file=nowhere, exit=True)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
