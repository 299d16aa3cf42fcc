"""Whether the parts of live streams come at their own pace: a few viewers in a process of their own watch and compare.

A part is late by as much as it comes later than the most punctual one of its stream would have it. Nothing of the
encoder is needed for that, so it works for any load.
"""

import multiprocessing
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

import trio

from bench.hls_client import Client, join_uri
from bench.hls_reader import first_variant, read_playlist
from bench.servers import pin_generator

_APPEARS_S = 30.0


@dataclass(slots=True)
class Sightings:
    """What one viewer saw of one stream."""

    part_target_s: float = 0.0
    gaps: int = 0
    media_s: float = 0.0
    """Length of the parts so far."""
    leads_s: list[float] = field(default_factory=list)
    """Of each part: when it was listed, less its end on the timeline."""

    def late_s(self) -> list[float]:
        """How late each part was."""
        earliest = min(self.leads_s, default=0.0)
        return [lead - earliest for lead in self.leads_s]


class Watchers:
    """Viewers of some channels while a `with` block runs; `stop` gives what they saw."""

    def __init__(self, host: str, port: int, logins: Sequence[str]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_watch_all, args=(host, port, list(logins), theirs), daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def stop(self) -> list[Sightings]:
        """End the viewers. Raises RuntimeError when one of them failed."""
        self._pipe.send(None)
        seen: list[Sightings]
        seen, failure = self._pipe.recv()
        if failure is not None:
            raise RuntimeError(failure)
        return seen

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.join(5)
        self._process.kill()


def _watch_all(host: str, port: int, logins: list[str], pipe: Connection) -> None:
    pin_generator()
    seen, failure = [Sightings() for _ in logins], None
    try:
        trio.run(_watch_until_told, host, port, logins, seen, pipe)
    except BaseExceptionGroup as group:
        failure = repr(group.exceptions)
    with suppress(OSError):
        pipe.send((seen, failure))


async def _watch_until_told(
    host: str, port: int, logins: list[str], sightings: list[Sightings], pipe: Connection
) -> None:
    async with trio.open_nursery() as nursery:
        for login, seen in zip(logins, sightings, strict=True):
            nursery.start_soon(partial(_watch, host, port, login, seen))
        await trio.to_thread.run_sync(pipe.recv, abandon_on_cancel=True)
        nursery.cancel_scope.cancel("the load has ended")


async def _watch(host: str, port: int, login: str, seen: Sightings) -> None:
    """Ask for each part as players do, with a blocking reload, until cancelled."""
    async with await trio.open_tcp_stream(host, port) as stream:
        client = Client(stream, f"{host}:{port}")
        base = f"/hls/{login}/"
        path = join_uri(
            base, first_variant((await client.get(f"{base}index.m3u8", patience_s=_APPEARS_S)).decode())
        )
        query, position = "", 0
        while True:
            playlist = read_playlist((await client.get(path + query)).decode())
            now = time.monotonic()
            seen.part_target_s = playlist.part_target_s
            for part in [part for part in playlist.parts if part.msn << 16 | part.index >= position]:
                position = (part.msn << 16 | part.index) + 1
                seen.media_s += part.duration_s
                seen.gaps += part.is_gap
                if query:  # those of the first playlist were there before
                    seen.leads_s.append(now - seen.media_s)
            query = f"?_HLS_msn={playlist.next_msn}&_HLS_part={playlist.next_part}"
