"""Bits of codec headers, most significant first: what parsers of untrusted configurations share."""

from rtmp.errors import UndecodableError

_MAX_BYTES = 4096
"""What is read of a header. Parameter sets have some hundred bytes; reading a bit costs more in a longer number."""


class BitReader:
    """Reads a header bit by bit. Every method raises `UndecodableError` where the header ends too early."""

    def __init__(self, payload: bytes, what: str) -> None:
        """`what`: name of the header in errors, such as `sequence parameter set`."""
        payload = payload[:_MAX_BYTES]
        self._bits = int.from_bytes(payload, "big")
        self._left = 8 * len(payload)
        self._what = what

    def u(self, count: int) -> int:
        """Unsigned integer of `count` bits."""
        self._left -= count
        if self._left < 0:
            raise UndecodableError(f"{self._what} cut short")
        return self._bits >> self._left & (1 << count) - 1

    def skip(self, count: int) -> None:
        """Step over `count` bits."""
        self._left -= count
        if self._left < 0:
            raise UndecodableError(f"{self._what} cut short")

    def ue(self) -> int:
        """Unsigned Exp-Golomb code (H.264 9.1); AV1 calls it uvlc (4.10.3)."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 32:
                raise UndecodableError(f"{self._what} with a number out of range")
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """Signed Exp-Golomb code."""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def pack_bits(*fields: tuple[int, int]) -> bytes:
    """Write (value, width in bits) fields one after another; zero bits fill the last byte."""
    value = width = 0
    for field, bits in fields:
        value, width = value << bits | field, width + bits
    padding = -width & 7
    return (value << padding).to_bytes((width + padding) // 8, "big")
