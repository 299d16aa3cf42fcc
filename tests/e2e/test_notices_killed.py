"""kill -9 of the web role in the middle of ten thousand notices: after a restart each browser has exactly one."""

import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from common.db import Database
from common.queries import streams, users
from tests.e2e.harness import Weir, start_weir
from tests.webapp.push_site import PushBrowser, PushService, push_service
from webapp.push_delivery import CAPACITY

pytestmark = pytest.mark.real

FOLLOWERS = 10_000
KILLED_AFTER = 3_000
PATIENCE_S = 240


async def put_followers(db: Database, browser: PushBrowser, service_url: str) -> int:
    """Ten thousand people with a browser each; gives the channel that they follow."""
    anna = await users.insert_user_with_channel(db, login="anna", display_name="Anna")
    await db.execute(
        "insert into users (login, display_name) select 'fan' || n, 'fan' || n from generate_series(1, $1) as n",
        FOLLOWERS,
    )
    await db.execute(
        "insert into follows (user_id, channel_id) select id, $1 from users where id <> $1", anna.id
    )
    await db.execute(
        """
        insert into sessions (user_id, token_hash, address, user_agent, expires_at)
        select id, sha256(login::bytea), '', '', now() + interval '1 day' from users where id <> $1
        """,
        anna.id,
    )
    await db.execute(
        """
        insert into push_subscriptions (user_id, session_id, endpoint, endpoint_hash, p256dh, auth)
        select user_id, sessions.id, $1 || login, token_hash, $2, $3 from sessions join users on users.id = user_id
        """,
        f"{service_url}/push/",
        browser.p256dh,
        browser.auth,
    )
    return anna.id


@asynccontextmanager
async def serving(data_dir: Path, dsn: str) -> AsyncIterator[Weir]:
    """A weir that may be killed."""
    start = partial(start_weir, data_dir, WEIR_DATABASE_URL=dsn, WEIR_EGRESS_ALLOW="127.0.0.1")
    weir = await trio.to_thread.run_sync(start)
    try:
        yield weir
    finally:
        if weir.process.poll() is None:
            await trio.to_thread.run_sync(weir.stop)


async def test_each_browser_gets_one_notice_though_the_web_role_is_killed(
    database: Database, database_dsn: str, tmp_path: Path
) -> None:
    browser = PushBrowser("shared")
    with trio.fail_after(PATIENCE_S):
        async with push_service() as service:
            channel_id = await put_followers(database, browser, service.url)
            async with serving(tmp_path / "one", database_dsn) as weir:
                await streams.open_stream(
                    database,
                    stream_id=uuid.UUID(int=7),
                    channel_id=channel_id,
                    node="elsewhere",
                    title="chess",
                    started_at=await database.fetchval("select now()"),
                )
                await service.wait_for(KILLED_AFTER)
                weir.process.kill()
                await trio.to_thread.run_sync(weir.process.wait)
            before = Counter(request.name for request in service.requests)
            assert KILLED_AFTER <= len(before) < FOLLOWERS, "in the middle"
            await pass_leases(database)
            async with serving(tmp_path / "two", database_dsn):
                await all_sent(database, service)
    assert len(service.topics) == FOLLOWERS, "to each browser one message, by the id that push services go by"
    assert len({name for name, _ in service.topics}) == FOLLOWERS
    opened = {browser.open(request.body)["id"] for request in service.requests[:: FOLLOWERS // 100]}
    assert len(opened) == 1
    repeats = len(service.requests) - FOLLOWERS
    print(f"{repeats} of {FOLLOWERS} were sent twice")
    assert repeats <= CAPACITY, "no more than were under way"


async def pass_leases(db: Database) -> None:
    """A minute passes in which nobody sends."""
    await db.execute("update deliveries set due_at = now() where finished_at is null and attempts > 0")


async def all_sent(db: Database, service: PushService) -> None:
    while await db.fetchval(
        """
        select exists (select from outbox where type = 'stream.online' and delivered_at is null)
            or exists (select from deliveries where finished_at is null)
        """
    ):
        with trio.move_on_after(0.2):
            await service.wait_for(len(service.requests) + 1)
    outcomes = await db.fetch("select outcome, count(*) as n from deliveries group by outcome")
    assert [(row["outcome"], row["n"]) for row in outcomes] == [("sent", FOLLOWERS)]
