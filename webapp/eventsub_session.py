"""One session of EventSub's WebSocket: what it waits to send, when it must say something, and why it ends. Pure.

Bounded: who reads too slowly is cut, with a code that tells it to come back.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from common.queries.eventsub import Subscription

KEEPALIVE_S = (10, 600)
"""What a client may choose, as on Twitch; the first is the default."""
UNUSED_S = 10.0
"""After which somebody who has subscribed to nothing is sent away, as on Twitch."""
MAX_FRAMES = 1000
MAX_BYTES = 1024 * 1024
"""Of a session, that wait for its client to read."""


class CloseCode(IntEnum):
    """Twitch's, and what becomes of the subscriptions."""

    SERVER_ERROR = 4000
    INBOUND_TRAFFIC = 4001
    UNUSED = 4003
    RECONNECT_OVER = 4004
    TOO_SLOW = 4005
    TOO_MANY = 4006
    INVALID_RECONNECT = 4007


STATUS = {
    CloseCode.SERVER_ERROR: "websocket_internal_error",
    CloseCode.INBOUND_TRAFFIC: "websocket_received_inbound_traffic",
    CloseCode.UNUSED: "websocket_connection_unused",
    CloseCode.TOO_SLOW: "websocket_network_timeout",
}
"""Of subscriptions whose session ended so; otherwise `websocket_disconnected`."""


def chosen_keepalive_s(text: str | None) -> int:
    """Read what a client chose; what is none is the default, what is too little or too much the nearest."""
    if text is None or not (text.isascii() and text.isdecimal()):
        return KEEPALIVE_S[0]
    return min(max(int(text[:9]), KEEPALIVE_S[0]), KEEPALIVE_S[1])


@dataclass(frozen=True, slots=True)
class Held:
    """A subscription of a session."""

    subscription: Subscription
    since: datetime
    """What happened before is not its business."""


class Session:
    """One session. `now` is a clock in seconds that never jumps."""

    def __init__(
        self,
        id: str,  # noqa: A002 # EventSub's
        *,
        connected_at: datetime,
        keepalive_s: int,
        address: str,
        now: float,
    ) -> None:
        self.id = id
        self.connected_at = connected_at
        self.keepalive_s = keepalive_s
        self.address = address
        """Where its client connected to, and is to come back to."""
        self.subscriptions: dict[UUID, Held] = {}
        self.closing: CloseCode | None = None
        """Why it is to be closed; set once."""
        self.is_leaving = False
        """It was asked to connect anew."""
        self._frames: deque[str] = deque()
        self._bytes = 0
        self._said_at = now
        self._unused_until: float | None = now + UNUSED_S

    def subscribe(self, subscription: Subscription, since: datetime) -> None:
        """Add a subscription."""
        self._unused_until = None
        self.subscriptions[subscription.id] = Held(subscription, since)

    def offer(self, frame: str) -> None:
        """Have a frame sent; who is too far behind is cut."""
        if self.closing is not None:
            return
        self._frames.append(frame)
        self._bytes += len(frame)
        if len(self._frames) > MAX_FRAMES or self._bytes > MAX_BYTES:
            self.close(CloseCode.TOO_SLOW)

    def close(self, code: CloseCode) -> None:
        """End it; the first reason counts. What waits is not sent any more, but for good-byes that came before."""
        if self.closing is None:
            self.closing = code
            if code is CloseCode.TOO_SLOW:
                self._frames.clear()

    def take(self, now: float) -> str | None:
        """Give the next frame, if there is one."""
        if not self._frames:
            return None
        frame = self._frames.popleft()
        self._bytes -= len(frame)
        self._said_at = now
        return frame

    def note_keepalive(self, now: float) -> None:
        """Note that the client was told that the connection stands."""
        self._said_at = now

    def check(self, now: float) -> bool:
        """Say whether a keepalive is due; ends the session if nobody uses it."""
        if self._unused_until is not None and now >= self._unused_until:
            self.close(CloseCode.UNUSED)
        return self.closing is None and now >= self._said_at + self.keepalive_s

    def next_check(self) -> float:
        """Give when to check again, if nothing happens before."""
        due = self._said_at + self.keepalive_s
        return due if self._unused_until is None else min(due, self._unused_until)
