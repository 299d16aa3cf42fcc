"""How long a stream's media is kept and where: new in memory, then on disk, then gone. No I/O here: `hls.spill` does it."""

from collections.abc import Mapping
from pathlib import Path

from hls.playlist import segment_name
from hls.spill import StreamFiles
from hls.window import Segment, Window

TIDY_S = 0.5
"""Where nothing else happens, segments are looked at this often: it takes as long as placing a packet."""


class Retention:
    """Moves the segments of one stream out of memory and lets them go in time.

    Args:
        windows: the stream's renditions by name; read at every call.
        files: where segments go; `None` leaves everything in memory.
        memory_s: media this new stays in memory.

    """

    def __init__(self, windows: Mapping[str, Window], files: StreamFiles | None, memory_s: float) -> None:
        self._windows = windows
        self._files = files
        self._memory_s = memory_s
        self._now = 0.0
        self._emptying: set[str] = set()
        """Renditions of an ended stream whose segments are on their way to disk."""
        if files is not None:
            files.evict_oldest = self._evict_oldest

    @property
    def has_disk(self) -> bool:
        """Whether there is a place beyond memory."""
        return self._files is not None

    def tidy_if_due(self, now: float) -> None:
        """`tidy`, unless that was done within the last half second."""
        if not self._now <= now < self._now + TIDY_S:
            self.tidy(now)

    def tidy(self, now: float) -> None:
        """Move old segments to disk, and let go of those nobody may ask for any more."""
        self._now = now
        for name, window in self._windows.items():
            for segment in window.forget_removed(now):
                self._delete_file(name, segment)
            if self._files is not None and not window.ended:
                for segment in window.older_than(self._memory_s):
                    self._spill(self._files, name, window, segment)
            elif self._files is not None and name not in self._emptying:
                self._empty(self._files, name, window)

    def _empty(self, files: StreamFiles, name: str, window: Window) -> None:
        """What has ended is watched by few: all of it leaves memory, one segment after the other, because streams often
        end together. What finds no room stays in memory until the stream is closed.
        """
        segment = next(iter(window.older_than(0.0)), None)
        if segment is None:
            self._emptying.discard(name)
            return

        def done(path: Path | None) -> None:
            segment.spilling = False
            if path is not None:
                window.spilled(segment, path)
                self._empty(files, name, window)

        self._emptying.add(name)
        segment.spilling = True
        segment.spilling = files.write(_file_name(name, segment), _pieces(segment), segment.size_bytes, done)

    def close(self) -> None:
        """The stream is gone, and its files with it."""
        if self._files is not None:
            self._files.delete_all()

    def _spill(self, files: StreamFiles, name: str, window: Window, segment: Segment) -> None:
        """Hand a segment to the disk. When that fails the window shrinks past it: live goes on."""

        def done(path: Path | None) -> None:
            if path is None:
                segment.spilling = False
                self._give_up(name, window, segment)
            else:
                window.spilled(segment, path)

        segment.spilling = True
        if not files.write(_file_name(name, segment), _pieces(segment), segment.size_bytes, done):
            segment.spilling = False
            self._give_up(name, window, segment)

    def _give_up(self, name: str, window: Window, segment: Segment) -> None:
        for gone in window.shrink_past(segment, self._now):
            window.discard(gone)
            self._delete_file(name, gone)

    def _delete_file(self, name: str, segment: Segment) -> None:
        if self._files is not None and (segment.path is not None or segment.spilling):
            self._files.delete(_file_name(name, segment), segment.size_bytes)

    def _evict_oldest(self) -> None:
        """Give up the oldest segment on disk, in every rendition that has it."""
        oldest = {name: window.oldest_on_disk() for name, window in self._windows.items()}
        first = min((segment.msn for segment in oldest.values() if segment is not None), default=None)
        for name, segment in oldest.items():
            if segment is not None and segment.msn == first:
                self._give_up(name, self._windows[name], segment)


def _file_name(rendition: str, segment: Segment) -> str:
    return f"{rendition}/{segment_name(segment.msn)}"


def _pieces(segment: Segment) -> tuple[bytes, ...]:
    return tuple(part.data for part in segment.parts if part.data is not None)
