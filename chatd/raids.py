"""Attacks by many accounts at once, seen from what they write: near-duplicate lines of strangers, and crowds of new accounts. Pure.

A line is reduced to a sketch: the smallest hashes of the groups of letters in it (MinHash), so that lines that differ by a name, a
number, look-alike letters or spaces share most of it. Hashes are of letters that each process swaps in its own way, so that nobody
outside can foresee which are the smallest.
Regular chatters may write the same as each other, and as raiders: they are never caught, and where they do it, too, it is no raid.
"""

import math
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Final, Literal

WINDOW_S = 30.0
"""Lines further apart than this have nothing to do with each other."""
STRANGERS = 5
"""So many who write nearly the same are a raid,"""
ONE_IN = 40
"""if they are also one in so many of those who write within `CROWD_S`: in a crowd some do by accident."""
NEW_ACCOUNTS = 10
"""So many who write at all within `CROWD_S` are one, if they are more than all others who write."""
CROWD_S = 10.0
NEW_S = 24 * 3600.0
"""An account that is younger is new."""
FOLLOWED_S = 24 * 3600.0
"""Who has followed for so long is no stranger."""
KNOWN_S = 600.0
"""Nor is who first wrote in the room so long ago."""
LASTS_S = 600.0
"""How long what was found out counts after the last line that was like it."""
WELCOME_S = 300.0
"""How long the people of another channel that raids this one may greet alike."""

GROUP = 5
"""Bytes."""
SKETCH = 12
ALIKE = 4
"""Of the hashes in a sketch; texts that share a third of their groups or more have them in common, as a rule."""
FEWEST_LETTERS = 20
"""Or bytes, in scripts whose letters are several."""
FEWEST_GROUPS = 6
"""In a line that can be like another one: greetings and laughter are alike anyway."""
ENDS = 32
"""Bytes of letters at each end that are looked at, of `NEAR` characters there."""
NEAR = 100
MAX_LINES = 400
"""Kinds of lines of a room that are remembered, a megabyte at most; the one that was not written for longest goes first."""
MAX_WRITERS = 1_000
MAX_ROOMS = 500
MAX_KNOWN = 100_000
"""People in rooms that are known."""

_NO_LETTERS: Final = re.compile(r"[\W\d_]+")
_NO_ASCII_LETTERS: Final = bytes(code for code in range(128) if not chr(code).isalpha())
_SWAPPED: Final = bytes(SystemRandom().sample(range(256), 256))

Kind = Literal["alike", "new_accounts"]
WHY: Final[dict[Kind, str]] = {
    "alike": "Many strangers wrote nearly the same within seconds.",
    "new_accounts": "Many new accounts began to write within seconds.",
}
"""What moderators are told."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is to be thought of a message."""

    is_caught: bool = False
    began: Kind | None = None
    """The raid that was found out with this message; `None`: none."""


_NOTHING = Seen()


@dataclass(eq=False, slots=True)
class _Line:
    """Messages that are nearly the same."""

    sketch: frozenset[int]
    last_at: float
    strangers: dict[int, None] = field(default_factory=dict)
    others: dict[int, None] = field(default_factory=dict)
    is_raid: bool = False

    def is_over(self, now: float) -> bool:
        return not self.last_at <= now + 1 or now - self.last_at > (LASTS_S if self.is_raid else WINDOW_S)


class _Writers:
    """Who wrote within `CROWD_S`."""

    __slots__ = ("_last_at",)

    def __init__(self) -> None:
        self._last_at: OrderedDict[int, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._last_at)

    def add(self, user_id: int, now: float) -> None:
        self._last_at[user_id] = now
        self._last_at.move_to_end(user_id)
        if len(self._last_at) > MAX_WRITERS:
            self._last_at.popitem(last=False)

    def expire(self, now: float) -> None:
        while self._last_at and not now - CROWD_S < next(iter(self._last_at.values())) <= now:
            self._last_at.popitem(last=False)


class _Room:
    __slots__ = ("_by_hash", "_lines", "besieged_until", "new", "others", "welcome_until")

    def __init__(self) -> None:
        self._lines: OrderedDict[_Line, None] = OrderedDict()
        """The one that was written last is last."""
        self._by_hash: dict[int, _Line] = {}
        self.new = _Writers()
        self.others = _Writers()
        self.besieged_until = -math.inf
        self.welcome_until = -math.inf

    def line(self, sketch: frozenset[int], now: float) -> _Line:
        """Find the line that a message is one of, or begin one."""
        shared: dict[_Line, int] = {}
        for one in sketch:
            if (line := self._by_hash.get(one)) is not None:
                shared[line] = shared.get(line, 0) + 1
        found = max(shared, key=shared.__getitem__, default=None)
        if found is not None and found.is_over(now):
            self._forget(found)
            found = None
        if found is None or shared[found] < ALIKE:
            found = _Line(sketch, now)
            self._by_hash.update(dict.fromkeys(sketch, found))
            if len(self._lines) >= MAX_LINES:
                self._forget(next(iter(self._lines)))
        found.last_at = now
        self._lines[found] = None
        self._lines.move_to_end(found)
        return found

    def _forget(self, line: _Line) -> None:
        del self._lines[line]
        for one in line.sketch:
            if self._by_hash.get(one) is line:
                del self._by_hash[one]


class Raids:
    """What was written of late in the rooms of a node, as far as raids go. Bounded."""

    def __init__(self) -> None:
        self._rooms: OrderedDict[int, _Room] = OrderedDict()
        self._known: OrderedDict[tuple[int, int], float] = OrderedDict()
        """By room and person: when they were first seen to write."""

    def see(
        self,
        channel_id: int,
        user_id: int,
        folded: str,
        now: float,
        *,
        is_trusted: bool,
        account_age_s: float,
    ) -> Seen:
        """Look at a message that would be said, given as `common.sameness` has it. `is_trusted`: who writes is no stranger.

        Sees strangers who were there before by itself, if `note` is called with what is said.
        """
        is_stranger = not is_trusted and not self.is_known(channel_id, user_id, now)
        room = self._room(channel_id)
        seen = self._crowd(room, user_id, now, is_new=is_stranger and account_age_s < NEW_S)
        sketch = sketch_of(folded)
        if sketch is None:
            return seen
        line = room.line(sketch, now)
        if line.is_raid:
            return Seen(is_caught=is_stranger, began=seen.began)
        (line.strangers if is_stranger else line.others)[user_id] = None
        fewest = max(STRANGERS, (len(room.new) + len(room.others)) // ONE_IN)
        if len(line.strangers) < fewest or now < room.welcome_until <= now + WELCOME_S:
            return seen
        if len(line.strangers) > 2 * len(line.others):
            line.is_raid = True
            line.strangers.clear()
            line.others.clear()
            return Seen(is_caught=is_stranger, began="alike")
        return seen

    def note(self, channel_id: int, user_id: int, now: float) -> None:
        """Take note of what was said in a room, here or at another node."""
        key = (channel_id, user_id)
        first_at = self._known.get(key)
        if first_at is None or first_at > now:  # else the clock was turned back
            self._known[key] = now
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)

    def count(
        self, channel_id: int, user_id: int, folded: str, now: float, *, is_trusted: bool, is_new: bool
    ) -> None:
        """Count a message that was said at another node, as `see` does those of this one.

        It finds nothing out: that is for the next message here to show, which is when it matters.
        """
        is_stranger = not is_trusted and not self.is_known(channel_id, user_id, now)
        room = self._room(channel_id)
        (room.new if is_new and is_stranger else room.others).add(user_id, now)
        if (sketch := sketch_of(folded)) is not None:
            line = room.line(sketch, now)
            if not line.is_raid:
                (line.strangers if is_stranger else line.others)[user_id] = None

    def hear(self, channel_id: int, kind: Kind, folded: str, now: float) -> None:
        """Take note of a raid that another node found out with a message."""
        room = self._room(channel_id)
        if kind == "new_accounts":
            room.besieged_until = now + LASTS_S
        elif (sketch := sketch_of(folded)) is not None:
            room.line(sketch, now).is_raid = True

    def renew(self, channel_id: int, folded: str, now: float) -> None:
        """Take note of a message that another node caught: what it is part of goes on."""
        room = self._room(channel_id)
        if now < room.besieged_until:
            room.besieged_until = now + LASTS_S
        if (sketch := sketch_of(folded)) is not None:
            room.line(sketch, now)

    def welcome(self, channel_id: int, now: float) -> None:
        """Take note that another channel sent its people here: they greet alike, and are not new accounts."""
        self._room(channel_id).welcome_until = now + WELCOME_S

    def is_known(self, channel_id: int, user_id: int, now: float) -> bool:
        """Say whether somebody has been writing in a room for a while."""
        first_at = self._known.get((channel_id, user_id))
        return first_at is not None and now - first_at >= KNOWN_S

    def _crowd(self, room: _Room, user_id: int, now: float, *, is_new: bool) -> Seen:
        (room.new if is_new else room.others).add(user_id, now)
        room.new.expire(now)
        room.others.expire(now)
        is_besieged = now < room.besieged_until <= now + LASTS_S
        if not is_besieged and (len(room.new) < NEW_ACCOUNTS or len(room.new) <= len(room.others)):
            return _NOTHING
        if is_new:
            room.besieged_until = now + LASTS_S
        return Seen(is_caught=is_new, began=None if is_besieged else "new_accounts")

    def _room(self, channel_id: int) -> _Room:
        room = self._rooms.get(channel_id)
        if room is None:
            room = self._rooms[channel_id] = _Room()
            if len(self._rooms) > MAX_ROOMS:
                self._rooms.popitem(last=False)
        else:
            self._rooms.move_to_end(channel_id)
        return room


def sketch_of(folded: str) -> frozenset[int] | None:
    """Give the sketch of a line; `None` of one that has too little in it."""
    near = folded if len(folded) <= 2 * NEAR else folded[:NEAR] + folded[-NEAR:]
    if near.isascii():  # bytes are a few times cheaper than text
        data = near.encode().translate(_SWAPPED, _NO_ASCII_LETTERS)
    else:
        data = _NO_LETTERS.sub("", near).encode().translate(_SWAPPED)
    if len(data) < FEWEST_LETTERS:
        return None
    if len(data) > 2 * ENDS:
        data = data[:ENDS] + data[-ENDS:]
    groups = set(map(hash, zip(*(data[at:] for at in range(GROUP)), strict=False)))
    return frozenset(sorted(groups)[:SKETCH]) if len(groups) >= FEWEST_GROUPS else None
