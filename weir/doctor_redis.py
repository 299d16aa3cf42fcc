"""The check of the Redis or Valkey that processes share."""

import time

import trio

from common.asyncio_bridge import open_bridge
from common.redis_link import RedisError, RedisSetupError, open_redis
from weir.findings import Finding, ok, problem, warning

_SLOW_S = 0.05
"""An answer within a data centre takes a thousandth of a second."""


async def examine_redis(url: str | None) -> list[Finding]:
    """Ask the configured Redis; nothing where none is configured."""
    await trio.lowlevel.checkpoint()
    if url is None:
        return []
    try:
        async with open_bridge() as bridge, open_redis(url, bridge) as link:
            if link.last_error is not None:
                raise link.last_error
            asked = time.monotonic()
            await link.execute("PING")
            return [check_answer(link.server, time.monotonic() - asked)]
    except RedisSetupError as error:
        advice = "Put right WEIR_REDIS_URL, or the server."
        return [problem("redis", str(error), advice)]
    except RedisError as error:
        advice = "Start it, and check WEIR_REDIS_URL; until it answers, each process goes on with what it knows alone."
        return [problem("redis", str(error), advice)]


def check_answer(server: str, seconds: float) -> Finding:
    """Is it near enough?"""
    text = f"{server} answers in {seconds * 1000:.1f} ms"
    if seconds < _SLOW_S:
        return ok("redis", text)
    return warning("redis", text, "Move it nearer, or see what keeps it busy.")
