"""What was said of late in a room, read from the bus: for moderators who point at a message of which only the id is known.

It reads as much of chat's events (`chatd.events`) as that takes, so that the web role, which never imports chat, can, too.
"""

from collections.abc import Sequence

import msgspec

from common.bus import Bus, Message, Position
from common.moderation_messages import SaidMessage

REACH = 1000
"""Events back from now. Twitch lets moderators delete messages that are not older than six hours; pages show far fewer."""


class _Author(msgspec.Struct):
    user_id: int
    login: str
    display_name: str


class _Sent(msgspec.Struct, tag="message"):
    id: str
    chatter: _Author
    text: str


class _Delayed(msgspec.Struct, tag="delayed"):
    message: _Sent


class _Deleted(msgspec.Struct, tag="message_deleted"):
    id: str


class _UserCleared(msgspec.Struct, tag="user_cleared"):
    user_id: int


class _Cleared(msgspec.Struct, tag="cleared"):
    pass


_decoder: msgspec.msgpack.Decoder[_Sent | _Delayed | _Deleted | _UserCleared | _Cleared] = (
    msgspec.msgpack.Decoder(_Sent | _Delayed | _Deleted | _UserCleared | _Cleared)
)


class _Here:
    """Learns where the log of a channel ends."""

    def __init__(self) -> None:
        self.end: Position | None = None

    def on_reset(self, position: Position) -> None:
        self.end = self.end or position

    def on_messages(self, _messages: Sequence[Message]) -> None:
        """Anything that comes now is too new to be pointed at."""


async def find_message(bus: Bus, channel_id: int, message_id: str) -> SaidMessage | None:
    """Find a message that was said of late and is still there. Raises `BusUnavailableError`. Cancelling is safe."""
    channel = f"chat:{channel_id}"
    here = _Here()
    subscription = await bus.subscribe(channel, here)
    try:
        end = here.end
        if end is None or end.offset == 0:
            return None
        begin = Position(end.epoch, max(0, end.offset - REACH))
        # More may have been said since; as many again as we look at is more than anybody says in a moment.
        messages = await bus.read(channel, begin, limit=2 * REACH)
    finally:
        subscription.cancel()
    return _find(messages or [], message_id)


def _find(messages: Sequence[Message], message_id: str) -> SaidMessage | None:
    """Go back from the newest: what took the message away came after it."""
    gone: set[int] = set()
    for message in reversed(messages):
        try:
            event = _decoder.decode(message.payload)
        except msgspec.DecodeError:
            continue  # an event of another kind
        match event:
            case _Deleted(id=deleted) if deleted == message_id:
                return None
            case _Cleared():
                return None
            case _UserCleared():
                gone.add(event.user_id)
            case (_Sent() as sent) | _Delayed(message=sent) if sent.id == message_id:
                who = sent.chatter
                if who.user_id in gone:
                    return None
                return SaidMessage(sent.id, who.user_id, who.login, who.display_name, sent.text)
            case _:
                pass
    return None
