"""Takes apart what was said otherwise than as a message: what is pinned or announced, and what subscribers add to their notice."""

from chatd.book import Book
from chatd.emotes import EmoteBook
from chatd.events import Fragment
from common.principals import Principal
from common.subscription_notices import NoticeEmote, NoticeFragment


class Cutter:
    """Finds the emotes in a text, alike on all nodes."""

    def __init__(self, book: Book, emotes: EmoteBook) -> None:
        self._book = book
        self._emotes = emotes

    async def cut(self, text: str, *, channel_id: int, user_id: int) -> list[NoticeFragment]:
        """Cut a text by the emotes that its author may use in the channel now. Raises as the database does.

        Names stay text: who is in the room, and so can be named, differs from node to node.
        """
        presence = await self._book.presence(Principal("session", user_id), channel_id)
        if presence is None:  # suspended since
            return [NoticeFragment("text", text)]
        found = await self._emotes.fragments(text, channel_id, presence.standing, _nobody)
        return [_piece(one) for one in found]


def _nobody(_login: str) -> None:
    return None


def _piece(one: Fragment) -> NoticeFragment:
    if one.type != "emote":
        return NoticeFragment("text", one.text)
    kinds = ["static", "animated"] if one.is_animated else ["static"]
    return NoticeFragment(
        "emote", one.text, NoticeEmote(one.emote_id, one.emote_set_id, str(one.owner_id), kinds)
    )
