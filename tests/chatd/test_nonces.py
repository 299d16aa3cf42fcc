"""The same nonce is the same message, also when it is sent twice at one moment."""

from collections.abc import Awaitable, Callable

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from chatd.nonces import Nonces
from common.bus import KEY_S


def said(answer: str) -> bool:
    return answer.startswith("said")


class Mouth:
    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.may_speak = trio.Event()

    async def speak(self) -> str:
        await self.may_speak.wait()
        return self._answers.pop(0)


async def ask_twice(nonces: Nonces[str, str], say: Mouth) -> list[str]:
    heard = list[str]()

    async def ask(say_it: Callable[[], Awaitable[str]]) -> None:
        heard.append(await nonces.once("n", say_it))

    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(ask, say.speak)
            await wait_all_tasks_blocked()
        say.may_speak.set()
    return heard


async def test_two_at_once_are_answered_alike() -> None:
    assert await ask_twice(Nonces(said), Mouth("said first", "said again")) == ["said first", "said first"]


async def test_the_second_speaks_if_the_first_was_refused() -> None:
    assert await ask_twice(Nonces(said), Mouth("refused", "said now")) == ["refused", "said now"]


async def test_the_second_speaks_if_the_first_failed_or_was_cancelled() -> None:
    nonces, mouth = Nonces[str, str](said), Mouth("said second")
    mouth.may_speak.set()

    async def fail() -> str:
        await trio.lowlevel.checkpoint()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await nonces.once("n", fail)
    with trio.move_on_after(0):
        await nonces.once("n", trio.sleep_forever)
    assert await nonces.once("n", mouth.speak) == "said second"


async def test_it_is_forgotten_after_a_while(autojump_clock: MockClock) -> None:
    nonces, mouth = Nonces[str, str](said), Mouth("said first", "said later")
    mouth.may_speak.set()
    assert await nonces.once("n", mouth.speak) == "said first"
    await trio.sleep(KEY_S - 1)
    assert await nonces.once("n", mouth.speak) == "said first"
    await trio.sleep(1)
    assert await nonces.once("n", mouth.speak) == "said later"


async def test_other_keys_do_not_wait() -> None:
    nonces, mouth = Nonces[str, str](said), Mouth("said other")
    mouth.may_speak.set()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(nonces.once, "n", trio.sleep_forever)
        await wait_all_tasks_blocked()
        assert await nonces.once("m", mouth.speak) == "said other"
        nursery.cancel_scope.cancel()
