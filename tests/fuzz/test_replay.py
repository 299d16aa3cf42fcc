"""Every kept input, and mutations of it that are the same each time: what a search once reached stays reached."""

import random
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from tests.fuzz.targets import MAX_INPUT_BYTES, TARGETS

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MUTATIONS = 300
"""A target and run."""

STEPS = 20_000
STEPS_A_BYTE = 250
"""Lines of ours that an input may make run: cut in two ways, one of them byte by byte at worst. Counted, not timed, so it
holds on a busy machine; what costs time in the interpreter itself is what `make fuzz` watches with a clock."""

MEMORY_BYTES = 1_000_000
MEMORY_A_BYTE = 2_000


def inputs(kind: str, target: str) -> list[Path]:
    return sorted(path for path in (HERE / kind / target).glob("*") if path.is_file())


KEPT = [
    (target, path) for target in TARGETS for kind in ("corpus", "findings") for path in inputs(kind, target)
]


@pytest.mark.parametrize(("target", "path"), KEPT, ids=[f"{target} {path.stem}" for target, path in KEPT])
def test_kept_input(target: str, path: Path) -> None:
    data = path.read_bytes()
    TARGETS[target](data)
    assert len(data) <= MAX_INPUT_BYTES


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_a_corpus(target: str) -> None:
    assert len(inputs("corpus", target)) >= 5


@pytest.mark.parametrize("target", TARGETS)
def test_mutations_of_kept_inputs(target: str) -> None:
    corpus = [path.read_bytes() for path in inputs("corpus", target)]
    dice = random.Random(target)
    for _ in range(MUTATIONS):
        TARGETS[target](mutate(dice, corpus))


def mutate(dice: random.Random, corpus: list[bytes]) -> bytes:
    data = bytearray(dice.choice(corpus))
    for _ in range(dice.choice([1, 1, 2, 4, 8])):
        MUTATORS[dice.randrange(len(MUTATORS))](dice, data, corpus)
    return bytes(data[:MAX_INPUT_BYTES])


def flip(dice: random.Random, data: bytearray, corpus: list[bytes]) -> None:
    if data:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def overwrite(dice: random.Random, data: bytearray, corpus: list[bytes]) -> None:
    value = dice.choice(
        [b"\0", b"\xff", b"\x7f\xff", b"\x80\0", b"\xff" * 3, b"\xff" * 4, b"\0" * 4, b"\x11"]
    )
    where = dice.randrange(len(data) + 1)
    data[where : where + len(value)] = value


def remove(dice: random.Random, data: bytearray, corpus: list[bytes]) -> None:
    where = dice.randrange(len(data) + 1)
    del data[where : where + dice.choice([1, 2, 4, 20, 200])]


def repeat(dice: random.Random, data: bytearray, corpus: list[bytes]) -> None:
    where = dice.randrange(len(data) + 1)
    data[where:where] = data[where : where + dice.choice([1, 4, 12, 100])] * dice.choice([1, 2, 30])


def splice(dice: random.Random, data: bytearray, corpus: list[bytes]) -> None:
    other = dice.choice(corpus)
    start = dice.randrange(len(other) + 1)
    where = dice.randrange(len(data) + 1)
    data[where:where] = other[start : start + dice.randrange(1, 300)]


def truncate(dice: random.Random, data: bytearray, corpus: list[bytes]) -> None:
    del data[dice.randrange(len(data) + 1) :]


MUTATORS: list[Callable[[random.Random, bytearray, list[bytes]], None]] = [
    flip, overwrite, remove, repeat, splice, truncate,
]  # fmt: skip


def steps_of(run: Callable[[bytes], None], data: bytes) -> int:
    """How many lines of the packages (not of tests or libraries) a run executes."""
    ours = tuple(str(ROOT / package) for package in ("rtmp", "common"))
    steps = 0

    def count(_frame: FrameType, event: str, _argument: object) -> object:
        nonlocal steps
        steps += event == "line"
        return count

    def enter(frame: FrameType, _event: str, _argument: object) -> object:
        return count if frame.f_code.co_filename.startswith(ours) else None

    before = sys.gettrace()
    sys.settrace(enter)  # type: ignore[arg-type]  # a tracer returns itself, a type that cannot be written down
    try:
        run(data)
    finally:
        sys.settrace(before)
    return steps


HOSTILE = {
    "messages without payload": b"\x04" + bytes(6) + b"\x09" + bytes(4) + b"\xc4" * 4000,
    "chunks of one byte": bytes.fromhex("02000000000004010000000000000001")
    + b"\x04" + bytes(3) + b"\x00\x08\x00\x09" + bytes(4) + b"\xc4\x00" * 1900,
    "nested arrays": b"\x0a\x00\x00\x00\x01" * 800,
    "array that announces four billion": b"\x0a\xff\xff\xff\xff" + b"\x05" * 4000,
    "object in object": b"\x03\x00\x01a" * 1000,
    "aborts": bytes.fromhex("020000000000040200000000 00000004") * 250,
    "announced and never sent": b"".join(bytes([csid]) + bytes(3) + b"\x00\x08\x00\x09" + bytes(4) + bytes(40) for csid in range(4, 60)),
    "zeros": bytes(4096),
    "ones": b"\xff" * 4096,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("target", TARGETS)
def test_work_and_memory_follow_the_size_of_the_input(target: str, name: str) -> None:
    for data in (HOSTILE[name], bytes([20]) + HOSTILE[name], b"\x01\x0f\xff\x97" + HOSTILE[name]):
        bounded = data[:MAX_INPUT_BYTES]
        assert steps_of(TARGETS[target], bounded) <= STEPS + STEPS_A_BYTE * len(bounded)
        tracemalloc.start()
        try:
            TARGETS[target](bounded)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak <= MEMORY_BYTES + MEMORY_A_BYTE * len(bounded)
