"""Events of a room as lines of Twitch's IRC, for a client with or without tags, commands and membership. Pure.

Which tags a line has, and in which order things are said, is what tmi.js, twurple, TwitchIO and Chatterino were seen to
need; `docs/bots.md` lists it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from chatd.delivery import RoomName
from chatd.emote_words import is_emote_only
from chatd.events import (
    ChannelUpdated,
    ChatCleared,
    Chatter,
    Event,
    HoldDecided,
    LaneEvent,
    MessageDelayed,
    MessageDeleted,
    MessageHeld,
    MessageSent,
    RaidFound,
    RoomChanged,
    RoomState,
    ShieldSwitched,
    StreamOffline,
    StreamOnline,
    SubscriptionNoticed,
    SuspicionChanged,
    UnbanRequested,
    UnbanResolved,
    UserCleared,
    UserRestored,
    UserWarned,
    ViewersCounted,
    WarningAcknowledged,
    WatchedWrote,
)
from chatd.irc_lines import emote_places, one_line, render_tags
from chatd.irc_notices import render_user_notice
from chatd.irc_session import SERVER
from chatd.raids import WHY
from chatd.room_settings import notice_of, tags_of
from chatd.stage_views import PinChanged, PollTold, RaidTold
from common.queries.emotes import SITE_SET

Tags = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a client asked to get beside plain messages."""

    tags: bool = False
    commands: bool = False
    membership: bool = False


def render_event(event: Event, room: RoomName, wants: Capabilities) -> list[str]:
    """Write what a client gets of an event: lines without line breaks; none for what IRC has no word for."""
    match event:
        case MessageSent():
            prefix = render_tags(_message_tags(event, room)) if wants.tags else ""
            return [f"{prefix}{_user(event.chatter.login)} PRIVMSG #{room.login} :{_body(event)}"]
        case MessageDelayed():
            return render_event(event.message, room, wants)
        case MessageDeleted() | UserCleared() | ChatCleared() if wants.commands:
            return [_cleared(event, room, wants)]
        case RoomChanged() if wants.commands:
            return _room_changed(event, room, wants)
        case SubscriptionNoticed() if wants.commands:
            return [render_user_notice(event, room, with_tags=wants.tags)]
        case (
            MessageDeleted()
            | UserCleared()
            | ChatCleared()
            | RoomChanged()
            | UserRestored()
            | StreamOnline()
            | StreamOffline()
            | ChannelUpdated()
            | SubscriptionNoticed()
            | ViewersCounted()
            | PinChanged()
            | PollTold()
            | RaidTold()
        ):
            return []
        case _:
            return _lane(event, room, wants)


def _lane(  # noqa: C901 # one case an event
    event: LaneEvent, room: RoomName, wants: Capabilities
) -> list[str]:
    """Tell a moderator what Twitch's IRC has no line for, as a NOTICE."""
    match event:
        case MessageHeld():
            why = f"{event.held_for} ({event.category})" if event.category else event.held_for
            text = f"Held for {why}, {event.login}: {event.text} (/allow {event.id} or /deny {event.id})"
            code = "automod_message_hold"
        case HoldDecided():
            by = f" by {event.moderator_login}" if event.moderator_login else ""
            text = f"The message {event.id} of {event.login} was {event.status}{by}."
            code = "automod_message_update"
        case UserWarned():
            text, code = f"{event.login} was warned: {event.reason}", "user_warned"
        case WarningAcknowledged():
            text, code = f"{event.login} took note of the warning.", "warning_acknowledged"
        case SuspicionChanged():
            text, code = f"{event.login} is marked {event.status}.", "suspicious_user_update"
        case WatchedWrote():
            text, code = f"{event.login} is watched, and wrote: {event.text}", "suspicious_user_message"
        case UnbanRequested():
            text, code = f"{event.login} asks to be unbanned: {event.text}", "unban_request_create"
        case UnbanResolved():
            because = f": {event.text}" if event.text else "."
            text = f"The request of {event.login} to be unbanned was {event.status}{because}"
            code = "unban_request_resolve"
        case ShieldSwitched():
            text = f"The shield of this room is {'up' if event.is_active else 'down'}. {event.reason}".strip()
            code = "shield_mode_begin" if event.is_active else "shield_mode_end"
        case RaidFound():
            text = f"{WHY[event.kind]} The guard against raids sees to it. {event.login} wrote: {event.text}"
            code = "automod_raid_begin"
        case _:
            assert_never(event)
    return [render_notice(code, text, room, with_tags=wants.tags)] if wants.commands else []


def render_join(nick: str, room: RoomName) -> list[str]:
    """Confirm a JOIN: the echo and the list of names, which holds the client alone. TwitchIO is ready only after a 353."""
    own = f"{nick}.{SERVER}"
    return [
        f"{_user(nick)} JOIN #{room.login}",
        f":{own} 353 {nick} = #{room.login} :{nick}",
        f":{own} 366 {nick} #{room.login} :End of /NAMES list",
    ]


def render_part(nick: str, room: RoomName) -> str:
    """Confirm a PART."""
    return f"{_user(nick)} PART #{room.login}"


def render_user_state(
    chatter: Chatter, room: RoomName, *, message_id: str = "", nonce: str = "", emote_sets: str = SITE_SET
) -> str:
    """Tell a client how it looks in a room: at its join, and with an id after each message that was accepted."""
    tags = [*_standing_tags(chatter), ("emote-sets", emote_sets)]
    if message_id:
        tags.append(("id", message_id))
    if nonce:
        tags.append(("client-nonce", nonce))
    return f"{render_tags(sorted(tags))}:{SERVER} USERSTATE #{room.login}"


def render_global_user_state(chatter: Chatter, *, emote_sets: str = SITE_SET) -> str:
    """Tell a client who it is, after its login."""
    tags = [
        ("badge-info", ""),
        ("badges", ""),
        ("color", chatter.color),
        ("display-name", chatter.display_name),
        ("emote-sets", emote_sets),
        ("user-id", str(chatter.user_id)),
        ("user-type", _user_type(chatter)),
    ]
    return f"{render_tags(tags)}:{SERVER} GLOBALUSERSTATE"


def render_room_state(state: RoomState, room: RoomName, *, with_tags: bool = True) -> str:
    """Tell all settings of a room. twurple waits for one line that holds both `subs-only` and `slow`."""
    tags = [*tags_of(state), ("rituals", "0"), ("room-id", str(room.channel_id))]
    prefix = render_tags(sorted(tags)) if with_tags else ""
    return f"{prefix}:{SERVER} ROOMSTATE #{room.login}"


def render_notice(message_id: str, text: str, room: RoomName, *, with_tags: bool = True) -> str:
    """Say something to one client. It must not be empty: tmi.js reads it as it is."""
    prefix = render_tags([("msg-id", message_id)]) if with_tags else ""
    return f"{prefix}:{SERVER} NOTICE #{room.login} :{one_line(text)}"


def _user(login: str) -> str:
    return f":{login}!{login}@{login}.{SERVER}"


def _body(event: MessageSent) -> str:
    text = one_line(event.text)
    if event.reply is not None:
        text = f"@{event.reply.parent_name} {text}"
    return f"\x01ACTION {text}\x01" if event.is_action else text


def _message_tags(event: MessageSent, room: RoomName) -> Tags:
    chatter = event.chatter
    tags = [
        *_standing_tags(chatter),
        ("emotes", _emotes(event)),
        ("first-msg", str(int(event.is_first))),
        ("flags", ""),
        ("id", event.id),
        ("returning-chatter", "0"),
        ("room-id", str(room.channel_id)),
        ("tmi-sent-ts", str(event.at_ms)),
        ("turbo", "0"),
        ("user-id", str(chatter.user_id)),
    ]
    if "vip" in chatter.roles:
        tags.append(("vip", "1"))
    if event.nonce:
        tags.append(("client-nonce", event.nonce))
    if event.reply is not None:
        tags += _reply_tags(event)
    elif is_emote_only(event.fragments):
        tags.append(("emote-only", "1"))
    return sorted(tags)


def _standing_tags(chatter: Chatter) -> Tags:
    """Badges, colour and rights, as USERSTATE and PRIVMSG both have them."""
    moderates = bool(chatter.roles & {"moderator", "broadcaster"})
    return [
        ("badge-info", ",".join(f"{badge.set_id}/{badge.info}" for badge in chatter.badges if badge.info)),
        ("badges", ",".join(f"{badge.set_id}/{badge.version}" for badge in chatter.badges)),
        ("color", chatter.color),
        ("display-name", chatter.display_name),
        ("mod", str(int(moderates and "broadcaster" not in chatter.roles))),
        ("subscriber", str(int(any(badge.set_id == "subscriber" for badge in chatter.badges)))),
        ("user-type", _user_type(chatter)),
    ]


def _user_type(chatter: Chatter) -> str:
    for role, name in (("admin", "admin"), ("staff", "staff"), ("moderator", "mod")):
        if role in chatter.roles:
            return name
    return ""


def _emotes(event: MessageSent) -> str:
    shift = len(event.reply.parent_name) + 2 if event.reply is not None else 0
    return emote_places(((piece.emote_id, piece.text) for piece in event.fragments), shift)


def _reply_tags(event: MessageSent) -> Tags:
    reply = event.reply
    assert reply is not None
    return [
        ("reply-parent-display-name", reply.parent_name),
        ("reply-parent-msg-body", reply.parent_text),
        ("reply-parent-msg-id", reply.parent_id),
        ("reply-parent-user-id", str(reply.parent_user_id)),
        ("reply-parent-user-login", reply.parent_login),
        ("reply-thread-parent-msg-id", reply.thread_id),
        ("reply-thread-parent-user-id", str(reply.thread_user_id)),
        ("reply-thread-parent-user-login", reply.thread_login),
    ]


def _cleared(event: MessageDeleted | UserCleared | ChatCleared, room: RoomName, wants: Capabilities) -> str:
    tags: Tags = [("room-id", str(room.channel_id)), ("tmi-sent-ts", str(event.at_ms))]
    match event:
        case MessageDeleted():
            tags += [("login", event.login), ("target-msg-id", event.id)]
            command, text = "CLEARMSG", f" :{one_line(event.text)}"
        case UserCleared():
            tags.append(("target-user-id", str(event.user_id)))
            if event.duration_s is not None:
                # IRC has no word for messages that go while their author stays: that is a timeout of a second.
                tags.append(("ban-duration", str(max(1, event.duration_s))))
            command, text = "CLEARCHAT", f" :{event.login}"
        case ChatCleared():
            command, text = "CLEARCHAT", ""
    prefix = render_tags(sorted(tags)) if wants.tags else ""
    return f"{prefix}:{SERVER} {command} #{room.login}{text}"


def _room_changed(event: RoomChanged, room: RoomName, wants: Capabilities) -> list[str]:
    """One NOTICE and one ROOMSTATE for each setting: tmi.js waits for either, depending on the setting.

    No ROOMSTATE may hold both `subs-only` and `slow`, or clients take it for the one at a join.
    """
    before, after = dict(tags_of(event.before)), dict(tags_of(event.after))
    lines: list[str] = []
    for name in [name for name in after if after[name] != before[name]]:
        message_id, text = notice_of(name, after[name])
        lines.append(render_notice(message_id, text, room, with_tags=wants.tags))
        tags: Sequence[tuple[str, str]] = sorted([(name, after[name]), ("room-id", str(room.channel_id))])
        lines.append(f"{render_tags(tags) if wants.tags else ''}:{SERVER} ROOMSTATE #{room.login}")
    return lines
