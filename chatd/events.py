"""What happens in a room, as it travels between nodes and is stored: frozen values, encoded as MessagePack. Pure.

Names follow EventSub (`channel.chat.message`, `channel.chat.clear`, ...). Every event is complete: who encodes it for a
client looks nothing up. All of this comes from our own nodes; what chatters send is checked long before.
"""

from typing import Literal

import msgspec

from chatd.stage_views import StageEvent
from common.subscription_notices import Notice

Role = Literal["broadcaster", "moderator", "vip", "subscriber", "staff", "admin"]
Trust = Literal["", "trusted", "stranger", "new"]
"""What somebody is to a room that guards against raids (`chatd.automod.trust_of`); '': it does not."""


class Badge(msgspec.Struct, frozen=True, array_like=True):
    """A badge beside a name: `moderator/1`."""

    set_id: str
    version: str
    info: str = ""
    """Months subscribed, for the sets that count them."""


class Chatter(msgspec.Struct, frozen=True):
    """Who wrote, as they were when they wrote it."""

    user_id: int
    login: str
    display_name: str
    color: str = ""
    """`#RRGGBB`; '' when they never chose one."""
    badges: tuple[Badge, ...] = ()
    roles: frozenset[Role] = frozenset()


class Fragment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A piece of a message. Clients show these, and never search the text for emotes or names themselves."""

    type: Literal["text", "mention", "emote"]
    text: str
    emote_id: str = ""
    user_id: int = 0
    """Of who is mentioned."""
    emote_set_id: str = ""
    owner_id: int = 0
    """Of the emote's channel; 0: the site."""
    is_animated: bool = False


class Reply(msgspec.Struct, frozen=True):
    """The message that is answered, and the first of its thread."""

    parent_id: str
    parent_user_id: int
    parent_login: str
    parent_name: str
    parent_text: str
    thread_id: str
    thread_user_id: int
    thread_login: str


class MessageSent(msgspec.Struct, frozen=True, tag="message", omit_defaults=True):
    """Somebody wrote something, and it was accepted."""

    id: str
    """UUIDv7, made by the node that accepted it."""
    at_ms: int
    """Unix time in milliseconds, here and below."""
    chatter: Chatter
    text: str
    """1 to 500 code points."""
    fragments: tuple[Fragment, ...] = ()
    """Their texts, joined, are `text`."""
    is_action: bool = False
    """Written with `/me`."""
    reply: Reply | None = None
    is_first: bool = False
    """The chatter's first message in this channel."""
    nonce: str = ""
    """What the sender's client called it; for the sender alone."""
    sender_connection: str = ""
    """Where it came from: that connection of IRC never gets its own message back."""
    trust: Trust = ""
    """For other nodes, which look for raids in what is said at all of them."""


class MessageDeleted(msgspec.Struct, frozen=True, tag="message_deleted"):
    """A moderator removed one message."""

    id: str
    user_id: int
    login: str
    text: str
    moderator_id: int
    at_ms: int


class UserCleared(msgspec.Struct, frozen=True, tag="user_cleared", omit_defaults=True):
    """Somebody was banned or timed out: their messages disappear."""

    user_id: int
    login: str
    moderator_id: int
    at_ms: int
    duration_s: int | None = None
    """`None`: a ban, for ever; 0: they may go on writing, only what they wrote is gone."""
    reason: str = ""
    """For moderators only."""


class UserRestored(msgspec.Struct, frozen=True, tag="user_restored"):
    """A ban or timeout was taken back."""

    user_id: int
    login: str
    moderator_id: int
    at_ms: int


class ChatCleared(msgspec.Struct, frozen=True, tag="cleared"):
    """A moderator emptied the room."""

    moderator_id: int
    at_ms: int


class RoomState(msgspec.Struct, frozen=True):
    """The settings of a room that clients show; names and units of Helix `chat/settings`."""

    emote_mode: bool = False
    follower_mode: bool = False
    follower_mode_duration: int = 0
    """Minutes."""
    slow_mode: bool = False
    slow_mode_wait_time: int = 30
    """Seconds."""
    subscriber_mode: bool = False
    unique_chat_mode: bool = False
    subscriber_slow_mode_wait_time: int | None = None
    """Seconds; `None`: as for others."""
    verified_email_mode: bool = False
    account_age_minimum: int = 0
    """Minutes."""
    verification_spares: str = "vips"
    links_from: str = "everyone"


class RoomChanged(msgspec.Struct, frozen=True, tag="room"):
    """Settings of the room changed; `before` lets IRC tell which."""

    at_ms: int
    before: RoomState
    after: RoomState
    automatic_wait_s: int | None = None
    """Seconds that everybody waits because the room is too fast to read, 0: no longer; `None`: it is about something else."""


class MessageDelayed(msgspec.Struct, frozen=True, tag="delayed"):
    """Somebody wrote something that is said in a moment, unless a moderator takes it away; moderators and who wrote it know."""

    message: MessageSent
    at_ms: int
    delay_ms: int

    @property
    def user_id(self) -> int:
        """Who wrote it."""
        return self.message.chatter.user_id


class MessageHeld(msgspec.Struct, frozen=True, tag="held"):
    """A message waits for a moderator (`automod.message.hold`)."""

    id: str
    user_id: int
    login: str
    display_name: str
    text: str
    held_for: str
    """`suspicious_user` and the like."""
    category: str
    at_ms: int
    expires_at_ms: int


class HoldDecided(msgspec.Struct, frozen=True, tag="hold_decided"):
    """It waits no longer (`automod.message.update`)."""

    id: str
    user_id: int
    login: str
    display_name: str
    text: str
    status: Literal["allowed", "denied", "expired", "canceled"]
    """Canceled: it was allowed, but its author was banned before it was said."""
    moderator_id: int
    """0: nobody."""
    moderator_login: str
    at_ms: int


class UserWarned(msgspec.Struct, frozen=True, tag="warned"):
    """Somebody was warned (`channel.warning.send`), and is told so."""

    user_id: int
    login: str
    display_name: str
    moderator_id: int
    reason: str
    at_ms: int


class WarningAcknowledged(msgspec.Struct, frozen=True, tag="warning_acknowledged"):
    """They took note (`channel.warning.acknowledge`)."""

    user_id: int
    login: str
    display_name: str
    at_ms: int


class SuspicionChanged(msgspec.Struct, frozen=True, tag="suspicion"):
    """Moderators watch somebody, or no longer (`channel.suspicious_user.update`)."""

    user_id: int
    login: str
    display_name: str
    moderator_id: int
    status: str
    """`active_monitoring`, `restricted` or `none`."""
    at_ms: int


class WatchedWrote(msgspec.Struct, frozen=True, tag="watched_wrote"):
    """Somebody who is watched said something (`channel.suspicious_user.message`)."""

    id: str
    user_id: int
    login: str
    display_name: str
    text: str
    status: str
    at_ms: int


class UnbanRequested(msgspec.Struct, frozen=True, tag="unban_requested"):
    """Somebody who is banned asks to be let in (`channel.unban_request.create`)."""

    id: str
    user_id: int
    login: str
    display_name: str
    text: str
    at_ms: int


class UnbanResolved(msgspec.Struct, frozen=True, tag="unban_resolved"):
    """They were answered (`channel.unban_request.resolve`), and are told so."""

    id: str
    user_id: int
    login: str
    display_name: str
    moderator_id: int
    status: Literal["approved", "denied"]
    text: str
    at_ms: int


class ShieldSwitched(msgspec.Struct, frozen=True, tag="shield"):
    """Shield mode was switched on or off (`channel.shield_mode.begin`, `.end`), by a moderator or by itself."""

    is_active: bool
    user_id: int
    """Who did it; 0: it was the chat itself."""
    reason: str
    """Of the chat itself; ''."""
    at_ms: int
    login: str = ""
    display_name: str = ""


class RaidFound(msgspec.Struct, frozen=True, tag="raid_found"):
    """The guard against raids found one out: its lines are caught from now on, at all nodes."""

    kind: Literal["alike", "new_accounts"]
    user_id: int
    """Whose message showed it."""
    login: str
    display_name: str
    text: str
    at_ms: int


class StreamOnline(msgspec.Struct, frozen=True, tag="stream.online"):
    """The channel went live."""

    at_ms: int
    stream_id: str
    title: str


class StreamOffline(msgspec.Struct, frozen=True, tag="stream.offline"):
    """The broadcast is over."""

    at_ms: int
    stream_id: str


class ChannelUpdated(msgspec.Struct, frozen=True, tag="channel.update"):
    """Title or category changed."""

    at_ms: int
    title: str
    category_id: str
    category_name: str
    language: str


class SubscriptionNoticed(msgspec.Struct, frozen=True, tag="notification"):
    """Somebody subscribed, goes on, or gave subscriptions away, as it was written down (`channel.chat.notification`)."""

    at_ms: int
    notice: Notice


class ViewersCounted(msgspec.Struct, frozen=True, tag="viewers"):
    """How many watch now."""

    at_ms: int
    stream_id: str
    viewer_count: int


LaneEvent = (
    MessageHeld
    | HoldDecided
    | UserWarned
    | WarningAcknowledged
    | SuspicionChanged
    | WatchedWrote
    | UnbanRequested
    | UnbanResolved
    | ShieldSwitched
    | RaidFound
)
Event = (
    MessageSent
    | MessageDeleted
    | UserCleared
    | UserRestored
    | ChatCleared
    | RoomChanged
    | StreamOnline
    | StreamOffline
    | ChannelUpdated
    | SubscriptionNoticed
    | ViewersCounted
    | MessageDelayed
    | StageEvent
    | LaneEvent
)

LANE = (*LaneEvent.__args__, MessageDelayed)
"""What moderators are told, and nobody else but whom `TOLD_TO_THEM` concerns."""
TOLD_TO_THEM = (UserWarned, UnbanResolved, MessageDelayed)

MODERATION = (MessageDeleted, UserCleared, UserRestored, ChatCleared, RoomChanged)
"""What is never left out, however far behind a reader is."""

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


def encode(event: Event) -> bytes:
    """Make the bytes that go over the bus and into history."""
    return _encoder.encode(event)


def decode(payload: bytes) -> Event:
    """Read them. Raises `msgspec.DecodeError` for what an older or newer node calls something else: leave that out."""
    return _decoder.decode(payload)
