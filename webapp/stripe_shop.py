"""Sells subscriptions by Stripe Checkout, hears its webhooks, and tells it what we owe it a word about."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Literal, NoReturn, assert_never

import structlog
import trio

from common.db import Database, DatabaseError
from common.queries import subscription_orders as orders
from common.queries.subscription_orders import Order
from common.subscription_notices import tier_name
from common.subscription_orders import Refunded, act_on
from common.subscriptions import Choose, choose_by_chance
from webapp.problems import ApiProblemError
from webapp.stripe_client import CheckoutSession, StripeClient, StripeError, StripeRefusedError
from webapp.stripe_events import METADATA_KEY, read_event, word_of
from webapp.stripe_signature import is_signed
from webapp.subscription_shop import ForSale, Prices

log = structlog.get_logger(__name__)

CHECKOUT_LASTS = timedelta(minutes=45)
"""For a page on which an order is paid; Stripe takes at least 30."""
DEBTS_EVERY_S = 5.0
AT_ONCE = 10
_FIRST_AGAIN_S, _MAX_AGAIN_S = 15.0, 6 * 3600.0
_DONE = frozenset({"resource_missing", "charge_already_refunded"})
"""It was done already, or there is nothing left to do it to."""
_RETRY_AFTER_S = 5


class ForgedWebhookError(Exception):
    """It is not from Stripe, or not of now."""


class StripeShop:
    """Stripe as a provider.

    Args:
        db: orders.
        client: speaks to Stripe.
        web_url: address of the pages, to which people come back.
        webhook_secret: with which Stripe signs; never logged.
        prices: of the tiers.
        unix_s: the wall clock, for signatures only.
        choose: recipients of gifts to a channel's community.

    """

    name: Literal["grant", "stripe"] = "stripe"

    def __init__(
        self,
        db: Database,
        client: StripeClient,
        *,
        web_url: str,
        webhook_secret: str,
        prices: Prices,
        unix_s: Callable[[], float],
        choose: Choose = choose_by_chance,
    ) -> None:
        self._db = db
        self._client = client
        self._web_url = web_url.rstrip("/")
        self._webhook_secret = webhook_secret
        self.prices: Prices | None = prices
        self._prices = prices
        self._unix_s = unix_s
        self._choose = choose

    async def checkout(self, order: Order, what: ForSale) -> str:
        """Give the address of Stripe's page for an order; see `Shop`."""
        if order.session_url is not None:
            await trio.lowlevel.checkpoint()
            return order.session_url
        customer_id = (
            None if order.buyer_id is None else await orders.select_customer(self._db, order.buyer_id)
        )
        fields = self._session_fields(order, what)
        session, problem = await self._open_page(order, fields, customer_id)
        if session is None:
            log.warning("stripe_checkout_failed", order=str(order.id), error=str(problem))
            if isinstance(problem, StripeRefusedError):  # the same key would only be answered the same
                await orders.set_status(self._db, order.id, "expired")
            raise _stripe_away()
        await orders.set_session(self._db, order.id, session_id=session.id, url=session.url)
        return session.url

    async def _open_page(
        self, order: Order, fields: dict[str, str], customer_id: str | None
    ) -> tuple[CheckoutSession | None, StripeError | None]:
        """Open Stripe's page for a customer it knows; whom it knows no more, for a new one."""
        await trio.lowlevel.checkpoint()
        if customer_id is not None:
            known = fields | {"customer": customer_id}
            try:
                return await self._client.create_session(
                    known, key=f"{order.id}-checkout-{customer_id}"
                ), None
            except StripeError as error:
                if not (isinstance(error, StripeRefusedError) and error.code == "resource_missing"):
                    return None, error
        try:
            return await self._client.create_session(fields, key=f"{order.id}-checkout"), None
        except StripeError as error:
            return None, error

    async def set_renewal(self, order: Order, *, renews: bool) -> None:
        """Have a subscription end with its period, or not; see `Shop`. What follows is told by a webhook."""
        if order.subscription_id is None:
            await trio.lowlevel.checkpoint()
            raise ApiProblemError(409, "The payment is on its way; try again in a moment.", reason="pending")
        try:
            await self._client.set_cancel_at_end(order.subscription_id, cancel=not renews)
        except StripeError as error:
            log.warning("stripe_renewal_failed", order=str(order.id), error=str(error))
            raise _stripe_away() from None

    async def portal(self, customer_id: str) -> str:
        """Give the address of Stripe's customer portal; see `Shop`."""
        try:
            return await self._client.open_portal(customer_id, return_url=f"{self._web_url}/")
        except StripeError as error:
            log.warning("stripe_portal_failed", error=str(error))
            raise _stripe_away() from None

    async def hear(self, body: bytes, signature: str) -> bool:
        """Act on a webhook; `False` when it was heard before, or is about nothing of ours.

        Raises `ForgedWebhookError`, `StripeEventError`, and `DatabaseUnavailableError`: Stripe sends it again then.
        """
        if not is_signed(signature, body, self._webhook_secret, self._unix_s()):
            await trio.lowlevel.checkpoint()
            raise ForgedWebhookError
        event = read_event(body)
        word = word_of(event)
        if isinstance(word, Refunded):
            word = await self._with_invoices(word)
        async with self._db.transaction() as transaction:
            if not await orders.insert_stripe_event(transaction, event.id, event.type):
                return False
            known = word is not None and await act_on(transaction, word, choose=self._choose)
        log.info("stripe_event", type=event.type, id=event.id, ours=known)
        return known

    async def pay_debts(self) -> NoReturn:
        """Tell Stripe what we owe it a word about, for ever. Any number of processes may."""
        while True:
            try:
                for order in await orders.take_owed(self._db, limit=AT_ONCE, again_in=timedelta(minutes=2)):
                    await self._tell(order)
            except DatabaseError as error:
                log.info("stripe_debts_wait", error=str(error))
            await trio.sleep(DEBTS_EVERY_S)

    async def _tell(self, order: Order) -> None:
        try:
            await self._say(order)
        except StripeRefusedError as error:
            if error.code not in _DONE:
                await self._put_off(order, error)
                return
        except StripeError as error:
            await self._put_off(order, error)
            return
        await orders.set_told(self._db, order)

    async def _say(self, order: Order) -> None:
        await trio.lowlevel.checkpoint()
        match order.owed:
            case "cancel" if order.subscription_id is not None:
                await self._client.cancel(order.subscription_id)
            case "stop" if order.subscription_id is not None:
                await self._client.set_cancel_at_end(order.subscription_id, cancel=True)
            case "refund" if order.payment_id is not None:
                await self._client.refund(order.payment_id, order.owed_amount, key=f"{order.id}-refund")
            case "cancel" | "stop" | "refund" | None:
                pass  # Stripe knows of nothing that could be ended or paid back
            case _:
                assert_never(order.owed)

    async def _put_off(self, order: Order, error: StripeError) -> None:
        log.warning("stripe_debt_waits", order=str(order.id), owed=order.owed, error=str(error))
        wait_s = min(_FIRST_AGAIN_S * 2 ** min(order.owed_tries, 12), _MAX_AGAIN_S)
        await orders.put_off(self._db, order.id, again_in=timedelta(seconds=wait_s))

    async def _with_invoices(self, word: Refunded) -> Refunded:
        """Add which invoices were paid back; only Stripe knows that of a charge that names neither order nor invoice."""
        about = word.about
        await trio.lowlevel.checkpoint()
        names_invoice = about.references[:1] != (about.payment_id,)
        if about.order_id is not None or about.payment_id is None or names_invoice:
            return word
        try:
            found = await self._client.invoices_of(about.payment_id)
        except StripeRefusedError as error:
            log.info("stripe_invoices_unknown", error=str(error))
            found = []
        except StripeError as error:
            log.warning("stripe_invoices_unknown", error=str(error))
            raise _stripe_away() from None  # it is sent again
        return replace(word, about=replace(about, references=(*found, *about.references)))

    def _session_fields(self, order: Order, what: ForSale) -> dict[str, str]:
        """Write the order as Stripe takes it: https://docs.stripe.com/api/checkout/sessions/create."""
        own = order.kind == "subscription"
        title = f"{tier_name(order.tier)} subscription to {what.channel_name}"
        page = f"{self._web_url}/{what.channel_login}"
        price = "line_items[0][price_data]"
        fields = {
            "mode": "subscription" if own else "payment",
            "client_reference_id": str(order.id),
            f"metadata[{METADATA_KEY}]": str(order.id),
            "line_items[0][quantity]": str(order.count),
            f"{price}[currency]": self._prices.currency,
            f"{price}[unit_amount]": str(self._prices.of(order.tier)),
            f"{price}[product_data][name]": title if own else f"Gift: {title}",
            "success_url": f"{page}?subscribed={order.id}",
            "cancel_url": page,
            "expires_at": str(math.floor(order.expires_at.timestamp())),
        }
        if own:
            fields[f"{price}[recurring][interval]"] = "month"
            fields[f"subscription_data[metadata][{METADATA_KEY}]"] = str(order.id)
        else:
            fields[f"payment_intent_data[metadata][{METADATA_KEY}]"] = str(order.id)
        return fields


def _stripe_away() -> ApiProblemError:
    return ApiProblemError(
        503,
        "Payments are not possible at the moment; try again in a little while.",
        retry_after_s=_RETRY_AFTER_S,
    )
