"""Subscriptions to Redis: one connection that only listens, and says whether it still hears anything.

That a connection is open proves nothing: a subscriber may hear nothing for ever after a fail-over. So a probe of our own is
published every second and must come back. Messages cross from asyncio to Trio in batches.
"""

import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import trio

from common.errors import leaves
from common.redis_link import RedisError, RedisLink, RedisUnavailableError

PROBE_S = 1.0
DEAF_S = 3.5
"""Without hearing a probe for so long, the connection is given up."""
MAX_WAITING = 20_000
"""Messages that crossed over and were not taken yet; beyond it the connection is given up, as what follows a hole is no use."""
PAUSE_S = 0.25
"""Between two connections."""
CLOSE_S = 1.0

Heard = tuple[str, bytes]
"""Channel and message."""

log = logging.getLogger(__name__)


class RedisFeed:
    """What is published to channels. `run` must be running."""

    def __init__(
        self,
        link: RedisLink,
        *,
        name: str,
        on_heard: Callable[[Sequence[Heard]], object],
        on_turn: Callable[[bool], object],
    ) -> None:
        """Listen with the help of `link`.

        Args:
            link: publishes the probes, and makes the connection.
            name: of this process among all; its probes go to a channel of their own.
            on_heard: gets messages in the order in which Redis published them. Must not block.
            on_turn: called with True when everything that is subscribed to is being heard from now on, and with False
                when it is not any more; what was published in between is lost. Must not block.

        """
        self._link = link
        self._probes = f"weir:probe:{name}"
        self._on_heard = on_heard
        self._on_turn = on_turn
        self._channels: set[str] = {self._probes}
        self._pubsub: Any = None
        self._acknowledged: dict[str, trio.Event] = {}
        self._waiting: list[Heard] = []
        self._arrived = trio.Event()
        self._heard_at = 0.0
        self.available = False
        """Whether it hears."""

    async def run(self) -> NoReturn:
        """Listen, for ever."""
        while True:
            await self._link.wait_available()
            try:
                await self._listen()
            except RedisError as error:
                log.warning("redis subscriptions: %s", error)
            await trio.sleep(PAUSE_S)

    async def subscribe(self, channel: str) -> None:
        """Hear a channel from now on, as soon as there is a connection. Raises `RedisUnavailableError` while there is none."""
        self._channels.add(channel)
        if not self.available:
            await trio.lowlevel.checkpoint()
            raise RedisUnavailableError("Redis is not heard")
        acknowledged = self._acknowledged.setdefault(channel, trio.Event())
        with trio.move_on_after(DEAF_S) as scope:
            await self._link.ask(self._pubsub.subscribe, channel)
            await acknowledged.wait()
        if scope.cancelled_caught:
            raise RedisUnavailableError("Redis did not answer to a subscription")

    async def unsubscribe(self, channel: str) -> None:
        """Hear it no more."""
        await trio.lowlevel.checkpoint()
        self._channels.discard(channel)
        if self.available:
            with contextlib.suppress(RedisError):
                await self._link.ask(self._pubsub.unsubscribe, channel)

    async def _listen(self) -> None:
        """Connect and stay until nothing is heard."""
        self._pubsub = self._link.make_pubsub()
        self._waiting, self._acknowledged = [], {name: trio.Event() for name in self._channels}
        try:
            await self._converse()
        finally:
            self._turn(available=False)
            with trio.move_on_after(CLOSE_S, shield=True), contextlib.suppress(RedisError):
                await self._link.ask(self._pubsub.aclose)

    async def _converse(self) -> None:
        await trio.lowlevel.checkpoint()
        try:
            with trio.fail_after(DEAF_S):
                await self._link.ask(self._pubsub.subscribe, *self._channels)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._read)
                nursery.start_soon(self._pass_on)
                await self._wait_heard()
                self._turn(available=True)
                await self._probe()
        except* trio.TooSlowError:
            raise RedisUnavailableError("nothing is heard of what we publish") from None
        except* RedisError as group:
            raise RedisUnavailableError(str(leaves(group)[0])) from None

    async def _wait_heard(self) -> None:
        await trio.lowlevel.checkpoint()
        with trio.fail_after(DEAF_S):
            for acknowledged in list(self._acknowledged.values()):
                await acknowledged.wait()

    async def _probe(self) -> NoReturn:
        self._heard_at = trio.current_time()
        while True:
            await self._link.execute("PUBLISH", self._probes, b"")
            await trio.sleep(PROBE_S)
            if trio.current_time() - self._heard_at > DEAF_S:
                raise trio.TooSlowError

    async def _read(self) -> None:
        await self._link.ask(self._read_all, self._pubsub)

    async def _read_all(self, pubsub: Any) -> None:
        """Runs in asyncio."""
        while len(self._waiting) < MAX_WAITING:
            message = await pubsub.get_message(timeout=None)
            if message is not None:
                self._take(message)
        raise ConnectionError("more arrives than is taken")

    def _take(self, message: dict[str, Any]) -> None:
        channel = message["channel"].decode()
        if message["type"] == "subscribe":
            self._acknowledged.setdefault(channel, trio.Event()).set()
        elif message["type"] == "message":
            if channel == self._probes:
                self._heard_at = trio.current_time()
                return
            self._waiting.append((channel, message["data"]))
            self._arrived.set()

    async def _pass_on(self) -> NoReturn:
        while True:
            await self._arrived.wait()
            self._arrived = trio.Event()
            waiting, self._waiting = self._waiting, []
            self._on_heard(waiting)

    def _turn(self, *, available: bool) -> None:
        if available is not self.available:
            self.available = available
            self._on_turn(available)
