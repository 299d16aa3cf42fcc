"""The classifier in its own process: it answers in time or not at all, and comes back when it dies."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from chatd import classifier as classifiers
from chatd.classifier import BUDGET_S, MAX_WAITING, Classifier
from chatd.classifier_wire import (
    MAX_BYTES,
    MAX_CHARACTERS,
    MAX_TEXTS,
    WireError,
    decode_chances,
    decode_texts,
    encode_message,
    read_head,
)

ECHO = "tests.chatd.classifier_children.echo"
LIFE_S = 60


def test_the_wire_refuses_what_it_does_not_know() -> None:
    message = encode_message(["a", "b"])
    assert decode_texts(message[4:]) == ["a", "b"]
    assert read_head(message[:4]) == len(message) - 4
    with pytest.raises(WireError, match="too long"):
        read_head((MAX_BYTES + 1).to_bytes(4, "big"))
    for body in (b"", b"\xc1", encode_message([0.5])[4:], encode_message([0.5, 1.5])[4:]):
        with pytest.raises(WireError):
            decode_chances(body, count=2)
    with pytest.raises(WireError):
        decode_texts(b"\xff")


def test_the_largest_question_fits() -> None:
    assert read_head(encode_message(["\U0001f600" * MAX_CHARACTERS] * MAX_TEXTS)[:4]) <= MAX_BYTES


@asynccontextmanager
async def running(child: str) -> AsyncIterator[Classifier]:
    found = Classifier(child=child)
    with trio.fail_after(LIFE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(found.run)
            yield found
            nursery.cancel_scope.cancel()


async def ready(classifier: Classifier, text: str = "good") -> float:
    """Ask until it answers; on a busy machine a question can be too old to be answered."""
    while True:
        if (chance := await classifier.chance(text)) is not None:
            return chance
        await trio.sleep(0.05)


async def wait_deaths(classifier: Classifier, count: int) -> None:
    """Wait until children have died so often."""
    await trio.lowlevel.checkpoint()
    while True:
        if classifier.deaths >= count:
            return
        await trio.sleep(0.01)


def proc(pid: int) -> Path:
    return Path("/proc") / str(pid)


@pytest.mark.real
async def test_insults_are_told_from_other_messages_by_the_model() -> None:
    async with running("chatd.classifier_child") as classifier:
        await ready(classifier)
        texts = ("you are a stupid fucking bitch", "what a wonderful stream today")
        chances: dict[str, float] = {}

        async def ask(text: str) -> None:
            chances[text] = await ready(classifier, text)

        async with trio.open_nursery() as nursery:
            for text in texts:
                nursery.start_soon(ask, text)
        bad, good = (chances[text] for text in texts)
        assert bad > 0.9, chances
        assert good < 0.3, chances


@pytest.mark.real
async def test_the_child_can_open_nothing_and_ends_with_us() -> None:
    async with running("chatd.classifier_child") as classifier:
        await ready(classifier)
        assert classifier.pid is not None
        limits = (proc(classifier.pid) / "limits").read_text()
        assert [line.split()[3:5] for line in limits.splitlines() if "open files" in line] == [["0", "0"]]
        pid = classifier.pid
    assert not proc(pid).exists()


@pytest.mark.real
async def test_it_starts_with_the_first_question() -> None:
    async with running(ECHO) as classifier:
        assert not classifier.pid
        await ready(classifier)
        assert classifier.pid is not None
        assert await classifier.chance("bad thing") == 1


@pytest.mark.real
@pytest.mark.parametrize("text", ["die", "lie", "hang"])
async def test_a_message_that_it_fails_at_costs_one_answer_and_it_comes_back(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifiers, "ANSWER_S", 0.3)
    monkeypatch.setattr(classifiers, "FIRST_PAUSE_S", 0.05)
    async with running(ECHO) as classifier:
        await ready(classifier)
        assert await classifier.chance(text) is None
        await wait_deaths(classifier, 1)
        await ready(classifier)
        assert await classifier.chance("bad thing") == 1


@pytest.mark.real
async def test_it_comes_back_when_it_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "FIRST_PAUSE_S", 0.05)
    async with running(ECHO) as classifier:
        await ready(classifier)
        assert classifier.pid is not None
        before = classifier.pid
        os.kill(before, signal.SIGKILL)
        while classifier.pid in {before, None}:
            await classifier.chance("good")
            await trio.sleep(0.01)
        await ready(classifier)


@pytest.mark.real
async def test_one_that_cannot_be_started_is_tried_ever_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "FIRST_PAUSE_S", 0.01)
    async with running("tests.chatd.classifier_children.absent") as classifier:
        assert await classifier.chance("good") is None
        await wait_deaths(classifier, 3)
        assert await classifier.chance("good") is None


async def test_nobody_waits_longer_than_the_budget(autojump_clock: MockClock) -> None:
    classifier = Classifier()  # nobody runs it
    began = trio.current_time()
    assert await classifier.chance("good") is None
    assert trio.current_time() - began == pytest.approx(BUDGET_S)


async def test_what_is_too_much_is_not_asked(autojump_clock: MockClock) -> None:
    classifier = Classifier()
    async with trio.open_nursery() as nursery:
        for _ in range(MAX_WAITING):
            nursery.start_soon(classifier.chance, "good")
        await wait_all_tasks_blocked()
        began = trio.current_time()
        assert await classifier.chance("one more") is None
        assert trio.current_time() == began
