"""What a node keeps of emotes: how long, how much, and what it asks the database for."""

from collections import Counter
from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from chatd.emotes import KEEP_S, EmoteBook
from chatd.rules import Standing
from common.db import ControlChange, FullRecheck
from common.queries.emotes import SITE, Claims, Emote
from tests.chatd.test_emote_words import emote

ANNA = 7
BEN = Standing(4)
MODERATOR = Standing(5, is_moderator=True)


class Shelf:
    """Stands in for the database; counts what it is asked."""

    def __init__(self) -> None:
        self.channels: dict[int, list[Emote]] = {}
        self.everywhere: list[Emote] = []
        self.claims = Claims(follows=False, tier=0)
        self.asked: Counter[str] = Counter()
        self.hold: trio.Event | None = None

    async def select_emotes(self, _db: object, scopes: list[int]) -> list[Emote]:
        found = self.channels.get(scopes[0], [])
        self.asked["site" if scopes == [SITE] else "channel"] += 1
        await trio.lowlevel.checkpoint()
        if self.hold is not None:
            await self.hold.wait()
        return found

    async def select_emotes_elsewhere(self, _db: object, _user_id: int) -> list[Emote]:
        self.asked["everywhere"] += 1
        await trio.lowlevel.checkpoint()
        return self.everywhere

    async def select_claims(self, _db: object, *, user_id: int, channel_id: int) -> Claims:
        assert (user_id, channel_id) == (BEN.user_id, ANNA)
        self.asked["claims"] += 1
        await trio.lowlevel.checkpoint()
        return self.claims


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()
    for name in ("select_emotes", "select_emotes_elsewhere", "select_claims"):
        monkeypatch.setattr(f"chatd.emotes.emotes.{name}", getattr(shelf, name))
    return shelf


def nobody(_login: str) -> int | None:
    return None


def book() -> EmoteBook:
    db: Any = None
    return EmoteBook(db)


async def said(kept: EmoteBook, text: str, who: Standing = BEN) -> list[str]:
    fragments = await kept.fragments(text, ANNA, who, nobody)
    assert "".join(piece.text for piece in fragments) == text
    return [piece.text for piece in fragments if piece.type == "emote"]


async def test_plain_text_costs_two_questions_and_then_none(shelf: Shelf) -> None:
    kept = book()
    for _ in range(3):
        assert await said(kept, "Hello there, how is McDonald and YOU") == []
    assert shelf.asked == {"site": 1, "channel": 1}


async def test_what_one_has_everywhere_is_asked_for_when_a_word_may_be_of_it(shelf: Shelf) -> None:
    kept = book()
    shelf.everywhere = [emote("cleoHug", 31, channel_id=9)]
    assert await said(kept, "a cleoHug b") == ["cleoHug"]
    assert await said(kept, "cleoHug cleoHug") == ["cleoHug", "cleoHug"]
    assert shelf.asked["everywhere"] == 1


async def test_tiers_are_asked_for_when_an_emote_needs_one_and_never_of_moderators(shelf: Shelf) -> None:
    kept = book()
    shelf.channels[ANNA] = [emote("annaFree", 1), emote("annaOne", 2, tier="1000")]
    assert await said(kept, "annaFree") == ["annaFree"]
    assert await said(kept, "annaFree annaOne", MODERATOR) == ["annaFree", "annaOne"]
    assert shelf.asked["claims"] == 0
    assert await said(kept, "annaFree annaOne") == ["annaFree"]
    shelf.claims = Claims(follows=False, tier=1000)
    assert await said(kept, "annaFree annaOne") == ["annaFree"], "it was just asked"
    kept.heed(ControlChange("subscriptions", ANNA))
    assert await said(kept, "annaFree annaOne") == ["annaFree", "annaOne"]
    assert shelf.asked["claims"] == 2


@pytest.mark.parametrize("change", [ControlChange("emotes", ANNA), FullRecheck()])
async def test_a_change_is_heeded_at_once(shelf: Shelf, change: Any) -> None:
    kept = book()
    assert await said(kept, "annaLove") == []
    shelf.channels[ANNA] = [emote("annaLove")]
    kept.heed(ControlChange("emotes", 12345))
    kept.heed(ControlChange("users", ANNA))
    assert await said(kept, "annaLove") == []
    kept.heed(change)
    assert await said(kept, "annaLove") == ["annaLove"]


async def test_an_answer_that_was_asked_for_before_a_change_is_not_kept(shelf: Shelf) -> None:
    kept, shelf.hold = book(), trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(said, kept, "annaLove")
        await trio.testing.wait_all_tasks_blocked()  # it was asked, and not answered yet
        shelf.channels[SITE] = [emote("annaLove", channel_id=None)]
        kept.heed(ControlChange("emotes", SITE))
        shelf.hold.set()
    assert await said(kept, "annaLove") == ["annaLove"]


async def test_without_word_of_a_change_it_is_asked_again_after_half_a_minute(
    shelf: Shelf, autojump_clock: MockClock
) -> None:
    kept = book()
    assert await said(kept, "annaLove") == []
    shelf.channels[ANNA] = [emote("annaLove")]
    await trio.sleep(KEEP_S - 1)
    assert await said(kept, "annaLove") == []
    await trio.sleep(1)
    assert await said(kept, "annaLove") == ["annaLove"]


async def test_so_many_are_kept_and_those_unasked_for_longest_go(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.emotes.MAX_KEPT", 10)
    kept = book()
    for scope in range(1, 9):
        shelf.channels[scope] = [emote(f"annaE{scope}", channel_id=scope)]
        await kept.fragments("x", scope, BEN, nobody)
    assert kept._channels._weight <= 10
    asked = shelf.asked["channel"]
    await kept.fragments("x", 8, BEN, nobody)
    assert shelf.asked["channel"] == asked
    await kept.fragments("x", 1, BEN, nobody)
    assert shelf.asked["channel"] == asked + 1


async def test_sets_that_somebody_may_use(shelf: Shelf) -> None:
    kept = book()
    shelf.channels[ANNA] = [emote("annaFree", 1), emote("annaOne", 2, tier="1000")]
    shelf.everywhere = [emote("cleoHug", 31, tier="2000", channel_id=9)]
    assert await kept.sets(None, None, BEN.user_id) == "0,92"
    assert await kept.sets(BEN, ANNA, BEN.user_id) == "0,70,92"
    assert await kept.sets(MODERATOR, ANNA, MODERATOR.user_id) == "0,70,71,92"
