"""Sends notices to browsers through their push services."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Protocol

import trio

from common.db import Database
from common.egress import EgressRequest
from common.egress_answer import EgressAnswer
from common.egress_errors import EgressBusyError, EgressError, EgressRefusedError
from common.queries import notices, push
from common.queries.deliveries import Delivery
from common.queries.notices import LIVE_LATE, PERSONAL_LATE, Told
from common.queries.push import PushTarget
from webapp.deliveries import Dead, Gone, Report, Result, Retry, RetryPolicy, Sent, Skipped
from webapp.notice_texts import ONLINE, kind_and_details, wording
from webapp.push_keys import PushKeys
from webapp.push_message import PushKeyError, PushMessage, SealedPush, VapidSigner, seal

CAPACITY = 256
BUSY_S = 5.0


class Sender(Protocol):
    """Makes HTTP requests: `common.egress.EgressClient`."""

    async def send(self, request: EgressRequest) -> EgressAnswer:
        """Make one; raises `EgressError`."""


@dataclass(frozen=True, slots=True)
class _Parcel:
    delivery: Delivery
    target: PushTarget
    told: Told


class PushDeliverer:
    """Web Push. What nobody wants any more at the moment of sending is not sent."""

    kind = "push"
    capacity = CAPACITY
    policy = RetryPolicy(first_s=15.0, longest_s=900.0, max_attempts=10)

    def __init__(self, db: Database, keys: PushKeys, egress: Sender) -> None:
        """`egress`: with room for `CAPACITY` requests at once, most of them to one host."""
        self._db = db
        self._keys = keys
        self._egress = egress

    async def deliver(self, batch: Sequence[Delivery], report: Report) -> None:
        """Send them side by side."""
        parcels = await self._pack(batch, report)
        signer = await self._keys.signer()
        async with trio.open_nursery() as nursery:
            for parcel in parcels:
                nursery.start_soon(self._send, signer, parcel, report)

    async def _pack(self, batch: Sequence[Delivery], report: Report) -> list[_Parcel]:
        """Find out where each goes and what it says; report those that go nowhere."""
        targets = {
            target.id: target
            for target in await push.select_push_targets(self._db, [int(sent.target) for sent in batch])
        }
        present: list[Delivery] = []
        for delivery in batch:
            if int(delivery.target) in targets:
                present.append(delivery)
            else:
                report(delivery, Gone("The browser has unsubscribed, or its session is over."))
        told = {
            one.delivery_id: one
            for one in await notices.select_told(
                self._db,
                [delivery.id for delivery in present],
                [targets[int(delivery.target)].user_id for delivery in present],
                [delivery.event_id for delivery in present],
                way="push",
            )
        }
        parcels: list[_Parcel] = []
        for delivery in present:
            one = told.get(delivery.id)
            objection = "The channel is gone." if one is None else one.objection
            if one is None or objection is not None:
                report(delivery, Skipped(objection or ""))
            else:
                parcels.append(_Parcel(delivery, targets[int(delivery.target)], one))
        return parcels

    async def _send(self, signer: VapidSigner, parcel: _Parcel, report: Report) -> None:
        await trio.lowlevel.checkpoint()  # many begin at once, and encrypting takes a while
        try:
            sealed = _seal(signer, parcel)
        except PushKeyError as error:
            report(parcel.delivery, Dead(str(error)))
            return
        request = EgressRequest(
            url=parcel.target.endpoint, headers=sealed.headers, body=sealed.body, keep_bytes=512
        )
        try:
            result = judge(await self._egress.send(request), datetime.now(UTC))
        except EgressBusyError as error:
            result = Retry(str(error), after_s=BUSY_S)
        except EgressRefusedError as error:
            result = Dead(str(error))
        except EgressError as error:
            result = Retry(str(error))
        if isinstance(result, Gone):
            await push.delete_gone_subscriptions(self._db, [parcel.target.id])
        report(parcel.delivery, result)


def judge(answer: EgressAnswer, now: datetime) -> Result:
    """Say what a push service's answer means (RFC 8030 5 and 7.3, and what the services do)."""
    status = answer.status
    if answer.is_success:
        return Sent()
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return Gone("The push service knows the browser no more.")
    error = f"The push service answered {status}."
    if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS} or status >= 500:
        return Retry(error, after_s=retry_after_s(answer.headers.get("retry-after"), now))
    return Dead(error)


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Read Retry-After: seconds, or a date. `None`: it is not there, or makes no sense."""
    if header is None:
        return None
    if header.isascii() and header.isdigit() and len(header) < 10:
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _seal(signer: VapidSigner, parcel: _Parcel) -> SealedPush:
    told, now = parcel.told, int(time.time())
    kind, details = kind_and_details(told.type, {**told.event, "title": told.event.get("title", told.title)})
    words = wording(kind, told.display_name, details)
    is_live = told.type == ONLINE
    late = LIVE_LATE if is_live else PERSONAL_LATE
    left_s = late.total_seconds() - (now - told.created_at.timestamp())
    return seal(
        signer,
        parcel.target,
        PushMessage(
            id=str(parcel.delivery.event_id),
            type=kind,
            title=words.title,
            body=words.text,
            url=f"/{told.login}",
            tag=f"weir-{parcel.delivery.event_id}",
        ),
        message_id=parcel.delivery.message_id,
        ttl_s=max(0, int(left_s)),
        urgent=is_live,
        now=now,
    )
