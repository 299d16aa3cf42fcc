"""What EventSub can tell: types with their versions, conditions, and who may hear of them. Pure.

Names, versions, conditions and scopes are Twitch's, so that libraries made for it work.
"""

from dataclasses import dataclass
from typing import Literal

from webapp.fields import MAX_ID

Standing = Literal["", "owner", "moderator", "reader"]

_BROADCASTER = "broadcaster_user_id"
_PERSON: dict[Standing, str] = {
    "owner": _BROADCASTER,
    "moderator": "moderator_user_id",
    "reader": "user_id",
}
"""Which field of a condition names the person who must be allowed to see it."""


@dataclass(frozen=True, slots=True)
class EventType:
    """One type."""

    name: str
    version: str
    about: str
    """For the documentation."""
    standing: Standing = ""
    """What a person of the condition must be to the channel; '': it is for everybody."""
    scopes: tuple[str, ...] = ()
    """One of which that person must have given."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Of its condition; of a raid, one of them."""
        if self.name == "channel.raid":
            return ("from_broadcaster_user_id", "to_broadcaster_user_id")
        person = _PERSON.get(self.standing, _BROADCASTER)
        return (_BROADCASTER,) if person == _BROADCASTER else (_BROADCASTER, person)


_SUBSCRIPTIONS = ("channel:read:subscriptions",)
_POLLS = ("channel:read:polls", "channel:manage:polls")
_BANS = ("channel:moderate",)
_MODERATION = ("channel:moderate", "moderator:manage:banned_users")
_CHAT = ("user:read:chat",)

EVENT_TYPES = {
    known.name: known
    for known in (
        EventType("stream.online", "1", "A broadcast begins."),
        EventType("stream.offline", "1", "A broadcast is over."),
        EventType("channel.update", "2", "Title, category, language or labels change."),
        EventType("channel.follow", "2", "Somebody follows.", "moderator", ("moderator:read:followers",)),
        EventType("channel.subscribe", "1", "A subscription begins.", "owner", _SUBSCRIPTIONS),
        EventType("channel.subscription.end", "1", "A subscription is over.", "owner", _SUBSCRIPTIONS),
        EventType("channel.subscription.gift", "1", "Somebody gives subscriptions.", "owner", _SUBSCRIPTIONS),
        EventType(
            "channel.subscription.message",
            "1",
            "A subscriber tells that they go on.",
            "owner",
            _SUBSCRIPTIONS,
        ),
        EventType("channel.raid", "1", "A channel sends its viewers to another."),
        EventType("channel.poll.begin", "1", "A poll begins.", "owner", _POLLS),
        EventType("channel.poll.progress", "1", "People vote in a poll.", "owner", _POLLS),
        EventType("channel.poll.end", "1", "A poll is over.", "owner", _POLLS),
        EventType("channel.ban", "1", "Somebody is banned or timed out.", "owner", _BANS),
        EventType("channel.unban", "1", "A ban or timeout is taken back.", "owner", _BANS),
        EventType("channel.moderate", "2", "A moderator does something.", "moderator", _MODERATION),
        EventType("channel.chat.message", "1", "Somebody writes in chat.", "reader", _CHAT),
        EventType("channel.chat.message_delete", "1", "A message is removed.", "reader", _CHAT),
        EventType("channel.chat.clear", "1", "Chat is emptied.", "reader", _CHAT),
        EventType(
            "channel.chat.clear_user_messages", "1", "Somebody's messages are removed.", "reader", _CHAT
        ),
    )
}
CHAT_TYPES = frozenset(name for name in EVENT_TYPES if name.startswith("channel.chat."))
"""What comes from chat itself, not from the database."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a subscription is about: events of one type of one channel."""

    type: EventType
    condition: dict[str, str]
    """With the fields of its type, and no others."""
    channel_id: int
    side: Literal["", "from", "to"] = ""
    """Of a raid: which end of it the channel is."""
    acting_id: int | None = None
    """Who must be allowed to see it."""


class UnknownTopicError(Exception):
    """There is no such topic. The text is one sentence for who asked."""


def find_topic(type_name: str, version: str, condition: dict[str, str]) -> Topic:
    """Say what somebody asks for.

    Raises:
        UnknownTopicError: no such type or version, or the condition is not one of it.

    """
    found = EVENT_TYPES.get(type_name)
    if found is None:
        raise UnknownTopicError("There is no such type of subscription.")
    if version != found.version:
        raise UnknownTopicError(f"The version of {found.name} is {found.version}.")
    given = {name: value for name, value in condition.items() if value}  # Helix takes '' for absent
    if found.name == "channel.raid":
        return _raid(found, given)
    if set(given) != set(found.fields):
        raise UnknownTopicError(f"The condition of {found.name} is {' and '.join(found.fields)}.")
    person = _PERSON.get(found.standing)
    return Topic(
        found,
        given,
        _user_id(given[_BROADCASTER]),
        acting_id=None if person is None else _user_id(given[person]),
    )


def _raid(found: EventType, given: dict[str, str]) -> Topic:
    side: Literal["from", "to"] = "from" if "from_broadcaster_user_id" in given else "to"
    if set(given) != {f"{side}_broadcaster_user_id"}:
        raise UnknownTopicError("A raid is told by from_broadcaster_user_id or by to_broadcaster_user_id.")
    return Topic(found, given, _user_id(given[f"{side}_broadcaster_user_id"]), side)


def _user_id(text: str) -> int:
    # ASCII digits only: int() takes others, and spaces and underscores.
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= MAX_ID and text == str(int(text))):
        raise UnknownTopicError("Ids in a condition are numbers, as text.")
    return int(text)
