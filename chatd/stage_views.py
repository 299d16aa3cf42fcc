"""What a room shows beside its talk, as it travels between nodes and as clients read it: a pinned message, a poll, a raid. Pure.

All of it is complete: names are those of the moment it was read from the database. Times are RFC 3339, in UTC.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chatd.json_base import InChannel
from common.subscription_notices import NoticeFragment

Time = Annotated[str, Meta(description="RFC 3339, in UTC.")]


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """The message that is pinned, as it was said."""

    message_id: str
    chatter_user_id: str
    chatter_user_login: str
    chatter_user_name: str
    color: str
    text: str
    fragments: list[NoticeFragment] = []
    """Its texts, joined, are `text`; empty: of an older node."""
    pinned_by_user_id: str | None
    """Null, as the two below: their account is gone."""
    pinned_by_user_login: str | None
    pinned_by_user_name: str | None
    pinned_at: Time
    ends_at: Time | None
    """When to take it down; nothing more is told then. Null: when a moderator does."""


class PollChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What can be voted for."""

    id: str
    title: str
    votes: int


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """A poll as it stands."""

    id: str
    title: str
    choices: list[PollChoice]
    status: Literal["ACTIVE", "COMPLETED", "TERMINATED", "ARCHIVED"]
    """`COMPLETED`: its time is up; `TERMINATED`: a moderator ended it; `ARCHIVED`: and its result is not to be shown."""
    started_at: Time
    ends_at: Time
    ended_at: Time | None


class Raid(msgspec.Struct, frozen=True, kw_only=True):
    """The viewers of one channel are led to another."""

    raid_id: str
    from_broadcaster_user_id: str
    from_broadcaster_user_login: str
    from_broadcaster_user_name: str
    to_broadcaster_user_id: str
    to_broadcaster_user_login: str
    to_broadcaster_user_name: str
    viewers: int
    """Of the channel that raids: when it was called up, and, once it goes, then."""
    created_at: Time
    goes_at: Time
    """When it goes, if nobody cancels it or has it go earlier."""


# Between nodes ---------------------------------------------------------------------------------------------------------------


class PinChanged(msgspec.Struct, frozen=True, tag="pin"):
    """Another message is pinned, or none."""

    at_ms: int
    pin: Pin | None


class PollTold(msgspec.Struct, frozen=True, tag="poll"):
    """A poll began, goes on or ended."""

    at_ms: int
    kind: Literal["begin", "progress", "end"]
    poll: Poll


class RaidTold(msgspec.Struct, frozen=True, tag="raid"):
    """A raid was called up, called off, or goes."""

    at_ms: int
    kind: Literal["pending", "cancel", "go"]
    raid: Raid


StageEvent = PinChanged | PollTold | RaidTold


# To clients ------------------------------------------------------------------------------------------------------------------


class PinUpdated(InChannel, frozen=True, kw_only=True):
    """`channel.chat.pin`: what is pinned now; null: nothing."""

    pin: Pin | None


class PollUpdated(Poll, frozen=True, kw_only=True):
    """`channel.poll.begin`, `channel.poll.progress` (once a second at most, without a place of its own), `channel.poll.end`."""

    broadcaster_user_id: str
    broadcaster_user_login: str


class RaidUpdated(Raid, frozen=True, kw_only=True):
    """`channel.raid.pending`, `channel.raid.cancel`, both in the rooms of both channels, and `channel.raid` when it goes.

    Who watches the channel it comes from may then follow to the other one, or stay.
    """

    broadcaster_user_id: str
    broadcaster_user_login: str


StageUpdate = PinUpdated | PollUpdated | RaidUpdated


def describe_stage(where: dict[str, str], event: StageEvent) -> tuple[str, StageUpdate]:
    """Give the type and the body of an event. `where`: the fields of `InChannel`."""
    match event:
        case PinChanged():
            return "channel.chat.pin", PinUpdated(pin=event.pin, **where)
        case PollTold():
            return f"channel.poll.{event.kind}", PollUpdated(**(msgspec.structs.asdict(event.poll) | where))
        case RaidTold():
            kind = "channel.raid" if event.kind == "go" else f"channel.raid.{event.kind}"
            return kind, RaidUpdated(**(msgspec.structs.asdict(event.raid) | where))
