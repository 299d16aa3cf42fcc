"""What becomes of orders, whoever takes the money: what is paid is delivered once, what is paid back ends.

The words of a provider may come late, twice, or in any order. So nothing here asks what came before: an order is locked, and
each word changes only what it is newer or more than. Each belongs into one transaction with the note that it was heard.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

import trio

from common.db import Transaction
from common.queries import subscription_books as books
from common.queries import subscription_orders as orders
from common.queries import subscription_terms as terms
from common.queries import subscriptions as queries
from common.queries.subscription_books import Entry
from common.queries.subscription_orders import Order
from common.subscription_months import months_after
from common.subscription_telling import Giver, Place, tell_first_month
from common.subscription_terms import PAYMENT_GRACE, Term
from common.subscriptions import CANDIDATES, Choose, add_term, give, settle_written


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which order a word is about: as much as it says."""

    order_id: UUID | None = None
    subscription_id: str | None = None
    customer_id: str | None = None
    payment_id: str | None = None
    references: tuple[str, ...] = ()
    """Of payments and invoices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """Money came: for an order as a whole, or for one period of what renews."""

    about: About
    at: datetime
    amount: int | None
    """In the smallest unit of the currency; `None`: another word says it."""
    currency: str | None
    paid_until: datetime | None = None
    """End of the period; `None` where the word does not say."""
    is_invoice: bool = False


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """Money did not come; the provider tries again by itself."""

    about: About


@dataclass(frozen=True, slots=True)
class RenewalSet:
    """Whether a subscription renews."""

    about: About
    at: datetime
    renews: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The provider has ended a subscription."""

    about: About


@dataclass(frozen=True, slots=True)
class Refunded:
    """Money went back."""

    about: About
    amount: int
    """In all, of this payment."""
    currency: str | None
    whole: bool


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The page on which an order could be paid is closed."""

    about: About


Word = Paid | PaymentFailed | RenewalSet | Ended | Refunded | Abandoned


async def act_on(db: Transaction, word: Word, *, choose: Choose) -> bool:
    """Do what follows from a word of the provider; `False` when it is about nothing of ours. `choose`: recipients of gifts."""
    about = word.about
    order = await orders.lock_order(
        db,
        order_id=about.order_id,
        subscription_id=about.subscription_id,
        payment_id=about.payment_id,
        references=about.references,
    )
    if order is None:
        return False
    match word:
        case Paid():
            await _paid(db, order, word, choose)
        case PaymentFailed():
            await books.insert_entry(db, _entry("payment_failed", order, about))
        case RenewalSet():
            await _set_renewal(db, order, word)
        case Ended():
            await orders.set_status(db, order.id, "refunded" if order.status == "refunded" else "ended")
            await _end_terms(db, order, "cancelled")
        case Refunded():
            await _refunded(db, order, word)
        case Abandoned():
            if order.status == "open":
                await orders.set_status(db, order.id, "expired")
        case _:
            assert_never(word)
    return True


async def _paid(db: Transaction, order: Order, word: Paid, choose: Choose) -> None:
    about = word.about
    await orders.set_paid(
        db,
        order.id,
        customer_id=about.customer_id,
        subscription_id=about.subscription_id,
        payment_id=about.payment_id if order.kind == "gift" else None,
        amount=word.amount,
        currency=word.currency,
    )
    if order.kind == "gift" or word.is_invoice:
        await books.insert_entry(
            db,
            Entry(
                kind="paid",
                channel_id=order.channel_id,
                user_id=order.buyer_id,
                order_id=order.id,
                tier=order.tier,
                count=order.count,
                amount=word.amount,
                currency=word.currency,
                reference=_reference(about),
                paid_until=word.paid_until,
            ),
        )
    if order.status in {"ended", "refunded"}:
        return
    is_new = order.status in {"open", "expired"}
    await trio.lowlevel.checkpoint()
    if order.kind == "gift":
        if is_new:
            await _deliver_gifts(db, order, word, choose)
    elif order.channel_id is None or order.buyer_id is None:
        await orders.owe(db, order.id, "cancel")
    else:
        await _deliver_period(db, order, order.channel_id, order.buyer_id, word)


async def _deliver_period(db: Transaction, order: Order, channel_id: int, buyer_id: int, word: Paid) -> None:
    """Have somebody's own subscription last as long as was paid, and begin if it had not."""
    now = await queries.lock_subscription(db, channel_id=channel_id, user_id=buyer_id)
    if await terms.select_term_people(db, order.id):
        if word.paid_until is None:
            return
        lapses_at = word.paid_until + PAYMENT_GRACE
        if await terms.prolong_term(db, order.id, ends_at=word.paid_until, lapses_at=lapses_at):
            await settle_written(db, channel_id, buyer_id, now=now)
            await books.insert_entry(db, _entry("renewed", order, word.about, paid_until=word.paid_until))
        return
    ends_at = word.paid_until or months_after(word.at, 1)
    term = Term(
        order.tier,
        is_gift=False,
        gifter_id=None,
        ends_at=ends_at,
        lapses_at=ends_at + PAYMENT_GRACE,
        renews=True,
    )
    if not term.runs(now):
        return  # a word from long ago
    place = await _place(db, channel_id)
    await add_term(db, place, buyer_id, term, now=now, order_id=order.id)
    await tell_first_month(db, place, buyer_id, now=now, duration_months=1)
    await orders.owe_stop_of_others(db, order)


async def _deliver_gifts(db: Transaction, order: Order, word: Paid, choose: Choose) -> None:
    """Give what was paid for; what cannot be given is paid back."""
    await trio.lowlevel.checkpoint()
    given = 0
    if order.channel_id is not None:
        recipients = await _recipients(db, order, order.channel_id, choose)
        given = len(
            await give(
                db,
                await _place(db, order.channel_id),
                Giver(order.buyer_id, order.is_anonymous or order.buyer_id is None),
                recipients,
                order.tier,
                mass=order.chosen,
                order_id=order.id,
            )
        )
    missing = order.count - given
    if missing:
        amount = None if not given or word.amount is None else word.amount * missing // order.count
        await books.insert_entry(db, _entry("not_given", order, word.about, count=missing))
        if amount != 0:
            await orders.owe(db, order.id, "refund", amount)


async def _recipients(db: Transaction, order: Order, channel_id: int, choose: Choose) -> Sequence[int]:
    if not order.chosen:
        await trio.lowlevel.checkpoint()
        return [] if order.recipient_id is None else [order.recipient_id]
    pool = await queries.select_candidates(
        db, channel_id=channel_id, gifter_id=order.buyer_id, pool=CANDIDATES
    )
    return choose(pool, order.count)


async def _set_renewal(db: Transaction, order: Order, word: RenewalSet) -> None:
    if order.heard_at is not None and word.at < order.heard_at:
        await trio.lowlevel.checkpoint()
        return
    await orders.set_heard(db, order.id, word.at)
    people = await terms.select_term_people(db, order.id)
    for channel_id, user_id in people:
        now = await queries.lock_subscription(db, channel_id=channel_id, user_id=user_id)
        grace = PAYMENT_GRACE if word.renews else timedelta(0)
        if await terms.set_term_renewal(db, order.id, renews=word.renews, lapses_after=grace):
            await settle_written(db, channel_id, user_id, now=now)


async def _refunded(db: Transaction, order: Order, word: Refunded) -> None:
    references = word.about.references
    entry = _entry("refunded", order, word.about, amount=word.amount, currency=word.currency)
    await books.insert_entry(db, entry)
    if not word.whole:
        return
    paid_until = await orders.select_paid_until(db, order.id, references)
    if order.kind == "subscription" and paid_until is not None:
        now = await queries.select_now(db)
        if paid_until <= now:
            return  # a month that is over: what is paid since goes on
    await orders.set_status(db, order.id, "refunded")
    if order.kind == "subscription" and order.status != "ended":
        await orders.owe(db, order.id, "cancel")
    await _end_terms(db, order, "refunded")


async def _end_terms(db: Transaction, order: Order, reason: str) -> None:
    people = await terms.select_term_people(db, order.id)
    times: list[datetime] = []
    for channel_id, user_id in people:
        times.append(await queries.lock_subscription(db, channel_id=channel_id, user_id=user_id))
    if not times:
        return
    await terms.end_order_terms(db, order.id, reason=reason, now=max(times))
    for channel_id, user_id in people:
        await settle_written(db, channel_id, user_id, now=max(times))


async def _place(db: Transaction, channel_id: int) -> Place:
    names = await queries.select_people(db, [channel_id])
    return Place(channel_id, names[channel_id][1])


def _reference(about: About) -> str | None:
    return about.references[0] if about.references else about.payment_id


def _entry(
    kind: str,
    order: Order,
    about: About,
    *,
    amount: int | None = None,
    currency: str | None = None,
    count: int | None = None,
    paid_until: datetime | None = None,
) -> Entry:
    return Entry(
        kind=kind,
        channel_id=order.channel_id,
        user_id=order.buyer_id,
        order_id=order.id,
        tier=order.tier,
        count=count,
        amount=amount,
        currency=currency,
        reference=_reference(about),
        paid_until=paid_until,
    )
