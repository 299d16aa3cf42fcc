"""Messages that moderators see some seconds before everybody else: told to them at once, said when their time has come.

They wait in the memory of the node that took them, in their order. What a moderator takes away meanwhile is never said, nor is
what somebody wrote who was banned since. A node that stops says what waits; one that is killed takes it along.
"""

import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import msgspec
import structlog
import trio

from chatd.delivery import RoomName
from chatd.events import ChatCleared, MessageDelayed, MessageDeleted, MessageSent, UserCleared, decode, encode
from chatd.rooms import channel_of
from common.bus import Bus, BusUnavailableError, Message, Position, Published, Subscription
from common.principals import Principal

log = structlog.get_logger(__name__)

MAX_WAITING = 500
"""Of one room: 80 messages a second at the longest delay."""
MAX_WAITING_IN_ALL = 20_000
TRIES = 5
PAUSE_S = 0.3
LINGER_S = 10.0
"""How long a room where nothing waits is still read: another message may come soon."""


class TooManyDelayedError(Exception):
    """So much waits already that nothing more may."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: MessageSent
    author: Principal
    until: float


@dataclass(eq=False)
class _Queue:
    """What waits in one room; reads the room's log for what is taken away."""

    name: RoomName
    waiting: OrderedDict[str, _Waiting] = field(default_factory=OrderedDict)
    """By id, in the order in which they are to be said."""
    subscription: Subscription | None = None
    changed: trio.Event = field(default_factory=trio.Event)

    @property
    def next_at(self) -> float:
        """When the first is to be said."""
        return next((one.until for one in self.waiting.values()), math.inf)

    def on_reset(self, position: Position) -> None:
        """Nothing that waits is in the log, so nothing is lost with it."""

    def on_messages(self, messages: Sequence[Message]) -> None:
        for message in messages:
            try:
                event = decode(message.payload)
            except msgspec.DecodeError:
                continue
            match event:
                case MessageDeleted():
                    self.waiting.pop(event.id, None)
                case UserCleared():
                    for one in list(self.waiting.values()):
                        if one.message.chatter.user_id == event.user_id:
                            del self.waiting[one.message.id]
                case ChatCleared():
                    self.waiting.clear()
                case _:
                    pass


class Delays:
    """What waits at one node. `run` must be running."""

    def __init__(self, bus: Bus, *, may_speak: Callable[[Principal, RoomName], Awaitable[bool]]) -> None:
        """`may_speak` says whether somebody is not banned; when it cannot find out, they are not."""
        self._bus = bus
        self._may_speak = may_speak
        self._queues: dict[int, _Queue] = {}
        self._nursery: trio.Nursery | None = None

    def name_of(self, channel_id: int) -> RoomName | None:
        """Name a room where something waits; `None` for another."""
        queue = self._queues.get(channel_id)
        return queue.name if queue is not None else None

    async def run(self) -> NoReturn:
        """Say what waits when its time has come, until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await trio.sleep_forever()
        raise AssertionError("it sleeps for ever")

    async def delay(
        self, name: RoomName, message: MessageSent, author: Principal, delay_s: float, *, key: str | None
    ) -> Published:
        """Tell moderators of a message, and say it in `delay_s` seconds, behind what waits already.

        Raises `TooManyDelayedError`, `BusUnavailableError`.
        """
        queue = self._queues.get(name.channel_id)
        waiting = len(queue.waiting) if queue is not None else 0
        if (
            waiting >= MAX_WAITING
            or sum(len(one.waiting) for one in self._queues.values()) >= MAX_WAITING_IN_ALL
        ):
            raise TooManyDelayedError
        event = MessageDelayed(message, message.at_ms, round(delay_s * 1000))
        if queue is None:
            queue = await self._open(name)
        published = await self._bus.publish(channel_of(name.channel_id), encode(event), key=key)
        if not published.is_repeat:
            last = next(reversed(queue.waiting.values())).until if queue.waiting else -math.inf
            until = trio.current_time() + delay_s
            if delay_s == 0:
                self._hurry(queue)  # the delay was switched off
                last = -math.inf
            queue.waiting[message.id] = _Waiting(message, author, max(until, last))
            queue.changed.set()
        return published

    async def flush(self) -> None:
        """Say all that waits, now: the node stops."""
        await trio.lowlevel.checkpoint()
        for queue in list(self._queues.values()):
            while queue.waiting:
                await self._say_first(queue)

    def _hurry(self, queue: _Queue) -> None:
        now = trio.current_time()
        for message_id, one in queue.waiting.items():
            queue.waiting[message_id] = _Waiting(one.message, one.author, now)

    async def _open(self, name: RoomName) -> _Queue:
        assert self._nursery is not None  # `run` is running
        queue = _Queue(name)
        queue.subscription = await self._bus.subscribe(channel_of(name.channel_id), queue)
        if (other := self._queues.get(name.channel_id)) is not None:  # opened while we subscribed
            queue.subscription.cancel()
            return other
        self._queues[name.channel_id] = queue
        self._nursery.start_soon(self._serve, queue)
        return queue

    async def _serve(self, queue: _Queue) -> None:
        """Say what waits in one room; go when nothing has for a while."""
        await trio.lowlevel.checkpoint()
        try:
            while True:
                queue.changed = trio.Event()
                if not queue.waiting:
                    with trio.move_on_after(LINGER_S) as idle:
                        await queue.changed.wait()
                    if idle.cancelled_caught and not queue.waiting:
                        return
                    continue
                with trio.move_on_at(queue.next_at):
                    await queue.changed.wait()
                if trio.current_time() >= queue.next_at:
                    await self._say_first(queue)
        finally:
            del self._queues[queue.name.channel_id]
            if queue.subscription is not None:
                queue.subscription.cancel()

    async def _say_first(self, queue: _Queue) -> None:
        """Say what has waited longest, if it is still there and its author may speak."""
        await trio.lowlevel.checkpoint()
        if not queue.waiting:
            return
        message_id, one = next(iter(queue.waiting.items()))
        may_speak = await self._may_speak(one.author, queue.name)
        if queue.waiting.pop(message_id, None) is None or not may_speak:
            return  # taken away, also while we asked
        for _ in range(TRIES):
            try:
                await self._bus.publish(
                    channel_of(queue.name.channel_id), encode(one.message), key=f"delayed:{message_id}"
                )
            except BusUnavailableError:
                await trio.sleep(PAUSE_S)
            else:
                return
        log.warning("delayed_message_lost", channel=queue.name.login, message_id=message_id)
