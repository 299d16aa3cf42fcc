"""Events as clients of the JSON protocol read them: one vocabulary, from which the schema in `docs/chat.md` is made. Types are EventSub's. Pure.

Ids are text, times are RFC 3339 in UTC; `broadcaster_user_*` is the channel.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, assert_never, cast

import msgspec
from msgspec import Meta

from chatd import events
from chatd.delivery import RoomName
from chatd.json_base import InChannel
from chatd.stage_views import PinChanged, PollTold, RaidTold, StageUpdate, describe_stage
from common.subscription_notices import Notice

Time = Annotated[str, Meta(description="RFC 3339, in UTC, with milliseconds.")]


class Emote(msgspec.Struct, frozen=True):
    """The emote that a fragment is."""

    id: str
    emote_set_id: str
    owner_id: Annotated[str, Meta(description="The channel; '0': the site.")]
    format: list[Literal["static", "animated"]]


class Mention(msgspec.Struct, frozen=True):
    """Who a fragment names."""

    user_id: str


class Fragment(msgspec.Struct, frozen=True):
    """A piece of a message; the texts of all, joined, are its text."""

    type: Literal["text", "mention", "emote"]
    text: str
    emote: Emote | None = None
    mention: Mention | None = None


class Message(msgspec.Struct, frozen=True):
    """What was said."""

    text: str
    fragments: list[Fragment]


class Badge(msgspec.Struct, frozen=True):
    """A badge beside a name."""

    set_id: str
    id: str
    info: str


class Reply(msgspec.Struct, frozen=True):
    """The message that is answered, and the first of its thread."""

    parent_message_id: str
    parent_message_body: str
    parent_user_id: str
    parent_user_login: str
    parent_user_name: str
    thread_message_id: str
    thread_user_id: str
    thread_user_login: str


class Chatter(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a room."""

    chatter_user_id: str
    chatter_user_login: str
    chatter_user_name: str
    color: Annotated[str, Meta(description="#RRGGBB; '' when none was chosen.")]
    badges: list[Badge]
    roles: list[str]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a room; a duration is null while its mode is off."""

    emote_mode: bool
    follower_mode: bool
    follower_mode_duration_minutes: int | None
    slow_mode: bool
    slow_mode_wait_time_seconds: int | None
    subscriber_mode: bool
    unique_chat_mode: bool
    subscriber_slow_mode_wait_time_seconds: int | None
    """Null: subscribers wait as long as others in slow mode."""
    verified_email_mode: bool
    account_age_minimum_minutes: int
    verification_spares: Literal["subscribers", "vips", "moderators"]
    """For whom the two above do not count, beside those who stand above them."""
    links_from: Literal["everyone", "subscribers", "vips", "moderators"]
    """Who may write links, beside those who stand above them."""


class ChatMessage(InChannel, frozen=True, kw_only=True):
    """`channel.chat.message`: somebody said something."""

    chatter_user_id: str
    chatter_user_login: str
    chatter_user_name: str
    color: str
    badges: list[Badge]
    roles: list[str]
    message_id: str
    message: Message
    message_type: Literal["text", "action"]
    is_first: bool
    """The chatter's first message in this channel."""
    nonce: str
    reply: Reply | None


class MessageDeleted(InChannel, frozen=True, kw_only=True):
    """`channel.chat.message_delete`: a moderator removed a message."""

    target_user_id: str
    target_user_login: str
    message_id: str


class UserCleared(InChannel, frozen=True, kw_only=True):
    """`channel.chat.clear_user_messages`: all that somebody wrote is gone.

    They were banned (`duration_seconds` null), timed out, or (0) may go on writing.
    """

    target_user_id: str
    target_user_login: str
    duration_seconds: int | None


class UserRestored(InChannel, frozen=True, kw_only=True):
    """`channel.unban`: a ban or timeout was taken back."""

    user_id: str
    user_login: str


class ChatCleared(InChannel, frozen=True, kw_only=True):
    """`channel.chat.clear`: a moderator emptied the room."""


class SettingsUpdated(InChannel, frozen=True, kw_only=True):
    """`channel.chat_settings.update`: what all of them are now."""

    settings: Settings


class MessageHeld(InChannel, frozen=True, kw_only=True):
    """`automod.message.hold`, to moderators: a message waits for one of them."""

    user_id: str
    user_login: str
    user_name: str
    message_id: str
    message: str
    held_for: str
    category: str
    held_at: Time
    expires_at: Time


class HoldDecided(InChannel, frozen=True, kw_only=True):
    """`automod.message.update`, to moderators: it waits no longer. `canceled`: its author was banned before it was said."""

    user_id: str
    user_login: str
    user_name: str
    message_id: str
    message: str
    status: Literal["allowed", "denied", "expired", "canceled"]
    moderator_user_id: str | None
    moderator_user_login: str | None


class UserWarned(InChannel, frozen=True, kw_only=True):
    """`channel.warning.send`, to moderators and to whom was warned: they write again after `acknowledge_warning`."""

    user_id: str
    user_login: str
    user_name: str
    reason: str


class WarningAcknowledged(InChannel, frozen=True, kw_only=True):
    """`channel.warning.acknowledge`, to moderators."""

    user_id: str
    user_login: str
    user_name: str


class SuspicionChanged(InChannel, frozen=True, kw_only=True):
    """`channel.suspicious_user.update`, to moderators."""

    user_id: str
    user_login: str
    user_name: str
    low_trust_status: str
    """`active_monitoring`, `restricted` or `none`."""


class WatchedWrote(InChannel, frozen=True, kw_only=True):
    """`channel.suspicious_user.message`, to moderators: somebody who is monitored wrote this, and all could read it."""

    user_id: str
    user_login: str
    user_name: str
    low_trust_status: str
    message_id: str
    message: str


class UnbanRequested(InChannel, frozen=True, kw_only=True):
    """`channel.unban_request.create`, to moderators."""

    id: str
    user_id: str
    user_login: str
    user_name: str
    text: str
    created_at: Time


class UnbanResolved(InChannel, frozen=True, kw_only=True):
    """`channel.unban_request.resolve`, to moderators and to who asked."""

    id: str
    user_id: str
    user_login: str
    user_name: str
    status: Literal["approved", "denied"]
    resolution_text: str


class RaidFound(InChannel, frozen=True, kw_only=True):
    """`automod.raid.begin`, to moderators: many strangers write alike, or many new accounts write; what they write is caught now."""

    kind: Literal["alike", "new_accounts"]
    user_id: str
    """Whose message showed it."""
    user_login: str
    user_name: str
    message: str


class ShieldSwitched(InChannel, frozen=True, kw_only=True):
    """`channel.shield_mode.begin` and `channel.shield_mode.end`, to moderators."""

    is_active: bool
    moderator_user_id: str | None
    """Null: the chat itself."""
    reason: str
    """Why the chat did it; ''."""
    at: Time


class StreamOnline(InChannel, frozen=True, kw_only=True):
    """`stream.online`: the channel went live."""

    id: str
    type: Literal["live"]
    title: str
    started_at: Time


class StreamOffline(InChannel, frozen=True, kw_only=True):
    """`stream.offline`: the broadcast is over."""

    id: str


class ChannelUpdated(InChannel, frozen=True, kw_only=True):
    """`channel.update`: title, language or category changed."""

    title: str
    language: str
    category_id: str
    category_name: str


class ChatNotification(Notice, frozen=True, kw_only=True):
    """`channel.chat.notification`: somebody subscribed, goes on, or gave subscriptions away, as `notice_type` says."""

    broadcaster_user_id: str
    broadcaster_user_login: str


class ViewersCounted(InChannel, frozen=True, kw_only=True):
    """`stream.viewers`: how many watch."""

    id: str
    viewer_count: int


Event = (
    ChatMessage
    | MessageDeleted
    | UserCleared
    | UserRestored
    | ChatCleared
    | SettingsUpdated
    | StreamOnline
    | StreamOffline
    | ChannelUpdated
    | ChatNotification
    | ViewersCounted
    | MessageHeld
    | HoldDecided
    | UserWarned
    | WarningAcknowledged
    | SuspicionChanged
    | WatchedWrote
    | UnbanRequested
    | UnbanResolved
    | ShieldSwitched
    | RaidFound
    | StageUpdate
)


def rfc3339(unix_ms: int) -> str:
    """Write a time as EventSub does."""
    return f"{datetime.fromtimestamp(unix_ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{unix_ms % 1000:03d}Z"


def describe(room: RoomName, event: events.Event) -> tuple[str, Event]:  # noqa: C901, PLR0912  # one case an event
    """Give an event's type and body."""
    where = {"broadcaster_user_id": str(room.channel_id), "broadcaster_user_login": room.login}
    match event:
        case (events.MessageSent() as message) | events.MessageDelayed(message=message):
            return "channel.chat.message", _message(where, message)
        case events.MessageDeleted():
            target = {"target_user_id": str(event.user_id), "target_user_login": event.login}
            return "channel.chat.message_delete", MessageDeleted(message_id=event.id, **target, **where)
        case events.UserCleared():
            target = {"target_user_id": str(event.user_id), "target_user_login": event.login}
            cleared = UserCleared(duration_seconds=event.duration_s, **target, **where)
            return "channel.chat.clear_user_messages", cleared
        case events.UserRestored():
            return "channel.unban", UserRestored(user_id=str(event.user_id), user_login=event.login, **where)
        case events.ChatCleared():
            return "channel.chat.clear", ChatCleared(**where)
        case events.RoomChanged():
            return "channel.chat_settings.update", SettingsUpdated(settings=settings(event.after), **where)
        case events.StreamOnline():
            started_at = rfc3339(event.at_ms)
            online = StreamOnline(
                id=event.stream_id, type="live", title=event.title, started_at=started_at, **where
            )
            return "stream.online", online
        case events.StreamOffline():
            return "stream.offline", StreamOffline(id=event.stream_id, **where)
        case events.ChannelUpdated():
            return "channel.update", ChannelUpdated(
                title=event.title,
                language=event.language,
                category_id=event.category_id,
                category_name=event.category_name,
                **where,
            )
        case events.SubscriptionNoticed():
            told: dict[str, Any] = {name: getattr(event.notice, name) for name in Notice.__struct_fields__}
            return "channel.chat.notification", ChatNotification(**told | where)
        case events.ViewersCounted():
            return "stream.viewers", ViewersCounted(
                id=event.stream_id, viewer_count=event.viewer_count, **where
            )
        case PinChanged() | PollTold() | RaidTold():
            return describe_stage(where, event)
        case _:
            return _lane(where, event)


def _lane(  # noqa: C901 # one case an event
    where: dict[str, str], event: events.LaneEvent
) -> tuple[str, Event]:
    """What moderators are told."""
    who = {
        "user_id": str(event.user_id),
        "user_login": event.login,
        "user_name": event.display_name,
        **where,
    }
    match event:
        case events.MessageHeld():
            held = MessageHeld(
                message_id=event.id,
                message=event.text,
                held_for=event.held_for,
                category=event.category,
                held_at=rfc3339(event.at_ms),
                expires_at=rfc3339(event.expires_at_ms),
                **who,
            )
            return "automod.message.hold", held
        case events.HoldDecided():
            decided = HoldDecided(
                message_id=event.id,
                message=event.text,
                status=event.status,
                moderator_user_id=str(event.moderator_id) if event.moderator_id else None,
                moderator_user_login=event.moderator_login or None,
                **who,
            )
            return "automod.message.update", decided
        case events.UserWarned():
            return "channel.warning.send", UserWarned(reason=event.reason, **who)
        case events.WarningAcknowledged():
            return "channel.warning.acknowledge", WarningAcknowledged(**who)
        case events.SuspicionChanged():
            changed = SuspicionChanged(low_trust_status=event.status, **who)
            return "channel.suspicious_user.update", changed
        case events.WatchedWrote():
            wrote = WatchedWrote(
                low_trust_status=event.status, message_id=event.id, message=event.text, **who
            )
            return "channel.suspicious_user.message", wrote
        case events.UnbanRequested():
            asked = UnbanRequested(id=event.id, text=event.text, created_at=rfc3339(event.at_ms), **who)
            return "channel.unban_request.create", asked
        case events.UnbanResolved():
            resolved = UnbanResolved(id=event.id, status=event.status, resolution_text=event.text, **who)
            return "channel.unban_request.resolve", resolved
        case events.ShieldSwitched():
            switched = ShieldSwitched(
                is_active=event.is_active,
                moderator_user_id=str(event.user_id) if event.user_id else None,
                reason=event.reason,
                at=rfc3339(event.at_ms),
                broadcaster_user_id=where["broadcaster_user_id"],
                broadcaster_user_login=where["broadcaster_user_login"],
            )
            return f"channel.shield_mode.{'begin' if event.is_active else 'end'}", switched
        case events.RaidFound():
            return "automod.raid.begin", RaidFound(kind=event.kind, message=event.text, **who)
        case _:
            assert_never(event)


def settings(state: events.RoomState) -> Settings:
    """Tell the settings of a room, as Helix does."""
    return Settings(
        emote_mode=state.emote_mode,
        follower_mode=state.follower_mode,
        follower_mode_duration_minutes=state.follower_mode_duration if state.follower_mode else None,
        slow_mode=state.slow_mode,
        slow_mode_wait_time_seconds=state.slow_mode_wait_time if state.slow_mode else None,
        subscriber_mode=state.subscriber_mode,
        unique_chat_mode=state.unique_chat_mode,
        subscriber_slow_mode_wait_time_seconds=state.subscriber_slow_mode_wait_time,
        verified_email_mode=state.verified_email_mode,
        account_age_minimum_minutes=state.account_age_minimum,
        verification_spares=cast(Any, state.verification_spares),
        links_from=cast(Any, state.links_from),
    )


def chatter(who: events.Chatter) -> Chatter:
    """Tell how somebody looks in a room."""
    return Chatter(
        chatter_user_id=str(who.user_id),
        chatter_user_login=who.login,
        chatter_user_name=who.display_name,
        color=who.color,
        badges=[Badge(badge.set_id, badge.version, badge.info) for badge in who.badges],
        roles=sorted(who.roles),
    )


def _message(where: dict[str, str], event: events.MessageSent) -> ChatMessage:
    who = chatter(event.chatter)
    return ChatMessage(
        chatter_user_id=who.chatter_user_id,
        chatter_user_login=who.chatter_user_login,
        chatter_user_name=who.chatter_user_name,
        color=who.color,
        badges=who.badges,
        roles=who.roles,
        message_id=event.id,
        message=Message(event.text, [_fragment(piece) for piece in event.fragments]),
        message_type="action" if event.is_action else "text",
        is_first=event.is_first,
        nonce=event.nonce,
        reply=None if event.reply is None else _reply(event.reply),
        **where,
    )


def _reply(reply: events.Reply) -> Reply:
    return Reply(
        parent_message_id=reply.parent_id,
        parent_message_body=reply.parent_text,
        parent_user_id=str(reply.parent_user_id),
        parent_user_login=reply.parent_login,
        parent_user_name=reply.parent_name,
        thread_message_id=reply.thread_id,
        thread_user_id=str(reply.thread_user_id),
        thread_user_login=reply.thread_login,
    )


def _fragment(piece: events.Fragment) -> Fragment:
    return Fragment(
        piece.type,
        piece.text,
        _emote(piece) if piece.type == "emote" else None,
        Mention(str(piece.user_id)) if piece.type == "mention" else None,
    )


def _emote(piece: events.Fragment) -> Emote:
    return Emote(
        piece.emote_id,
        piece.emote_set_id,
        str(piece.owner_id),
        ["static", "animated"] if piece.is_animated else ["static"],
    )
