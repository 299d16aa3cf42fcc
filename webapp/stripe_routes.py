"""Where Stripe tells what happened to orders: https://docs.stripe.com/webhooks."""

from typing import Protocol

import structlog
import trio
from quart import request

from webapp.endpoint import Answer, AnyEndpoint, Call, Endpoint, Nothing, UploadKind
from webapp.problems import ApiProblemError
from webapp.stripe_events import StripeEventError
from webapp.stripe_shop import ForgedWebhookError

log = structlog.get_logger(__name__)

WEBHOOK = UploadKind(
    ("application/json",), 512 * 1024, "An event of Stripe, signed in the header `Stripe-Signature`."
)


class HearsStripe(Protocol):
    """Acts on webhooks."""

    async def hear(self, body: bytes, signature: str) -> bool:
        """Act on one; see `StripeShop.hear`."""


class StripeRoutes:
    """The webhook; `ear` `None`: this site does not use Stripe."""

    def __init__(self, ear: HearsStripe | None) -> None:
        self._ear = ear

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the route."""
        return [
            Endpoint(
                method="POST",
                route="/stripe/webhook",
                tag="Subscriptions",
                summary="For Stripe only: what happened to a payment.",
                handle=self._hear,
                status=204,
                upload=WEBHOOK,
                problems=(400, 404),
            )
        ]

    async def _hear(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        await trio.lowlevel.checkpoint()
        if self._ear is None:
            raise ApiProblemError(404, "This site does not use Stripe.")
        body = (await call.read_upload()).data
        try:
            await self._ear.hear(body, request.headers.get("Stripe-Signature", ""))
        except ForgedWebhookError:
            log.warning("stripe_webhook_refused", address=call.caller.address)
            raise ApiProblemError(400, "The signature is wrong, or too old.") from None
        except StripeEventError as error:
            log.warning("stripe_event_unreadable", reason=str(error))
            raise ApiProblemError(400, "This is no event that can be read.") from None
        return Answer()
