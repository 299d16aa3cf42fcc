"""Stripe's events, read into words about orders. Pure.

Two shapes of invoices and subscriptions are read, before and since API version 2025-03-31 (`basil`), because the version of a
webhook is the operator's choice: https://docs.stripe.com/changelog/basil. What no field here names is left aside.
"""

from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from common.subscription_orders import (
    Abandoned,
    About,
    Ended,
    Paid,
    PaymentFailed,
    Refunded,
    RenewalSet,
    Word,
)

METADATA_KEY = "weir_order"
"""Under which every object that follows from an order of ours holds its id."""

EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "invoice.paid",
    "invoice.payment_failed",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "charge.refunded",
)
"""What is to be sent to us."""

T = TypeVar("T")

_RUNNING = frozenset({"active", "trialing", "past_due", "incomplete"})
_OVER = frozenset({"canceled", "unpaid", "incomplete_expired"})
_MAX_ID = 255


class StripeEventError(Exception):
    """What was signed is no event that we can read. The text says why, for a log; it holds no values."""


class _Data(msgspec.Struct):
    object: msgspec.Raw


class StripeEvent(msgspec.Struct):
    """The envelope."""

    id: str
    type: str
    created: int
    data: _Data

    @property
    def at(self) -> datetime:
        """When it was said."""
        return _moment(self.created)


class _Session(msgspec.Struct):
    id: str
    mode: str = ""
    payment_status: str = ""
    client_reference_id: str | None = None
    metadata: dict[str, Any] | None = None
    customer: str | None = None
    subscription: str | None = None
    payment_intent: str | None = None
    amount_total: int | None = None
    currency: str | None = None


class _SubscriptionDetails(msgspec.Struct):
    subscription: str | None = None
    metadata: dict[str, Any] | None = None


class _Parent(msgspec.Struct):
    subscription_details: _SubscriptionDetails | None = None


class _Period(msgspec.Struct):
    end: int


class _Line(msgspec.Struct):
    period: _Period | None = None


class _Lines(msgspec.Struct):
    data: list[_Line] = []


class _Invoice(msgspec.Struct):
    id: str
    amount_paid: int = 0
    amount_due: int = 0
    currency: str | None = None
    customer: str | None = None
    lines: _Lines = msgspec.field(default_factory=_Lines)
    parent: _Parent | None = None
    # before basil
    subscription: str | None = None
    subscription_details: _SubscriptionDetails | None = None
    payment_intent: str | None = None
    charge: str | None = None

    def about(self) -> About:
        details = (self.parent and self.parent.subscription_details) or self.subscription_details
        return About(
            order_id=_order_id(details.metadata if details else None),
            subscription_id=(details and details.subscription) or self.subscription,
            customer_id=self.customer,
            references=tuple(name for name in (self.id, self.payment_intent, self.charge) if name),
        )


class _Subscription(msgspec.Struct):
    id: str
    status: str
    cancel_at_period_end: bool = False
    cancel_at: int | None = None
    customer: str | None = None
    metadata: dict[str, Any] | None = None

    def about(self) -> About:
        return About(order_id=_order_id(self.metadata), subscription_id=self.id, customer_id=self.customer)


class _Charge(msgspec.Struct):
    id: str
    amount_refunded: int
    refunded: bool
    currency: str | None = None
    payment_intent: str | None = None
    invoice: str | None = None
    metadata: dict[str, Any] | None = None


def read_event(body: bytes) -> StripeEvent:
    """Read the envelope of an event. Raises `StripeEventError`."""
    event = _decode(body, StripeEvent)
    if not 0 < len(event.id) <= _MAX_ID or len(event.type) > _MAX_ID:
        raise StripeEventError("the event has no id of a sound length")
    return event


def word_of(event: StripeEvent) -> Word | None:
    """Say what an event is about; `None` for what concerns no order. Raises `StripeEventError`."""
    raw = event.data.object
    match event.type:
        case "checkout.session.completed" | "checkout.session.async_payment_succeeded":
            return _session_paid(event, _decode(raw, _Session))
        case "checkout.session.expired" | "checkout.session.async_payment_failed":
            return Abandoned(_session_about(_decode(raw, _Session)))
        case "invoice.paid":
            return _invoice_paid(event, _decode(raw, _Invoice))
        case "invoice.payment_failed":
            return PaymentFailed(_checked(_decode(raw, _Invoice).about()))
        case "customer.subscription.updated":
            subscription = _decode(raw, _Subscription)
            if subscription.status in _OVER:
                return Ended(_checked(subscription.about()))
            stops = subscription.cancel_at_period_end or subscription.cancel_at is not None
            renews = subscription.status in _RUNNING and not stops
            return RenewalSet(_checked(subscription.about()), event.at, renews)
        case "customer.subscription.deleted":
            return Ended(_checked(_decode(raw, _Subscription).about()))
        case "charge.refunded":
            return _charge_refunded(_decode(raw, _Charge))
        case _:
            return None


def _session_about(session: _Session) -> About:
    return _checked(
        About(
            order_id=_order_id(session.metadata) or _as_uuid(session.client_reference_id),
            subscription_id=session.subscription,
            customer_id=session.customer,
            payment_id=session.payment_intent,
        )
    )


def _session_paid(event: StripeEvent, session: _Session) -> Paid | None:
    if session.payment_status not in {"paid", "no_payment_required"}:
        return None  # the money is on its way; another event tells when it has come
    return Paid(
        about=_session_about(session),
        at=event.at,
        amount=session.amount_total,
        currency=session.currency,
    )


def _invoice_paid(event: StripeEvent, invoice: _Invoice) -> Paid:
    ends = [line.period.end for line in invoice.lines.data if line.period is not None]
    return Paid(
        about=_checked(invoice.about()),
        at=event.at,
        amount=invoice.amount_paid,
        currency=invoice.currency,
        paid_until=_moment(max(ends)) if ends else None,
        is_invoice=True,
    )


def _charge_refunded(charge: _Charge) -> Refunded:
    references = tuple(name for name in (charge.invoice, charge.payment_intent, charge.id) if name)
    about = About(
        order_id=_order_id(charge.metadata), payment_id=charge.payment_intent, references=references
    )
    return Refunded(_checked(about), charge.amount_refunded, charge.currency, charge.refunded)


def _order_id(metadata: dict[str, Any] | None) -> UUID | None:
    return _as_uuid((metadata or {}).get(METADATA_KEY))


def _as_uuid(text: object) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None  # somebody else's: the account may sell other things, too


def _checked(about: About) -> About:
    names = (about.subscription_id, about.customer_id, about.payment_id, *about.references)
    if any(name is not None and not 0 < len(name) <= _MAX_ID for name in names):
        raise StripeEventError("an id is empty or too long")
    return about


def _moment(unix_s: int) -> datetime:
    try:
        return datetime.fromtimestamp(unix_s, UTC)
    except (ValueError, OverflowError, OSError):
        raise StripeEventError("a time that is none") from None


def _decode(raw: bytes | msgspec.Raw, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise StripeEventError(f"not what an event looks like: {type(error).__name__}") from None
