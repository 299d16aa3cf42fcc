"""Signatures of webhooks, and what their bodies say."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.subscription_orders import Abandoned, Ended, Paid, PaymentFailed, Refunded, RenewalSet
from webapp.stripe_events import EVENTS, StripeEventError, read_event, word_of
from webapp.stripe_signature import TOLERANCE_S, is_signed, sign

SECRET = "whsec_test"
NOW = 1_800_000_000
BODY = b'{"id": "evt_1"}'
ORDER = UUID(int=7)


def header(*signatures: str, time: str | int = NOW) -> str:
    return ",".join([f"t={time}", *(f"v1={signature}" for signature in signatures)])


def test_signature_is_hmac_sha256_over_time_dot_body() -> None:
    expected = hmac.new(b"whsec_test", b'1800000000.{"id": "evt_1"}', hashlib.sha256).hexdigest()
    assert sign(BODY, SECRET, NOW) == expected
    assert is_signed(header(expected), BODY, SECRET, NOW)


def test_one_right_signature_of_several_is_enough() -> None:
    right = sign(BODY, SECRET, NOW)
    assert is_signed(header("0" * 64, right, "1" * 64), BODY, SECRET, NOW)
    assert is_signed(f"t={NOW}, v0=abc , v1={right}", BODY, SECRET, NOW)


@pytest.mark.parametrize("late_s", [-TOLERANCE_S - 1, TOLERANCE_S + 1, 10**9])
def test_signature_of_another_time_is_none(late_s: int) -> None:
    right = header(sign(BODY, SECRET, NOW))
    assert is_signed(right, BODY, SECRET, NOW + TOLERANCE_S)
    assert not is_signed(right, BODY, SECRET, NOW + late_s)


def test_forged_ones_are_refused() -> None:
    right = sign(BODY, SECRET, NOW)
    for wrong in (
        "",
        header(),
        header(sign(BODY, "another secret", NOW)),
        header(sign(BODY + b" ", SECRET, NOW)),
        header(sign(BODY, SECRET, NOW - 1)),
        header(right, time=NOW - 1),
        header(right, time="soon"),
        header(right, time="٣"),
        header(right, time="9" * 5000),
        header(right) + f",t={NOW}",
        f"v1={right}",
        f"t={NOW},v0={right}",
        header(right.upper()),
        header(*["0" * 64] * 50, right),
        header("é"),
    ):
        assert not is_signed(wrong, BODY, SECRET, NOW), wrong
    assert not is_signed(
        header(hmac.new(b"", b"%d." % NOW + BODY, hashlib.sha256).hexdigest()), BODY, "", NOW
    )


@given(st.text(max_size=200))
def test_no_header_crashes_it(text: str) -> None:
    assert not is_signed(text, BODY, SECRET, NOW)


def event(kind: str, thing: Any) -> bytes:
    return json.dumps({"id": "evt_1", "type": kind, "created": NOW, "data": {"object": thing}}).encode()


def heard(kind: str, thing: Any) -> Any:
    return word_of(read_event(event(kind, thing)))


METADATA = {"metadata": {"weir_order": str(ORDER)}}


def test_paid_checkout_names_the_order_however_it_can() -> None:
    session = {
        "id": "cs_1",
        "payment_status": "paid",
        "customer": "cus_1",
        "payment_intent": "pi_1",
        "amount_total": 499,
        "currency": "usd",
    }
    for named in (METADATA, {"client_reference_id": str(ORDER), "metadata": {}}):
        paid = heard("checkout.session.completed", session | named)
        assert isinstance(paid, Paid)
        assert (paid.about.order_id, paid.about.customer_id, paid.about.payment_id) == (
            ORDER,
            "cus_1",
            "pi_1",
        )
        assert (paid.amount, paid.currency, paid.is_invoice) == (499, "usd", False)
    assert heard("checkout.session.completed", session | {"payment_status": "unpaid"}) is None
    assert isinstance(heard("checkout.session.async_payment_succeeded", session), Paid)
    assert isinstance(heard("checkout.session.expired", {"id": "cs_1"}), Abandoned)
    assert isinstance(heard("checkout.session.async_payment_failed", {"id": "cs_1"}), Abandoned)


def test_invoice_is_read_in_both_shapes() -> None:
    lines = {"lines": {"data": [{"period": {"end": NOW}}, {"period": {"end": NOW + 60}}]}}
    base = {"id": "in_1", "amount_paid": 499, "currency": "usd", "customer": "cus_1", **lines}
    details = {"subscription": "sub_1", **METADATA}
    for shape in (
        {"parent": {"type": "subscription_details", "subscription_details": details}},
        {"parent": None, "subscription": "sub_1", "subscription_details": METADATA},
    ):
        paid = heard("invoice.paid", base | shape)
        assert isinstance(paid, Paid)
        assert (paid.about.order_id, paid.about.subscription_id) == (ORDER, "sub_1")
        assert paid.paid_until == datetime.fromtimestamp(NOW + 60, UTC)
        assert isinstance(heard("invoice.payment_failed", base | shape), PaymentFailed)
    other = heard("invoice.paid", {"id": "in_2"})
    assert isinstance(other, Paid)
    assert (other.about.order_id, other.about.subscription_id, other.paid_until) == (None, None, None)


@pytest.mark.parametrize(
    ("status", "more", "renews"),
    [
        ("active", {}, True),
        ("past_due", {}, True),
        ("active", {"cancel_at_period_end": True}, False),
        ("active", {"cancel_at": NOW + 60}, False),
        ("paused", {}, False),
    ],
)
def test_subscription_renews_or_not(status: str, more: dict[str, Any], *, renews: bool) -> None:
    word = heard("customer.subscription.updated", {"id": "sub_1", "status": status, **more})
    assert isinstance(word, RenewalSet)
    assert word.renews is renews


@pytest.mark.parametrize("status", ["canceled", "unpaid", "incomplete_expired"])
def test_subscription_is_over(status: str) -> None:
    assert isinstance(heard("customer.subscription.updated", {"id": "sub_1", "status": status}), Ended)
    assert isinstance(heard("customer.subscription.deleted", {"id": "sub_1", "status": status}), Ended)


def test_refund_is_whole_or_not() -> None:
    charge = {"id": "ch_1", "amount_refunded": 100, "refunded": False, "payment_intent": "pi_1"}
    part = heard("charge.refunded", charge)
    assert isinstance(part, Refunded)
    assert (part.whole, part.amount, part.about.references) == (False, 100, ("pi_1", "ch_1"))
    named = heard("charge.refunded", charge | {"invoice": "in_1", "refunded": True})
    assert isinstance(named, Refunded)
    assert (named.whole, named.about.references[0]) == (True, "in_1")


def test_other_events_are_about_nothing() -> None:
    assert heard("customer.created", {"id": "cus_1"}) is None


@pytest.mark.parametrize("kind", EVENTS)
@pytest.mark.parametrize("thing", [None, [], "x", {}, {"id": 1}])
def test_what_cannot_be_read_is_refused(kind: str, thing: Any) -> None:
    with pytest.raises(StripeEventError):
        heard(kind, thing)


def test_id_that_is_too_long_is_refused() -> None:
    with pytest.raises(StripeEventError):
        heard("customer.subscription.deleted", {"id": "x" * 300, "status": "active"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"id": "", "type": "x", "created": 1, "data": {"object": {}}}',
        json.dumps({"id": "x" * 300, "type": "x", "created": 1, "data": {"object": {}}}).encode(),
        event("invoice.paid", {"id": "in_1"}).replace(str(NOW).encode(), b"99999999999999999"),
        event("invoice.paid", {"id": "in_1"}).replace(str(NOW).encode(), b"1e400"),
    ],
)
def test_bodies_that_are_no_events_are_refused(body: bytes) -> None:
    with pytest.raises(StripeEventError):
        word_of(read_event(body))
