"""How many watch each stream, added up over all processes: each reports its own viewers and asks for everybody's.

A process that dies takes its share with it after a while. Nothing here is worth keeping: whoever comes back without
a memory is told anew within seconds.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import trio

from common.redis_link import Command, RedisError, RedisLink, RedisUnavailableError

TTL_S = 45.0
"""How long a share, and a viewer, lasts without a sign of life."""
_NODES = b"{weir.viewers}:nodes"  # braces: one slot of a Redis cluster, as both change in one transaction
_SHARE = b"{weir.viewers}:node:"
_SETTLE_SHARE = 1 / 3
"""Of the TTL: within it all the others have reported again after an outage."""

log = logging.getLogger(__name__)


class Presence(Protocol):
    """Where a process tells its viewers and learns of the others'. Cancelling is safe; nothing is raised."""

    async def report(self, sums: Mapping[str, int]) -> None:
        """Tell this process's viewers of each stream, in place of what it told before. Several times within the TTL."""

    async def totals(self, stream_ids: Collection[str]) -> dict[str, int]:
        """Give everybody's viewers of these streams; those without any have 0."""

    @property
    def is_alone(self) -> bool:
        """Whether only this process's viewers are known, although there may be others."""


class LocalPresence:
    """The presence of a process that is all there is."""

    is_alone = False

    def __init__(self) -> None:
        self._own: Mapping[str, int] = {}

    async def report(self, sums: Mapping[str, int]) -> None:
        """Take note; see `Presence`."""
        await trio.lowlevel.checkpoint()
        self._own = dict(sums)

    async def totals(self, stream_ids: Collection[str]) -> dict[str, int]:
        """Give what was reported; see `Presence`."""
        await trio.lowlevel.checkpoint()
        return {stream_id: self._own.get(stream_id, 0) for stream_id in stream_ids}


class RedisPresence:
    """The presence of one of several processes behind a Redis.

    Every process has one hash (stream id to viewers) that Redis drops by itself after `ttl_s`, and its name in one set.
    Clocks are not compared, keys are not scanned, and each report replaces a share whole.

    While Redis is away, and until the others can have reported after that, their shares count as last read: for as long
    as they would have lasted in Redis.
    """

    def __init__(self, link: RedisLink, *, node: str, ttl_s: float = TTL_S) -> None:
        """`node`: nobody else's, and another one after a restart: the new process must not take up the old share."""
        self.is_alone = False
        self._link = link
        self._node = node.encode()
        self._share = _SHARE + self._node
        self._ttl_s = ttl_s
        self._own: Mapping[str, int] = {}
        self._others: Mapping[str, int] = {}
        self._others_read_at = float("-inf")

    async def report(self, sums: Mapping[str, int]) -> None:
        """Write this process's share; see `Presence`. An empty one is removed."""
        await trio.lowlevel.checkpoint()
        self._own = dict(sums)
        pairs: Command = tuple(word for pair in self._own.items() for word in pair)
        commands: list[Command] = [("DEL", self._share), ("SREM", _NODES, self._node)]
        if self._own:
            commands = [
                ("DEL", self._share),
                ("HSET", self._share, *pairs),
                ("PEXPIRE", self._share, int(self._ttl_s * 1000)),
                ("SADD", _NODES, self._node),
            ]
        try:
            await self._link.transaction(commands)
        except RedisError as error:
            self._note_failure(error)

    async def totals(self, stream_ids: Collection[str]) -> dict[str, int]:
        """Add the others' shares to ours; see `Presence`."""
        await trio.lowlevel.checkpoint()
        others, now = self._others, trio.current_time()
        try:
            others = await self._read_others(list(stream_ids))
        except RedisError as error:
            self._note_failure(error)
            if now >= self._others_read_at + self._ttl_s:
                others = {}
        else:
            self.is_alone = False
            if now >= self._link.back_at + self._ttl_s * _SETTLE_SHARE:
                self._others, self._others_read_at = others, now
            elif now < self._others_read_at + self._ttl_s:
                others = {name: max(others.get(name, 0), self._others.get(name, 0)) for name in stream_ids}
        return {name: self._own.get(name, 0) + others.get(name, 0) for name in stream_ids}

    def _note_failure(self, error: RedisError) -> None:
        if not self.is_alone and not isinstance(error, RedisUnavailableError):
            log.error("viewer counts: %s", error)
        self.is_alone = True

    async def _read_others(self, stream_ids: Sequence[str]) -> dict[str, int]:
        nodes: list[bytes] = [
            name for name in await self._link.execute("SMEMBERS", _NODES) if name != self._node
        ]
        if not nodes or not stream_ids:
            return {}
        commands: list[Command] = []
        for node in nodes:
            commands += [("EXISTS", _SHARE + node), ("HMGET", _SHARE + node, *stream_ids)]
        answers = await self._link.pipeline(commands)
        # One that was silent for so long and speaks up at this very moment is back in the set with its next report.
        if gone := [node for node, exists in zip(nodes, answers[::2], strict=True) if not exists]:
            await self._link.execute("SREM", _NODES, *gone)
        return {
            stream_id: sum(int(share) for share in shares if share is not None and share.isdigit())
            for stream_id, *shares in zip(stream_ids, *answers[1::2], strict=True)
        }
