"""Whether a message may be said in a room now: bans, gates, pace, content, repetition. Pure: the clock is an argument.

A message that is refused counts as one that was sent where the pace of an account is concerned, and not where slow mode and
repetition are, as on Twitch. The clock must not jump; if it does all the same, the past is forgotten and nobody waits for long.
"""

import math
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from chatd.content import MAX_CHARACTERS, NOTHING_BLOCKED, Draft, refuse_content, tidy
from chatd.gates import refuse_entry
from chatd.rates import RATE, RATE_MODERATOR, Rates
from chatd.refusals import NOT_UNIQUE, Dropped, banned, in_slow_mode, repeated, too_fast
from chatd.standing import Ban, RoomRules, Standing
from common.blocked_terms import Screen
from common.sameness import sameness

K = TypeVar("K")
V = TypeVar("V")

MIN_INTERVAL_S = 1.0
"""Between two messages of one person in one room."""
REPEAT_S = 30.0
"""The same text again within it is refused."""
MAX_SENDERS = 100_000
UNIQUE_LETTERS = 9
"""A message with fewer letters and digits need not be unique: greetings and laughter are not."""
_ENOUGH_LETTERS = re.compile(rf"(?:[^\W_][\W_]*){{{UNIQUE_LETTERS}}}")
MAX_UNIQUE = 5_000
"""Messages of one room that others are compared with."""
MAX_UNIQUE_ROOMS = 1_000
SHARED_S = 600.0
"""How long somebody counts as one who writes at several nodes."""

ANYTHING_GOES = RoomRules()

__all__ = [
    "MAX_CHARACTERS",
    "Ban",
    "Draft",
    "Dropped",
    "RoomRules",
    "Rules",
    "Standing",
    "sameness",
    "tidy",
]


@dataclass(slots=True)
class _Sender:
    last_at: float = -math.inf
    last_text: str = ""
    here_at: float = -math.inf
    """When they last wrote at this node."""
    elsewhere_at: float = -math.inf


class Rules:
    """What was said of late, and what follows for the next message. One for all rooms of a node; bounded."""

    def __init__(self) -> None:
        self._senders: OrderedDict[tuple[int, int], _Sender] = OrderedDict()
        """By room and person; who wrote last is last."""
        self._rates: Rates[int] = Rates(MAX_SENDERS)
        self._unique: OrderedDict[int, OrderedDict[int, None]] = OrderedDict()
        """By room, hashes of what was said in it while it had to be unique."""

    def decide(
        self,
        channel: tuple[int, str],
        standing: Standing,
        draft: Draft,
        now: float,
        *,
        room: RoomRules = ANYTHING_GOES,
        screen: Screen = NOTHING_BLOCKED,
    ) -> Dropped | None:
        """Say why a message is not said in a channel (its id and login); `None`: it is, and was counted."""
        dropped = self.check(channel, standing, draft, now, room=room, screen=screen)
        if dropped is None:
            self.accept(channel[0], standing, draft, now, room=room)
        return dropped

    def check(
        self,
        channel: tuple[int, str],
        standing: Standing,
        draft: Draft,
        now: float,
        *,
        room: RoomRules = ANYTHING_GOES,
        screen: Screen = NOTHING_BLOCKED,
    ) -> Dropped | None:
        """As `decide`, but count it for the pace of the account alone: `accept` must follow."""
        channel_id, login = channel
        dropped = _banned(standing.ban, login, now) or self._too_fast(standing, now)
        if dropped is None:
            dropped = refuse_entry(standing, room, login)
        sender = self._senders.get((channel_id, standing.user_id))
        if dropped is None and sender is not None and not standing.is_free:
            dropped = _paced(sender, now, room.wait_s(standing))
        if dropped is None:
            dropped = refuse_content(draft, standing, room, screen)
        if dropped is None and not standing.is_free:
            dropped = self._said_before(channel_id, sender, draft, now, room)
        return dropped

    def accept(
        self,
        channel_id: int,
        standing: Standing,
        draft: Draft,
        now: float,
        *,
        room: RoomRules = ANYTHING_GOES,
    ) -> None:
        """Count a message that is said."""
        sender = self._sender(channel_id, standing.user_id)
        sender.last_at = sender.here_at = now
        sender.last_text = draft.folded
        if room.unique:
            self._remember(channel_id, draft.folded)

    def observe(self, channel_id: int, user_id: int, text: str, now: float, *, unique: bool = False) -> None:
        """Take note of what somebody said at another node."""
        sender = self._sender(channel_id, user_id)
        sender.last_at = sender.elsewhere_at = now
        sender.last_text = folded = sameness(text)
        if unique:
            self._remember(channel_id, folded)

    def is_shared(self, channel_id: int, user_id: int, now: float) -> bool:
        """Say whether somebody was lately seen to write in a room at another node, too, so that nodes must agree."""
        sender = self._senders.get((channel_id, user_id))
        return sender is not None and now - SHARED_S < sender.elsewhere_at <= now

    def forget(self, channel_id: int, user_id: int) -> None:
        """Forget what was said: to be called when a message was accepted here, but could not be published."""
        self._senders.pop((channel_id, user_id), None)

    def _too_fast(self, standing: Standing, now: float) -> Dropped | None:
        rate = RATE_MODERATOR if standing.is_moderator else RATE
        left_s = self._rates.take(standing.user_id, rate, now)
        return too_fast(left_s) if left_s else None

    def _said_before(
        self, channel_id: int, sender: _Sender | None, draft: Draft, now: float, room: RoomRules
    ) -> Dropped | None:
        if sender is not None and sender.last_text == draft.folded:
            left_s = sender.last_at + REPEAT_S - now
            if 0 < left_s <= REPEAT_S:
                return repeated(left_s)
        if room.unique and (said := self._unique.get(channel_id)) is not None and _must_be_unique(draft):
            return NOT_UNIQUE if hash(draft.folded) in said else None
        return None

    def _remember(self, channel_id: int, folded: str) -> None:
        said = _recent(self._unique, channel_id, OrderedDict, MAX_UNIQUE_ROOMS)
        said[hash(folded)] = None
        if len(said) > MAX_UNIQUE:
            said.popitem(last=False)

    def _sender(self, channel_id: int, user_id: int) -> _Sender:
        return _recent(self._senders, (channel_id, user_id), _Sender, MAX_SENDERS)


def _recent(kept: "OrderedDict[K, V]", key: K, make: Callable[[], V], most: int) -> V:
    """Find or make the record of somebody, and forget who has been silent the longest."""
    found = kept.get(key)
    if found is None:
        found = kept[key] = make()
        if len(kept) > most:
            kept.popitem(last=False)
    else:
        kept.move_to_end(key)
    return found


def _paced(sender: _Sender, now: float, wait_s: int) -> Dropped | None:
    waited_s = now - sender.last_at
    if waited_s < 0:
        return None  # the clock was turned back
    if waited_s < wait_s:
        return in_slow_mode(wait_s - waited_s)
    if waited_s < MIN_INTERVAL_S:
        return too_fast(MIN_INTERVAL_S - waited_s)
    return None


def _must_be_unique(draft: Draft) -> bool:
    return _ENOUGH_LETTERS.search(draft.folded) is not None


def _banned(ban: Ban | None, login: str, now: float) -> Dropped | None:
    if ban is None:
        return None
    if ban.expires_at is None:
        return banned(login, None)
    return banned(login, ban.expires_at - now) if ban.expires_at > now else None
