"""Walks the heads of a client's WebSocket frames before the library sees them, and bounds what that leaves open. Pure.

The library bounds a message by its characters alone. Fragments that hold nothing would pile up in it for ever, and
control frames cost it a task's turn and an answer each.
"""

MAX_FRAGMENTS = 64
"""Of one message. Browsers send one; libraries that fragment do so by kilobytes."""
_FIN = 0x80
_CONTROL = 0x08
_LONG = {126: 2, 127: 8}
_MASK_BYTES = 4


class TooManyFragmentsError(Exception):
    """The client has cut a message into more pieces than anybody needs; the connection is over."""


class FrameGuard:
    """Counts frames. What is wrong with a frame beside that, the library finds out."""

    __slots__ = ("_fragments", "_head", "_payload_left")

    def __init__(self) -> None:
        self._head = b""
        self._payload_left = 0
        self._fragments = 0

    def receive(self, data: bytes) -> int:
        """Feed bytes; how many frames began in them. Raises `TooManyFragmentsError`: feed no more."""
        frames = at = 0
        while at < len(data):
            skipped = min(self._payload_left, len(data) - at)
            self._payload_left -= skipped
            at += skipped
            if at == len(data):
                break
            missing = _head_bytes(self._head) - len(self._head)
            self._head += data[at : at + missing]
            at += missing
            if len(self._head) == _head_bytes(self._head):
                self._begin()
                frames += 1
        return frames

    def _begin(self) -> None:
        head, self._head = self._head, b""
        size = head[1] & 0x7F
        extended = _LONG.get(size, 0)
        self._payload_left = int.from_bytes(head[2 : 2 + extended], "big") if extended else size
        if head[0] & _CONTROL:
            return
        self._fragments = 0 if head[0] & _FIN else self._fragments + 1
        if self._fragments > MAX_FRAGMENTS:
            raise TooManyFragmentsError


def _head_bytes(begun: bytes) -> int:
    """How long a frame's head is, as far as its beginning tells."""
    if len(begun) < 2:
        return 2
    masked = _MASK_BYTES if begun[1] & 0x80 else 0
    return 2 + _LONG.get(begun[1] & 0x7F, 0) + masked
