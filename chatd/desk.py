"""What commands and requests of moderators need of their node, whichever protocol they come over."""

from dataclasses import dataclass

import trio

from chatd.book import Book
from chatd.delivery import RoomName
from chatd.rooms import Rooms
from common.bus import Bus
from common.chat_log import find_message
from common.db import Database
from common.moderation_messages import SaidMessage


@dataclass(frozen=True, slots=True)
class Desk:
    """The database, what is known of people, and what was said of late."""

    db: Database
    book: Book
    bus: Bus
    rooms: Rooms

    async def message(self, room: RoomName, message_id: str) -> SaidMessage | None:
        """Find a message that is still there. Raises `BusUnavailableError`."""
        await trio.lowlevel.checkpoint()
        found = self.rooms.memory(room).message(message_id)
        if found is None:
            return await find_message(self.bus, room.channel_id, message_id)
        who = found.chatter
        return SaidMessage(found.id, who.user_id, who.login, who.display_name, found.text)
