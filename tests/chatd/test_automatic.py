"""What a node carries out by itself: slow mode that others decided, the shield while the database is away, visits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
import trio
from trio.testing import MockClock

from chatd import automatic as automatics
from chatd.automatic import Automatic
from chatd.book import Book, ChannelFacts, Presence
from chatd.content import Draft
from chatd.crowds import CALM_S, WINDOW_S
from chatd.delivery import RoomName
from chatd.events import (
    Chatter,
    Event,
    MessageHeld,
    MessageSent,
    RaidFound,
    RoomChanged,
    RoomState,
    SubscriptionNoticed,
)
from chatd.raids import LASTS_S, STRANGERS
from chatd.room_settings import slowed
from chatd.rooms import Rooms
from chatd.standing import Automod, RoomRules, Standing
from common.bus import LocalBus
from common.chat_settings import Changed
from common.db import ControlChange, DatabaseUnavailableError
from common.queries.channels import ChatSettings
from common.subscription_notices import Person, raid_notice
from tests.chatd.test_rooms import Recorder

ANNA = RoomName("anna", 7)
CALM = RoomState()
LINE = "you are all worthless, leave this channel and never come back"


@dataclass
class Register:
    """A book with one channel, which needs no database."""

    facts: ChannelFacts = field(
        default_factory=lambda: ChannelFacts(ANNA, "Anna", CALM, RoomRules(automod=Automod(slow_rate=2)))
    )
    wait_s: int = 0

    async def channel(self, login: str) -> ChannelFacts | None:
        await trio.lowlevel.checkpoint()
        assert login == "anna"
        return replace(self.facts, state=slowed(CALM, self.wait_s)) if self.wait_s else self.facts

    def slow(self, channel_id: int, wait_s: int) -> None:
        assert channel_id == ANNA.channel_id
        self.wait_s = wait_s


@dataclass
class Node:
    automatic: Automatic
    register: Register
    rooms: Rooms
    told: list[RoomChanged] = field(default_factory=list)
    found: list[RaidFound] = field(default_factory=list)

    def hear(self, user_id: int) -> None:
        """A message that was said at another node."""
        self.automatic.hear(ANNA, MessageSent("1", 0, Chatter(user_id, "x", "X"), "hi"))


@asynccontextmanager
async def running_node(*, is_open: bool = True) -> AsyncIterator[Node]:
    bus = LocalBus(new_epoch=lambda: "e", now=trio.current_time)
    rooms, register = Rooms(bus), Register()
    automatic = Automatic(cast(Any, None), bus, cast(Book, register), rooms, unix_ms=lambda: 0)
    node = Node(automatic, register, rooms)

    def on_event(name: RoomName, event: Event) -> None:
        automatic.observe(name, event)
        if isinstance(event, RoomChanged):
            node.told.append(event)
        if isinstance(event, RaidFound):
            node.found.append(event)

    rooms.on_event = on_event
    async with trio.open_nursery() as nursery:
        await nursery.start(rooms.serve)
        nursery.start_soon(automatic.run)
        if is_open:
            await rooms.join(ANNA, Recorder())
        yield node
        nursery.cancel_scope.cancel()


def slow_down(wait_s: int) -> RoomChanged:
    return RoomChanged(0, CALM, slowed(CALM, wait_s), wait_s)


async def test_a_node_does_as_another_decided_and_ends_it_when_it_hears_that_all_is_calm(
    autojump_clock: MockClock,
) -> None:
    async with running_node() as node:
        node.automatic.observe(ANNA, slow_down(10))
        assert node.register.wait_s == 10
        for second in range(100):
            node.hear(second)
            node.hear(second + 1000)
            await trio.sleep(1)
        assert node.register.wait_s == 10, "two messages a second are not calm"
        assert node.told == []
        await trio.sleep(CALM_S + WINDOW_S + 2)
        assert node.register.wait_s == 0
        assert [event.automatic_wait_s for event in node.told] == [0]
        assert node.told[0].after == CALM


async def test_a_node_that_cannot_hear_the_room_lets_it_go_without_a_word(autojump_clock: MockClock) -> None:
    async with running_node(is_open=False) as node:
        node.automatic.observe(ANNA, slow_down(10))
        await trio.sleep(2)
        assert node.register.wait_s == 0
        assert node.automatic.crowds.slowed == {}


async def test_a_room_that_is_written_in_too_fast_is_slowed_and_told_once(autojump_clock: MockClock) -> None:
    async with running_node() as node:
        for number in range(60):
            node.automatic.said(node.register.facts, number, trio.current_time())
        await trio.sleep(1)
        assert node.register.wait_s == 30, "sixty people, two messages a second"
        assert [event.automatic_wait_s for event in node.told] == [30]
        assert node.told[0].before == CALM


async def test_viewers_are_told_a_part_as_soon_as_the_settings_say_so(autojump_clock: MockClock) -> None:
    async with running_node() as node:
        node.register.facts = replace(node.register.facts, rules=RoomRules(automod=Automod(sampling_rate=9)))
        node.automatic.heed(ControlChange("chat_settings", 7))
        await trio.sleep(0.1)
        assert node.rooms.memory(ANNA).sampler.rate == 9


async def test_a_shield_goes_up_when_the_database_is_back(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    async def switch(*_: object, is_active: bool, reason: str) -> Changed:
        await trio.lowlevel.checkpoint()
        assert is_active
        tries.append(reason)
        if len(tries) < 4:
            raise DatabaseUnavailableError("away")
        return Changed(ChatSettings(), ChatSettings())

    monkeypatch.setattr(automatics, "switch_shield", switch)
    async with running_node() as node:
        facts = replace(
            node.register.facts, rules=RoomRules(automod=Automod(guards=True, raises_shield=True))
        )
        judge(node, facts)
        await trio.sleep(10)
    assert tries == ["Many strangers wrote nearly the same within seconds."] * 4


def stranger(user_id: int) -> Presence:
    return Presence(Chatter(user_id, "x", "X"), Standing(user_id, account_age_s=1e9))


def judge(node: Node, facts: ChannelFacts) -> list[str | None]:
    return [
        node.automatic.judge(facts, stranger(number), Draft(LINE), trio.current_time())
        for number in range(STRANGERS)
    ]


async def test_visitors_of_another_channel_may_greet_alike(autojump_clock: MockClock) -> None:
    async with running_node() as node:
        facts = replace(node.register.facts, rules=RoomRules(automod=Automod(guards=True)))
        notice = raid_notice("1", Person("4", "ben", "Ben"), 50)
        node.automatic.observe(ANNA, SubscriptionNoticed(0, notice))
        assert judge(node, facts) == [None] * STRANGERS


async def test_a_line_that_another_node_found_out_is_caught_here_as_long_as_it_is_written_anywhere(
    autojump_clock: MockClock,
) -> None:
    async with running_node() as node:
        facts = replace(node.register.facts, rules=RoomRules(automod=Automod(guards=True)))
        node.automatic.observe(ANNA, RaidFound("alike", 4, "x", "X", LINE, 0))
        for _ in range(3):
            await trio.sleep(LASTS_S - 1)
            node.automatic.observe(ANNA, MessageHeld("1", 4, "x", "X", LINE, "automod", "raid", 0, 0))
        assert judge(node, facts) == ["raid"] * STRANGERS


async def test_strangers_who_write_at_another_node_are_counted_and_a_raid_is_told(
    autojump_clock: MockClock,
) -> None:
    async with running_node() as node:
        facts = replace(node.register.facts, rules=RoomRules(automod=Automod(guards=True)))
        for number in range(STRANGERS - 1):
            who = Chatter(100 + number, "x", "X")
            node.automatic.hear(ANNA, MessageSent("1", 0, who, LINE, trust="stranger"))
        assert judge(node, facts) == ["raid"] * STRANGERS
        await trio.sleep(1)
        assert node.found == [RaidFound("alike", 0, "x", "X", LINE, 0)]
