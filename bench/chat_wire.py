"""What the load of `bench.chat` says and reads on the wire: WebSocket by hand, JSON requests and IRC lines. Pure.

Only what is needed is read: lengths of frames, and the stamp in the text of each message.
"""

import json
import re
from dataclasses import dataclass, field

MARK = b"~T"
STAMP_DIGITS = 16
_STAMP = len(MARK) + STAMP_DIGITS + 1
_HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: d2VpciBiZW5jaCBjaGF0IQ==\r\n"
)
_UNMASKED = bytes(4)
_CLOSE, _PING = 8, 9
_ACCEPTED = re.compile(rb'"request_id":"(\d+)","ok":true')
_POSITION = re.compile(rb'"epoch":"([^"]*)","offset":(\d+)')


class WireError(Exception):
    """The server said what no server should say to us."""


def handshake(token: str | None = None) -> bytes:
    """Ask for a WebSocket; `token`: in whose name."""
    shown = f"Authorization: Bearer {token}\r\n".encode() if token else b""
    return _HANDSHAKE + shown + b"\r\n"


def client_frame(payload: bytes, opcode: int = 1) -> bytes:
    """Make a client's frame. Its mask is all zeros, so that nothing has to be masked.

    Raises:
        ValueError: more than 65 535 bytes.
    """
    size, head = len(payload), 0x80 | opcode
    if size < 126:
        return bytes((head, 0x80 | size)) + _UNMASKED + payload
    if size > 65_535:
        raise ValueError("nothing that long is sent here")
    return bytes((head, 0x80 | 126)) + size.to_bytes(2, "big") + _UNMASKED + payload


def join_request(channel: str, since: tuple[str, int] | None = None) -> bytes:
    """Join over JSON; `since`: epoch and offset to resume from."""
    request: dict[str, object] = {"type": "join", "id": "join", "channel": channel}
    if since is not None:
        request["since"] = {"epoch": since[0], "offset": since[1]}
    return client_frame(json.dumps(request).encode())


def stamped_text(now_ns: int, size: int) -> bytes:
    """Make a message of `size` bytes, 20 at least, that says when it was sent."""
    stamp = MARK + str(now_ns).zfill(STAMP_DIGITS).encode() + b"~"
    return stamp + b"x" * (size - len(stamp))


def send_request(channel: str, text: bytes) -> bytes:
    """Say a stamped text over JSON, where its stamp is the request's id; the text must need no escapes."""
    stamp = text[len(MARK) : len(MARK) + STAMP_DIGITS]
    return client_frame(
        b'{"type":"send","id":"%b","channel":"%b","text":"%b"}' % (stamp, channel.encode(), text)
    )


def accepted_stamp(answer: bytes) -> int | None:
    """Read the stamp of the message that an answer says is accepted; `None` if it says another thing."""
    found = _ACCEPTED.search(answer)
    return int(found[1]) if found else None


def last_position(data: bytes) -> tuple[str, int] | None:
    """Find epoch and offset of the last event in what a server sent; `None` where there is none."""
    found = _POSITION.search(data, data.rfind(b'"epoch":"'))
    return (found[1].decode(), int(found[2])) if found else None


def irc_join(channel: str, token: str | None = None) -> bytes:
    """Log in over IRC, as nobody unless there is a token, and join."""
    who = f"PASS oauth:{token}\r\nNICK bencher" if token else "NICK justinfan1"
    return f"CAP REQ :twitch.tv/tags twitch.tv/commands\r\n{who}\r\nJOIN #{channel}\r\n".encode()


def privmsg(channel: str, text: bytes) -> bytes:
    """Say it over IRC."""
    return b"PRIVMSG #%b :%b\r\n" % (channel.encode(), text)


@dataclass(slots=True)
class Seen:
    """What was in a piece of what a server sent."""

    stamps_ns: list[int] = field(default_factory=list)
    """Of its messages, in their order."""
    answers: list[bytes] = field(default_factory=list)
    """Frames or lines that are no messages."""
    pings: list[bytes] = field(default_factory=list)
    """What to answer."""
    used: int = 0
    """Bytes that were read; what is behind them is not complete."""
    has_ended: bool = False
    """The server said good-bye."""
    position: tuple[str, int] | None = None
    """Of its last message: epoch and offset; where the reader asked for it."""


def read_frames(data: bytes) -> Seen:
    """Read the complete frames at the beginning of `data`."""
    seen, size = Seen(), len(data)
    at = 0
    while at + 2 <= size:
        length, start = data[at + 1], at + 2
        if length >= 126:
            wide = 2 if length == 126 else 8
            if length > 127:
                raise WireError("a masked frame")
            length, start = int.from_bytes(data[start : start + wide], "big"), start + wide
        end = start + length
        if start > size or end > size:
            break
        opcode = data[at] & 0x0F
        at = end
        if opcode < _CLOSE:
            _note(seen, data, start, end)
        elif opcode == _PING:
            seen.pings.append(client_frame(data[start:end], opcode=10))
        else:
            seen.has_ended = seen.has_ended or opcode == _CLOSE
    seen.used = at
    return seen


def read_lines(data: bytes) -> Seen:
    """Read the complete lines of IRC at the beginning of `data`."""
    seen, at = Seen(), 0
    while (end := data.find(b"\r\n", at)) >= 0:
        if data.startswith(b"PING", at):
            seen.pings.append(b"PONG" + data[at + 4 : end] + b"\r\n")
        else:
            _note(seen, data, at, end)
        at = end + 2
    seen.used = at
    return seen


def _note(seen: Seen, data: bytes, start: int, end: int) -> None:
    """A message has a stamp. Servers repeat its text in fragments: the first counts."""
    found = data.find(MARK, start, end)
    if found >= 0 and found + _STAMP <= end:
        digits = found + len(MARK)
        seen.stamps_ns.append(int(data[digits : digits + STAMP_DIGITS]))
    else:
        seen.answers.append(data[start:end])
