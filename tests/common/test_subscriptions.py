"""Subscriptions: grants, gifts, ends and what everybody is told of them, against a real PostgreSQL."""

import random
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
import trio

from common import subscriptions
from common.audit import SYSTEM
from common.db import Database
from common.queries import chat, follows
from common.queries import subscriptions as queries
from common.queries.subscriptions import SubscriptionPlace
from common.subscription_telling import Giver, Place
from common.subscription_terms import Tier
from common.subscriptions import SubscriptionRefusedError
from tests.common.test_queries import add_user

pytestmark = pytest.mark.real


async def add_channel(db: Database, login: str = "anna") -> Place:
    user = await add_user(db, login)
    return Place(user.id, user.display_name)


async def events(db: Database, channel_id: int) -> list[tuple[str, dict[str, Any]]]:
    rows = await db.fetch(
        "select type, event::text as event from outbox where channel_id = $1 order by id", channel_id
    )
    return [(row["type"], msgspec.json.decode(row["event"])) for row in rows]


async def books(db: Database) -> list[str]:
    return [row["kind"] for row in await db.fetch("select kind from subscription_events order by id")]


async def move_back(db: Database, days: int) -> None:
    """Have all that was bought happen days earlier."""
    await db.execute(
        "update subscription_terms set starts_at = starts_at - make_interval(days => $1),"
        " ends_at = ends_at - make_interval(days => $1), lapses_at = lapses_at - make_interval(days => $1)",
        days,
    )
    await db.execute(
        "update subscriptions set since = since - make_interval(days => $1),"
        " ends_at = ends_at - make_interval(days => $1), lapses_at = lapses_at - make_interval(days => $1)",
        days,
    )


async def refusal(db: Database, place: Place, login: str, tier: Tier = 1000) -> str:
    with pytest.raises(SubscriptionRefusedError) as refused:
        await subscriptions.grant(db, SYSTEM, place, login, tier, 1)
    return refused.value.reason


async def test_grant_makes_a_subscriber_in_the_list_in_chat_and_in_events(database: Database) -> None:
    place = await add_channel(database)
    ben = await add_user(database, "ben")
    assert await subscriptions.grant(database, SYSTEM, place, "BEN", 2000, 3) == ben.id
    found = await queries.select_subscriber(database, channel_id=place.id, user_id=ben.id)
    assert found is not None
    assert (found.user_login, found.channel_login, found.subscription.tier, found.gifter_login) == (
        "ben",
        "anna",
        2000,
        "",
    )
    standing = await chat.select_standing(database, channel_id=place.id, user_id=ben.id)
    assert standing is not None
    assert (standing.tier, standing.months) == (2000, 1)
    (begun, told), (notice_type, notice) = await events(database, place.id)
    assert (begun, told["user_id"], told["tier"], told["is_gift"]) == (
        "channel.subscribe",
        str(ben.id),
        "2000",
        False,
    )
    assert told["broadcaster_user_login"] == "anna"
    assert (notice_type, notice["notice_type"]) == ("channel.chat.notification", "sub")
    assert notice["system_message"] == f"{found.user_name} subscribed at Tier 2."
    assert notice["badges"] == [{"set_id": "subscriber", "id": "2000", "info": "1"}]
    assert await books(database) == ["begun"]
    assert await queries.count_subscribers(database, place.id) == {2000: 1}


async def test_who_cannot_be_given_one_is_refused_with_a_reason(database: Database) -> None:
    place = await add_channel(database)
    ben, eve = await add_user(database, "ben"), await add_user(database, "eve")
    assert await refusal(database, place, "nobody_here") == "nobody"
    assert await refusal(database, place, "anna") == "own_channel"
    await chat.upsert_ban(
        database, channel_id=place.id, user_id=eve.id, moderator_id=place.id, reason="", expires_at=None
    )
    assert await refusal(database, place, "eve") == "unwelcome"
    await database.execute("update users set suspended_at = now() where id = $1", eve.id)
    assert await refusal(database, place, "eve") == "nobody"
    await subscriptions.grant(database, SYSTEM, place, "ben", 2000, None)
    assert await refusal(database, place, "ben", 1000) == "subscribed"
    assert await refusal(database, place, "ben", 2000) == "subscribed"
    await subscriptions.grant(database, SYSTEM, place, "ben", 3000, 1)
    found = await queries.select_subscriber(database, channel_id=place.id, user_id=ben.id)
    assert found is not None
    assert (found.subscription.tier, found.subscription.ends_at) == (3000, None)


async def test_two_grants_at_once_make_one(database: Database) -> None:
    place = await add_channel(database)
    await add_user(database, "ben")
    made: list[bool] = []

    async def grant() -> None:
        await trio.lowlevel.checkpoint()
        try:
            await subscriptions.grant(database, SYSTEM, place, "ben", 1000, 1)
            made.append(True)
        except SubscriptionRefusedError:
            made.append(False)

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(grant)
    assert await database.fetchval("select count(*) from subscription_terms") == 1
    assert sorted(made) == [False, False, False, True]


async def test_what_was_granted_is_taken_back_and_that_is_told_once(database: Database) -> None:
    place = await add_channel(database)
    ben = await add_user(database, "ben")
    await subscriptions.grant(database, SYSTEM, place, "ben", 1000, None)
    assert await subscriptions.take_back(database, SYSTEM, place, ben.id, "ben")
    assert not await subscriptions.take_back(database, SYSTEM, place, ben.id, "ben")
    assert await queries.select_subscriber(database, channel_id=place.id, user_id=ben.id) is None
    assert [kind for kind, _ in await events(database, place.id)].count("channel.subscription.end") == 1
    assert await books(database) == ["begun", "ended"]


async def test_what_lapsed_gives_no_rights_even_before_the_clean_up_and_is_ended_once(
    database: Database,
) -> None:
    place = await add_channel(database)
    ben = await add_user(database, "ben")
    await subscriptions.grant(database, SYSTEM, place, "ben", 1000, 1)
    await move_back(database, 32)
    assert await queries.select_subscriber(database, channel_id=place.id, user_id=ben.id) is None
    assert await queries.count_subscribers(database, place.id) == {}
    standing = await chat.select_standing(database, channel_id=place.id, user_id=ben.id)
    assert standing is not None
    assert standing.tier is None
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(lambda: subscriptions.end_lapsed(database, limit=100))
    assert await subscriptions.end_lapsed(database, limit=100) == 0
    assert [kind for kind, _ in await events(database, place.id)].count("channel.subscription.end") == 1
    row = await database.fetchrow("select ended_at = lapses_at as exact, end_reason from subscription_terms")
    assert row is not None
    assert (row["exact"], row["end_reason"]) == (True, "over")


async def test_who_comes_back_goes_on_counting(database: Database) -> None:
    place = await add_channel(database)
    ben = await add_user(database, "ben")
    await subscriptions.grant(database, SYSTEM, place, "ben", 1000, 2)
    await move_back(database, 65)
    await subscriptions.end_lapsed(database, limit=10)
    await subscriptions.grant(database, SYSTEM, place, "ben", 1000, 1)
    found = await queries.select_subscriber(database, channel_id=place.id, user_id=ben.id)
    assert found is not None
    assert (found.subscription.months(found.now), found.subscription.streak(found.now)) == (3, 3)


async def test_gift_names_the_giver_and_an_anonymous_one_nobody(database: Database) -> None:
    place = await add_channel(database)
    cleo = await add_user(database, "cleo")
    people = [await add_user(database, name) for name in ("ben", "dora")]
    for giver, user in ((Giver(cleo.id), people[0]), (Giver(cleo.id, is_anonymous=True), people[1])):
        given = await subscriptions.give_freely(database, SYSTEM, place, giver, [user.id], 1000, mass=False)
        assert given == [user.id]
    told = [event for kind, event in await events(database, place.id) if kind == "channel.subscription.gift"]
    assert [
        (one["user_login"], one["is_anonymous"], one["total"], one["cumulative_total"]) for one in told
    ] == [
        ("cleo", False, 1, 1),
        (None, True, 1, None),
    ]
    notices = [
        event for kind, event in await events(database, place.id) if kind == "channel.chat.notification"
    ]
    assert [one["chatter_user_login"] for one in notices] == ["cleo", "ananonymousgifter"]
    assert notices[0]["sub_gift"]["recipient_user_login"] == "ben"
    found = await queries.select_subscriber(database, channel_id=place.id, user_id=people[1].id)
    assert found is not None
    assert (found.subscription.is_gift, found.gifter_login) == (True, "")
    assert "cleo" not in str(notices[1]).lower()


async def test_mass_gift_goes_to_followers_who_have_none_and_are_welcome(database: Database) -> None:
    place = await add_channel(database)
    giver, banned, blocked, subscribed, gone = [
        await add_user(database, name) for name in ("giver", "banned", "blocked", "subscribed", "gone")
    ]
    wanted = [await add_user(database, f"fan_{number}") for number in range(5)]
    for user in (giver, banned, blocked, subscribed, gone, *wanted):
        await follows.upsert_follow(database, user_id=user.id, channel_id=place.id, notify=True)
    await add_user(database, "stranger")
    await chat.upsert_ban(
        database, channel_id=place.id, user_id=banned.id, moderator_id=place.id, reason="", expires_at=None
    )
    await database.execute("insert into blocks (user_id, blocked_id) values ($1, $2)", blocked.id, giver.id)
    await database.execute("update users set suspended_at = now() where id = $1", gone.id)
    await subscriptions.grant(database, SYSTEM, place, "subscribed", 1000, 1)
    pool = await queries.select_candidates(database, channel_id=place.id, gifter_id=giver.id, pool=100)
    assert sorted(pool) == [user.id for user in wanted]

    def choose(candidates: Sequence[int], count: int) -> list[int]:
        return random.Random(7).sample(candidates, count)

    chosen = choose(pool, 3)
    given = await subscriptions.give_freely(database, SYSTEM, place, Giver(giver.id), chosen, 1000, mass=True)
    assert given == sorted(chosen)
    notices = [
        event for kind, event in await events(database, place.id) if kind == "channel.chat.notification"
    ][1:]
    assert [one["notice_type"] for one in notices] == ["community_sub_gift", *["sub_gift"] * 3]
    assert {one["sub_gift"]["community_gift_id"] for one in notices[1:]} == {
        notices[0]["community_sub_gift"]["id"]
    }
    again = await subscriptions.give_freely(database, SYSTEM, place, Giver(giver.id), chosen, 1000, mass=True)
    assert again == []


async def test_two_mass_gifts_to_the_same_people_reach_each_once(database: Database) -> None:
    place = await add_channel(database)
    people = [(await add_user(database, f"fan_{number}")).id for number in range(6)]
    given: list[int] = []

    async def give(order: list[int]) -> None:
        given.extend(
            await subscriptions.give_freely(
                database, SYSTEM, place, Giver(None, is_anonymous=True), order, 1000, mass=True
            )
        )

    async with trio.open_nursery() as nursery:
        nursery.start_soon(give, people)
        nursery.start_soon(give, people[::-1])
    assert sorted(given) == people


async def test_month_is_shared_once(database: Database) -> None:
    place = await add_channel(database)
    ben = await add_user(database, "ben")
    await subscriptions.grant(database, SYSTEM, place, "ben", 1000, 6)

    async def share(text: str = "Hello!") -> None:
        await subscriptions.share(database, place, ben.id, text, show_streak=True)

    with pytest.raises(SubscriptionRefusedError, match="already"):
        await share()  # chat was told when it began
    await move_back(database, 35)
    await share()
    with pytest.raises(SubscriptionRefusedError, match="already"):
        await share("Again!")
    kinds = [kind for kind, _ in await events(database, place.id)]
    assert kinds.count("channel.subscription.message") == 1
    (_, notice) = (await events(database, place.id))[-1]
    assert (notice["notice_type"], notice["message"]["text"]) == ("resub", "Hello!")
    assert (notice["resub"]["cumulative_months"], notice["resub"]["streak_months"]) == (2, 2)
    assert notice["badges"][-1] == {"set_id": "subscriber", "id": "2", "info": "2"}
    await subscriptions.take_back(database, SYSTEM, place, ben.id, "ben")
    with pytest.raises(SubscriptionRefusedError, match="not subscribed"):
        await share()


async def test_lists_go_page_by_page(database: Database) -> None:
    place = await add_channel(database)
    people = [await add_user(database, f"fan_{number}") for number in range(5)]
    for user in people:
        await subscriptions.grant(database, SYSTEM, place, user.login, 1000, 1)
    seen: list[int] = []
    where = SubscriptionPlace()
    while page := await queries.select_subscribers(database, place.id, limit=2, after=where):
        seen += [one.user_id for one in page]
        where = SubscriptionPlace(page[-1].subscription.since, page[-1].user_id)
    assert seen == [user.id for user in people][::-1]
    (mine,) = await queries.select_subscribed(database, people[0].id, limit=5, after=SubscriptionPlace())
    assert mine.channel_id == place.id


async def test_account_that_goes_leaves_books_that_name_nobody(database: Database) -> None:
    place = await add_channel(database)
    ben = await add_user(database, "ben")
    await subscriptions.grant(database, SYSTEM, place, "ben", 1000, 1)
    await database.execute("delete from users where id = $1", ben.id)
    assert await database.fetchval("select count(*) from subscriptions") == 0
    assert await database.fetchval("select count(*) from subscription_events where user_id is null") == 1
    await database.execute("delete from users where id = $1", place.id)
    assert await database.fetchval("select count(*) from subscription_events where channel_id is null") == 1
