"""What a webhook is told beside events: the challenge by which it shows that it wants them, and that a subscription is over.

Both stand in the database until they are done, so that a node that dies leaves them to the next.
"""

import hmac
import secrets
import uuid
from typing import NoReturn

import structlog
import trio

from common.db import Change, ControlChange, Database, DatabaseError, FullRecheck
from common.egress import EgressClient, EgressRequest
from common.egress_answer import EgressAnswer
from common.egress_errors import EgressError, EgressRefusedError
from common.queries import eventsub_webhooks
from common.queries.eventsub import ENABLED, PENDING, Subscription
from webapp.eventsub_messages import MessageType, utc_now, webhook_message

log = structlog.get_logger(__name__)

FAILED = "webhook_callback_verification_failed"
TRIES = 3
RETRY_S = (10.0, 60.0)
AT_ONCE = 20
LEASE_S = 60.0
AWAY_S = 2.0


class Verifier:
    """Puts challenges to webhooks and tells them of ends. `serve` must run beside it."""

    def __init__(self, db: Database, egress: EgressClient) -> None:
        self._db = db
        self._egress = egress
        self._bell = trio.Event()

    def note(self, change: Change) -> None:
        """Look whether something is due."""
        match change:
            case FullRecheck() | ControlChange(table="eventsub_subscriptions"):
                self._bell.set()
            case ControlChange():
                pass

    async def serve(self) -> NoReturn:
        """Do what is due, for ever. A database that is away is waited for."""
        while True:
            rest_s = AWAY_S
            try:
                while await self.do_some():
                    pass
                due_s = await eventsub_webhooks.select_next_due_s(self._db)
                rest_s = float("inf") if due_s is None else max(due_s, 0.05)
            except DatabaseError as error:
                log.info("webhooks_wait", error=str(error))
            with trio.move_on_after(rest_s):
                await self._bell.wait()
            self._bell = trio.Event()

    async def do_some(self) -> bool:
        """Do some of what is due; `False`: there was nothing."""
        due = await eventsub_webhooks.take_due(self._db, limit=AT_ONCE, lease_s=LEASE_S)
        async with trio.open_nursery() as nursery:
            for subscription in due:
                nursery.start_soon(self._do, subscription)
        return bool(due)

    async def _do(self, subscription: Subscription) -> None:
        await trio.lowlevel.checkpoint()
        try:
            if subscription.status == PENDING:
                await self._challenge(subscription)
            elif subscription.status == ENABLED:
                await eventsub_webhooks.settle_due(self._db, subscription.number, retry_s=None)
            else:
                await self._tell_end(subscription)
        except DatabaseError as error:
            log.info("webhook_waits", subscription=str(subscription.id), error=str(error))

    async def _challenge(self, subscription: Subscription) -> None:
        challenge = secrets.token_urlsafe(32)
        try:
            answer = await self._send(subscription, "webhook_callback_verification", {"challenge": challenge})
        except EgressRefusedError:
            await eventsub_webhooks.set_status(self._db, subscription.number, FAILED, only_if=PENDING)
            return
        except EgressError:
            await self._again(subscription, FAILED)
            return
        if not answer.is_success:
            await self._again(subscription, FAILED)
            return
        is_right = hmac.compare_digest(answer.body.strip(), challenge.encode())
        status = ENABLED if is_right else FAILED
        await eventsub_webhooks.set_status(self._db, subscription.number, status, only_if=PENDING)

    async def _tell_end(self, subscription: Subscription) -> None:
        try:
            answer = await self._send(subscription, "revocation", {})
        except EgressRefusedError:
            await eventsub_webhooks.settle_due(self._db, subscription.number, retry_s=None)
            return
        except EgressError:
            await self._again(subscription, None)
            return
        if answer.is_success:
            await eventsub_webhooks.settle_due(self._db, subscription.number, retry_s=None)
        else:
            await self._again(subscription, None)

    async def _send(
        self, subscription: Subscription, message_type: MessageType, more: dict[str, str]
    ) -> EgressAnswer:
        message = webhook_message(
            subscription,
            message_type,
            more,
            message_id=uuid.uuid4(),
            now=utc_now(),
            retry=subscription.tries - 1,
        )
        return await self._egress.send(
            EgressRequest(url=subscription.callback or "", headers=message.headers, body=message.body)
        )

    async def _again(self, subscription: Subscription, status: str | None) -> None:
        """Try later, or give up: then the subscription has a status, if there is one for it."""
        if subscription.tries < TRIES:
            retry_s = RETRY_S[min(subscription.tries, len(RETRY_S)) - 1]
            await eventsub_webhooks.settle_due(self._db, subscription.number, retry_s=retry_s)
        elif status is None:
            await eventsub_webhooks.settle_due(self._db, subscription.number, retry_s=None)
        else:
            await eventsub_webhooks.set_status(
                self._db, subscription.number, status, only_if=subscription.status
            )
