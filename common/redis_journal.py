"""What is to be written down of the logs in Redis: any node takes it, one at a time for each channel, and a node that dies is replaced.

Publishing puts a channel into a set of those that have something unwritten, in the same step (`common.redis_bus`). Who takes a
channel claims it for a while, reads behind the offset up to which all is written, and notes the new one when it has written.
Nothing is given out in order to be written once: who writes must take a second time for what it is.
"""

from collections.abc import Sequence
from typing import Any

from common.bus import TAKEN_S, BusUnavailableError, Message, Position, Unwritten
from common.redis_link import Command, RedisError, RedisLink

PREFIX = "weir:bus:"
UNWRITTEN = f"{PREFIX}unwritten"
"""Channels with something unwritten, by when they were put there."""

_TAKE = """
local taken = {}
for _, channel in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[1] * 4 - 1)) do
    if #taken >= ARGV[1] * 4 then break end
    local known = redis.call('HMGET', ARGV[4] .. 'meta:' .. channel, 'epoch', 'offset', 'written')
    if not known[1] then
        redis.call('ZREM', KEYS[1], channel)
    elseif redis.call('SET', ARGV[4] .. 'writing:' .. channel, ARGV[2], 'NX', 'PX', ARGV[3]) then
        taken[#taken + 1] = channel
        taken[#taken + 1] = known[1]
        taken[#taken + 1] = known[2]
        taken[#taken + 1] = known[3] or '0'
    end
end
return taken
"""

_SETTLE = """
local unwritten, meta, claim = KEYS[1], KEYS[2], KEYS[3]
if redis.call('GET', claim) == ARGV[4] then redis.call('DEL', claim) end
local known = redis.call('HMGET', meta, 'epoch', 'offset', 'written')
if known[1] ~= ARGV[1] then return 0 end
local written = tonumber(ARGV[2])
if written > tonumber(known[3] or 0) then redis.call('HSET', meta, 'written', ARGV[2]) end
if written >= tonumber(known[2]) then
    redis.call('ZREM', unwritten, ARGV[3])
else
    redis.call('ZADD', unwritten, redis.call('TIME')[1], ARGV[3])
end
return 1
"""


class RedisJournal:
    """See `common.bus.Journal`."""

    def __init__(self, link: RedisLink, *, node: str) -> None:
        """`node` is unique among the processes of a site."""
        self._link = link
        self._node = node

    async def take(self, *, channels: int, messages: int) -> list[Unwritten]:
        """See `Journal`. What is claimed and cannot be read is free again after `TAKEN_S`."""
        try:
            claimed = await self._link.execute(
                "EVAL", _TAKE, 1, UNWRITTEN, channels, self._node, int(TAKEN_S * 1000), PREFIX
            )
            places = [_Place(*claimed[start : start + 4]) for start in range(0, len(claimed), 4)]
            ranges: list[Command] = [place.range(messages) for place in places]
            answers = await self._link.pipeline(ranges) if ranges else []
        except RedisError as error:
            raise BusUnavailableError(f"not taken: {error}") from error
        return [place.unwritten(entries, messages) for place, entries in zip(places, answers, strict=True)]

    async def settle(self, taken: Sequence[Unwritten], *, written: bool) -> None:
        """See `Journal`. When it fails, what was written is given out again."""
        commands: list[Command] = []
        for one in taken:
            position = one.position if written else one.written
            keys = (UNWRITTEN, f"{PREFIX}meta:{one.channel}", f"{PREFIX}writing:{one.channel}")
            commands.append(
                ("EVAL", _SETTLE, 3, *keys, position.epoch, position.offset, one.channel, self._node)
            )
        try:
            await self._link.pipeline(commands)
        except RedisError as error:
            raise BusUnavailableError(f"not settled: {error}") from error


class _Place:
    """Where the log of a channel is, and up to where it is written down."""

    def __init__(self, channel: bytes, epoch: bytes, offset: bytes, written: bytes) -> None:
        self.channel = channel.decode()
        self.epoch = epoch.decode()
        self.offset = int(offset)
        self.written = int(written)

    def range(self, messages: int) -> Command:
        return ("XRANGE", f"{PREFIX}log:{self.channel}", f"({self.written}-0", "+", "COUNT", messages)

    def unwritten(self, entries: Sequence[Any], most: int) -> Unwritten:
        """Make of the entries of a log what is to be written. More may have come since the place was looked up."""
        messages = [Message(int(entry_id.split(b"-")[0]), fields[b"p"]) for entry_id, fields in entries]
        end = messages[-1].offset if messages else self.offset
        first = messages[0].offset if messages else self.offset + 1
        return Unwritten(
            channel=self.channel,
            written=Position(self.epoch, self.written),
            messages=messages,
            position=Position(self.epoch, end),
            lost=max(0, first - self.written - 1),
            is_all=len(messages) < most,
        )
