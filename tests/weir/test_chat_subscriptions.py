"""Subscriptions in chat over real sockets: how bots written for Twitch read them, pages too, and how fast they show."""

import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from common import subscriptions
from common.audit import SYSTEM
from common.db import Database
from common.subscription_telling import Giver, Place
from tests.common.database_site import cluster_dsn, database, database_dsn, made_data_dir
from tests.common.test_queries import add_user
from tests.weir.test_chat import LIFE_S, Page, Site, site

__all__ = ["cluster_dsn", "database", "database_dsn", "made_data_dir", "site"]

pytestmark = pytest.mark.real

SCRIPT = Path(__file__).parents[1] / "clients" / "support.mjs"


class Watchers:
    """tmi.js and twurple."""

    def __init__(self, process: trio.Process) -> None:
        self.process = process
        self._rest = b""
        self.heard: list[dict[str, Any]] = []

    async def next(self, kind: str) -> dict[str, Any]:
        """Wait for something that they tell; what is told in between is kept."""
        assert self.process.stdout is not None
        while True:
            for one in self.heard:
                if one["kind"] == kind:
                    self.heard.remove(one)
                    return one
            data = await self.process.stdout.receive_some()
            assert data, f"ended before {kind}: {self.heard}"
            *lines, self._rest = (self._rest + bytes(data)).split(b"\n")
            self.heard += [json.loads(line) for line in lines]


@asynccontextmanager
async def watchers(port: int) -> AsyncIterator[Watchers]:
    async with trio.open_nursery() as nursery:
        command = ["node", str(SCRIPT), str(port)]
        process = await nursery.start(partial(trio.run_process, command, stdout=subprocess.PIPE, check=False))
        found = Watchers(process)
        await found.next("tmi joined")
        await found.next("twurple joined")
        yield found
        nursery.cancel_scope.cancel()


async def put_back(db: Database) -> None:
    """Have all subscriptions begin forty days earlier."""
    await db.execute("update subscriptions set since = since - interval '40 days'")


async def test_bots_read_all_kinds_of_notices(site: Site) -> None:
    db = site.db
    anna, ben, cleo = [await add_user(db, login) for login in ("anna", "ben", "cleo")]
    place = Place(anna.id, "Anna")
    with trio.fail_after(LIFE_S):
        async with watchers(site.role.port) as seen:
            await subscriptions.grant(db, SYSTEM, place, "ben", 2000, None)
            tmi = await seen.next("tmi sub")
            assert (tmi["name"], tmi["plan"], tmi["badges"]) == (
                ben.display_name,
                "2000",
                {"subscriber": "2000"},
            )
            twurple = await seen.next("twurple sub")
            assert (twurple["user"], twurple["months"], twurple["plan"]) == ("ben", 1, "2000")

            await put_back(db)
            await subscriptions.share(db, place, ben.id, "two; months", show_streak=True)
            tmi = await seen.next("tmi resub")
            assert (tmi["text"], tmi["months"], tmi["plan"]) == ("two; months", "2", "2000")
            twurple = await seen.next("twurple resub")
            assert (twurple["months"], twurple["streak"], twurple["message"]) == (2, 2, "two; months")

            await subscriptions.give_freely(db, SYSTEM, place, Giver(ben.id), [cleo.id], 1000, mass=False)
            tmi = await seen.next("tmi subgift")
            assert (tmi["name"], tmi["recipient"], tmi["plan"]) == (
                ben.display_name,
                cleo.display_name,
                "1000",
            )
            twurple = await seen.next("twurple subgift")
            assert (twurple["user"], twurple["gifter"], twurple["count"]) == ("cleo", "ben", 1)
            assert (twurple["gifterId"], twurple["giftDuration"]) == (str(ben.id), 1)

            fans = [(await add_user(db, f"fan_{number}")).id for number in range(3)]
            nobody = Giver(ben.id, is_anonymous=True)
            await subscriptions.give_freely(db, SYSTEM, place, nobody, fans, 3000, mass=True)
            tmi = await seen.next("tmi submysterygift")
            assert (tmi["count"], tmi["plan"]) == (3, "3000")
            twurple = await seen.next("twurple community")
            assert (twurple["user"], twurple["count"], twurple["plan"]) == ("ananonymousgifter", 3, "3000")
            recipients = {(await seen.next("twurple subgift"))["user"] for _ in fans}
            assert recipients == {"fan_0", "fan_1", "fan_2"}


async def said_next(writer: Page, reader: Page) -> Any:
    """Say something as soon as chat takes it; give what another page hears."""
    while True:
        answer = await writer.ask("send", channel="anna", text=f"hello {trio.current_time()}")
        if answer.get("is_sent"):
            break
        await trio.sleep(0.2)
    return (await reader.event("channel.chat.message"))["event"]


async def test_badge_and_notice_show_on_a_page_and_go_again(site: Site) -> None:
    db = site.db
    anna, ben = await add_user(db, "anna"), await add_user(db, "ben")
    place = Place(anna.id, "Anna")
    token = await site.token(ben.id, "chat:read", "chat:edit")
    async with site.page(token) as writer, site.page() as reader:
        for page in (writer, reader):
            await page.ask("join", channel="anna")
        assert (await said_next(writer, reader))["badges"] == []
        await subscriptions.grant(db, SYSTEM, place, "ben", 1000, 1)
        told = (await reader.event("channel.chat.notification"))["event"]
        assert (told["notice_type"], told["chatter_user_login"], told["sub"]["sub_tier"]) == (
            "sub",
            "ben",
            "1000",
        )
        said = await said_next(writer, reader)
        assert said["badges"] == [{"set_id": "subscriber", "id": "0", "info": "1"}]
        assert said["roles"] == ["subscriber"]
        await subscriptions.take_back(db, SYSTEM, place, ben.id, "ben")
        with trio.fail_after(LIFE_S):
            while (await said_next(writer, reader))["badges"]:
                pass  # the change is on its way
