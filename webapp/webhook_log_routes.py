"""Routes about webhooks for whoever answers for them: which there are, what each was sent, and sending something once more."""

import uuid
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from common.db import Database
from common.queries import delivery_log
from common.queries.delivery_log import LoggedDelivery, Webhook
from common.queries.eventsub import ENABLED
from webapp.cursors import Cursors
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.eventsub_messages import shown_subscription
from webapp.eventsub_routes import ShownSubscription
from webapp.fields import Id, IdText, Page, PageQuery, Timestamp, rfc3339, rfc3339_or_none
from webapp.problems import ApiProblemError

DeliveryStatus = Annotated[
    str, Meta(extra_json_schema={"enum": ["waiting", "sent", "skipped", "gone", "dead"]})
]


class ShownWebhook(msgspec.Struct, frozen=True):
    """A subscription that is told to a webhook."""

    subscription: ShownSubscription
    client_id: str | None
    """Of the app of yours whose it is; `null`, as its name: your own."""
    app_name: str | None
    failures: int
    """How often in a row nothing arrived."""
    failing_since: Timestamp | None


class WebhookDelivery(msgspec.Struct, frozen=True):
    """Something that was, or is to be, sent. Kept for a day, what was given up for six."""

    id: IdText
    message_id: uuid.UUID
    """`Twitch-Eventsub-Message-Id`, the same at every try."""
    type: str | None
    """Of the event; `null`, as `event`: it is gone with its channel."""
    event: dict[str, Any] | None
    status: DeliveryStatus
    """`skipped`: nobody wanted it any more; `gone`: the subscription was over; `dead`: given up."""
    attempts: int
    created_at: Timestamp
    finished_at: Timestamp | None
    next_at: Timestamp | None
    """When it is tried next, while it waits."""
    last_error: str | None
    """Of the last try that failed: what the receiver answered, or why nobody did."""
    resent_at: Timestamp | None
    """When somebody had it sent once more."""


class WebhookPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which webhook, by its subscription."""

    id: uuid.UUID


class DeliveryPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was sent to which."""

    id: uuid.UUID
    delivery_id: Id


class WebhookLogRoutes:
    """One's webhooks."""

    def __init__(self, db: Database, cursors: Cursors) -> None:
        self._db = db
        self._cursors = cursors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        route = "/users/me/webhooks"
        return [
            Endpoint(
                method="GET",
                route=route,
                tag="EventSub",
                summary="The webhooks that you and your apps have subscribed, the newest first.",
                handle=self._webhooks,
                answer=Page[ShownWebhook],
                access=SESSION_ONLY,
                query=PageQuery,
            ),
            Endpoint(
                method="GET",
                route=f"{route}/{{id}}/deliveries",
                tag="EventSub",
                summary="What was sent to a webhook of yours of late, the newest first.",
                handle=self._log,
                answer=Page[WebhookDelivery],
                access=SESSION_ONLY,
                path=WebhookPath,
                query=PageQuery,
            ),
            Endpoint(
                method="POST",
                route=f"{route}/{{id}}/deliveries/{{delivery_id}}/resend",
                tag="EventSub",
                summary="Have something sent once more that did not arrive.",
                handle=self._resend,
                status=204,
                access=SESSION_ONLY,
                path=DeliveryPath,
                problems=(409,),
            ),
        ]

    async def _webhooks(self, call: Call[Nothing, PageQuery, Nothing]) -> Answer:
        name, query = f"webhooks of {call.user_id}", call.query
        found = await delivery_log.select_webhooks(
            self._db, call.user_id, limit=query.first + 1, before=await self._cursors.last_id(name, query)
        )
        more = await self._cursors.more(name, query.first, found, lambda one: [one.subscription.number])
        return Answer(Page([_webhook(one) for one in found[: query.first]], more))

    async def _log(self, call: Call[WebhookPath, PageQuery, Nothing]) -> Answer:
        webhook = await self._own(call.user_id, call.path.id)
        name, query = f"deliveries to {webhook.subscription.id}", call.query
        found = await delivery_log.select_webhook_log(
            self._db,
            webhook.subscription.id,
            limit=query.first + 1,
            before_id=await self._cursors.last_id(name, query),
        )
        return Answer(await self._cursors.page(name, query, found, _delivery))

    async def _resend(self, call: Call[DeliveryPath, Nothing, Nothing]) -> Answer:
        webhook = await self._own(call.user_id, call.path.id)
        if webhook.subscription.status != ENABLED:
            raise ApiProblemError(409, "The subscription is over; make it anew to be told again.")
        target = str(webhook.subscription.id)
        if not await delivery_log.resend_delivery(self._db, call.path.delivery_id, target=target):
            raise ApiProblemError(409, "There is nothing to send once more: it arrived, waits, or is gone.")
        return Answer()

    async def _own(self, user_id: int, subscription_id: uuid.UUID) -> Webhook:
        found = await delivery_log.select_webhooks(self._db, user_id, limit=1, id=subscription_id)
        if not found:
            raise ApiProblemError(404, "You have no such webhook.")
        return found[0]


def _webhook(one: Webhook) -> ShownWebhook:
    subscription = one.subscription
    return ShownWebhook(
        subscription=msgspec.convert(shown_subscription(subscription), ShownSubscription),
        client_id=one.client_id,
        app_name=one.app_name,
        failures=subscription.failures,
        failing_since=rfc3339_or_none(subscription.failing_since),
    )


def _delivery(row: LoggedDelivery) -> WebhookDelivery:
    return WebhookDelivery(
        id=str(row.id),
        message_id=row.message_id,
        type=row.event_type,
        event=None if row.event is None else msgspec.json.decode(row.event),
        status=row.outcome or "waiting",
        attempts=row.attempts,
        created_at=rfc3339(row.created_at),
        finished_at=rfc3339_or_none(row.finished_at),
        next_at=rfc3339_or_none(row.next_at),
        last_error=row.last_error,
        resent_at=rfc3339_or_none(row.resent_at),
    )
