"""Chat history of two chat processes on one PostgreSQL and one Valkey: what was accepted is written down, once, whoever dies."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import trio

from common.db import open_database
from tests.e2e.backup_site import Site
from tests.e2e.harness import start_weir
from tests.e2e.postgres_site import OwnPostgres, own_postgres
from tests.e2e.test_chat_nodes import PATIENCE_S, Member, Nodes, _people, gathered, kill
from tests.valkey_site import running_valkey

pytestmark = pytest.mark.real

WRITERS = 6
EACH = 30
AWAY_S = 4.0
WRITTEN_S = 40.0
"""A node that was killed keeps what it took for 15 s."""


@dataclass
class Kept:
    """The site, and the database behind it."""

    nodes: Nodes
    postgres: OwnPostgres

    async def ids(self) -> list[str]:
        async with open_database(self.postgres.url, wait_s=20) as db:
            return [str(row["id"]) for row in await db.fetch("select id from chat_messages")]

    async def until_written(self, accepted: list[str]) -> None:
        """Wait until all of them are written down."""
        missing = set(accepted)
        await trio.lowlevel.checkpoint()
        with trio.move_on_after(WRITTEN_S):
            while missing:
                await trio.sleep(0.2)
                missing = set(accepted) - set(await self.ids())
        assert not missing, f"{len(missing)} of {len(accepted)} messages are not in the history"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    path = tmp_path_factory.mktemp("history")
    with own_postgres() as postgres, running_valkey() as valkey:
        site = Site(path / "shell", postgres.url)
        site.done("migrate")
        tokens = trio.run(_people, postgres.url)
        shared = {"WEIR_REDIS_URL": valkey.url, "WEIR_DATABASE_URL": postgres.url, "WEIR_DRAIN_S": "4"}
        nodes = Nodes(
            valkey,
            site,
            tokens,
            lambda number: start_weir(
                path / f"chat-{number}", "serve chat", WEIR_NODE=f"chat-{number}", **shared
            ),
        )
        try:
            yield Kept(nodes, postgres)
        finally:
            for weir in nodes.running:
                weir.stop()


@pytest.fixture
def site(made: Kept) -> Kept:
    """Both nodes up."""
    made.nodes.start()
    return made


async def crowd_says(site: Kept, *, at_a_third: "trio.Event") -> list[str]:
    """Have writers at both nodes say things; gives the ids of what was accepted."""
    nodes = site.nodes
    writers = [Member(nodes, number % 2, nodes.tokens[f"writer_{number}"]) for number in range(WRITERS)]
    accepted: list[str] = []

    async def write(number: int) -> None:
        await trio.lowlevel.checkpoint()
        for count in range(EACH):
            accepted.append(await writers[number].say(f"{number} says {count}"))
            if len(accepted) >= WRITERS * EACH // 3:
                at_a_third.set()

    async with gathered(*writers):
        with trio.fail_after(2 * PATIENCE_S):
            async with trio.open_nursery() as nursery:
                for number in range(WRITERS):
                    nursery.start_soon(write, number)
    assert len(set(accepted)) == WRITERS * EACH
    return accepted


async def test_a_node_is_killed_under_load_and_the_history_has_every_message(site: Kept) -> None:
    a_third, accepted = trio.Event(), list[str]()
    async with trio.open_nursery() as nursery:

        async def talk() -> None:
            accepted.extend(await crowd_says(site, at_a_third=a_third))

        nursery.start_soon(talk)
        await a_third.wait()
        kill(site.nodes, 0)
    await site.until_written(accepted)
    ids = await site.ids()
    assert len(ids) == len(set(ids))


async def test_all_nodes_are_killed_and_one_that_comes_back_writes_what_they_left(site: Kept) -> None:
    accepted = await crowd_says(site, at_a_third=trio.Event())
    kill(site.nodes, 0)
    kill(site.nodes, 1)
    await trio.to_thread.run_sync(site.nodes.start)
    await site.until_written(accepted)


async def test_postgresql_goes_away_under_load_and_is_caught_up_with(site: Kept) -> None:
    a_third, accepted = trio.Event(), list[str]()

    async def talk() -> None:
        accepted.extend(await crowd_says(site, at_a_third=a_third))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk)
        await a_third.wait()
        await trio.to_thread.run_sync(site.postgres.stop)
        try:
            await trio.sleep(AWAY_S)
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(site.postgres.start)
    await site.until_written(accepted)


async def test_an_emptied_valkey_loses_nothing_that_is_written_and_history_goes_on(site: Kept) -> None:
    before = await crowd_says(site, at_a_third=trio.Event())
    await site.until_written(before)
    site.nodes.valkey.stop()
    site.nodes.valkey.start()
    alone = await crowd_says(site, at_a_third=trio.Event())
    await site.until_written([*before, *alone])
    ids = await site.ids()
    assert len(ids) == len(set(ids))
