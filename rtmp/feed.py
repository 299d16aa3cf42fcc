"""Bytes that arrived and are not parsed yet."""

from collections.abc import Generator


class Feed:
    """A read position in the newest bytes.

    `data` is replaced, not grown, when everything before was parsed: on the usual path a received buffer is parsed where
    it lies. What is left over is copied to the front of the next buffer, so parsers should leave little: the chunk layer
    takes payloads piecewise and leaves less than one chunk header.
    """

    __slots__ = ("data", "position")

    def __init__(self) -> None:
        self.data = b""
        self.position = 0

    def __len__(self) -> int:
        return len(self.data) - self.position

    def push(self, data: bytes) -> None:
        """Append received bytes."""
        self.data = self.data[self.position :] + data if self.position < len(self.data) else data
        self.position = 0

    def clear(self) -> None:
        """Forget what was not parsed."""
        self.data = b""
        self.position = 0

    def take(self, size: int) -> Generator[None, None, bytes]:
        """Return the next `size` bytes; yields as long as they have not arrived."""
        while len(self.data) - self.position < size:
            yield
        start = self.position
        self.position = start + size
        return self.data[start : self.position]
