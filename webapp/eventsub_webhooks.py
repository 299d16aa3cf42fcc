"""Events to webhooks: which of them are told of one, and how one is told. What was tried and failed the worker tries again.

A receiver that fails again and again is left alone for longer and longer; when nothing has arrived for an hour, it is told no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
import trio

from common.db import Database, Executor
from common.egress import EgressClient, EgressRequest
from common.egress_errors import EgressBusyError, EgressError
from common.queries import eventsub, eventsub_webhooks
from common.queries.deliveries import Delivery
from common.queries.eventsub import ENABLED, Subscription
from common.queries.outbox import ChannelEvent
from webapp.deliveries import Expanded, Gone, Report, Result, Retry, RetryPolicy, Sent, Skipped
from webapp.eventsub_messages import utc_now, webhook_message
from webapp.eventsub_types import EVENT_TYPES

log = structlog.get_logger(__name__)

KIND = "webhook"
STALE = timedelta(hours=6)
"""After which nobody wants to hear of something any more."""
MAX_FAILURES = 10
PATIENCE = timedelta(hours=1)
"""When at least so many things did not arrive over at least this time, and none did, that is the end."""
BUSY_S = 2.0


class WebhookExpander:
    """Has an event be told to the webhooks that want to hear of it."""

    name = KIND
    types = frozenset(EVENT_TYPES)

    async def expand(self, db: Executor, event: ChannelEvent, *, after: int, limit: int) -> Expanded:
        """See `webapp.deliveries.Expander`."""
        found, last = await eventsub_webhooks.insert_webhook_deliveries(
            db, event, kind=KIND, after=after, limit=limit
        )
        return Expanded(found, last)


class Rests:
    """Leaves receivers alone that fail: from the third time in a row on, twice as long each time. Pure.

    Args:
        first_s: the first rest.
        longest_s: the longest.
        most: receivers that are remembered; above it the one is forgotten that has rested longest.

    """

    def __init__(self, *, first_s: float = 10.0, longest_s: float = 300.0, most: int = 10_000) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._most = most
        self._failing: dict[UUID, tuple[int, float]] = {}
        """How often in a row, and until when it rests."""

    def left_s(self, id: UUID, now: float) -> float:  # noqa: A002 # of a subscription
        """Give how long one rests; 0.0: it does not."""
        _, until = self._failing.get(id, (0, now))
        return max(0.0, until - now)

    def failed(self, id: UUID, now: float) -> None:  # noqa: A002 # as above
        """Note that something did not arrive. What was on its way together counts once."""
        times, until = self._failing.pop(id, (0, now))
        if until <= now:
            times += 1
            rest_s = self._first_s * 2 ** (times - 3) if times >= 3 else 0.0
            until = now + min(rest_s, self._longest_s)
        self._failing[id] = (times, until)
        if len(self._failing) > self._most:
            del self._failing[next(iter(self._failing))]

    def arrived(self, id: UUID) -> bool:  # noqa: A002 # as above
        """Note that something arrived; say whether something had not, before."""
        return self._failing.pop(id, None) is not None


@dataclass(frozen=True, slots=True)
class _Letter:
    delivery: Delivery
    subscription: Subscription
    event: ChannelEvent


class WebhookDeliverer:
    """Tells webhooks."""

    kind = KIND
    policy = RetryPolicy(first_s=10.0, longest_s=1800.0, max_attempts=12)

    def __init__(self, db: Database, egress: EgressClient, *, capacity: int = 200) -> None:
        self.capacity = capacity
        self._db = db
        self._egress = egress
        self._rests = Rests()

    async def deliver(self, batch: Sequence[Delivery], report: Report) -> None:
        """See `webapp.deliveries.Deliverer`."""
        subscriptions = {
            str(one.id): one
            for one in await eventsub.select_subscriptions(
                self._db, list({UUID(delivery.target) for delivery in batch})
            )
        }
        events = {
            one.id: one
            for one in await eventsub.select_events(self._db, list({delivery.event_id for delivery in batch}))
        }
        async with trio.open_nursery() as nursery:
            for delivery in batch:
                subscription, event = subscriptions.get(delivery.target), events.get(delivery.event_id)
                if subscription is None or event is None or subscription.status != ENABLED:
                    report(delivery, Gone("the subscription is over"))
                elif utc_now() - (delivery.resent_at or event.created_at) > STALE:
                    report(delivery, Skipped("it is too long ago"))
                else:
                    nursery.start_soon(self._deliver, _Letter(delivery, subscription, event), report)

    async def _deliver(self, letter: _Letter, report: Report) -> None:
        await trio.lowlevel.checkpoint()
        rest_s = self._rests.left_s(letter.subscription.id, trio.current_time())
        if rest_s:
            report(letter.delivery, Retry("the receiver fails, and is left alone for a while", rest_s))
            return
        report(letter.delivery, await self._send(letter))

    async def _send(self, letter: _Letter) -> Result:
        await trio.lowlevel.checkpoint()
        delivery, subscription = letter.delivery, letter.subscription
        message = webhook_message(
            subscription,
            "notification",
            {"event": letter.event.event},
            message_id=delivery.message_id,
            now=utc_now(),
            retry=delivery.attempts - 1,
        )
        try:
            answer = await self._egress.send(
                EgressRequest(url=subscription.callback or "", headers=message.headers, body=message.body)
            )
        except EgressBusyError as error:
            return Retry(str(error), BUSY_S)
        except EgressError as error:
            return await self._failed(subscription, str(error))
        if not answer.is_success:
            return await self._failed(subscription, f"The receiver answered {answer.status}.")
        if self._rests.arrived(subscription.id) or subscription.failures:
            await eventsub_webhooks.note_success(self._db, subscription.number)
        return Sent()

    async def _failed(self, subscription: Subscription, error: str) -> Result:
        self._rests.failed(subscription.id, trio.current_time())
        is_over = await eventsub_webhooks.note_failure(
            self._db, subscription.number, most=MAX_FAILURES, patience=PATIENCE
        )
        if is_over:
            log.info("webhook_revoked", subscription=str(subscription.id), error=error)
            return Gone(error)
        return Retry(error)
