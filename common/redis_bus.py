"""The bus of several nodes: logs in Redis, whose one script assigns the order; and a bus of our own while Redis is away.

A message's offset, its place in the log and its publication are one step, so what is heard out of order or not at all shows
as a hole in the offsets, and is read from the log once for all readers of a node. While Redis is away readers are reset to a
log of this node alone, and when it is back to that of Redis: rooms go on, each node for itself, and say so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
import trio

from common.bus import (
    KEEP_S,
    KEPT_MESSAGES,
    KEY_S,
    BusUnavailableError,
    Journal,
    LocalBus,
    Message,
    Position,
    Published,
    Reader,
    Subscription,
)
from common.redis_feed import Heard, RedisFeed
from common.redis_journal import PREFIX, UNWRITTEN, RedisJournal
from common.redis_link import RedisError, RedisLink

log = structlog.get_logger(__name__)

MAX_HOLE = 1000
"""Messages that are read again when they were not heard; who missed more begins anew."""
MAX_UNWRITTEN = 50_000
"""Messages of one channel that are kept until they are written down (`common.redis_journal`): some 30 MB."""
_PUBLISH = """
local log, meta, unwritten, key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
if key then
    local known = redis.call('GET', key)
    if known then
        local offset = string.match(known, ' (%d+)$')
        local found = redis.call('XRANGE', log, offset .. '-0', offset .. '-0')
        return {known, 1, found[1] and found[1][2][2] or false}
    end
end
local epoch = redis.call('HGET', meta, 'epoch')
if not epoch then
    epoch = ARGV[2]
    redis.call('DEL', log)
    redis.call('HSET', meta, 'epoch', epoch, 'offset', 0)
end
local offset = redis.call('HINCRBY', meta, 'offset', 1)
local keep, most = tonumber(ARGV[3]), tonumber(ARGV[7])
if most > 0 then
    local behind = offset - (redis.call('HGET', meta, 'written') or 0)
    keep = math.max(keep, math.min(behind, most))
    redis.call('ZADD', unwritten, 'NX', redis.call('TIME')[1], ARGV[6])
end
redis.call('XADD', log, 'MAXLEN', '~', keep, offset .. '-0', 'p', ARGV[1])
redis.call('EXPIRE', log, ARGV[4])
redis.call('EXPIRE', meta, ARGV[4])
local position = epoch .. ' ' .. offset
if key then redis.call('SET', key, position, 'EX', ARGV[5]) end
redis.call('PUBLISH', log, position .. ' ' .. ARGV[1])
return {position, 0, false}
"""

_POSITION = """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
    epoch = ARGV[1]
    redis.call('HSET', KEYS[1], 'epoch', epoch, 'offset', 0)
    redis.call('DEL', KEYS[2])
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return epoch .. ' ' .. redis.call('HGET', KEYS[1], 'offset')
"""


@dataclass(eq=False)
class _Channel:
    """One channel that is read on this node."""

    name: str
    readers: dict["_Subscription", None] = field(default_factory=dict)
    position: Position = field(default_factory=lambda: Position("", 0))
    catching_up: bool = True
    """What is heard waits until it is known what came before it."""
    waiting: list[tuple[Position, bytes]] = field(default_factory=list)
    ready: trio.Event = field(default_factory=trio.Event)
    local: Subscription | None = None

    def is_alone(self) -> bool:
        """Whether it is read from the bus of this node, and does not try to change that."""
        return self.local is not None and not self.catching_up

    def reset(self, position: Position) -> None:
        self.position = position
        for one in tuple(self.readers):
            one.reader.on_reset(position)

    def pass_on(self, messages: Sequence[Message]) -> None:
        if messages:
            self.position = Position(self.position.epoch, messages[-1].offset)
            for one in tuple(self.readers):
                one.reader.on_messages(messages)

    # Of the bus of this node alone, while Redis is away.

    def on_reset(self, position: Position) -> None:
        self.reset(position)

    def on_messages(self, messages: Sequence[Message]) -> None:
        self.pass_on(messages)


class _Subscription:
    def __init__(self, bus: "RedisBus", channel: _Channel, reader: Reader) -> None:
        self._bus = bus
        self._channel = channel
        self.reader = reader

    def cancel(self) -> None:
        if self._channel.readers.pop(self, self) is None and not self._channel.readers:
            self._bus.dissolve(self._channel)


class RedisBus:
    """See `common.bus.Bus`. `run` must be running."""

    def __init__(
        self,
        link: RedisLink,
        *,
        node: str,
        new_epoch: Callable[[], str],
        now: Callable[[], float],
        journalled: bool = False,
    ) -> None:
        """`node` is unique among the processes of a site; the others as in `LocalBus`."""
        self._link = link
        self._node = node
        self._journalled = journalled
        self._local = LocalBus(new_epoch=new_epoch, now=now, journalled=journalled)
        self._new_epoch = new_epoch
        self._feed = RedisFeed(link, name=node, on_heard=self._on_heard, on_turn=self._on_turn)
        self._channels: dict[str, _Channel] = {}
        self._opening: dict[str, trio.Event] = {}
        self._nursery: trio.Nursery | None = None
        self._turned = trio.Event()
        self.holes = 0
        """How often something was not heard and had to be read."""

    @property
    def is_alone(self) -> bool:
        """Whether this node goes on without the others."""
        return not self._feed.available

    @property
    def journals(self) -> list[Journal]:
        """What is to be written down, of all nodes and of this one alone; none unless it is journalled."""
        return [RedisJournal(self._link, node=self._node), *self._local.journals] if self._journalled else []

    def remarks(self) -> list[str]:
        """Give what `/healthz` says of it: rooms go on, so it is no problem there."""
        return ["chat is degraded: this node goes on without the others"] if self.is_alone else []

    async def wait_alone(self, *, wanted: bool = True) -> None:
        """Wait until `is_alone` equals `wanted`."""
        await trio.lowlevel.checkpoint()
        while self.is_alone is not wanted:
            await self._turned.wait()

    async def run(self) -> None:
        """Listen, until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await self._feed.run()

    async def publish(self, channel: str, payload: bytes, *, key: str | None = None) -> Published:
        """See `Bus`. Raises `BusUnavailableError` at the moment when Redis goes away: the message may be there or not."""
        if self.is_alone:
            return await self._local.publish(channel, payload, key=key)
        keys = [_log(channel), _meta(channel), UNWRITTEN]
        if key is not None:
            keys.append(f"{PREFIX}key:{channel}:{key}")
        most = MAX_UNWRITTEN if self._journalled else 0
        arguments = (payload, self._new_epoch(), KEPT_MESSAGES, int(KEEP_S), int(KEY_S), channel, most)
        try:
            position, is_repeat, found = await self._link.execute(
                "EVAL", _PUBLISH, len(keys), *keys, *arguments
            )
        except RedisError as error:
            raise BusUnavailableError(f"not published: {error}") from error
        return Published(_position(position), bool(is_repeat), found)

    async def subscribe(self, channel: str, reader: Reader) -> Subscription:
        """See `Bus`. The first reader of a channel on a node makes the node hear it."""
        await trio.lowlevel.checkpoint()
        while channel in self._opening:
            await self._opening[channel].wait()
        found = self._channels.get(channel)
        if found is None:
            found = await self._open(channel)
        subscription = _Subscription(self, found, reader)
        found.readers[subscription] = None
        reader.on_reset(found.position)
        return subscription

    async def read(self, channel: str, after: Position, *, limit: int) -> list[Message] | None:
        """See `Bus`."""
        if self.is_alone:
            return await self._local.read(channel, after, limit=limit)
        try:
            return await self._read(channel, after, limit=limit)
        except RedisError as error:
            raise BusUnavailableError(f"not read: {error}") from error

    def dissolve(self, channel: _Channel) -> None:
        """Let go of a channel that has no reader any more."""
        if self._channels.get(channel.name) is not channel:
            return
        del self._channels[channel.name]
        if channel.local is not None:
            channel.local.cancel()
        if self._nursery is not None:
            self._nursery.start_soon(self._feed.unsubscribe, _log(channel.name))

    async def _open(self, name: str) -> _Channel:
        opened = self._opening[name] = trio.Event()
        channel = _Channel(name)
        try:
            # In this order nothing is missed: what is heard from now on waits for the position to be known.
            self._channels[name] = channel
            try:
                await self._feed.subscribe(_log(name))
                await self._catch_up(channel, fresh=True)
            except RedisError:
                self._go_alone(channel)
        except BaseException:
            self._channels.pop(name, None)
            raise
        finally:
            del self._opening[name]
            opened.set()
        self._follow(channel)
        await trio.lowlevel.checkpoint()
        return channel

    def _go_alone(self, channel: _Channel) -> None:
        channel.catching_up = False
        channel.waiting.clear()
        if channel.local is None:
            channel.local = self._local.subscribe_nowait(channel.name, channel)

    def _on_turn(self, _available: bool) -> None:  # noqa: FBT001  # a callback
        """Follow Redis away, at once: what is published next is published here. Or back."""
        self._turned.set()
        self._turned = trio.Event()
        for channel in list(self._channels.values()):
            if channel.name not in self._opening:
                self._follow(channel)

    def _follow(self, channel: _Channel) -> None:
        if self.is_alone:
            self._go_alone(channel)
        elif channel.local is not None and self._nursery is not None:
            channel.catching_up = True
            self._nursery.start_soon(self._come_back, channel)

    async def _come_back(self, channel: _Channel) -> None:
        await trio.lowlevel.checkpoint()
        try:
            await self._catch_up(channel, fresh=True)
        except RedisError as error:
            log.info(
                "bus_not_back", channel=channel.name, error=str(error)
            )  # the feed will turn, and this with it

    async def _catch_up(self, channel: _Channel, *, fresh: bool) -> None:
        """Find out where the log is, read what was not heard, and pass on what was heard meanwhile.

        `fresh`: nothing is known of what was before; readers begin where the log is now.
        """
        await trio.lowlevel.checkpoint()
        missed: list[Message] | None = None
        if not fresh:
            missed = await self._read(channel.name, channel.position, limit=MAX_HOLE)
        if channel.is_alone():
            return  # Redis went away meanwhile
        if missed is None:
            arguments = (_meta(channel.name), _log(channel.name), self._new_epoch(), int(KEEP_S))
            position = _position(await self._link.execute("EVAL", _POSITION, 2, *arguments))
            if channel.is_alone():
                return
            if channel.waiting and channel.waiting[0][0].epoch == position.epoch:  # heard while we asked
                position = Position(position.epoch, min(position.offset, channel.waiting[0][0].offset - 1))
            if channel.local is not None:
                channel.local.cancel()
                channel.local = None
            channel.reset(position)
        else:
            channel.pass_on(missed)
        channel.catching_up = False
        waiting, channel.waiting = channel.waiting, []
        self._take(channel, waiting)

    def _on_heard(self, heard: Sequence[Heard]) -> None:
        by_channel: dict[str, list[tuple[Position, bytes]]] = {}
        for name, data in heard:
            epoch, offset, payload = data.split(b" ", 2)
            position = Position(epoch.decode(), int(offset))
            by_channel.setdefault(name.removeprefix(_log("")), []).append((position, payload))
        for name, entries in by_channel.items():
            channel = self._channels.get(name)
            if channel is not None and (channel.local is None or channel.catching_up):
                self._take(channel, entries)

    def _take(self, channel: _Channel, entries: list[tuple[Position, bytes]]) -> None:
        """Pass on what follows what was passed on; at a hole, read it first."""
        if channel.catching_up:
            channel.waiting = [*channel.waiting, *entries][-MAX_HOLE:]
            return
        messages: list[Message] = []
        epoch, last = channel.position.epoch, channel.position.offset
        for number, (position, payload) in enumerate(entries):
            if position.epoch == epoch and position.offset <= last:
                continue
            if position.epoch != epoch or position.offset != last + 1:
                channel.pass_on(messages)
                self._mend(channel, entries[number:])
                return
            messages.append(Message(position.offset, payload))
            last = position.offset
        channel.pass_on(messages)

    def _mend(self, channel: _Channel, rest: list[tuple[Position, bytes]]) -> None:
        self.holes += 1
        channel.catching_up = True
        channel.waiting = rest
        if self._nursery is not None:
            self._nursery.start_soon(self._catch_up_or_not, channel)

    async def _catch_up_or_not(self, channel: _Channel) -> None:
        await trio.lowlevel.checkpoint()
        try:
            await self._catch_up(channel, fresh=False)
        except RedisError as error:
            log.info("bus_hole_not_read", channel=channel.name, error=str(error))  # the feed will turn

    async def _read(self, name: str, after: Position, *, limit: int) -> list[Message] | None:
        answers = await self._link.transaction(
            [
                ("HMGET", _meta(name), "epoch", "offset"),
                ("XRANGE", _log(name), f"({after.offset}-0", "+", "COUNT", limit + 1),
            ]
        )
        (epoch, offset), entries = answers
        if epoch is None or epoch.decode() != after.epoch:
            return None
        messages = [Message(int(entry_id.split(b"-")[0]), fields[b"p"]) for entry_id, fields in entries]
        missed = int(offset) - after.offset
        is_whole = 0 <= missed == len(messages) <= limit and (
            not messages or messages[0].offset == after.offset + 1
        )
        return messages if is_whole else None


def _log(channel: str) -> str:
    return f"{PREFIX}log:{channel}"


def _meta(channel: str) -> str:
    return f"{PREFIX}meta:{channel}"


def _position(text: bytes) -> Position:
    epoch, _, offset = text.decode().partition(" ")
    return Position(epoch, int(offset))
