"""Thousands of players in one thread: an epoll, four kept connections each, as a browser opens them over HTTP/1.1.

Per rendition one connection asks for playlists and one for parts, side by side. Times of playlists are those of the
epoll call that reported them, so what the crowd itself takes to read a burst is counted as little as possible.
"""

import gzip
import heapq
import itertools
import select
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.hls_client import join_uri
from bench.hls_reader import audio_rendition, first_variant
from bench.viewers.tally import FirstSeen, Tally
from bench.viewers.track import Edition, PartToFetch, Track, read_edition
from bench.viewers.wire import Answer, Wire, WireError

_RETRY_S = 0.5
_OK = 200
_MAX_QUEUED_PARTS = 12
"""A player that is further behind skips to what is new."""
_EVENTS = 256

Call = Callable[[float], None]


class Arrival(NamedTuple):
    """A whole answer and when."""

    path: str
    answer: Answer
    asked: float
    now: float
    """When its last bytes were reported; times are those of `time.monotonic`."""


class Line(ABC):
    """A connection that opens itself again after a failure, and what to do with its answers."""

    def __init__(self, crowd: "Crowd", *, is_media: bool) -> None:
        self._crowd, self._is_media = crowd, is_media
        self.wire: Wire | None = None
        self.waiting = ""
        """A request that failed and is sent again after a pause."""

    def ask(self, path: str, now: float) -> None:
        """Send a request, connecting first if need be."""
        try:
            if self.wire is None:
                crowd = self._crowd
                accept = "identity" if self._is_media else "gzip, deflate, br"
                self.wire = Wire(crowd.host, crowd.port, accept=accept, keep_bodies=not self._is_media)
                crowd.watch(self.wire.fileno(), self)
            self.wire.ask(path, now)
        except OSError as error:
            self.fail(f"{type(error).__name__} while asking", path)

    def fail(self, why: str, path: str) -> None:
        """Count an error, hang up, and ask again after a pause."""
        self._crowd.tally.errors[why] += 1
        self.close()
        self.waiting = path
        self._crowd.call_later(_RETRY_S, self.again)

    def again(self, now: float) -> None:
        """The pause is over."""
        path, self.waiting = self.waiting, ""
        self.ask(path, now)

    def close(self) -> None:
        """Hang up, if it is connected."""
        wire, self.wire = self.wire, None
        if wire is not None:
            self._crowd.forget(wire.fileno())
            wire.close()

    def on_ready(self, now: float) -> None:
        """Bytes are there."""
        wire = self.wire
        assert wire is not None
        path, asked = wire.path, wire.asked
        try:
            answer = wire.readable()
        except (WireError, OSError) as error:
            self.fail(str(error)[:60], path)
            return
        if answer is None:
            return
        tally = self._crowd.tally
        tally.requests += 1
        tally.received_bytes += answer.size
        if answer.head.status != _OK:
            self.on_refused(answer.head.status, path)
        else:
            self.on_answer(Arrival(path, answer, asked, now))

    def on_refused(self, status: int, path: str) -> None:
        """The server said no."""
        self.fail(f"status {status}", path)

    @abstractmethod
    def on_answer(self, got: Arrival) -> None:
        """The server said yes."""


class MultivariantLine(Line):
    """Asks for the multivariant playlist once; its player begins then."""

    def __init__(self, crowd: "Crowd", path: str) -> None:
        super().__init__(crowd, is_media=False)
        self._path = path

    def on_answer(self, got: Arrival) -> None:
        self.close()
        for uri in self._crowd.renditions(got.path, got.answer):
            PlaylistLine(self._crowd, Track(uri)).begin(got.now)


class PlaylistLine(Line):
    """Follows one rendition; a line beside it fetches the parts."""

    def __init__(self, crowd: "Crowd", track: Track) -> None:
        super().__init__(crowd, is_media=False)
        self._track = track
        self._parts = PartLine(crowd)

    def begin(self, now: float) -> None:
        """The first playlist, as it is."""
        self.ask(self._track.path, now)

    def on_refused(self, status: int, path: str) -> None:
        super().on_refused(status, path)
        self.waiting = self._track.path  # hls.js begins with a whole playlist again

    def on_answer(self, got: Arrival) -> None:
        crowd, answer, now = self._crowd, got.answer, got.now
        edition = read_edition(self._track.path, answer.body, is_gzip=answer.head.is_gzip)
        if "?" in got.path:
            crowd.tally.playlist(crowd.answered.note(got.path, now), got.asked, now)
        for part in self._track.new_parts(edition):
            self._parts.fetch(part, edition, now)
        if not edition.ended:
            self.ask(self._track.path + edition.next_query, now)


class PartLine(Line):
    """Fetches parts one after the other."""

    def __init__(self, crowd: "Crowd") -> None:
        super().__init__(crowd, is_media=True)
        self._queue: deque[tuple[PartToFetch, float]] = deque(maxlen=_MAX_QUEUED_PARTS)
        self._now: tuple[PartToFetch, float] | None = None

    def fetch(self, part: PartToFetch, edition: Edition, now: float) -> None:
        """Fetch it, after those that were asked for before."""
        self._crowd.listed.note(part.path, now)
        self._queue.append((part, edition.hold_back_s - part.duration_s))
        if self._now is None:
            self._next(now)

    def _next(self, now: float) -> None:
        self._now = self._queue.popleft() if self._queue else None
        if self._now is not None:
            self.ask(self._now[0].path, now)

    def on_refused(self, status: int, path: str) -> None:
        self._crowd.tally.errors[f"status {status} for {path.rpartition('.')[2]}"] += 1
        self._next(time.monotonic())

    def on_answer(self, got: Arrival) -> None:
        assert self._now is not None
        crowd = self._crowd
        done = time.monotonic()
        crowd.tally.part(crowd.listed.note(got.path, done), got.asked, done, self._now[1])
        self._next(done)


class Crowd:
    """Players of one stream. `run` serves all of them; `grow` and `run` in turn."""

    def __init__(self, url: str) -> None:
        """`url`: the multivariant playlist, http only. Raises ValueError for anything else."""
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError(f"{url}: the simulated players speak plain HTTP/1.1")
        self.host, self.port = parts.hostname, parts.port or 80
        self._path = parts.path
        self._epoll = select.epoll()
        self._lines: dict[int, Line] = {}
        self._due: list[tuple[float, int, Call]] = []
        self._order = itertools.count()
        self._renditions: dict[bytes, list[str]] = {}
        self.players = 0
        self.tally = Tally()
        """Replaced by the caller when a measurement begins."""
        self.answered, self.listed = FirstSeen(), FirstSeen()

    def grow(self, players: int, ramp_s: float) -> None:
        """More players, whose starts are spread over `ramp_s` seconds of the next `run`."""
        for number in range(players):
            line = MultivariantLine(self, self._path)
            line.waiting = self._path
            self.call_later(ramp_s * number / players, line.again)
        self.players += players

    def run(self, seconds: float) -> None:
        """Be all players for a while."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            while self._due and self._due[0][0] <= now:
                heapq.heappop(self._due)[2](now)
            until = min(end, self._due[0][0]) if self._due else end
            events = self._epoll.poll(max(0.0, until - now), _EVENTS)
            now = time.monotonic()
            for fd, _ in events:
                line = self._lines.get(fd)
                if line is not None:
                    line.on_ready(now)

    def renditions(self, path: str, answer: Answer) -> list[str]:
        """Paths of the media playlists a player follows: audio, if it stands alone, and video."""
        known = self._renditions.get(answer.body)
        if known is None:
            text = (gzip.decompress(answer.body) if answer.head.is_gzip else answer.body).decode()
            audio = audio_rendition(text)
            uris = [first_variant(text), *([audio] if audio else [])]
            known = self._renditions[answer.body] = [join_uri(path, uri) for uri in dict.fromkeys(uris)]
        return known

    def call_later(self, seconds: float, call: Call) -> None:
        """Call with the time, after a pause."""
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), call))

    def watch(self, fd: int, line: Line) -> None:
        """Tell `line` when bytes arrive."""
        self._lines[fd] = line
        self._epoll.register(fd, select.EPOLLIN)

    def forget(self, fd: int) -> None:
        """Before a connection is closed."""
        if self._lines.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def close(self) -> None:
        """All players leave at once."""
        for line in list(self._lines.values()):
            line.close()
        self._epoll.close()
