"""Calls of Stripe's API: pages on which people pay, and the few words we owe it afterwards.

https://docs.stripe.com/api. Each call that changes something has a key, so that saying it twice does it once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlencode

import msgspec
import trio

from common.egress import EgressClient, EgressRequest
from common.egress_errors import EgressError
from common.errors import WeirError

API_VERSION = "2025-03-31.basil"
"""Of what we send and are answered; webhooks have a version of their own."""
CALL_S = 5.0
"""For a call, with its repeats: the gateway waits for six seconds."""
_BUSY_PAUSE_S = 0.25
_MAX_ANSWER_BYTES = 256 * 1024
_CONFLICT = 409


class StripeError(WeirError):
    """Stripe did not do what was asked. The text is for a log and holds no secret."""


class StripeUnavailableError(StripeError):
    """Nobody knows whether it was done: no answer, or Stripe is in trouble. Say it again, with the same key."""


class StripeRefusedError(StripeError):
    """It was not done, and the same words would be refused again."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"Stripe answered {status} {code}".rstrip())
        self.status = status
        self.code = code
        """Stripe's: `resource_missing`, `charge_already_refunded` and the like; '' for none."""


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """A page on which somebody can pay."""

    id: str
    url: str


class _Error(msgspec.Struct):
    code: str | None = None
    type: str | None = None


class _ErrorBody(msgspec.Struct):
    error: _Error = msgspec.field(default_factory=_Error)


class StripeClient:
    """Speaks to Stripe.

    Args:
        egress: makes the requests.
        url: where the API is, without a trailing slash.
        secret_key: of the operator's account; never logged.

    """

    def __init__(self, egress: EgressClient, url: str, secret_key: str) -> None:
        self._egress = egress
        self._url = url.rstrip("/")
        self._secret_key = secret_key

    # Each raises `StripeUnavailableError` and `StripeRefusedError`. Cancelling is safe; then nobody knows whether it was done.

    async def create_session(self, fields: Mapping[str, str], *, key: str) -> CheckoutSession:
        """Make a page on which somebody can pay."""
        answer = await self._call("POST", "/v1/checkout/sessions", fields, key=key)
        return CheckoutSession(_text(answer, "id"), _text(answer, "url"))

    async def open_portal(self, customer_id: str, *, return_url: str) -> str:
        """Make an address where a customer sees invoices, changes their card and cancels."""
        fields = {"customer": customer_id, "return_url": return_url}
        return _text(await self._call("POST", "/v1/billing_portal/sessions", fields), "url")

    async def set_cancel_at_end(self, subscription_id: str, *, cancel: bool) -> None:
        """Have a subscription end with the period that is paid, or go on after all. Without a key: the last word counts."""
        fields = {"cancel_at_period_end": "true" if cancel else "false"}
        await self._call("POST", f"/v1/subscriptions/{quote(subscription_id, safe='')}", fields)

    async def cancel(self, subscription_id: str) -> None:
        """End a subscription now."""
        await self._call("DELETE", f"/v1/subscriptions/{quote(subscription_id, safe='')}", {})

    async def refund(self, payment_id: str, amount: int | None, *, key: str) -> None:
        """Pay a payment back: some of it, in the smallest unit of the currency, or (`None`) all."""
        fields = {"payment_intent": payment_id}
        if amount is not None:
            fields["amount"] = str(amount)
        await self._call("POST", "/v1/refunds", fields, key=key)

    async def invoices_of(self, payment_id: str) -> list[str]:
        """List the invoices that a payment paid: since `basil` a charge does not say it."""
        fields = {"payment[type]": "payment_intent", "payment[payment_intent]": payment_id, "limit": "10"}
        answer = await self._call("GET", f"/v1/invoice_payments?{urlencode(fields)}", {})
        found = answer.get("data")
        entries = found if isinstance(found, list) else []
        names = [entry.get("invoice") for entry in entries if isinstance(entry, dict)]
        return [name for name in names if isinstance(name, str)]

    async def _call(
        self,
        method: Literal["GET", "POST", "DELETE"],
        path: str,
        fields: Mapping[str, str],
        *,
        key: str | None = None,
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._secret_key}", "Stripe-Version": API_VERSION}
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if key is not None:
            headers["Idempotency-Key"] = key
        request = EgressRequest(
            url=f"{self._url}{path}",
            method=method,
            headers=headers,
            body=urlencode(fields).encode() if method == "POST" else b"",
            keep_bytes=_MAX_ANSWER_BYTES,
            whole=True,
        )
        with trio.move_on_after(CALL_S):
            while True:
                answer = await self._send(request)
                if answer is not None:
                    return answer
                await trio.sleep(_BUSY_PAUSE_S)
        raise StripeUnavailableError("Stripe took too long")

    async def _send(self, request: EgressRequest) -> dict[str, Any] | None:
        """Give what Stripe answered; `None` while the same words, with the same key, are being acted on."""
        try:
            answer = await self._egress.send(request)
        except EgressError as error:
            raise StripeUnavailableError(str(error)) from None
        if answer.is_success:
            try:
                return msgspec.json.decode(answer.body, type=dict[str, Any])
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise StripeUnavailableError("Stripe's answer is no JSON") from None
        code = _code(answer.body)
        if answer.status == _CONFLICT and code == "idempotency_key_in_use":
            return None
        if answer.status >= 500 or answer.status in {_CONFLICT, 429}:
            raise StripeUnavailableError(f"Stripe answered {answer.status} {code}".rstrip())
        raise StripeRefusedError(answer.status, code)


def _code(body: bytes) -> str:
    try:
        error = msgspec.json.decode(body, type=_ErrorBody).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return (error.code or error.type or "")[:100]


def _text(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise StripeUnavailableError(f"Stripe's answer has no {name}")
    return value
