"""What clients of both protocols share: who they are, which rooms they are in, how fast they may ask, and how they end."""

import itertools
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from chatd.book import Book
from chatd.chat import Chat
from chatd.delivery import RoomName, Wire
from chatd.lane import People
from chatd.link import Link
from chatd.pace import Pace
from chatd.renderings import Renderings
from chatd.rooms import Rooms
from chatd.turnstile import Turnstile
from common.limits import ConnectionCaps
from common.principals import ANONYMOUS, Principal

MAX_ROOMS = 100
"""Of one connection, as EventSub and Centrifugo bound theirs."""
MAX_PER_USER = 50
"""Connections of one account to one node: bots have some, and people a page or two on each device."""
REQUESTS_PER_S = 20.0
REQUESTS_BURST = 60
JOINS_PER_S = 2.0
JOINS_BURST = 20
"""As on Twitch, 20 in 10 s; but who is faster waits, and is not cut."""

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Services:
    """What a client needs of its node."""

    chat: Chat
    book: Book
    rooms: Rooms
    unix_ms: Callable[[], int]
    identify: Callable[[str], Awaitable[Principal | None]]
    """Says in whose name a token speaks; `None`: nobody's. Cheap to ask again and again."""
    node: str
    """Makes ids of connections unique among nodes."""
    seats: ConnectionCaps = field(
        default_factory=lambda: ConnectionCaps(total=sys.maxsize, per_client=MAX_PER_USER)
    )
    """Counts the connections of each account."""
    turns: Turnstile = field(default_factory=Turnstile)
    """In front of what it takes to let somebody in."""
    people: People = field(default_factory=People)
    """Who is connected, for what moderators alone are told."""
    renderings: Renderings = field(default_factory=Renderings)
    """Of what was missed by those who come back."""


class Client:
    """One connection in its rooms; what a room needs of a member (`chatd.room.Member`)."""

    echoes = True

    def __init__(self, link: Link, services: Services, address: str, wire: Wire) -> None:
        self.connection_id = f"{services.node}-{next(_numbers)}"
        self.principal = ANONYMOUS
        self.address = address
        self._wire = wire
        self._link = link
        self._services = services
        self._rooms: dict[int, RoomName] = {}
        self._seat: str | None = None
        self._requests = Pace(per_s=REQUESTS_PER_S, burst=REQUESTS_BURST)
        self._joins = Pace(per_s=JOINS_PER_S, burst=JOINS_BURST)

    @property
    def wire(self) -> Wire:
        """How it is written to."""
        return self._wire

    @property
    def last_heard(self) -> float:
        """When it last sent anything."""
        return self._link.last_heard

    def reads(self, channel_id: int) -> bool:
        """Whether it is in a room."""
        return channel_id in self._rooms

    def offer(self, data: bytes) -> None:
        """Send, without blocking."""
        self._link.outbox.offer(data)

    def ping(self) -> None:
        """Make it say something."""
        raise NotImplementedError

    def reconnect(self) -> None:
        """Ask it to come back elsewhere."""
        raise NotImplementedError

    def hang_up(self) -> None:
        """Say good-bye as far as the connection has a way to."""
        if self._link.farewell:
            self.offer(self._link.farewell)

    def sit_down(self) -> bool:
        """Count the connection to its account, once that is known; False: it has too many."""
        if self.principal.user_id is not None and self._seat is None:
            account = str(self.principal.user_id)
            if not self._services.seats.enter(account):
                return False
            self._seat = account
            self._services.people.add(self)
        return True

    def leave_all(self) -> None:
        """Leave every room, at the end."""
        if self._seat is not None:
            self._services.people.remove(self)
            self._services.seats.leave(self._seat)
            self._seat = None
        for name in self._rooms.values():
            self._services.rooms.leave(name, self)
        self._rooms.clear()
