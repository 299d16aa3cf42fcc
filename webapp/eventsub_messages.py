"""What EventSub sends: frames of its WebSocket, requests to webhooks, and their signatures. Pure but for the clock.

Shapes are those of Twitch, bit by bit: what a library made for it reads, it reads from here.
"""

import hashlib
import hmac
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from common.queries.eventsub import Subscription
from webapp.fields import rfc3339

_NAMESPACE = uuid.UUID("6f3b1c1e-4f0e-5b7a-9a55-2d8d5a9b7c10")
"""Of the ids of messages over WebSockets, which follow from the event: one that is told twice has one id."""

MessageType = Literal["webhook_callback_verification", "notification", "revocation"]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that subscriptions are told of."""

    key: str
    """The same on every node."""
    type: str
    channel_id: int
    to_channel_id: int | None
    """Of a raid."""
    event: dict[str, Any]


def utc_now() -> datetime:
    """Give the time of now."""
    return datetime.now(UTC)


def shown_transport(subscription: Subscription) -> dict[str, str]:
    """Say how a subscription is told; the secret stays with us."""
    if subscription.method == "webhook":
        return {"method": "webhook", "callback": subscription.callback or ""}
    shown = {"method": "websocket", "session_id": subscription.session_id or ""}
    if subscription.connected_at is not None:
        shown["connected_at"] = rfc3339(subscription.connected_at)
    if subscription.disconnected_at is not None:
        shown["disconnected_at"] = rfc3339(subscription.disconnected_at)
    return shown


def shown_subscription(subscription: Subscription, *, status: str | None = None) -> dict[str, Any]:
    """Show a subscription as Helix does; `status`: another than it had when it was read."""
    return {
        "id": str(subscription.id),
        "status": status or subscription.status,
        "type": subscription.type,
        "version": subscription.version,
        "cost": subscription.cost,
        "condition": subscription.condition,
        "transport": shown_transport(subscription),
        "created_at": rfc3339(subscription.created_at),
    }


# Over WebSockets -----------------------------------------------------------------------------------------------------------------


def welcome(session_id: str, *, connected_at: datetime, now: datetime, keepalive_s: int) -> str:
    """Greet who connected."""
    session = {
        "id": session_id,
        "status": "connected",
        "keepalive_timeout_seconds": keepalive_s,
        "reconnect_url": None,
        "connected_at": rfc3339(connected_at),
    }
    return _frame("session_welcome", now, {"session": session})


def keepalive(now: datetime) -> str:
    """Tell that the connection stands, when there is nothing else to tell."""
    return _frame("session_keepalive", now, {})


def reconnect(session_id: str, *, connected_at: datetime, now: datetime, url: str) -> str:
    """Ask a client to connect anew."""
    session = {
        "id": session_id,
        "status": "reconnecting",
        "keepalive_timeout_seconds": None,
        "reconnect_url": url,
        "connected_at": rfc3339(connected_at),
    }
    return _frame("session_reconnect", now, {"session": session})


def notification(subscription: Subscription, happening: Happening, now: datetime) -> str:
    """Tell what happened."""
    return _frame(
        "notification",
        now,
        {"subscription": shown_subscription(subscription), "event": happening.event},
        subscription=subscription,
        message_id=uuid.uuid5(_NAMESPACE, f"{subscription.id} {happening.key}"),
    )


def revocation(subscription: Subscription, status: str, now: datetime) -> str:
    """Tell that a subscription is over, and why."""
    return _frame(
        "revocation",
        now,
        {"subscription": shown_subscription(subscription, status=status)},
        subscription=subscription,
    )


def _frame(
    message_type: str,
    now: datetime,
    payload: dict[str, Any],
    *,
    subscription: Subscription | None = None,
    message_id: uuid.UUID | None = None,
) -> str:
    metadata = {
        "message_id": str(message_id or uuid.uuid4()),
        "message_type": message_type,
        "message_timestamp": rfc3339(now),
    }
    if subscription is not None:
        metadata |= {"subscription_type": subscription.type, "subscription_version": subscription.version}
    return msgspec.json.encode({"metadata": metadata, "payload": payload}).decode()


# To webhooks ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """A request to a webhook, signed."""

    headers: dict[str, str]
    body: bytes


def webhook_message(
    subscription: Subscription,
    message_type: MessageType,
    more: dict[str, Any],
    *,
    message_id: uuid.UUID,
    now: datetime,
    retry: int = 0,
) -> WebhookMessage:
    """Make a request; `more` stands in its body beside the subscription. The time is that of this try, so that receivers may refuse
    old ones.
    """
    timestamp = rfc3339(now)
    body = msgspec.json.encode({"subscription": shown_subscription(subscription), **more})
    headers = {
        "Content-Type": "application/json",
        "Twitch-Eventsub-Message-Id": str(message_id),
        "Twitch-Eventsub-Message-Retry": str(retry),
        "Twitch-Eventsub-Message-Type": message_type,
        "Twitch-Eventsub-Message-Signature": sign(
            subscription.secret or "", str(message_id), timestamp, body
        ),
        "Twitch-Eventsub-Message-Timestamp": timestamp,
        "Twitch-Eventsub-Subscription-Type": subscription.type,
        "Twitch-Eventsub-Subscription-Version": subscription.version,
    }
    return WebhookMessage(headers, body)


def sign(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Prove that a message is ours: HMAC-SHA256 over id, time and body, one behind the other."""
    return (
        "sha256="
        + hmac.new(
            secret.encode(), message_id.encode() + timestamp.encode() + body, hashlib.sha256
        ).hexdigest()
    )
