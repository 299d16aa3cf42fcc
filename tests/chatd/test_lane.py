"""The moderation lane: who is told, once for each way of writing, and whom it passes by."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from chatd.delivery import Delivery, RoomName, Wire
from chatd.events import LaneEvent, UserWarned, WarningAcknowledged
from chatd.json_frames import JsonWire
from chatd.lane import MAX_WAITING, Lane, People
from common.db import ControlChange, Database, DatabaseUnavailableError
from common.principals import Principal, SiteRole

ANNA = RoomName("anna", 7)
ACKNOWLEDGED = WarningAcknowledged(5, "ben", "Ben", 0)


class Roles(Database):
    """The moderators of anna's channel."""

    def __init__(self) -> None:
        self.ids = [1]
        self.asked = 0
        self.is_away = False

    async def _call(self, method: str, query: str, args: tuple[object, ...]) -> Any:
        await trio.lowlevel.checkpoint()
        self.asked += 1
        if self.is_away:
            raise DatabaseUnavailableError("away")
        about = {"login": "x", "display_name": "X", "role": "moderator", "created_at": None}
        return [{"id": user_id, **about} for user_id in self.ids]


@dataclass(eq=False)
class Listener:
    principal: Principal
    is_here: bool = True
    wire: Wire = field(default_factory=JsonWire)
    connection_id: str = "c"
    echoes: bool = True
    got: list[bytes] = field(default_factory=list)

    def reads(self, channel_id: int) -> bool:
        return self.is_here and channel_id == 7

    def offer(self, data: bytes) -> None:
        self.got.append(data)


def listener(user_id: int, site_role: SiteRole = "", *scopes: str, is_here: bool = True) -> Listener:
    held = frozenset(scopes or {"chat:edit"})
    return Listener(Principal("token", user_id, f"user_{user_id}", "", site_role, held), is_here)


@dataclass
class Site:
    lane: Lane
    people: People
    db: Roles

    async def tell(self, event: LaneEvent = ACKNOWLEDGED) -> None:
        self.lane.tell(ANNA, Delivery(1, event, "e"))
        await wait_all_tasks_blocked()


@pytest.fixture
async def site(autojump_clock: MockClock) -> AsyncIterator[Site]:
    db, people = Roles(), People()
    lane = Lane(db, people)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lane.run)
        yield Site(lane, people, db)
        nursery.cancel_scope.cancel()


async def test_moderators_the_owner_and_staff_are_told_and_nobody_else(site: Site) -> None:
    told = [listener(1), listener(1), listener(7), listener(9, "staff")]
    others = [
        listener(5),
        listener(2),
        listener(1, is_here=False),
        listener(1, "", "chat:read"),
    ]
    for one in (*told, *others):
        site.people.add(one)
    await site.tell()
    assert [len(one.got) for one in told] == [1, 1, 1, 1]
    assert [len(one.got) for one in others] == [0, 0, 0, 0]
    assert b"channel.warning.acknowledge" in told[0].got[0]
    for one in told:
        site.people.remove(one)
    await site.tell()
    assert [len(one.got) for one in told] == [1, 1, 1, 1]


async def test_who_is_warned_is_told_whatever_they_may_do(site: Site) -> None:
    ben = listener(5, "", "chat:read")
    site.people.add(ben)
    await site.tell(UserWarned(5, "ben", "Ben", 1, "caps", 0))
    assert len(ben.got) == 1


async def test_moderators_are_looked_up_once_and_again_when_they_change(site: Site) -> None:
    new = listener(2)
    site.people.add(new)
    await site.tell()
    await site.tell()
    assert (site.db.asked, len(new.got)) == (1, 0)
    site.db.ids.append(2)
    site.lane.forget(ControlChange("chat_bans", 7))
    site.lane.forget(ControlChange("channel_roles", 8))
    await site.tell()
    assert (site.db.asked, len(new.got)) == (1, 0)
    site.lane.forget(ControlChange("channel_roles", 7))
    await site.tell()
    assert (site.db.asked, len(new.got)) == (2, 1)


async def test_what_cannot_be_told_now_is_told_later_and_in_order(
    autojump_clock: MockClock, site: Site
) -> None:
    owner = listener(7)
    site.people.add(owner)
    site.db.is_away = True
    for number in range(3):
        site.lane.tell(ANNA, Delivery(number, ACKNOWLEDGED, "e"))
    await trio.sleep(5)
    assert owner.got == []
    site.db.is_away = False
    await trio.sleep(5)
    assert [f'"offset":{number}'.encode() in data for number, data in enumerate(owner.got)] == [True] * 3


async def test_what_waits_is_bounded(site: Site) -> None:
    owner = listener(7)
    site.people.add(owner)
    for number in range(MAX_WAITING + 10):
        site.lane.tell(ANNA, Delivery(number, ACKNOWLEDGED, "e"))
    await wait_all_tasks_blocked()
    assert len(owner.got) == MAX_WAITING
    assert b'"offset":10}' in owner.got[0]
