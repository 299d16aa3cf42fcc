"""What is said in chat, in EventSub's shape, and the rooms that are read for it."""

from typing import Any

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from chatd.events import (
    Badge,
    ChatCleared,
    Chatter,
    Fragment,
    MessageDeleted,
    MessageSent,
    Reply,
    StreamOffline,
    UserCleared,
    encode,
)
from chatd.rooms import channel_of
from common.bus import LocalBus
from common.db import Database
from webapp.eventsub import EventSub
from weir.chat_events import ChatEvents, Name, told_of

ANNA, BEN = Name(1, "anna", "Anna"), Name(2, "ben", "Ben")
CHANNEL = {
    "broadcaster_user_id": "1",
    "broadcaster_user_login": "anna",
    "broadcaster_user_name": "Anna",
}
SAID = MessageSent(
    id="m-1",
    at_ms=5,
    chatter=Chatter(2, "ben", "Ben", "#FF0000", (Badge("moderator", "1"),)),
    text="hi @Anna Kappa",
    fragments=(
        Fragment("text", "hi "),
        Fragment("mention", "@Anna", user_id=1),
        Fragment("text", " "),
        Fragment("emote", "Kappa", emote_id="25"),
    ),
    reply=Reply("m-0", 1, "anna", "Anna", "hello", "m-0", 1, "anna"),
)


def test_a_message_is_told_with_all_its_fields() -> None:
    told = told_of(SAID, ANNA, None)
    assert told is not None
    assert (told.type, told.key) == ("channel.chat.message", "m-1")
    event = told.event
    assert event.items() >= CHANNEL.items()
    assert (event["chatter_user_id"], event["chatter_user_name"], event["color"]) == ("2", "Ben", "#FF0000")
    assert event["badges"] == [{"set_id": "moderator", "id": "1", "info": ""}]
    fragments = event["message"]["fragments"]
    assert [piece["type"] for piece in fragments] == ["text", "mention", "text", "emote"]
    assert fragments[1]["mention"] == {"user_id": "1", "user_login": "anna", "user_name": "Anna"}
    assert fragments[3]["emote"]["id"] == "25"
    assert "".join(piece["text"] for piece in fragments) == event["message"]["text"]
    assert event["reply"]["parent_message_id"] == "m-0"
    assert event["source_badges"] is None


def test_what_is_removed_is_told_with_whose_it_was() -> None:
    deleted = told_of(MessageDeleted("m-1", 2, "ben", "hi", 1, 5), ANNA, BEN)
    assert deleted is not None
    assert deleted.event == CHANNEL | {
        "target_user_id": "2",
        "target_user_login": "ben",
        "target_user_name": "Ben",
        "message_id": "m-1",
    }
    cleared = told_of(UserCleared(2, "ben", 1, 5), ANNA, BEN)
    assert cleared is not None
    assert cleared.type == "channel.chat.clear_user_messages"
    everything = told_of(ChatCleared(1, 5), ANNA, None)
    assert everything is not None
    assert everything.event == CHANNEL


def test_what_eventsub_has_no_words_for_is_left_out() -> None:
    assert told_of(StreamOffline(5, "s"), ANNA, None) is None
    assert told_of(UserCleared(2, "ben", 1, 5), ANNA, None) is None, "the account is gone"


class Wanting(EventSub):
    """EventSub that wants what a test says."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.told: list[tuple[str, str, int]] = []

    def want(self, *channels: int) -> None:
        """Have these rooms be read."""
        self._webhook_chats = {(channel_id, "channel.chat.message") for channel_id in channels}
        self._note_chats()

    def tell_chat(self, key: str, type_: str, channel_id: int, event: dict[str, Any]) -> None:
        """Note what was told."""
        self.told.append((key, type_, channel_id))


class NoDatabase(Database):
    """None is asked."""

    def __init__(self) -> None:
        self._feeds = set()


class Named(ChatEvents):
    """With names that are known."""

    async def _name(self, user_id: int) -> Name | None:
        await trio.lowlevel.checkpoint()
        return {1: ANNA, 2: BEN}.get(user_id)


async def test_rooms_are_read_as_long_as_somebody_wants_to_hear_of_them(autojump_clock: MockClock) -> None:
    bus = LocalBus(new_epoch=lambda: "e", now=trio.current_time)
    eventsub = Wanting(NoDatabase())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Named(NoDatabase(), bus, eventsub).serve)
        await wait_all_tasks_blocked()
        bus.publish_nowait(channel_of(1), encode(SAID))
        await wait_all_tasks_blocked()
        eventsub.want(1)
        await wait_all_tasks_blocked()
        bus.publish_nowait(channel_of(1), encode(SAID))
        bus.publish_nowait(channel_of(1), b"of a newer node")
        bus.publish_nowait(channel_of(1), encode(StreamOffline(5, "s")))
        bus.publish_nowait(channel_of(9), encode(SAID))
        await wait_all_tasks_blocked()
        eventsub.want()
        await wait_all_tasks_blocked()
        bus.publish_nowait(channel_of(1), encode(SAID))
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel("the test is over")
    assert eventsub.told == [("chat 1 m-1", "channel.chat.message", 1)]
