"""What a client of the JSON protocol may ask for: one JSON object a message, checked against these types. Pure.

`docs/chat.md` holds the schema that is made from them.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chatd.stage_requests import StageRequest
from common.chat_settings_change import ChatSettingsChange

MAX_REQUEST_BYTES = 8192
MAX_TEXT = 2000
"""Code points of a message before it is tidied; what is said holds at most 500."""

Login = Annotated[str, Meta(pattern="^[A-Za-z0-9_]{3,25}$", description="Of a channel, in any case.")]
RequestId = Annotated[
    str, Meta(min_length=1, max_length=64, description="Made by the client; the answer repeats it.")
]
MessageId = Annotated[str, Meta(min_length=1, max_length=64)]
Reason = Annotated[str, Meta(max_length=500, description="For moderators.")]
Epoch = Annotated[str, Meta(min_length=1, max_length=64)]


class Since(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last event that a client has of a channel."""

    epoch: Epoch
    offset: Annotated[int, Meta(ge=0, le=2**53)]


class Join(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="join"):
    """Read a channel. With `since`, what was missed comes first, if all of it can be had; else with `history` the last messages."""

    id: RequestId
    channel: Login
    since: Since | None = None
    history: Annotated[int, Meta(ge=0, le=100, description="How many; the site may give fewer.")] = 0


class Leave(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="leave"):
    """Read it no more."""

    id: RequestId
    channel: Login


class Send(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="send"):
    """Say something. Sent again with the same nonce within a minute, it is the same message."""

    id: RequestId
    channel: Login
    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    nonce: Annotated[str, Meta(max_length=64)] = ""
    reply_parent_message_id: Annotated[str, Meta(max_length=64)] = ""


class Ping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="ping"):
    """Ask whether anybody is there."""

    id: RequestId


class Ban(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="ban"):
    """Ban somebody, or time them out. This and the requests below are for moderators, where nothing else is said."""

    id: RequestId
    channel: Login
    user_login: Login
    duration_seconds: Annotated[int, Meta(ge=1, le=1_209_600)] | None = None
    """Null: for ever."""
    reason: Reason = ""


class Unban(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="unban"):
    """Let them write again, whether banned or timed out."""

    id: RequestId
    channel: Login
    user_login: Login


class DeleteMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="delete_message"):
    """Take one message away."""

    id: RequestId
    channel: Login
    message_id: MessageId


class Clear(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="clear"):
    """Empty the room."""

    id: RequestId
    channel: Login


class ClearUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="clear_user"):
    """Take all messages of somebody away, who may go on writing."""

    id: RequestId
    channel: Login
    user_login: Login
    reason: Reason = ""


class Warn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="warn"):
    """Warn somebody, who writes again only after acknowledging it."""

    id: RequestId
    channel: Login
    user_login: Login
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class AcknowledgeWarning(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="acknowledge_warning"):
    """Take note of a warning that one got; for everybody."""

    id: RequestId
    channel: Login


class Watch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="watch"):
    """Mark somebody as suspicious: messages of who is restricted wait for a moderator."""

    id: RequestId
    channel: Login
    user_login: Login
    status: Literal["ACTIVE_MONITORING", "RESTRICTED", "NO_TREATMENT"]


class GiveRole(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="give_role"):
    """Make somebody moderator or VIP; for the owner."""

    id: RequestId
    channel: Login
    user_login: Login
    role: Literal["moderator", "vip"]


class TakeRole(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="take_role"):
    """Have somebody be moderator or VIP no longer; for the owner."""

    id: RequestId
    channel: Login
    user_login: Login
    role: Literal["moderator", "vip"]


class RequestUnban(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="request_unban"):
    """Ask to be let back in; for who is banned, once a ban."""

    id: RequestId
    channel: Login
    text: Annotated[str, Meta(min_length=1, max_length=500)]


class ResolveUnban(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="resolve_unban"):
    """Answer such a request. Approving it unbans."""

    id: RequestId
    channel: Login
    unban_request_id: MessageId
    is_approved: bool
    resolution_text: Reason = ""


class DecideHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="decide_hold"):
    """Let a held message be said, or drop it."""

    id: RequestId
    channel: Login
    message_id: MessageId
    is_allowed: bool


class ListHolds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="list_holds"):
    """See which messages wait, as after coming back."""

    id: RequestId
    channel: Login


ModerationRequest = (
    Ban
    | Unban
    | DeleteMessage
    | Clear
    | ClearUser
    | Warn
    | AcknowledgeWarning
    | Watch
    | GiveRole
    | TakeRole
    | RequestUnban
    | ResolveUnban
    | DecideHold
    | ListHolds
)


class SetChat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="settings"):
    """Set a chat; what is left out stays as it is."""

    id: RequestId
    channel: Login
    settings: ChatSettingsChange


class SetShield(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="shield"):
    """Raise or lower a chat's shield."""

    id: RequestId
    channel: Login
    is_active: bool


SettingsRequest = SetChat | SetShield

Request = Join | Leave | Send | Ping | ModerationRequest | SettingsRequest | StageRequest

_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)


class BadRequestError(Exception):
    """A message of a client is none of these; the text says why."""


def parse_request(text: str | bytes) -> Request:
    """Read a message. Raises `BadRequestError`."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(str(error)) from None
