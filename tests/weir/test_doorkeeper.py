"""Doors follow the database within a second; tickets are signed with the key that is there now."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio

from common.db import Database
from common.play_keys import SECRET, PlayKeys
from common.queries import channels, users
from common.queries.channels import ChannelUpdate
from hls.admission import Closed
from weir.doorkeeper import Doorkeeper
from weir.keys import KeyOwner, SeenKeys

pytestmark = pytest.mark.real


@dataclass
class Doors:
    """Remembers."""

    known: set[str] = field(default_factory=lambda: {"anna"})
    closed: dict[str, Closed | None] = field(default_factory=dict)
    changed: trio.Event = field(default_factory=trio.Event)

    def close(self, login: str, closed: Closed | None) -> None:
        self.closed[login] = closed
        self.changed.set()
        self.changed = trio.Event()

    def knows(self, login: str) -> bool:
        return login in self.known

    async def wait(self, wanted: Closed | None) -> None:
        await trio.lowlevel.checkpoint()
        with trio.fail_after(10):
            while self.closed.get("anna", "unknown") != wanted:
                await self.changed.wait()


@dataclass
class Site:
    doors: Doors
    keeper: Doorkeeper
    keys: SeenKeys
    owner: KeyOwner


@asynccontextmanager
async def site(db: Database) -> AsyncIterator[Site]:
    anna = (await users.insert_user_with_channel(db, login="anna", display_name="Anna")).id
    doors, keys = Doors(), SeenKeys()
    owner = KeyOwner(1, anna, "anna", "", refusal=None)
    keys.remember("secret", owner)
    keeper = Doorkeeper(db, doors, keys)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keeper.run)
        yield Site(doors, keeper, keys, owner)
        nursery.cancel_scope.cancel()


async def test_doors_follow_the_database(database: Database) -> None:
    async with site(database) as s:
        anna = s.owner.channel_id
        s.keeper.goes_on_air(s.owner)
        assert s.doors.closed == {"anna": None}
        await channels.update_channel(database, anna, ChannelUpdate(visibility="followers"))
        await s.doors.wait(Closed(anna, "followers"))
        known = s.keys.owner("secret")
        assert known is not None
        assert known.needed_grant == "followers", "it may go live again while the database is away"
        await channels.update_channel(database, anna, ChannelUpdate(visibility="unlisted"))
        await s.doors.wait(None)


async def test_a_change_between_the_look_at_the_key_and_going_live_is_seen(database: Database) -> None:
    async with site(database) as s:
        anna = s.owner.channel_id
        await channels.update_channel(database, anna, ChannelUpdate(visibility="subs"))
        s.keeper.goes_on_air(s.owner)
        await s.doors.wait(Closed(anna, "subs"))


async def test_a_deleted_channel_is_closed_for_good(database: Database) -> None:
    async with site(database) as s:
        s.keeper.goes_on_air(s.owner)
        await database.execute("delete from users")
        s.keeper.goes_on_air(s.owner)
        await s.doors.wait(Closed(s.owner.channel_id, "nobody"))


async def test_a_new_key_is_used_at_once_and_the_old_one_is_still_read(database: Database) -> None:
    heard: list[Mapping[str, bytes]] = []
    changed = trio.Event()

    def use(keys: Mapping[str, bytes]) -> None:
        heard.append(keys)
        if len(heard) == 2:
            changed.set()

    keys, other_node = PlayKeys(database, use=use), PlayKeys(database)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keys.keep_fresh)
        first = await keys.signing_key()
        assert first == await other_node.signing_key()
        await database.execute("delete from site_secrets where name = $1", SECRET)
        with trio.fail_after(10):
            await changed.wait()
        second = await keys.signing_key()
        assert second != first
        assert set(heard[-1].values()) == {first, second}
        assert await PlayKeys(database).signing_key() == second
        nursery.cancel_scope.cancel()
