"""The bus: what nodes tell each other about a channel, in one order, with a memory for who was away for a moment.

Each channel is a log. A message gets the next offset and everybody who subscribes gets all messages in that order. A log
belongs to an epoch: in another epoch offsets mean something else. Losing a bus loses no truth, only what was said of late.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import trio

from common.errors import WeirError

KEPT_MESSAGES = 3000
"""Of one channel, at least: half a minute of the busiest chat there is."""
KEEP_S = 3600.0
"""How long the log of a channel where nothing happens is kept."""
KEY_S = 60.0
"""How long a message with the same key is the same message."""
MAX_KEYS = 100_000


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the log of a channel."""

    epoch: str
    offset: int
    """Of the message before this place; 0: the beginning."""


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a log."""

    offset: int
    """From 1, without gaps within an epoch."""
    payload: bytes


@dataclass(frozen=True, slots=True)
class Published:
    """A message is in the log."""

    position: Position
    is_repeat: bool = False
    """It was there already, under the same key."""
    payload: bytes | None = None
    """Of a repeat: what is there, which may be worded otherwise; `None` if the log does not hold it any more."""


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Messages that are to be written down somewhere, in their order: the next ones of a channel."""

    channel: str
    written: Position
    """Up to where all are written down."""
    messages: list[Message]
    position: Position
    """Up to where all will be, with these."""
    lost: int = 0
    """Messages between `written` and these that the log does not hold any more."""
    is_all: bool = True
    """Whether there were no more when this was taken."""


class BusUnavailableError(WeirError):
    """The bus cannot be reached now, and there is nothing to use in its place."""


class Reader(Protocol):
    """Who subscribed. Called from tasks of the bus; must not block or raise."""

    def on_reset(self, position: Position) -> object:
        """Go on from here: called first of all, and when the log was lost or what was missed cannot be had."""

    def on_messages(self, messages: Sequence[Message]) -> object:
        """Take what came next, in order and without gaps."""


class Subscription(Protocol):
    """Reading a channel from now on."""

    def cancel(self) -> None:
        """Get no more. Idempotent."""


class Bus(Protocol):
    """What a node needs of it."""

    async def publish(self, channel: str, payload: bytes, *, key: str | None = None) -> Published:
        """Append to the log of a channel. With a `key` that was used in the last minute: find that message instead.

        After a cancel nobody knows whether it happened; publish it again with the same key.
        """

    async def subscribe(self, channel: str, reader: Reader) -> Subscription:
        """Begin to read from now on. Cancelling is safe: it has not begun then."""

    async def read(self, channel: str, after: Position, *, limit: int) -> list[Message] | None:
        """Give what came after a position, all of it; `None`: another epoch, too long ago, or more than `limit`."""


class Journal(Protocol):
    """What is to be written down of what was said on a bus. Whoever takes something settles it within `TAKEN_S`."""

    async def take(self, *, channels: int, messages: int) -> list[Unwritten]:
        """Give the next messages, of at most so many channels, so many of each. Raises `BusUnavailableError`."""

    async def settle(self, taken: Sequence[Unwritten], *, written: bool) -> None:
        """Say that these are written down, or that they could not be: then they are given again. Raises `BusUnavailableError`."""


TAKEN_S = 15.0
"""How long nobody else is given what one has taken. After that it is as if it had not been: its taker may be gone."""


class _Log:
    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.offset = 0
        self.written = 0
        self.messages: deque[Message] = deque(maxlen=KEPT_MESSAGES)
        self.subscriptions: dict[_LocalSubscription, None] = {}
        self.used_at = 0.0


class _LocalSubscription:
    def __init__(self, log: _Log, reader: Reader) -> None:
        self._log = log
        self.reader = reader

    def cancel(self) -> None:
        self._log.subscriptions.pop(self, None)


class LocalBus:
    """The bus of a process that is alone. Everything happens at once; nothing outlives the process."""

    def __init__(
        self, *, new_epoch: Callable[[], str], now: Callable[[], float], journalled: bool = False
    ) -> None:
        """`new_epoch` makes a name that was never used before; `now` is a clock in seconds that never jumps.

        `journalled`: it remembers what is to be written down, for `LocalJournal`, as far as the logs reach.
        """
        self._new_epoch = new_epoch
        self._now = now
        self._journalled = journalled
        self._unwritten: dict[str, None] = {}
        """Channels, the one that waits the longest first."""
        self._logs: OrderedDict[str, _Log] = OrderedDict()
        """The one that was used last is last."""
        self._keys: OrderedDict[tuple[str, str], tuple[float, Position]] = OrderedDict()

    async def publish(self, channel: str, payload: bytes, *, key: str | None = None) -> Published:
        """See `Bus`. Never fails."""
        await trio.lowlevel.checkpoint()
        return self.publish_nowait(channel, payload, key=key)

    def publish_nowait(self, channel: str, payload: bytes, *, key: str | None = None) -> Published:
        """Publish without waiting."""
        now = self._now()
        if key is not None and (found := self._known(channel, key, now)) is not None:
            return Published(found, is_repeat=True, payload=self._payload(channel, found))
        log = self._log(channel, now)
        log.offset += 1
        message = Message(log.offset, payload)
        log.messages.append(message)
        position = Position(log.epoch, log.offset)
        if self._journalled:
            self._unwritten[channel] = None
        if key is not None:
            self._keys[channel, key] = (now + KEY_S, position)
            if len(self._keys) > MAX_KEYS:
                self._keys.popitem(last=False)
        for subscription in tuple(log.subscriptions):
            subscription.reader.on_messages((message,))
        return Published(position)

    async def subscribe(self, channel: str, reader: Reader) -> Subscription:
        """See `Bus`. Resets but once: a log with readers is never lost."""
        await trio.lowlevel.checkpoint()
        return self.subscribe_nowait(channel, reader)

    def subscribe_nowait(self, channel: str, reader: Reader) -> Subscription:
        """Subscribe without waiting."""
        log = self._log(channel, self._now())
        subscription = _LocalSubscription(log, reader)
        log.subscriptions[subscription] = None
        reader.on_reset(Position(log.epoch, log.offset))
        return subscription

    async def read(self, channel: str, after: Position, *, limit: int) -> list[Message] | None:
        """See `Bus`."""
        await trio.lowlevel.checkpoint()
        log = self._logs.get(channel)
        if log is None or log.epoch != after.epoch:
            return None
        missed = log.offset - after.offset
        if not 0 <= missed <= min(limit, len(log.messages)):
            return None
        return list(log.messages)[-missed:] if missed else []

    @property
    def journals(self) -> "list[Journal]":
        """What is to be written down; none unless it is journalled."""
        return [LocalJournal(self)] if self._journalled else []

    def take_nowait(self, *, channels: int, messages: int) -> list[Unwritten]:
        """See `Journal.take`; what was taken can be taken again."""
        found: list[Unwritten] = []
        for channel in list(self._unwritten)[:channels]:
            log = self._logs.get(channel)
            if log is None:  # nobody used it for an hour
                del self._unwritten[channel]
                continue
            waiting = min(log.offset - log.written, len(log.messages))
            first = len(log.messages) - waiting
            given = [log.messages[at] for at in range(first, first + min(waiting, messages))]
            end = given[-1].offset if given else log.offset
            lost = (given[0].offset if given else log.offset + 1) - log.written - 1
            written, position = Position(log.epoch, log.written), Position(log.epoch, end)
            found.append(Unwritten(channel, written, given, position, lost, is_all=len(given) == waiting))
        return found

    def settle_nowait(self, taken: Sequence[Unwritten]) -> None:
        """Note what is written down."""
        for one in taken:
            log = self._logs.get(one.channel)
            if log is None or log.epoch != one.position.epoch:
                continue
            log.written = max(log.written, one.position.offset)
            self._unwritten.pop(one.channel, None)
            if log.written < log.offset:
                self._unwritten[one.channel] = None

    def _payload(self, channel: str, position: Position) -> bytes | None:
        log = self._logs.get(channel)
        if log is None or log.epoch != position.epoch or not log.messages:
            return None
        place = position.offset - log.messages[0].offset
        return log.messages[place].payload if place >= 0 else None

    def _known(self, channel: str, key: str, now: float) -> Position | None:
        while self._keys and next(iter(self._keys.values()))[0] <= now:
            self._keys.popitem(last=False)
        found = self._keys.get((channel, key))
        return found[1] if found else None

    def _log(self, channel: str, now: float) -> _Log:
        """Find or begin a log, and let go of one that nobody used for long."""
        oldest = next(iter(self._logs), None)
        if oldest is not None and oldest != channel:
            log = self._logs[oldest]
            if log.subscriptions:
                self._logs.move_to_end(oldest)
            elif log.used_at + KEEP_S <= now:
                del self._logs[oldest]
        if channel not in self._logs:
            self._logs[channel] = _Log(self._new_epoch())
        log = self._logs[channel]
        log.used_at = now
        self._logs.move_to_end(channel)
        return log


class LocalJournal:
    """What is to be written down of a `LocalBus`. It is lost with the process."""

    def __init__(self, bus: LocalBus) -> None:
        self._bus = bus

    async def take(self, *, channels: int, messages: int) -> list[Unwritten]:
        """See `Journal`. Never fails."""
        await trio.lowlevel.checkpoint()
        return self._bus.take_nowait(channels=channels, messages=messages)

    async def settle(self, taken: Sequence[Unwritten], *, written: bool) -> None:
        """See `Journal`. Never fails."""
        await trio.lowlevel.checkpoint()
        if written:
            self._bus.settle_nowait(taken)
