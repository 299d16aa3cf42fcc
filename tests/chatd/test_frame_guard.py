"""What the heads of frames tell before the library reads them, wherever the bytes are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.frame_guard import MAX_FRAGMENTS, FrameGuard, TooManyFragmentsError

MASK = b"mask"


def frame(opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True) -> bytes:
    mask = 0x80 if masked else 0
    size = len(payload)
    if size < 126:
        head = bytes([mask | size])
    elif size < 65536:
        head = bytes([mask | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([mask | 127]) + size.to_bytes(8, "big")
    first = bytes([(0x80 if fin else 0) | opcode])
    if not masked:
        return first + head + payload
    return first + head + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(payload))


FRAMES = st.builds(
    frame,
    st.sampled_from([0, 1, 2, 8, 9, 10]),
    st.sampled_from([0, 1, 125, 126, 300, 65536]).map(bytes),
    fin=st.just(True),
    masked=st.booleans(),
)


@given(st.lists(FRAMES, max_size=6), st.integers(1, 5000))
def test_frames_are_counted_wherever_they_are_cut(frames: list[bytes], size: int) -> None:
    data, guard = b"".join(frames), FrameGuard()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert sum(map(guard.receive, pieces)) == len(frames)


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_garbage_raises_nothing_else(pieces: list[bytes]) -> None:
    guard = FrameGuard()
    for piece in pieces:
        try:
            guard.receive(piece)
        except TooManyFragmentsError:
            return


def test_a_message_of_endless_fragments_is_refused_and_pings_between_them_do_not_help() -> None:
    guard = FrameGuard()
    guard.receive(frame(1, b"", fin=False))
    for _ in range(MAX_FRAGMENTS - 1):
        guard.receive(frame(0, b"", fin=False) + frame(9, b"x"))
    with pytest.raises(TooManyFragmentsError):
        guard.receive(frame(0, b"", fin=False))


def test_a_message_in_a_few_fragments_passes_again_and_again() -> None:
    guard = FrameGuard()
    for _ in range(50):
        guard.receive(frame(1, b"a", fin=False) + frame(0, b"b", fin=False) * 20 + frame(0, b"c"))


def test_one_byte_at_a_time_is_the_same() -> None:
    guard = FrameGuard()
    data = frame(1, b"x" * 300) + frame(9, b"") + frame(1, b"")
    assert sum(guard.receive(data[at : at + 1]) for at in range(len(data))) == 3
