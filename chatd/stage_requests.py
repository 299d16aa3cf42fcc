"""What a client of the JSON protocol may ask for beside talk and moderation: announcements, pins, polls, raids. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from common.stage_limits import (
    AnnouncementColor,
    AnnouncementText,
    ChoiceTitle,
    PinSeconds,
    PollSeconds,
    PollTitle,
)

Login = Annotated[str, Meta(pattern="^[A-Za-z0-9_]{3,25}$", description="Of a channel, in any case.")]
RequestId = Annotated[
    str, Meta(min_length=1, max_length=64, description="Made by the client; the answer repeats it.")
]
ItsId = Annotated[str, Meta(min_length=1, max_length=64)]


class Announce(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="announce"):
    """Say something that stands out; for moderators, as all of these but `vote`."""

    id: RequestId
    channel: Login
    message: AnnouncementText
    color: AnnouncementColor = "primary"


class PinMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="pin_message"):
    """Pin a message, in place of the one that is."""

    id: RequestId
    channel: Login
    message_id: ItsId
    duration_seconds: PinSeconds | None = None
    """Null: until it is taken down."""


class Unpin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="unpin_message"):
    """Take the pinned message down."""

    id: RequestId
    channel: Login


class CreatePoll(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="create_poll"):
    """Begin a poll."""

    id: RequestId
    channel: Login
    title: PollTitle
    choices: Annotated[list[ChoiceTitle], Meta(min_length=2, max_length=5)]
    duration: PollSeconds


class EndPoll(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="end_poll"):
    """End a poll before its time."""

    id: RequestId
    channel: Login
    poll_id: ItsId
    status: Literal["TERMINATED", "ARCHIVED"] = "TERMINATED"
    """Archived: its result is not to be shown."""


class Vote(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="vote"):
    """Vote in a poll, once and for good; for everybody who may write in the room, or could but for its modes."""

    id: RequestId
    channel: Login
    poll_id: ItsId
    choice_id: Annotated[str, Meta(pattern="^[1-5]$")]


class StartRaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="raid"):
    """Call up a raid: after 90 s the viewers are led to another channel."""

    id: RequestId
    channel: Login
    to_login: Login


class CancelRaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="unraid"):
    """Call it off."""

    id: RequestId
    channel: Login


class RaidNow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="raid_now"):
    """Have it go at once."""

    id: RequestId
    channel: Login


StageRequest = Announce | PinMessage | Unpin | CreatePoll | EndPoll | Vote | StartRaid | CancelRaid | RaidNow
