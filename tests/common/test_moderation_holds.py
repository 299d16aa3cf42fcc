"""The queue of held messages against a real PostgreSQL: bounds, time, decisions, and what counts more than they do."""

import uuid

import pytest

from common import moderation, moderation_holds
from common.audit import Actor
from common.db import Database
from common.moderation import Done, Moderator, Place, Refused
from common.principals import Principal
from common.queries import moderation_holds as queries
from common.queries import roles
from common.queries.users import User
from tests.common.test_queries import add_user

pytestmark = pytest.mark.real


def by(user: User) -> Moderator:
    return Moderator(Principal("session", user.id, user.login), Actor("user", user.id), "api")


async def hold(
    db: Database,
    channel: User,
    author: User,
    *,
    holds_s: int = 300,
    at_most: int = 200,
    hold_id: uuid.UUID | None = None,
) -> uuid.UUID | None:
    hold_id = hold_id or uuid.uuid4()
    is_held = await queries.insert_hold(
        db,
        hold_id,
        channel_id=channel.id,
        user_id=author.id,
        text="let me in",
        held_for="suspicious_user",
        category="",
        message=b"m",
        holds_s=holds_s,
        at_most=at_most,
        at_most_of_one=moderation_holds.MAX_WAITING_OF_ONE,
    )
    return hold_id if is_held else None


async def people(db: Database) -> tuple[User, User, User]:
    anna, mia, ben = [await add_user(db, login) for login in ("anna", "mia", "ben")]
    await roles.insert_role(db, channel_id=anna.id, user_id=mia.id, role="moderator", granted_by=anna.id)
    return anna, mia, ben


async def test_a_queue_is_bounded_and_nobody_fills_it_alone(database: Database) -> None:
    anna, _, ben = await people(database)
    mine = [await hold(database, anna, ben) for _ in range(moderation_holds.MAX_WAITING_OF_ONE + 2)]
    assert mine[-3] is not None
    assert mine[-2:] == [None, None]
    tom = await add_user(database, "tom")
    assert await hold(database, anna, tom, at_most=10) is None
    assert await hold(database, anna, tom, at_most=11) is not None


async def test_a_message_that_is_held_again_is_the_same(database: Database) -> None:
    anna, mia, ben = await people(database)
    first = await hold(database, anna, ben)
    assert await hold(database, anna, ben, hold_id=first, at_most=1) == first
    found = await moderation_holds.waiting(database, by(mia), Place(anna.id, "anna"), limit=10)
    assert isinstance(found, list)
    assert [one.id for one in found] == [first]


async def test_what_waited_too_long_cannot_be_allowed_and_is_settled_once(database: Database) -> None:
    anna, mia, ben = await people(database)
    hold_id = await hold(database, anna, ben, holds_s=0)
    assert hold_id is not None
    place = Place(anna.id, "anna")
    assert await moderation_holds.waiting(database, by(mia), place, limit=10) == []
    late = await moderation_holds.decide(database, by(mia), place, hold_id, is_allowed=True)
    assert late == Refused("hold_settled", "The message waited too long already.", "conflict")
    assert [one.id for one in await queries.expire_holds(database, limit=10)] == [hold_id]
    assert await queries.expire_holds(database, limit=10) == []


async def test_nobody_decides_about_their_own_or_that_of_another_channel(database: Database) -> None:
    anna, mia, ben = await people(database)
    own = await hold(database, anna, mia)
    other = await hold(database, ben, anna)
    assert own is not None
    assert other is not None
    place = Place(anna.id, "anna")
    found = await moderation_holds.decide(database, by(mia), place, own, is_allowed=True)
    assert isinstance(found, Refused)
    assert found.code == "bad_hold_self"
    assert (
        await moderation_holds.decide(database, by(mia), place, other, is_allowed=True)
        == moderation_holds.NO_HOLD
    )
    found = await moderation_holds.decide(database, by(ben), place, own, is_allowed=True)
    assert found == moderation.FORBIDDEN


async def test_a_ban_counts_more_than_what_was_allowed(database: Database) -> None:
    anna, mia, ben = await people(database)
    place = Place(anna.id, "anna")
    first, second = await hold(database, anna, ben), await hold(database, anna, ben)
    assert first is not None
    assert second is not None
    allowed = await moderation_holds.decide(database, by(mia), place, first, is_allowed=True)
    assert allowed == Done("hold_allowed", "The message of ben was allowed.")
    assert isinstance(await moderation.ban(database, by(anna), place, "ben", duration_s=60), Done)
    assert await queries.take_allowed(database, limit=10) == [], "it is not said any more"
    late = await moderation_holds.decide(database, by(mia), place, second, is_allowed=True)
    assert late == Refused("hold_settled", "The message was taken back already.", "conflict")
    third = await hold(database, anna, ben)
    assert third is not None
    refused = await moderation_holds.decide(database, by(mia), place, third, is_allowed=True)
    assert isinstance(refused, Refused)
    assert refused.code == "hold_author_banned"
    assert isinstance(await moderation_holds.decide(database, by(mia), place, third, is_allowed=False), Done)


async def test_who_is_suspended_after_the_decision_says_nothing(database: Database) -> None:
    anna, mia, ben = await people(database)
    hold_id = await hold(database, anna, ben)
    assert hold_id is not None
    await moderation_holds.decide(database, by(mia), Place(anna.id, "anna"), hold_id, is_allowed=True)
    await database.execute("update users set suspended_at = now(), login = 'benjamin' where id = $1", ben.id)
    async with database.transaction() as one, database.transaction() as two:
        [found] = await queries.take_allowed(one, limit=10)
        assert (found.user_login, found.is_void) == ("benjamin", True)
        assert await queries.take_allowed(two, limit=10) == [], "another node leaves it out"
        await queries.settle_release(one, hold_id, is_said=False)
    settled = await queries.select_hold(database, anna.id, hold_id)
    assert settled is not None
    assert settled.status == "canceled"
    await database.execute("delete from users where id = $1", ben.id)
    assert await queries.select_hold(database, anna.id, hold_id) is None
