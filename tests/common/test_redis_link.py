"""`common.redis_link` against a real Valkey, which comes, goes, hangs and refuses."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio

from common.asyncio_bridge import AsyncioBridge, open_bridge
from common.redis_link import (
    CALL_S,
    CONNECTIONS,
    RedisError,
    RedisLink,
    RedisSetupError,
    RedisUnavailableError,
    _check_version,
    open_redis,
)
from tests.valkey_site import Valkey, running_valkey, valkey

__all__ = ["valkey"]

PATIENCE_S = 30


@asynccontextmanager
async def linked(url: str) -> AsyncIterator[tuple[RedisLink, AsyncioBridge]]:
    async with open_bridge() as bridge, open_redis(url, bridge) as link:
        yield link, bridge


async def turned(link: RedisLink, *, wanted: bool) -> None:
    with trio.fail_after(PATIENCE_S):
        await link.wait_available(wanted=wanted)


@pytest.mark.parametrize("version", ["6.2.0", "7.2.4", "10.0"])
def test_servers_that_are_new_enough(version: str) -> None:
    _check_version({"redis_version": version})


@pytest.mark.parametrize("version", ["6.0.16", "5.0", "", "garbage"])
def test_servers_that_are_too_old(version: str) -> None:
    with pytest.raises(RedisSetupError, match=r"too old.*6\.2"):
        _check_version({"redis_version": version})


@pytest.mark.parametrize("url", ["", "valkey", "http://127.0.0.1:6379", "redis://127.0.0.1:port/0"])
async def test_an_address_that_is_none_is_named_and_its_password_is_not(url: str) -> None:
    async with open_bridge() as bridge:
        with pytest.raises(RedisSetupError, match="WEIR_REDIS_URL") as refused:
            async with open_redis(url.replace("//", "//:secret@"), bridge):
                pass
    assert "secret" not in str(refused.value)


GARBAGE = [
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    b":7\r\n",
    b"*-1\r\n",
    b"*2\r\n:1\r\n:2\r\n",
    b"$x\r\n",
    b"$-99999999999999999999\r\n",
    b"*x\r\n\r\n",
    b"$4\r\n\xff\xfe\xfd\xfc\r\n",
    b"$22\r\nredis_version:six\r\na:b\r\n",
    b"\x00" * 100,
    b"-LOADING Redis is loading the dataset in memory\r\n",
    b"-ERR unknown command\r\n",
    b"\r\n\r\n",
    b"",
]


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_what_is_no_redis_ends_nothing(garbage: bytes) -> None:
    async def answer(stream: trio.SocketStream) -> None:
        with contextlib.suppress(trio.BrokenResourceError):
            await stream.receive_some()
            await stream.send_all(garbage)
            await stream.send_eof()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, answer, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        async with open_bridge() as bridge:
            with contextlib.suppress(RedisSetupError):
                async with open_redis(f"redis://127.0.0.1:{port}", bridge) as link:
                    assert not link.available
                    with pytest.raises(RedisUnavailableError):
                        await link.execute("PING")
            assert bridge.stray_errors == 0
        nursery.cancel_scope.cancel()


@pytest.mark.real
async def test_commands_pipelines_and_transactions_are_answered(valkey: Valkey) -> None:
    async with linked(valkey.url) as (link, _):
        assert link.available
        await link.execute("SET", "number", 7)
        assert await link.execute("GET", "number") == b"7"
        assert await link.pipeline([("INCR", "number"), ("GET", "number"), ("GET", "nothing")]) == [
            8,
            b"8",
            None,
        ]
        assert await link.transaction([("INCR", "number"), ("EXISTS", "nothing")]) == [9, 0]
        assert await link.execute("EVAL", "return redis.call('INCR', KEYS[1])", 1, "number") == 10
        assert link.remarks() == []
        assert link.outages == 0


@pytest.mark.real
async def test_a_command_that_is_wrong_is_no_outage(valkey: Valkey) -> None:
    async with linked(valkey.url) as (link, _):
        await link.execute("SET", "text", "x")
        for wrong in (("NOSUCH",), ("INCR", "text"), ("HGET", "text", "field")):
            with pytest.raises(RedisError) as refused:
                await link.execute(*wrong)
            assert not isinstance(refused.value, RedisUnavailableError)
        with pytest.raises(RedisError):
            await link.pipeline([("GET", "text"), ("INCR", "text")])
        assert await link.execute("GET", "text") == b"x"
        assert (link.available, link.outages) == (True, 0)


@pytest.mark.real
async def test_more_calls_than_connections_take_turns(valkey: Valkey) -> None:
    async with linked(valkey.url) as (link, _):
        async with trio.open_nursery() as nursery:
            for _ in range(200):
                nursery.start_soon(link.execute, "INCR", "number")
        assert await link.execute("GET", "number") == b"200"
        connections = await link.execute("CLIENT", "LIST")
        assert connections.count(b"name=weir") <= CONNECTIONS + 1


@pytest.mark.real
async def test_cancelling_at_any_moment_leaves_a_link_that_works(valkey: Valkey) -> None:
    async with linked(valkey.url) as (link, bridge):
        for step in range(60):
            with trio.move_on_after(step * 0.0001):
                await link.execute("SET", "step", step)
                await link.pipeline([("GET", "step")] * 3)
        for step in range(3 * CONNECTIONS):  # an answer that was left over would go to somebody else
            assert await link.execute("ECHO", str(step)) == str(step).encode()
        assert bridge.stray_errors == 0


@pytest.mark.real
async def test_a_server_that_dies_is_noticed_and_its_return_too(valkey: Valkey) -> None:
    async with linked(valkey.url) as (link, bridge):
        valkey.stop()
        await turned(link, wanted=False)
        with pytest.raises(RedisUnavailableError):
            await link.execute("PING")
        assert "away" in link.remarks()[0]
        valkey.start()
        await turned(link, wanted=True)
        assert await link.execute("ECHO", "again") == b"again"
        assert link.outages == 1
        assert {name: value for name, _, value in link.samples()} == {
            "weir_redis_available": 1,
            "weir_redis_outages_total": 1,
        }
        assert bridge.stray_errors == 0


@pytest.mark.real
async def test_a_server_that_was_restarted_between_two_probes_is_noticed(valkey: Valkey) -> None:
    async with linked(valkey.url) as (link, _):
        assert link.back_at == float("-inf")
        valkey.stop()
        valkey.start()  # both without letting the link run
        with trio.fail_after(PATIENCE_S):
            while link.outages == 0:
                await trio.sleep(0.05)
        await turned(link, wanted=True)
        assert trio.current_time() - 5 < link.back_at <= trio.current_time()


@pytest.mark.real
async def test_a_server_that_hangs_holds_nobody_for_long(valkey: Valkey) -> None:
    async with linked(valkey.url) as (link, _):
        with valkey.frozen(), trio.fail_after(PATIENCE_S):
            async with trio.open_nursery() as nursery:

                async def ask() -> None:
                    with pytest.raises(RedisUnavailableError), trio.fail_after(3 * CALL_S):
                        await link.execute("SET", "large", "x" * 1_000_000)

                for _ in range(3 * CONNECTIONS):
                    nursery.start_soon(ask)
            await turned(link, wanted=False)
        await turned(link, wanted=True)
        assert await link.execute("ECHO", "again") == b"again"


@pytest.mark.real
async def test_a_link_begins_also_where_nobody_answers_yet(valkey: Valkey) -> None:
    valkey.stop()
    async with linked(valkey.url) as (link, _):
        assert not link.available
        with pytest.raises(RedisUnavailableError):
            await link.execute("PING")
        valkey.start()
        await turned(link, wanted=True)
        assert link.outages == 0, "it was never there before"


@pytest.mark.real
async def test_a_wrong_password_is_said_at_the_start() -> None:
    with running_valkey("right-password") as server:
        async with linked(server.url) as (link, _):
            assert await link.execute("ECHO", "in") == b"in"
        for wrong in (
            server.url.replace("right-password", "wrong"),
            server.url.replace(":right-password@", ""),
        ):
            async with open_bridge() as bridge:
                with pytest.raises(RedisSetupError, match="WEIR_REDIS_URL"):
                    async with open_redis(wrong, bridge):
                        pass


@pytest.mark.real
async def test_a_password_that_changes_while_we_run_is_an_outage_that_heals() -> None:
    with running_valkey("first") as server:
        async with linked(server.url) as (link, _):
            server.stop()
            server.password = "second"
            server.start()
            await turned(link, wanted=False)
            with trio.fail_after(PATIENCE_S):
                while not isinstance(link.last_error, RedisSetupError):
                    await trio.sleep(0.05)
            server.stop()
            server.password = "first"
            server.start()
            await turned(link, wanted=True)


@pytest.mark.real
async def test_a_stray_error_in_the_loop_ends_neither_the_link_nor_the_run(valkey: Valkey) -> None:
    async def plant() -> None:
        async def fail() -> None:
            raise ZeroDivisionError

        plant.task = asyncio.get_running_loop().create_task(fail())  # type: ignore[attr-defined]  # keeps it
        await asyncio.sleep(0)
        del plant.task  # type: ignore[attr-defined]
        asyncio.get_running_loop().call_soon(lambda: 1 // 0)
        await asyncio.sleep(0.01)

    async with linked(valkey.url) as (link, bridge):
        await bridge.run(plant)
        assert await link.execute("ECHO", "on") == b"on"
        assert bridge.stray_errors >= 1


@pytest.mark.real
async def test_a_failure_of_the_block_comes_out_as_it_is(valkey: Valkey) -> None:
    async with open_bridge() as bridge:
        with pytest.raises(KeyError):
            async with open_redis(valkey.url, bridge):
                raise KeyError
