"""The pace of people who write at several nodes at once, agreed upon in Redis. Those at one node need none of this.

One script takes a turn of the account's rate (GCRA) and of the room, or neither; the clock is that of Redis. A clock that was
turned back keeps nobody waiting for longer than the rule itself.
"""

from dataclasses import dataclass
from typing import Protocol

import structlog
import trio

from common.redis_link import RedisError, RedisLink, RedisUnavailableError

log = structlog.get_logger(__name__)

_PREFIX = "weir:pace:"

_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window, interval, gap = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local until_ms = tonumber(redis.call('GET', KEYS[1]) or now)
if until_ms > now + window or until_ms < now then until_ms = now end
local wait = until_ms + interval - window - now
if wait > 0 then return {wait, 0} end
local last = tonumber(redis.call('GET', KEYS[2]) or 0)
if last <= now and now - last < gap then
    redis.call('SET', KEYS[1], until_ms + interval, 'PX', window)
    return {gap - (now - last), 1}
end
redis.call('SET', KEYS[1], until_ms + interval, 'PX', window)
if gap > 0 then redis.call('SET', KEYS[2], now, 'PX', gap) end
return {0, 0}
"""


@dataclass(frozen=True, slots=True)
class PaceRefused:
    """It is too early."""

    left_s: float
    by_room: bool
    """Or else by the rate of the account."""


class SharedPace(Protocol):
    """Where nodes agree."""

    async def take(
        self, user_id: int, channel_id: int, *, times: int, window_s: float, interval_s: float
    ) -> PaceRefused | None:
        """Have somebody write in a room, if it is time: `times` in `window_s` in all rooms, one an interval in this one.

        `None`: it is, and was counted; also when nobody can be asked. Cancelling is safe; it may have been counted.
        """


class RedisPace:
    """See `SharedPace`."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def take(
        self, user_id: int, channel_id: int, *, times: int, window_s: float, interval_s: float
    ) -> PaceRefused | None:
        """See `SharedPace`. While Redis is away each node judges for itself."""
        await trio.lowlevel.checkpoint()
        keys = (
            f"{_PREFIX}{{{user_id}}}",
            f"{_PREFIX}{{{user_id}}}:{channel_id}",
        )  # braces: one slot of a cluster
        window_ms = round(window_s * 1000)
        arguments = (window_ms, max(1, window_ms // times), round(interval_s * 1000))
        try:
            left_ms, by_room = await self._link.execute("EVAL", _TAKE, len(keys), *keys, *arguments)
        except RedisUnavailableError:
            return None
        except RedisError as error:
            log.warning("pace_not_shared", error=str(error))
            return None
        return PaceRefused(left_ms / 1000, bool(by_room)) if left_ms else None
