"""Redis or Valkey for Trio: the one door to it. Only this module knows redis-py.

The client runs on the process's one asyncio loop (`common.asyncio_bridge`) and decides nothing: it never tries again and
never waits longer than we let it. A probe of ours says whether Redis is there. While it is away every call fails at once
with `RedisUnavailableError`, and the caller goes on without: nothing that must not be lost is in Redis.

Scripts run through `execute("EVALSHA", …)`. A subscription needs a connection of its own and brings messages over the border
of the loops in batches: `common/redis_feed.py`, on the same bridge, is where one belongs.
"""

import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

import redis.asyncio
import redis.exceptions
import trio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from common.asyncio_bridge import AsyncioBridge, AsyncioCancelledError
from common.background import running
from common.errors import WeirError
from common.metrics import Sample

T = TypeVar("T")

Command = tuple[str | bytes | int, ...]
"""A command and its arguments, such as `("HSET", "key", "field", 1)`."""

CALL_S = 2.0
"""Patience with one call, the wait for its turn included."""
PROBE_S = 1.0
"""How often Redis is asked whether it is there."""
LEAST_PAUSE_S = 0.1
"""Between two probes, however many calls fail."""
CONNECTIONS = 8
"""Calls at once; more take turns."""
CLOSE_S = 2.0
OLDEST = (6, 2)
"""Version of Redis: the first with exclusive ranges and XAUTOCLAIM. Valkey says which Redis it is compatible with."""

log = logging.getLogger(__name__)


class RedisError(Exception):
    """Base of what this module raises. As it stands: Redis refused a command of ours, so log it as a bug."""


class RedisUnavailableError(RedisError, WeirError):
    """No answer from Redis now; it heals by itself. What was asked may or may not have happened."""


class RedisSetupError(RedisError, WeirError):
    """Redis will not have us until a person changes something: the address, the password, the server's version."""


_AWAY: tuple[type[Exception], ...] = (
    OSError,  # includes asyncio's TimeoutError, and the resolver's errors
    EOFError,
    AsyncioCancelledError,
    redis.exceptions.ConnectionError,  # includes BusyLoadingError
    redis.exceptions.TimeoutError,
    redis.exceptions.ClusterDownError,
    redis.exceptions.MasterDownError,
    redis.exceptions.ReadOnlyError,  # a replica, during a fail-over
    redis.exceptions.TryAgainError,
)
_REFUSED: tuple[type[Exception], ...] = (  # the first two are ConnectionErrors to redis-py
    redis.exceptions.AuthenticationError,
    redis.exceptions.AuthorizationError,
    redis.exceptions.NoPermissionError,
)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn redis-py's errors into ours."""
    try:
        yield
    except _REFUSED as error:
        raise RedisSetupError(
            f"Redis lets us not do that: {error}; check user and password in WEIR_REDIS_URL"
        ) from error
    except _AWAY as error:
        raise RedisUnavailableError(f"no answer from Redis: {error}") from error
    except redis.exceptions.RedisError as error:
        raise RedisError(f"Redis refused: {error}") from error
    except Exception as error:  # whatever redis-py's parser makes of a server that is none
        raise RedisError(f"this is not how Redis answers: {error!r}") from error


class RedisLink:
    """Redis, whether it answers at the moment or not. Made by `open_redis`."""

    def __init__(self, bridge: AsyncioBridge, url: str) -> None:
        """Prepare for a `redis://`, `rediss://` or `unix://` URL. Raises `RedisSetupError` when it is none."""
        self._bridge = bridge
        self._slots = trio.Semaphore(CONNECTIONS)
        self._client = _client(url)
        self._available = False
        self._turned = trio.Event()
        self._doubt = trio.Event()
        self._first_verdict = trio.Event()
        self.server = ""
        """Which program answered last, and its version: `Valkey 8.1.1`."""
        self._run_id: str | None = None
        self.outages = 0
        """How often Redis went away since the start, or came back as another one."""
        self.back_at = float("-inf")
        """When it came back from the last outage, on Trio's clock."""
        self.last_error: RedisError | None = None
        """Why it was last away; from the start on until it first answered, too."""

    @property
    def available(self) -> bool:
        """Whether Redis answered when last asked; while it is `False` every call fails at once."""
        return self._available

    async def wait_available(self, *, wanted: bool = True) -> None:
        """Wait until `available` equals `wanted`."""
        await trio.lowlevel.checkpoint()
        while self._available is not wanted:
            await self._turned.wait()

    async def execute(self, *command: str | bytes | int) -> Any:
        """Run one command; gives what redis-py makes of the answer, texts as bytes.

        This and the other calls raise a `RedisError`; `RedisUnavailableError` after `CALL_S` seconds at the latest, at once
        while Redis is away. Cancelling is safe; the command may have been run.
        """
        return await self._call(self._client.execute_command, *command)

    async def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        """Run several commands in one round trip, each for itself; gives their answers. As `execute`, for the first that fails."""
        return await self._call(self._run_all, commands, False)

    async def transaction(self, commands: Sequence[Command]) -> list[Any]:
        """Run several commands as one (MULTI, EXEC). As `execute`."""
        return await self._call(self._run_all, commands, True)

    async def _run_all(self, commands: Sequence[Command], as_one: bool) -> list[Any]:  # noqa: FBT001  # through run()
        async with self._client.pipeline(transaction=as_one) as batch:
            for command in commands:
                batch.execute_command(*command)
            answers: list[Any] = await batch.execute()
            return answers

    async def _call(self, function: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
        if not self._available:
            await trio.lowlevel.checkpoint()
            raise RedisUnavailableError("Redis is away")
        try:
            with _patience():
                async with self._slots:
                    return await self.ask(function, *args)
        except RedisUnavailableError:
            self._doubt.set()
            raise

    async def ask(self, function: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
        """Await a function of the client, such as a method of `make_pubsub`'s, however long it takes. As `execute`, for errors."""
        with _translated():
            return await self._bridge.run(function, *args)

    def make_pubsub(self) -> Any:
        """Make redis-py's view of subscriptions, with a connection of its own. For `common.redis_feed`."""
        return self._client.pubsub()

    # -- is it there? ---------------------------------------------------------------------------------------------

    async def keep_probing(self) -> None:
        """Ask Redis whether it is there, for ever. For `open_redis`."""
        while True:
            try:
                run_id = await self._probe()
            except RedisError as error:
                self._turn(error)
            else:
                # Another one came and went between two probes, and this one has forgotten what was said to that.
                if self._run_id not in {None, run_id}:
                    self._turn(RedisUnavailableError("another server answers: it was restarted or replaced"))
                self._run_id = run_id
                self._turn(None)
            await trio.sleep(LEAST_PAUSE_S)
            with trio.move_on_after(PROBE_S - LEAST_PAUSE_S):
                await self._doubt.wait()
            self._doubt = trio.Event()

    async def _probe(self) -> str:
        """Give the name that the server made up for itself when it started."""
        with _patience():
            info = await self.ask(self._client.execute_command, "INFO", "server")
        if not isinstance(info, dict):
            raise RedisError("this is not how Redis answers to INFO")
        _check_version(info)
        self.server = _name(info)
        return str(info.get("run_id", ""))

    def _turn(self, error: RedisError | None) -> None:
        if error is not None and (self._available or self.last_error is None):
            log.warning("redis away: %s", error)
        self.last_error = error or self.last_error
        self._first_verdict.set()
        available = error is None
        if available is self._available:
            return
        self._available = available
        if not available:
            self.outages += 1
        else:
            log.info("redis available")
            if self.outages:
                self.back_at = trio.current_time()
        self._turned.set()
        self._turned = trio.Event()

    async def wait_started(self) -> None:
        """Wait for the first answer, for a while at most. Raises `RedisSetupError` if it is one that only people mend."""
        with trio.move_on_after(CALL_S):
            await self._first_verdict.wait()
        if not self._available and isinstance(self.last_error, RedisSetupError):
            raise self.last_error

    async def close(self) -> None:
        """Close what is open. For `open_redis`, when nobody calls any more."""
        await trio.lowlevel.checkpoint()
        with contextlib.suppress(RedisError):
            await self.ask(self._client.aclose)

    # -- for operators --------------------------------------------------------------------------------------------

    def remarks(self) -> list[str]:
        """Give what `/healthz` says of it: that it is away is no reason to take a node out, so it is no problem there."""
        return [] if self._available else [f"redis is away: {self.last_error or 'no answer yet'}"]

    def samples(self) -> list[Sample]:
        """Give what `common.metrics` scrapes."""
        return [
            ("weir_redis_available", "1 while Redis answers", float(self._available)),
            ("weir_redis_outages_total", "How often Redis went away", self.outages),
        ]


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    with trio.move_on_after(CALL_S) as scope:
        yield
    if scope.cancelled_caught:
        raise RedisUnavailableError(f"no answer from Redis within {CALL_S:g} s")


def _client(url: str) -> redis.asyncio.Redis:
    try:
        return redis.asyncio.Redis.from_url(
            url,
            client_name="weir",
            max_connections=CONNECTIONS
            + 3,  # the probe does not wait for its turn, nor do subscriptions, old and new
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # with 3 the server is asked for notifications that nobody here reads
            driver_info=None,  # else each connection begins with a command that older servers do not know
            socket_connect_timeout=CALL_S,
            socket_timeout=CALL_S,
        )
    except ValueError as error:
        raise RedisSetupError(
            f"WEIR_REDIS_URL is no address of a Redis such as redis://127.0.0.1:6379/0: {error}"
        ) from error


def _check_version(info: dict[str, Any]) -> None:
    version = str(info.get("redis_version", ""))
    numbers = tuple(int(number) for number in version.split(".")[:2] if number.isdigit())
    if numbers < OLDEST:
        raise RedisSetupError(
            f"Redis {version} is too old: weir needs {'.'.join(map(str, OLDEST))} or newer, or any Valkey"
        )


def _name(info: dict[str, Any]) -> str:
    if "valkey_version" in info:
        return f"Valkey {info['valkey_version']}"
    return f"Redis {info.get('redis_version')}"


@contextlib.asynccontextmanager
async def open_redis(url: str, bridge: AsyncioBridge) -> AsyncIterator[RedisLink]:
    """Use the Redis of a URL for the duration of the block, which begins although Redis may not be there yet.

    Raises `RedisSetupError` when a person must change something first, as far as Redis tells at once.
    """
    link = RedisLink(bridge, url)
    try:
        async with running(link.keep_probing):
            await link.wait_started()
            yield link
    finally:
        with trio.move_on_after(CLOSE_S, shield=True):
            await link.close()
