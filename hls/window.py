"""The live window of one rendition: segments, parts, their bytes, and which request can be answered now. Pure.

A segment is listed while it is among the newest `window_s` seconds. After that it is still served for its own duration
plus that of the longest playlist (E14), so it and its parts can be loaded by whoever saw them in one.
"""

import math
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import msgspec

from common.compact import brief_repr
from hls.answers import Directives, MediaAnswer, MediaOnDisk, MediaReady, Refused, Wait

PARTS_LISTED_TARGETS = 3
"""PART tags go when their segment ends this many TARGETDURATIONs before the live edge (E12)."""

SKIP_UNTIL_TARGETS = 6.0
"""CAN-SKIP-UNTIL, in TARGETDURATIONs (C2)."""

GONE = Refused(404, "no such media")
NOT_YET = Refused(404, "no such media yet", soon=True)
TOO_FAR = Refused(400, "the request is too far ahead of the live edge", soon=True)
PART_WITHOUT_MSN = Refused(400, "_HLS_part needs _HLS_msn")
NEGATIVE = Refused(400, "_HLS_msn and _HLS_part cannot be negative")


@dataclass(frozen=True, slots=True)
class Control:
    """What is frozen for all renditions of a stream (E1, E18)."""

    target_duration_s: int
    part_target_ms: int

    @property
    def part_target_s(self) -> float:
        """PART-TARGET in seconds."""
        return self.part_target_ms / 1000

    @property
    def skip_until_s(self) -> float:
        """CAN-SKIP-UNTIL (C2)."""
        return SKIP_UNTIL_TARGETS * self.target_duration_s

    @property
    def shortest_window_s(self) -> float:
        """A live playlist is never shorter (E13)."""
        return 3.0 * self.target_duration_s

    @property
    def advance_part_limit(self) -> int:
        """Parts beyond the last one that may be asked for (F10)."""
        return math.ceil(3 / self.part_target_s) if self.part_target_ms < 1000 else 3


class Part(msgspec.Struct, gc=False):
    """One part; its bytes belong to the segment once that was written to disk.

    There are thousands of a stream, and nothing in them that the garbage collector need look at.
    """

    number: int
    """Counts the parts of the whole stream from 0, and names the part."""
    duration_s: float
    independent: bool
    gap: bool
    offset: int
    """First byte within the segment."""
    size_bytes: int
    data: bytes | None

    __repr__ = brief_repr


class Segment(msgspec.Struct, gc=False, eq=False):
    """One segment, complete or growing."""

    msn: int
    date_s: float
    """PROGRAM-DATE-TIME, seconds since 1970."""
    discontinuity: bool
    init: int
    """Number of its init section."""
    parts: list[Part] = msgspec.field(default_factory=list)
    duration_s: float = 0.0
    size_bytes: int = 0
    complete: bool = False
    path: Path | None = None
    """Where its bytes are once they left memory."""
    spilling: bool = False
    removed_at: float = 0.0
    text: str | None = None
    """The playlist's cached lines, owned by hls.playlist."""
    text_with_parts: str | None = None

    @property
    def gap(self) -> bool:
        """Nothing of it exists: all its parts are GAP parts."""
        return self.size_bytes == 0


class Window:
    """One rendition's segments; `version` changes whenever its playlist does."""

    def __init__(self, control: Control, *, window_s: float) -> None:
        self.control = control
        self.version = 0
        self.segments: deque[Segment] = deque()
        """Listed, complete, oldest first."""
        self.current: Segment | None = None
        """The growing one; exists from its first part on."""
        self.next_msn = 1
        """Number of the growing segment, or of the next one. Counted from 1: hls.js takes a last MSN of 0 for none."""
        self.discontinuity_sequence = 0
        self.parts_made = 0
        self.ended = False
        self.inits: dict[int, bytes] = {}
        self.next_init: int | None = None
        """Number of the init section of segments to come, if it is another one and known already (G2)."""
        self._inits_made = 0
        self.all_independent = True
        """Every segment so far starts with an independent frame; never true again once false."""
        self.peak_bps = 0.0
        self.total_bytes = 0
        self.total_s = 0.0
        self.memory_bytes = 0
        self._window_s = max(window_s, control.shortest_window_s)
        # E14: as long as the longest playlist that listed it; that is the window and a segment.
        self._keep_s = self._window_s + control.target_duration_s + 1
        self._listed_s = 0.0
        self._removed: deque[Segment] = deque()
        self._by_msn: dict[int, Segment] = {}
        self._by_part: dict[int, Segment] = {}

    @property
    def listed_s(self) -> float:
        """Length of the playlist's complete segments."""
        return self._listed_s

    # -- building -------------------------------------------------------------------------------------------------

    def announce_init(self, data: bytes) -> int:
        """Serve and hint an init section before the first segment that needs it; returns its number, never used again.

        One that was announced and not used is gone (F15): configurations that change all the time fill no memory.
        """
        self.withdraw_init()
        self._inits_made += 1
        self.inits[self._inits_made] = data
        self.next_init = self._inits_made
        self.version += 1
        return self._inits_made

    def withdraw_init(self) -> None:
        """What was announced does not come."""
        if self.next_init is not None:
            del self.inits[self.next_init]
            self.next_init = None
            self.version += 1

    def start_segment(self, *, date_s: float, discontinuity: bool, init: int) -> None:
        """The next part begins a segment; `init` is a number that `announce_init` gave."""
        if init == self.next_init:
            self.next_init = None
        self.current = Segment(self.next_msn, date_s, discontinuity, init)
        self._by_msn[self.next_msn] = self.current

    def add_part(self, duration_s: float, data: bytes | None, *, independent: bool) -> None:
        """Append a part to the growing segment; `data` is `None` for a GAP part."""
        segment = self.current
        if segment is None:
            raise LookupError("start_segment comes first")
        size = len(data) if data is not None else 0
        part = Part(self.parts_made, duration_s, independent, data is None, segment.size_bytes, size, data)
        if not segment.parts and data is not None and not independent:
            self.all_independent = False
        segment.parts.append(part)
        segment.duration_s += duration_s
        segment.size_bytes += size
        self.memory_bytes += size
        self._by_part[part.number] = segment
        self.parts_made += 1
        self.version += 1

    def end_segment(self, now: float) -> None:
        """The growing segment is complete: list it, and drop from the list what is now too old."""
        segment = self.current
        if segment is None:
            return
        self.current = None
        segment.complete = True
        self.next_msn += 1
        self.segments.append(segment)
        self._listed_s += segment.duration_s
        if segment.duration_s > 0.5:
            self.peak_bps = max(self.peak_bps, segment.size_bytes * 8 / segment.duration_s)
        self.total_bytes += segment.size_bytes
        self.total_s += 0.0 if segment.gap else segment.duration_s
        while self._listed_s - self.segments[0].duration_s >= self._window_s:
            self._remove_oldest(now)
        self.version += 1

    def end(self, now: float) -> None:
        """Nothing follows: the playlist gets ENDLIST."""
        self.end_segment(now)
        self.ended = True
        self.version += 1

    def shrink_past(self, segment: Segment, now: float) -> list[Segment]:
        """Take `segment` and all older ones out of the list, because their bytes cannot be kept; never below 3 x TD.

        Returns what is no longer listed, newest first removed earlier included: the caller discards them.
        """
        floor = self.control.shortest_window_s
        while self.segments and self.segments[0].msn <= segment.msn:
            if self._listed_s - self.segments[0].duration_s < floor:
                break
            self._remove_oldest(now)
            self.version += 1
        return [one for one in self._removed if one.msn <= segment.msn]

    def _remove_oldest(self, now: float) -> None:
        segment = self.segments.popleft()
        self._listed_s -= segment.duration_s
        self.discontinuity_sequence += segment.discontinuity
        segment.removed_at = now
        segment.text = segment.text_with_parts = None
        self._removed.append(segment)
        if self.segments:
            oldest_init = self.segments[0].init
            for number in [one for one in self.inits if one < oldest_init and not self._init_is_kept(one)]:
                del self.inits[number]

    def _init_is_kept(self, number: int) -> bool:
        return any(segment.init == number for segment in self._removed)

    def forget_removed(self, now: float) -> list[Segment]:
        """Stop serving the segments whose time after removal is over; returns them, so their files can go."""
        gone = []
        while (
            self._removed and now >= self._removed[0].removed_at + self._removed[0].duration_s + self._keep_s
        ):
            segment = self._removed.popleft()
            gone.append(segment)
            self._forget(segment)
        return gone

    def discard(self, segment: Segment) -> None:
        """Stop serving a removed segment at once: there is no room for its bytes."""
        if segment in self._removed:
            self._removed.remove(segment)
            self._forget(segment)

    def _forget(self, segment: Segment) -> None:
        del self._by_msn[segment.msn]
        for part in segment.parts:
            del self._by_part[part.number]
        self._free(segment)

    def _free(self, segment: Segment) -> None:
        for part in segment.parts:
            if part.data is not None:
                self.memory_bytes -= part.size_bytes
                part.data = None

    # -- memory and disk ------------------------------------------------------------------------------------------

    def older_than(self, seconds: float) -> list[Segment]:
        """Segments with bytes in memory, and not on their way to disk, that end this long before the live edge."""
        edge_s = self.current.duration_s if self.current else 0.0
        old: list[Segment] = []
        for segment in reversed(self.segments):
            if edge_s >= seconds:
                if segment.path is not None or segment.spilling:
                    break
                if not segment.gap:
                    old.append(segment)
            edge_s += segment.duration_s
        old.reverse()
        return old

    def oldest_on_disk(self) -> Segment | None:
        """The segment to give up first when files must go: removed ones before listed ones."""
        for segment in (*self._removed, *self.segments):
            if segment.path is not None or segment.spilling:
                return segment
        return None

    def spilled(self, segment: Segment, path: Path) -> None:
        """The segment's bytes are in this file now."""
        segment.spilling = False
        segment.path = path
        self._free(segment)

    # -- answering ------------------------------------------------------------------------------------------------

    @property
    def last_msn(self) -> int:
        """Number of the newest segment that has a part: LAST-MSN of rendition reports."""
        return self.current.msn if self.current and self.current.parts else self.next_msn - 1

    @property
    def last_part(self) -> int | None:
        """Index of the newest part in segment `last_msn`; `None` without one."""
        if self.current and self.current.parts:
            return len(self.current.parts) - 1
        return len(self.segments[-1].parts) - 1 if self.segments else None

    def check(self, directives: Directives) -> Wait | Refused | None:
        """Whether a playlist request must wait or is wrong; `None`: answer with the current playlist (F4-F10)."""
        msn, part = directives.msn, directives.part
        if msn is None:
            return PART_WITHOUT_MSN if part is not None and not self.ended else None
        if self.ended:
            return None
        if msn < 0 or (part is not None and part < 0):
            return NEGATIVE
        if msn > self.next_msn + 1:
            return TOO_FAR
        if part is None:
            return None if msn < self.next_msn else Wait()
        return self._check_part(msn, part)

    def _check_part(self, msn: int, part: int) -> Wait | Refused | None:
        if msn < self.next_msn:
            segment = self._by_msn.get(msn)
            if segment is None or part < len(segment.parts) or msn + 1 < self.next_msn:
                return None
            msn, part = msn + 1, 0
        have = len(self.current.parts) if self.current and msn == self.current.msn else 0
        if part >= have + self.control.advance_part_limit:
            return TOO_FAR
        return None if part < have else Wait()

    def part(self, number: int) -> MediaAnswer:
        """A part's bytes; the next parts, which are or soon will be hinted, are waited for (F13)."""
        segment = self._by_part.get(number)
        if segment is None:
            ahead = number - self.parts_made
            if ahead < 0 or self.ended:
                return GONE
            return Wait() if ahead < 2 else NOT_YET
        part = segment.parts[number - segment.parts[0].number]
        if part.gap:
            return GONE
        if part.data is not None:
            return MediaReady((part.data,), part.size_bytes)
        if segment.path is not None:
            return MediaOnDisk(segment.path, part.offset, part.size_bytes)
        return GONE

    def segment(self, msn: int) -> MediaAnswer:
        """A complete segment's bytes: those of its parts, joined (A9)."""
        if msn >= self.next_msn and not self.ended:
            return NOT_YET
        segment = self._by_msn.get(msn)
        if segment is None or segment.gap:
            return GONE
        if segment.path is not None:
            return MediaOnDisk(segment.path, 0, segment.size_bytes)
        pieces = tuple(part.data for part in segment.parts if part.data is not None)
        if sum(map(len, pieces)) != segment.size_bytes:
            return GONE
        return MediaReady(pieces, segment.size_bytes)

    def init(self, number: int) -> MediaAnswer:
        """An init section."""
        data = self.inits.get(number)
        if data is not None:
            return MediaReady((data,), len(data))
        return NOT_YET if number > self._inits_made and not self.ended else GONE
