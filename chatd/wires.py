"""The ways a connection is written to: Twitch's IRC over TCP or WebSocket, and JSON. Pure.

Bytes for a WebSocket are whole frames: a server's are not masked, so those for one client are those for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chatd.delivery import Delivery, RoomName
from chatd.irc_render import Capabilities, render_event

Framing = Literal["tcp", "frame", "frame per line"]
"""Lines with CR LF; as many as there are in one text frame, each with CR LF, as Twitch sends them; one a frame and without
CR LF, as the IRCv3 subprotocols `text.ircv3.net` and `binary.ircv3.net` demand."""


def text_frame(payload: bytes) -> bytes:
    """Make a WebSocket text frame of UTF-8 (RFC 6455 5.2)."""
    size = len(payload)
    if size < 126:
        head = bytes((0x81, size))
    elif size < 65536:
        head = b"\x81\x7e" + size.to_bytes(2, "big")
    else:
        head = b"\x81\x7f" + size.to_bytes(8, "big")
    return head + payload


def frame_lines(lines: Sequence[str], framing: Framing) -> bytes:
    """Make bytes of lines of IRC; b'' of none."""
    if not lines:
        return b""
    if framing == "frame per line":
        return b"".join(text_frame(line.encode()) for line in lines)
    data = "".join(f"{line}\r\n" for line in lines).encode()
    return text_frame(data) if framing == "frame" else data


@dataclass(frozen=True, slots=True)
class IrcWire:
    """Twitch's IRC."""

    framing: Framing
    wants: Capabilities

    def encode(self, room: RoomName, deliveries: Sequence[Delivery]) -> bytes:
        """See `chatd.delivery.Wire`."""
        lines = [line for delivery in deliveries for line in render_event(delivery.event, room, self.wants)]
        return frame_lines(lines, self.framing)
