"""Stripe in small: a server that speaks as much of its API as weir uses, and sends events in the shapes that it documents.

What matters of it is kept: keys that make a call happen once and are refused for other words, errors, prices made on the
spot, metadata that is copied from a checkout to what follows from it, and signed webhooks.
"""

import itertools
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import h11
import trio

from common.subscription_months import months_after
from webapp.stripe_signature import sign

SECRET_KEY = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"
WEBHOOK_SECRET = "whsec_testtesttest"
Json = dict[str, Any]


@dataclass
class StripeCall:
    """One request that arrived."""

    method: str
    path: str
    fields: dict[str, str]
    key: str | None


@dataclass
class StripeSite:
    """An account at Stripe. `basil`: events have the shape since API version 2025-03-31, else the one before."""

    url: str = ""
    basil: bool = True
    calls: list[StripeCall] = field(default_factory=list)
    fail_with: tuple[int, str] | None = None
    """Answer every call with this status and code."""
    hang: bool = False
    sessions: dict[str, Json] = field(default_factory=dict)
    subscriptions: dict[str, Json] = field(default_factory=dict)
    payments: dict[str, Json] = field(default_factory=dict)
    invoices: dict[str, Json] = field(default_factory=dict)
    refunds: list[Json] = field(default_factory=list)
    gone: set[str | None] = field(default_factory=set)
    """Customers whom the operator has deleted."""
    _saved: dict[str, tuple[bytes, int, Json]] = field(default_factory=dict)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def id(self, prefix: str) -> str:
        return f"{prefix}_test{next(self._ids):06}"

    # The API -----------------------------------------------------------------------------------------------------------------

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Json]:
        split = urlsplit(target)
        fields = dict(parse_qsl(body.decode() or split.query, strict_parsing=bool(body)))
        key = headers.get("idempotency-key")
        self.calls.append(StripeCall(method, split.path, fields, key))
        if headers.get("authorization") != f"Bearer {SECRET_KEY}":
            return 401, _error("invalid_request_error", None)
        if self.fail_with is not None:
            return self.fail_with[0], _error("api_error", self.fail_with[1])
        if key is not None and key in self._saved:
            said, status, saved = self._saved[key]
            return (status, saved) if said == body else (400, _error("idempotency_error", None))
        status, found = self._act(method, split.path, fields)
        if key is not None:
            self._saved[key] = (body, status, found)
        return status, found

    def _act(self, method: str, path: str, fields: dict[str, str]) -> tuple[int, Json]:
        match method, path.strip("/").split("/")[1:]:
            case "POST", ["checkout", "sessions"] if fields.get("customer") not in self.gone:
                return 200, self._open_session(fields)
            case "POST", ["billing_portal", "sessions"]:
                return 200, {"object": "billing_portal.session", "url": f"{self.url}/p/{fields['customer']}"}
            case "POST", ["subscriptions", name] if name in self.subscriptions:
                self.subscriptions[name]["cancel_at_period_end"] = fields["cancel_at_period_end"] == "true"
                return 200, self.subscriptions[name]
            case "DELETE", ["subscriptions", name] if name in self.subscriptions:
                self.subscriptions[name]["status"] = "canceled"
                return 200, self.subscriptions[name]
            case "POST", ["refunds"] if fields.get("payment_intent") in self.payments:
                self.refunds.append(fields)
                return 200, {"object": "refund", "id": self.id("re"), **fields}
            case "GET", ["invoice_payments"]:
                wanted = fields["payment[payment_intent]"]
                found = [one for one in self.invoices.values() if one["_payment"] == wanted]
                return 200, {"object": "list", "data": [{"invoice": one["id"]} for one in found]}
            case _:
                return 404, _error("invalid_request_error", "resource_missing")

    def _open_session(self, fields: dict[str, str]) -> Json:
        assert int(fields["expires_at"]) >= time.time() + 30 * 60  # or Stripe refuses it
        price = "line_items[0][price_data]"
        name = self.id("cs")
        self.sessions[name] = {
            "id": name,
            "object": "checkout.session",
            "url": f"{self.url}/c/pay/{name}",
            "mode": fields["mode"],
            "status": "open",
            "payment_status": "unpaid",
            "client_reference_id": fields["client_reference_id"],
            "metadata": {"weir_order": fields["metadata[weir_order]"]},
            "customer": fields.get("customer"),
            "subscription": None,
            "payment_intent": None,
            "amount_total": int(fields[f"{price}[unit_amount]"]) * int(fields["line_items[0][quantity]"]),
            "currency": fields[f"{price}[currency]"],
            "_copied": fields.get("subscription_data[metadata][weir_order]")
            or fields.get("payment_intent_data[metadata][weir_order]"),
        }
        return self.sessions[name]

    # What happens at Stripe: each gives the events that follow --------------------------------------------------------------

    def pay(self, session_url: str, *, now_s: float | None = None) -> list[Json]:
        """Somebody pays on a page."""
        session = self.sessions[session_url.rpartition("/")[2]]
        session |= {"status": "complete", "payment_status": "paid"}
        session["customer"] = session["customer"] or self.id("cus")
        now = int(now_s or time.time())
        if session["mode"] == "payment":
            session["payment_intent"] = name = self.id("pi")
            self.payments[name] = {
                "amount": session["amount_total"],
                "metadata": {"weir_order": session["_copied"]},
            }
            return [self.event("checkout.session.completed", session, now)]
        name = session["subscription"] = self.id("sub")
        self.subscriptions[name] = {
            "id": name,
            "object": "subscription",
            "status": "active",
            "cancel_at_period_end": False,
            "cancel_at": None,
            "customer": session["customer"],
            "metadata": {"weir_order": session["_copied"]},
            "_amount": session["amount_total"],
            "_currency": session["currency"],
            "_start": now,
            "_months": 0,
        }
        return [self.event("checkout.session.completed", session, now), self.renew(name, now_s=now)]

    def renew(self, subscription: str, *, now_s: float | None = None, paid: bool = True) -> Json:
        """A month is paid, or is not."""
        known = self.subscriptions[subscription]
        now, invoice, payment = int(now_s or time.time()), self.id("in"), self.id("pi")
        if paid:
            known["_months"] += 1
            self.payments[payment] = {"amount": known["_amount"], "metadata": {}}
        details = {"subscription": subscription, "metadata": known["metadata"]}
        line: Json = {
            "object": "line_item",
            "period": {"start": known["_start"], "end": _months_later(known["_start"], known["_months"])},
        }
        self.invoices[invoice] = {
            "id": invoice,
            "object": "invoice",
            "amount_paid": known["_amount"] if paid else 0,
            "amount_due": known["_amount"],
            "currency": known["_currency"],
            "customer": known["customer"],
            "lines": {"object": "list", "data": [line]},
            "_payment": payment,
        } | (
            {"parent": {"type": "subscription_details", "subscription_details": details}}
            if self.basil
            else {"subscription": subscription, "subscription_details": details, "payment_intent": payment}
        )
        return self.event("invoice.paid" if paid else "invoice.payment_failed", self.invoices[invoice], now)

    def updated(self, subscription: str, *, now_s: float | None = None) -> Json:
        return self.event(
            "customer.subscription.updated", self.subscriptions[subscription], int(now_s or time.time())
        )

    def deleted(self, subscription: str) -> Json:
        self.subscriptions[subscription]["status"] = "canceled"
        return self.event("customer.subscription.deleted", self.subscriptions[subscription], int(time.time()))

    def refunded(self, payment: str, amount: int | None = None) -> Json:
        """A payment goes back: some of it, or all."""
        known = self.payments[payment]
        charge: Json = {
            "id": self.id("ch"),
            "object": "charge",
            "amount": known["amount"],
            "amount_refunded": known["amount"] if amount is None else amount,
            "refunded": amount is None or amount == known["amount"],
            "currency": "usd",
            "payment_intent": payment,
            "metadata": known["metadata"],
        }
        if not self.basil:
            paid = [one["id"] for one in self.invoices.values() if one["_payment"] == payment]
            charge["invoice"] = paid[0] if paid else None
        return self.event("charge.refunded", charge, int(time.time()))

    def event(self, kind: str, thing: Json, created: int) -> Json:
        shown = {name: value for name, value in thing.items() if not name.startswith("_")}
        return {
            "id": self.id("evt"),
            "object": "event",
            "api_version": "2025-03-31.basil" if self.basil else "2024-06-20",
            "created": created,
            "livemode": False,
            "type": kind,
            "data": {"object": json.loads(json.dumps(shown))},
        }

    # Sockets -----------------------------------------------------------------------------------------------------------------

    async def talk(self, stream: trio.SocketStream) -> None:
        connection = h11.Connection(h11.SERVER)
        async with stream:
            while True:
                request, body = None, b""
                while True:
                    event = connection.next_event()
                    if event is h11.NEED_DATA:
                        try:
                            connection.receive_data(bytes(await stream.receive_some()))
                        except trio.BrokenResourceError:
                            return
                    elif isinstance(event, h11.Request):
                        request = event
                    elif isinstance(event, h11.Data):
                        body += bytes(event.data)
                    else:
                        break
                if request is None or not isinstance(event, h11.EndOfMessage):
                    return
                if self.hang:
                    await trio.sleep_forever()
                headers = {name.decode().lower(): value.decode() for name, value in request.headers}
                status, found = self.answer(request.method.decode(), request.target.decode(), headers, body)
                shown = {name: value for name, value in found.items() if not name.startswith("_")}
                data = json.dumps(shown).encode()
                head = h11.Response(status_code=status, headers=[("Content-Length", str(len(data)))])
                answer = connection.send(head) or b""
                answer += connection.send(h11.Data(data=data)) or b""
                answer += connection.send(h11.EndOfMessage()) or b""
                await stream.send_all(answer)
                connection.start_next_cycle()


def _months_later(start_s: int, months: int) -> int:
    return int(months_after(datetime.fromtimestamp(start_s, UTC), months).timestamp())


def _error(kind: str, code: str | None) -> Json:
    return {"error": {"type": kind, "code": code, "message": "No."}}


@asynccontextmanager
async def stripe_site(*, basil: bool = True) -> AsyncIterator[StripeSite]:
    """Run it for the duration of the block."""
    site = StripeSite(basil=basil)
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, site.talk, 0, host="127.0.0.1"))
        site.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        yield site
        nursery.cancel_scope.cancel()


def signed(body: bytes, *, secret: str = WEBHOOK_SECRET, at_s: float | None = None) -> dict[str, str]:
    """Give the headers of a webhook."""
    time_s = int(at_s or time.time())
    return {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": f"t={time_s},v1={sign(body, secret, time_s)}",
    }
