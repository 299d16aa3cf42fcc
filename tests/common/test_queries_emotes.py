"""Emotes and badges in the database: told of, kept while messages may show them, and gone afterwards."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import trio

from common.db import CheckViolationError, ControlChange, Database, UniqueViolationError
from common.queries import assets, badges, emotes
from common.queries.assets import NewAsset
from common.queries.emotes import SITE, Emote, Status, Tier
from tests.common.test_queries import add_user, heard
from weir.retention import DELETED_EMOTES_KEPT, remove_deleted_emotes

pytestmark = pytest.mark.real


async def pictures(db: Database, *names: str) -> list[str]:
    await trio.lowlevel.checkpoint()
    return [await assets.upsert_asset(db, NewAsset("image/png", 1, 1, name.encode())) for name in names]


async def add(
    db: Database,
    code: str,
    *,
    by: int,
    channel_id: int | None = None,
    tier: Tier = "",
    status: Status = "approved",
    images: list[str] | None = None,
) -> Emote:
    return await emotes.insert_emote(
        db,
        channel_id=channel_id,
        code=code,
        tier=tier,
        status=status,
        images=images or ["a.png", "b.png", "c.png"],
        created_by=by,
    )


async def sweep(db: Database) -> int:
    await db.execute("update assets set check_at = now() where check_at is not null")
    return (await assets.sweep_assets(db, limit=100)).removed


async def test_chat_hears_of_every_change(database: Database) -> None:
    anna = await add_user(database, "anna")
    emote: list[Emote] = []

    async def act() -> None:
        emote.append(await add(database, "annaLove", by=anna.id, channel_id=anna.id))
        emote.append(await add(database, "Smile", by=anna.id))

    assert await heard(database, act) == [ControlChange("emotes", anna.id), ControlChange("emotes", SITE)]
    review = partial(emotes.review_emote, database, emote[0].id, status="rejected", reviewed_by=anna.id)
    assert await heard(database, review) == [ControlChange("emotes", anna.id)]
    assert await heard(database, partial(emotes.delete_emote, database, emote[1])) == [
        ControlChange("emotes", SITE)
    ]


async def test_pictures_stay_while_anything_shows_them(database: Database) -> None:
    anna = await add_user(database, "anna")
    names = await pictures(database, "1", "2", "3", "4", "5", "6")
    emote = await add(database, "annaLove", by=anna.id, channel_id=anna.id, images=names)
    await badges.upsert_channel_badge(
        database, channel_id=anna.id, months=1, status="approved", images=names[:3], created_by=anna.id
    )
    assert await sweep(database) == 0
    await emotes.delete_emote(database, emote)
    assert await sweep(database) == 0, "messages may show it"
    await database.execute("update emotes set deleted_at = now() - interval '91 days'")
    assert await remove_deleted_emotes(database) == 1
    assert await sweep(database) == 3, "the badge still has the others"
    assert await badges.delete_channel_badge(database, anna.id, 1)
    assert await sweep(database) == 3


async def test_a_deleted_emote_is_kept_for_three_months_by_its_id_alone(database: Database) -> None:
    anna = await add_user(database, "anna")
    emote = await add(database, "annaLove", by=anna.id, channel_id=anna.id)
    await emotes.delete_emote(database, emote)
    assert await emotes.select_emotes(database, [anna.id], every_status=True) == []
    assert await emotes.select_emote(database, emote.id) is None
    assert await emotes.select_emote_images(database, emote.id) == list(emote.images)
    await add(database, "annaLove", by=anna.id, channel_id=anna.id)
    assert await emotes.remove_deleted_emotes(database, kept=DELETED_EMOTES_KEPT, limit=9) == 0
    assert await emotes.remove_deleted_emotes(database, kept=timedelta(0), limit=9) == 1
    assert await emotes.select_emote_images(database, emote.id) == []


async def test_so_many_deleted_ones_are_kept_and_no_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emotes, "MAX_DELETED", 2)
    anna = await add_user(database, "anna")
    made = [await add(database, f"annaE{number}", by=anna.id, channel_id=anna.id) for number in range(4)]
    for emote in made:
        await emotes.delete_emote(database, emote)
    left = [bool(await emotes.select_emote_images(database, emote.id)) for emote in made]
    assert left == [False, False, True, True]


async def test_what_nobody_could_use_is_deleted_at_once(database: Database) -> None:
    anna = await add_user(database, "anna")
    statuses: list[Status] = ["pending", "rejected"]
    for status in statuses:
        emote = await add(database, "annaLove", by=anna.id, channel_id=anna.id, status=status)
        await emotes.delete_emote(database, emote)
    assert await database.fetchval("select count(*) from emotes") == 0


async def test_a_code_stands_for_one_emote(database: Database) -> None:
    anna = await add_user(database, "anna")
    await add(database, "annaIll", by=anna.id, channel_id=anna.id)
    for code in ("annaIll", "annaill", "ANNAI11", "annaIIl"):
        with pytest.raises(UniqueViolationError):
            await add(database, code, by=anna.id)
    for code in ("an", "anna_Love", "annaL\u043eve", "x" * 26):
        with pytest.raises(CheckViolationError):
            await add(database, code, by=anna.id)


async def test_prefixes_that_look_alike_are_one(database: Database) -> None:
    anna, bert = await add_user(database, "anna"), await add_user(database, "bert")
    assert await emotes.insert_prefix(database, anna.id, "lol")
    assert not await emotes.insert_prefix(database, bert.id, "l0l")
    assert not await emotes.insert_prefix(database, anna.id, "other"), "it has one"
    await emotes.upsert_prefix(database, anna.id, "other")
    assert await emotes.insert_prefix(database, bert.id, "l0l")
    with pytest.raises(UniqueViolationError):
        await emotes.upsert_prefix(database, anna.id, "lo1")


async def test_everywhere_are_emotes_of_ones_own_and_of_subscribed_channels(database: Database) -> None:
    anna, bert = await add_user(database, "anna"), await add_user(database, "bert")
    await add(database, "Smile", by=anna.id)
    tiers: list[Tier] = ["", "follower", "1000", "2000"]
    for number, tier in enumerate(tiers):
        await add(database, f"annaE{number}", by=anna.id, channel_id=anna.id, tier=tier)
        await add(database, f"bertE{number}", by=bert.id, channel_id=bert.id, tier=tier)
    await add(database, "annaNew", by=anna.id, channel_id=anna.id, status="pending")
    await database.execute(
        """
        insert into subscriptions (channel_id, user_id, tier, is_gift, since, renews, lapses_at)
        values ($1, $2, 1000, false, now(), false, now() + interval '1 day')
        """,
        anna.id,
        bert.id,
    )

    async def codes() -> list[str]:
        return [emote.code for emote in await emotes.select_emotes_elsewhere(database, bert.id)]

    own = [f"bertE{number}" for number in range(4)]
    assert sorted(await codes()) == sorted(["annaE0", "annaE2", *own])
    await database.execute("update users set suspended_at = now() where id = $1", anna.id)
    assert await codes() == own
    await database.execute("update users set suspended_at = null")
    await database.execute("update subscriptions set lapses_at = now()")
    assert await codes() == own


async def test_badges_wait_in_the_order_they_came(database: Database) -> None:
    anna, bert = await add_user(database, "anna"), await add_user(database, "bert")
    for channel_id, months in ((bert.id, 6), (anna.id, 1), (bert.id, 1)):
        await badges.upsert_channel_badge(
            database,
            channel_id=channel_id,
            months=months,
            status="pending",
            images=["a.png", "b.png", "c.png"],
            created_by=channel_id,
        )
    start = (datetime(1970, 1, 1, tzinfo=UTC), 0, 0)
    found = await badges.select_badge_queue(database, status="pending", after=start, limit=2)
    assert [(one.channel_login, one.months) for one in found] == [("bert", 6), ("anna", 1)]
    last = (found[-1].created_at, found[-1].channel_id, found[-1].months)
    rest = await badges.select_badge_queue(database, status="pending", after=last, limit=2)
    assert [(one.channel_login, one.months) for one in rest] == [("bert", 1)]
