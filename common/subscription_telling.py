"""Tells channels what happened to subscriptions: events in the outbox, notices for chat, lines in the books.

All of it belongs into the transaction of what happened, behind the lock of the subscription.
"""

import secrets
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from common.db import Executor, Transaction
from common.ids import RANDOM_BITS, uuid7
from common.queries import subscription_books as books
from common.queries import subscriptions as queries
from common.queries.subscription_books import Entry
from common.queries.subscriptions import Supporter
from common.subscription_notices import (
    NOBODY_KNOWN,
    NOTIFICATION,
    CommunitySubGift,
    Notice,
    Person,
    Resub,
    SubGift,
    badges_of,
    community_notice,
    gift_notice,
    resub_notice,
    sub_notice,
)
from common.subscription_terms import Subscription, Tier


@dataclass(frozen=True, slots=True)
class Giver:
    """Who gives."""

    user_id: int | None
    """`None`: an account that is gone."""
    is_anonymous: bool = False

    @property
    def shown_id(self) -> int | None:
        """Who everybody is told it was."""
        return None if self.is_anonymous else self.user_id


@dataclass(frozen=True, slots=True)
class Place:
    """A channel."""

    id: int
    name: str
    """As it is written."""


async def tell_first_month(
    db: Transaction, place: Place, user_id: int, *, now: datetime, duration_months: int
) -> None:
    """Tell chat of a subscription that began, if it is somebody's first; who comes back tells it by themselves."""
    held = await queries.select_subscription(db, channel_id=place.id, user_id=user_id)
    if held is None or held.months(now) != 1 or held.shared_month:
        return
    await queries.upsert_subscription(db, replace(held, shared_month=1), channel_id=place.id, user_id=user_id)
    person = await person_of(db, place.id, user_id)
    if person is not None:
        notice = sub_notice(new_message_id(), person, tier=held.tier, duration_months=duration_months)
        await tell_notice(db, place.id, notice)


async def tell_gifts(
    db: Transaction,
    place: Place,
    giver: Giver,
    given: Sequence[tuple[int, datetime]],
    tier: Tier,
    *,
    mass: bool,
    order_id: uuid.UUID | None,
) -> None:
    """Tell of gifts: to whom, and when each was given, at least one. `mass`: the recipients were chosen."""
    shown_id = giver.shown_id
    entry = Entry(
        kind="given",
        channel_id=place.id,
        actor_id=shown_id,
        order_id=order_id,
        tier=tier,
        count=len(given),
        user_id=given[0][0] if len(given) == 1 else None,
    )
    await books.insert_entry(db, entry)
    person = await person_of(db, place.id, shown_id) if shown_id is not None else None
    total = None
    if person is not None and shown_id is not None:
        total = await books.count_given(db, channel_id=place.id, gifter_id=shown_id)
    person = person or NOBODY_KNOWN
    event = {
        "user_id": None if person.is_anonymous else person.id,
        "user_login": None if person.is_anonymous else person.login,
        "user_name": None if person.is_anonymous else person.name,
        "total": len(given),
        "tier": str(tier),
        "cumulative_total": total,
        "is_anonymous": person.is_anonymous,
    }
    await books.tell_event(db, place.id, "channel.subscription.gift", _json(event))
    community_id = new_message_id() if mass else None
    if community_id is not None:
        gifts = CommunitySubGift(community_id, len(given), str(tier), total)
        await tell_notice(db, place.id, community_notice(new_message_id(), person, gifts, place.name))
    names = await queries.select_people(db, [user_id for user_id, _ in given])
    for user_id, now in given:
        gift = SubGift(
            sub_tier=str(tier),
            duration_months=1,
            cumulative_total=total,
            recipient_user_id=str(user_id),
            recipient_user_login=names[user_id][0],
            recipient_user_name=names[user_id][1],
            recipient_months=1,
            community_gift_id=community_id,
        )
        await _tell_gift(db, place, person, user_id, now, gift)


async def _tell_gift(
    db: Transaction, place: Place, person: Person, user_id: int, now: datetime, gift: SubGift
) -> None:
    """Tell chat of one gift, which is what it hears of the recipient's month, too."""
    held = await queries.select_subscription(db, channel_id=place.id, user_id=user_id)
    if held is not None:
        gift = msgspec.structs.replace(gift, recipient_months=held.months(now))
        told = replace(held, shared_month=max(held.shared_month, held.months(now)))
        await queries.upsert_subscription(db, told, channel_id=place.id, user_id=user_id)
    await tell_notice(db, place.id, gift_notice(new_message_id(), person, gift))


async def tell_resub(
    db: Transaction,
    place: Place,
    user_id: int,
    held: Subscription,
    text: str,
    *,
    now: datetime,
    streak: int | None,
) -> None:
    """Tell of a subscription that goes on, with what the subscriber says. `streak`: months in a row, if they are to be told."""
    person = await person_of(db, place.id, user_id)
    if person is None:
        return
    months = held.months(now)
    resub = Resub(
        sub_tier=str(held.tier),
        cumulative_months=months,
        duration_months=1,
        streak_months=streak,
        is_gift=held.is_gift,
        gifter_is_anonymous=held.is_gift and held.gifter_id is None,
    )
    event = {
        "user_id": person.id,
        "user_login": person.login,
        "user_name": person.name,
        "tier": str(held.tier),
        "message": {"text": text, "emotes": None},
        "cumulative_months": months,
        "streak_months": streak,
        "duration_months": 1,
    }
    await books.tell_event(db, place.id, "channel.subscription.message", _json(event))
    await tell_notice(db, place.id, resub_notice(new_message_id(), person, resub, text))


async def tell_turn(
    db: Transaction, kind: str, channel_id: int, user_id: int, subscription: Subscription
) -> None:
    """Tell programs that a subscription began or ended: `channel.subscribe`, `channel.subscription.end`."""
    names = (await queries.select_people(db, [user_id])).get(user_id)
    if names is None:
        return
    event = {
        "user_id": str(user_id),
        "user_login": names[0],
        "user_name": names[1],
        "tier": str(subscription.tier),
        "is_gift": subscription.is_gift,
    }
    await books.tell_event(db, channel_id, kind, _json(event))


async def tell_notice(db: Executor, channel_id: int, notice: Notice) -> None:
    """Tell chat something; in the transaction of what happened."""
    await books.tell_event(db, channel_id, NOTIFICATION, _json(notice))


async def write_entry(
    db: Executor, kind: str, channel_id: int, user_id: int, subscription: Subscription, now: datetime
) -> None:
    """Write into the books what happened to a subscription."""
    entry = Entry(
        kind=kind,
        channel_id=channel_id,
        user_id=user_id,
        actor_id=subscription.gifter_id,
        tier=subscription.tier,
        months=subscription.months(now),
        paid_until=subscription.ends_at,
    )
    await books.insert_entry(db, entry)


async def person_of(db: Executor, channel_id: int, user_id: int) -> Person | None:
    """Look up how somebody looks in a channel now."""
    found = await queries.select_supporter(db, channel_id=channel_id, user_id=user_id)
    if found is None:
        return None
    held = await queries.select_subscription(db, channel_id=channel_id, user_id=user_id)
    now = await queries.select_now(db)
    runs = held is not None and held.runs(now)
    badges = badges_of(
        _held(found, channel_id), (held, held.months(now)) if held is not None and runs else None
    )
    return Person(str(found.id), found.login, found.display_name, found.color, list(badges))


def _held(found: Supporter, channel_id: int) -> frozenset[str]:
    own = {"broadcaster"} if found.id == channel_id else set()
    return found.roles | own | ({found.site_role} if found.site_role else set())


def new_message_id() -> str:
    """Make the id of a notice."""
    return str(uuid7(time.time_ns() // 1_000_000, secrets.randbits(RANDOM_BITS)))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
