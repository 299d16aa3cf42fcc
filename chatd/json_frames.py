"""What clients of the JSON protocol are told: the envelope of EventSub over WebSocket, as text frames. Pure.

`epoch` and `offset` beside an event are ours, for coming back without a gap. `docs/chat.md` holds the schema of all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chatd.delivery import Delivery, RoomName
from chatd.events import ViewersCounted
from chatd.json_events import Chatter, Settings, describe, rfc3339
from chatd.stage_views import Pin, Poll, PollTold, Raid
from chatd.wires import text_frame

MessageType = Literal["session_welcome", "session_reconnect", "notification", "response", "error"]


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What every frame begins with."""

    message_id: Annotated[str, Meta(description="The same when a frame is sent again.")]
    message_type: MessageType
    message_timestamp: str
    subscription_type: str | UnsetType = UNSET
    """Of a notification: the event's type."""


class User(msgspec.Struct, frozen=True):
    """Who is logged in."""

    id: str
    login: str
    name: str


class Limits(msgspec.Struct, frozen=True):
    """What a connection may do."""

    channels: int
    characters: int


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One connection."""

    id: str
    status: Literal["connected", "reconnecting"]
    keepalive_timeout_seconds: int | UnsetType = UNSET
    user: User | UnsetType | None = UNSET
    """Null: nobody, who may read."""
    limits: Limits | UnsetType = UNSET


class SessionPayload(msgspec.Struct, frozen=True):
    """Of `session_welcome`, the first frame; and of `session_reconnect`: connect anew, and resume."""

    session: Session


class Condition(msgspec.Struct, frozen=True):
    """Which channel an event is of."""

    broadcaster_user_id: str


class Subscription(msgspec.Struct, frozen=True):
    """What EventSub says of why an event is told."""

    type: str
    version: str
    condition: Condition


class Notification(msgspec.Struct, frozen=True):
    """Of `notification`: something happened in a channel that is read."""

    subscription: Subscription
    event: Any
    """One of `chatd.json_events.Event`, which the subscription's type names; msgspec has no schema for untagged unions."""
    epoch: str
    offset: int
    """With the epoch: what to resume from."""
    skipped: int | UnsetType = UNSET
    """Messages since the notification before that were left out, as there are more than people can read."""


class Channel(msgspec.Struct, frozen=True):
    """A channel that was joined."""

    id: str
    login: str
    name: str


class DropReason(msgspec.Struct, frozen=True):
    """Why something was not done."""

    code: Annotated[str, Meta(description="As in `msg-id` of a NOTICE on Twitch: `msg_slowmode`.")]
    message: str
    """A sentence for people."""
    seconds_left: int | None
    """When it would be taken, if time alone stands against it."""


class Notice(msgspec.Struct, frozen=True):
    """What a command did."""

    code: str
    message: str


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A message that waits for a moderator."""

    message_id: str
    user_id: str
    user_login: str
    user_name: str
    message: str
    held_for: str
    category: str
    held_at: str
    expires_at: str


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What a room shows beside its talk; null: there is none."""

    pin: Pin | None
    poll: Poll | None
    """The one that runs."""
    vote: str | None
    """The choice of it that the reader has voted for; null: none, or nobody is logged in."""
    raid: Raid | None
    """The one that its viewers are called up to."""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """Of `response`: the answer to a request. Which fields it has depends on the request."""

    request_id: str
    ok: bool
    drop_reason: DropReason | UnsetType = UNSET
    """When not `ok`."""
    channel: Channel | UnsetType = UNSET
    """Of `join`, as the next seven."""
    epoch: str | UnsetType = UNSET
    """Of `send` too: where the message is."""
    offset: int | UnsetType = UNSET
    recovered: bool | UnsetType = UNSET
    """Whether what was missed since `since` follows, all of it. False: there is a gap."""
    history: int | UnsetType = UNSET
    """How many of the last messages follow: those whose `offset` is not above this one."""
    settings: Settings | UnsetType = UNSET
    you: Chatter | UnsetType | None = UNSET
    stage: Stage | UnsetType = UNSET
    """As it is now. What comes later changes it."""
    is_sent: bool | UnsetType = UNSET
    """Of `send`: said; false for a command that was carried out."""
    message_id: str | UnsetType = UNSET
    notice: Notice | UnsetType = UNSET
    """Of a command and of what moderators ask for: what it came to."""
    holds: list[Hold] | UnsetType = UNSET
    """Of `list_holds`: the first hundred, the oldest first."""


class BadRequest(msgspec.Struct, frozen=True):
    """Of `error`: a message was no request."""

    code: Literal["bad_request"]
    message: str


Payload = SessionPayload | Notification | Response | BadRequest


class Frame(msgspec.Struct, frozen=True):
    """A message of the server."""

    metadata: Metadata
    payload: Any
    """One of `Payload`; which one, `message_type` says."""


_encode = msgspec.json.Encoder().encode


def render_frame(metadata: Metadata, payload: Payload) -> bytes:
    """Make a WebSocket text frame."""
    return text_frame(_encode(Frame(metadata, payload)))


def render_notification(room: RoomName, delivery: Delivery) -> bytes:
    """Tell an event, whole."""
    kind, event = describe(room, delivery.event)
    place = f"{room.channel_id}-{delivery.epoch}-{delivery.offset}"
    metadata = Metadata(
        # What has no place in the order is at that of another event.
        message_id=f"{place}-{delivery.event.at_ms}"
        if isinstance(delivery.event, ViewersCounted | PollTold)
        else place,
        message_type="notification",
        message_timestamp=rfc3339(delivery.event.at_ms),
        subscription_type=kind,
    )
    subscription = Subscription(kind, "1", Condition(str(room.channel_id)))
    skipped = delivery.skipped or UNSET
    return render_frame(metadata, Notification(subscription, event, delivery.epoch, delivery.offset, skipped))


@dataclass(frozen=True, slots=True)
class JsonWire:
    """The JSON protocol: a frame an event."""

    def encode(self, room: RoomName, deliveries: Sequence[Delivery]) -> bytes:
        """See `chatd.delivery.Wire`."""
        return b"".join(render_notification(room, delivery) for delivery in deliveries)
