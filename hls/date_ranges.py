"""EXT-X-DATERANGE: what stretches of a broadcast are, told to players; the same set in all renditions (E17). Pure.

A range is listed while any moment of it may lie in a listed segment, and its ID never means anything else (E7). Texts come
from people, and playlists have no way to escape: what could end a quoted string or a line, or look like a variable (hls.js
refuses the whole playlist for an unknown one), is refused here; `quotable` makes such a text harmless.
"""

import math
import re
import unicodedata
from collections import deque
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal

from hls.dates import date_text

MAX_LISTED = 200
"""Ranges of one stream at a time: every full playlist carries all of them."""

MAX_IDS = 10_000
"""Ranges of one stream in all, because their IDs are remembered."""

MAX_TEXT = 512
"""Characters of one value."""

MAX_ATTRIBUTES = 16

_CLIENT_ATTRIBUTE = re.compile(r"X-[A-Z0-9-]{1,60}")
_NOT_QUOTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_LATEST_S = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
_SAME_S = 0.001
"""Dates are printed with milliseconds."""

AttributeValue = str | float | bytes
"""A quoted string, a number that is not negative, or a hexadecimal sequence."""


class DateRangeError(ValueError):
    """The range breaks a rule, or there is no room for it; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DateRange:
    """One range, valid by itself (C14). A single moment has `duration_s` 0; without an end it is still going on.

    Raises:
        DateRangeError: it could not be written into a playlist.

    """

    id: str
    start_s: float
    """Seconds since 1970, as of PROGRAM-DATE-TIME."""
    class_name: str | None = None
    """Ranges of one class have the same meaning."""
    end_s: float | None = None
    duration_s: float | None = None
    planned_duration_s: float | None = None
    end_on_next: bool = False
    """It ends where the next range of its class starts."""
    attributes: tuple[tuple[str, AttributeValue], ...] = ()
    """Names begin with `X-`."""

    def __post_init__(self) -> None:
        """Refuse what the draft forbids."""
        _check_text("ID", self.id)
        if self.class_name is not None:
            _check_text("CLASS", self.class_name)
        for name, time_s in (("START-DATE", self.start_s), ("END-DATE", self.end_s)):
            _check_number(name, time_s, _LATEST_S)
        for name, length_s in (("DURATION", self.duration_s), ("PLANNED-DURATION", self.planned_duration_s)):
            _check_number(name, length_s, _LATEST_S)
        self._check_end()
        if len(self.attributes) > MAX_ATTRIBUTES or len(dict(self.attributes)) < len(self.attributes):
            raise DateRangeError(f"more than {MAX_ATTRIBUTES} attributes, or one of them twice")
        for name, value in self.attributes:
            _check_attribute(name, value)

    def _check_end(self) -> None:
        if self.end_on_next:
            if self.class_name is None or self.end_s is not None or self.duration_s is not None:
                raise DateRangeError("END-ON-NEXT needs CLASS, and neither END-DATE nor DURATION")
        elif self.end_s is not None:
            if self.end_s < self.start_s:
                raise DateRangeError("END-DATE is before START-DATE")
            if self.duration_s is not None and abs(self.start_s + self.duration_s - self.end_s) > _SAME_S:
                raise DateRangeError("END-DATE is not START-DATE plus DURATION")

    @property
    def known_end_s(self) -> float | None:
        """Its last moment, if it says so itself."""
        if self.end_s is not None or self.duration_s is None:
            return self.end_s
        return self.start_s + self.duration_s

    @property
    def tag(self) -> str:
        """Its line in a playlist."""
        values = [f'ID="{self.id}"']
        if self.class_name is not None:
            values.append(f'CLASS="{self.class_name}"')
        values.append(f'START-DATE="{date_text(self.start_s)}"')
        if self.end_s is not None:
            values.append(f'END-DATE="{date_text(self.end_s)}"')
        if self.duration_s is not None:
            values.append(f"DURATION={self.duration_s:.3f}")
        if self.planned_duration_s is not None:
            values.append(f"PLANNED-DURATION={self.planned_duration_s:.3f}")
        values += [f"{name}={_attribute_text(value)}" for name, value in self.attributes]
        if self.end_on_next:
            values.append("END-ON-NEXT=YES")
        return f"#EXT-X-DATERANGE:{','.join(values)}\n"


def quotable(text: str) -> str:
    """Make what people typed fit for a quoted string: other quotes, no line breaks, no variables, not too long."""
    text = unicodedata.normalize("NFC", text).replace('"', "\u201d").replace("{$", "{ $")
    text = "".join(" " if unicodedata.category(one) in _NOT_QUOTABLE else one for one in text)
    return text.replace("\ufeff", "").strip()[:MAX_TEXT]


def _check_text(name: str, text: str) -> None:
    if not 0 < len(text) <= MAX_TEXT:
        raise DateRangeError(f"{name} must have 1 to {MAX_TEXT} characters")
    if '"' in text or "{$" in text or "\ufeff" in text:
        raise DateRangeError(f"{name} holds a quote, a variable or a byte order mark")
    if any(unicodedata.category(one) in _NOT_QUOTABLE for one in text):
        raise DateRangeError(f"{name} holds a control character or a line break")


def _check_number(name: str, value: float | None, limit: float) -> None:
    if value is not None and not 0 <= value < limit:  # NaN is neither
        raise DateRangeError(f"{name} is negative, not a number, or beyond all dates")


def _check_attribute(name: str, value: AttributeValue) -> None:
    if not _CLIENT_ATTRIBUTE.fullmatch(name):
        raise DateRangeError(f"{name!r} is no attribute name that begins with X-")
    if isinstance(value, str):
        _check_text(name, value)
    elif isinstance(value, bytes):
        if not 0 < len(value) <= MAX_TEXT // 2:
            raise DateRangeError(f"{name} must have 1 to {MAX_TEXT // 2} bytes")
    elif not (math.isfinite(value) and 0 <= value < 2**64):
        raise DateRangeError(f"{name} is negative, not a number, or too large")


def _attribute_text(value: AttributeValue) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return f"0x{value.hex().upper()}" if isinstance(value, bytes) else f"{Decimal(repr(value)):f}"


@dataclass(slots=True)
class _Listed:
    range: DateRange
    changed_at: float


class DateRanges:
    """The ranges of one stream. `now` is monotonic, dates are of PROGRAM-DATE-TIME.

    Args:
        skip_until_s: CAN-SKIP-UNTIL: delta updates tell what changed within this time (F3).

    """

    def __init__(self, *, skip_until_s: float) -> None:
        self._skip_until_s = skip_until_s
        self._listed: dict[str, _Listed] = {}
        self._ids: set[str] = set()
        self._removed: deque[tuple[str, float]] = deque()
        self._oldest_s = -math.inf
        self._now = -math.inf

    def __len__(self) -> int:
        """Ranges in the playlists now."""
        return len(self._listed)

    def put(self, new: DateRange, now: float) -> bool:
        """List a range, or give a listed one its END-DATE or DURATION. False: it is listed just so already.

        Raises:
            DateRangeError: its ID was used for something else, it is over and out of the window, or there are too many.

        """
        listed = self._listed.get(new.id)
        if listed is not None:
            if listed.range == new:
                return False
            _check_update(listed.range, new)
        else:
            self._check_room(new)
        self._now = max(self._now, now)
        self._ids.add(new.id)
        self._listed[new.id] = _Listed(new, now)
        return True

    def _check_room(self, new: DateRange) -> None:
        if new.id in self._ids:
            raise DateRangeError("the ID was used before")
        if len(self._listed) >= MAX_LISTED or len(self._ids) >= MAX_IDS:
            raise DateRangeError("the stream has too many date ranges")
        if new.known_end_s is not None and new.known_end_s < self._oldest_s:
            raise DateRangeError("no listed segment is as old as this")

    def slide(self, oldest_s: float, now: float) -> bool:
        """The oldest segment that any rendition lists begins at `oldest_s`: drop what is over. True: something was."""
        self._now = now
        while self._removed and self._removed[0][1] < now - self._skip_until_s:
            self._removed.popleft()
        if oldest_s <= self._oldest_s:
            return False
        self._oldest_s = oldest_s
        over = [
            name
            for name, one in self._listed.items()
            if (end_s := self._end_of(one.range)) is not None and end_s < oldest_s
        ]
        for name in over:
            del self._listed[name]
            self._removed.append((name, now))
        return bool(over)

    def _end_of(self, one: DateRange) -> float | None:
        if not one.end_on_next:
            return one.known_end_s
        others = (other.range for other in self._listed.values())
        starts = (
            other.start_s
            for other in others
            if other.class_name == one.class_name and other.start_s > one.start_s
        )
        return min(starts, default=None)

    def tags(self) -> str:
        """Lines of a full playlist."""
        return "".join(one.range.tag for one in self._listed.values())

    def recent_tags(self) -> str:
        """Lines of a delta update that skips date ranges: what was added or changed within CAN-SKIP-UNTIL."""
        since = self._now - self._skip_until_s
        return "".join(one.range.tag for one in self._listed.values() if one.changed_at >= since)

    def recently_removed(self) -> tuple[str, ...]:
        """IDs that such a delta update takes away."""
        return tuple(name for name, _ in self._removed)


def _check_update(old: DateRange, new: DateRange) -> None:
    for field in fields(DateRange):
        before, after = getattr(old, field.name), getattr(new, field.name)
        may_come = field.name in {"end_s", "duration_s"} and before is None
        if before != after and not may_come:
            raise DateRangeError(f"{field.name} of a listed range cannot change")
