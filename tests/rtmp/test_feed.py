"""The feed never loses or repeats a byte."""

from collections.abc import Generator

from hypothesis import given
from hypothesis import strategies as st

from rtmp.feed import Feed


@given(st.lists(st.binary(max_size=20)), st.integers(1, 9))
def test_take_returns_what_was_pushed_in_order(pieces: list[bytes], size: int) -> None:
    feed, taken = Feed(), bytearray()

    def parser() -> Generator[None, None, None]:
        while True:
            taken.extend((yield from feed.take(size)))

    running = parser()
    for piece in pieces:
        feed.push(piece)
        next(running)
    whole = b"".join(pieces)
    assert bytes(taken) == whole[: len(whole) // size * size]
    assert len(feed) == len(whole) % size


def test_clear_forgets_what_was_not_parsed() -> None:
    feed = Feed()
    feed.push(b"abc")
    feed.clear()
    assert len(feed) == 0
