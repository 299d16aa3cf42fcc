"""Which stream a channel shows now, and the ended ones that viewers still watch. Pure: time is an argument."""

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from hls.admission import Closed
from hls.answers import Directives, MediaAnswer, PlaylistAnswer


class Stream(Protocol):
    """What the origin asks of a stream (`hls.stream.LiveStream`)."""

    @property
    def stream_id(self) -> str:
        """Unique for ever: a part of every URL."""

    def multivariant(self) -> PlaylistAnswer:
        """The multivariant playlist."""

    def playlist(self, rendition: str, directives: Directives) -> PlaylistAnswer:
        """A media playlist."""

    def media(self, rendition: str, name: str) -> MediaAnswer:
        """An init section, a segment or a part by its file name."""

    def version(self, rendition: str) -> int:
        """Changes whenever an answer of the rendition may have changed."""

    async def wait_change(self, rendition: str, version: int) -> None:
        """Return once the rendition's version is another one, or the stream ended. Cancelling is safe."""

    def close(self) -> None:
        """Nobody is served any more."""


@dataclass(slots=True)
class _Ended:
    login: str
    stream: Stream
    ended_at: float | None
    """`None` until the next `expire`, which knows the time."""


class Directory:
    """Streams by channel login and by id. Closes the ones it lets go of."""

    def __init__(self, *, playlists_s: float = 120.0, linger_s: float = 660.0, max_ended: int = 4) -> None:
        """Make an empty one.

        Args:
            playlists_s: how long the playlists of an ended stream, with ENDLIST, can be loaded.
            linger_s: how long its media stays after that: its window (E8, E14), as a viewer may be that far back.
            max_ended: ended streams kept for one channel, the newest; an encoder that comes and goes fills no memory.
        """
        self._playlists_s = playlists_s
        self._media_s = playlists_s + linger_s
        self._max_ended = max_ended
        self._current: dict[str, Stream] = {}
        self._by_id: dict[str, tuple[str, Stream]] = {}
        self._ended: deque[_Ended] = deque()
        self._withdrawn: set[str] = set()
        self.closed: dict[str, Closed] = {}
        """What channels ask of their viewers, by login; those for everybody are not in it. To be changed by `close` only."""

    def close(self, login: str, closed: Closed | None) -> None:
        """Have all streams of a channel, ended ones too, ask this of viewers; `None`: nothing.

        A channel without a stream here is not ours to close: another node may have it.
        """
        if closed is None or not self.knows(login):
            self.closed.pop(login, None)
        else:
            self.closed[login] = closed

    def closed_of(self, stream: Stream) -> Closed | None:
        """Give what the channel of a stream asks of its viewers now; `None`: nothing."""
        found = self._by_id.get(stream.stream_id)
        return self.closed.get(found[0]) if found is not None else None

    def knows(self, login: str) -> bool:
        """Whether there is any stream of this channel, current or lately ended."""
        return login in self._current or any(ended.login == login for ended in self._ended)

    def add(self, login: str, stream: Stream) -> None:
        """Make `stream` the current one of `login`; one that is current already counts as ended."""
        self._retire(login, None)
        self._current[login] = stream
        self._by_id[stream.stream_id] = (login, stream)

    def end(self, login: str, now: float) -> None:
        """The channel is offline: what viewers have begun to load stays for a while. Harmless when it is offline."""
        self._retire(login, now)

    def get(self, login: str) -> Stream | None:
        """The channel's current stream; `None` when it is offline."""
        return self._current.get(login)

    def live_ids(self) -> frozenset[str]:
        """The ids of all streams that channels show now."""
        return frozenset(stream.stream_id for stream in self._current.values())

    def find(self, login: str, stream_id: str) -> Stream | None:
        """A stream of this channel by its id, current or lately ended."""
        found = self._by_id.get(stream_id)
        return found[1] if found is not None and found[0] == login else None

    def is_withdrawn(self, stream: Stream) -> bool:
        """Whether only the media of a stream is still served, and none of its playlists (E8)."""
        return stream.stream_id in self._withdrawn

    def expire(self, now: float) -> None:
        """Let go of the streams that ended long ago; to be called every few seconds."""
        for ended in tuple(self._ended):
            if ended.ended_at is None:
                ended.ended_at = now
            elif ended.ended_at + self._media_s <= now:
                self._forget(ended)
            elif ended.ended_at + self._playlists_s <= now:
                self._withdrawn.add(ended.stream.stream_id)

    def _retire(self, login: str, ended_at: float | None) -> None:
        stream = self._current.pop(login, None)
        if stream is None:
            return
        self._ended.append(_Ended(login, stream, ended_at))
        of_login = [ended for ended in self._ended if ended.login == login]
        for ended in of_login[: -self._max_ended]:
            self._forget(ended)

    def _forget(self, ended: _Ended) -> None:
        self._ended.remove(ended)
        self._by_id.pop(ended.stream.stream_id, None)
        self._withdrawn.discard(ended.stream.stream_id)
        if not self.knows(ended.login):
            self.closed.pop(ended.login, None)
        ended.stream.close()
