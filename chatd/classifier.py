"""Says how likely a message is an insult: the Trio side of one child process that is asked in batches and started anew when it fails.

It starts with the first question, so who does not use it pays nothing. Nobody waits for it longer than `BUDGET_S`, and
nothing depends on it: whether a message counts as bad while it is away is the room's choice.
"""

from collections import deque
from typing import NoReturn

import structlog
import trio

from chatd.classifier_wire import (
    HEAD,
    MAX_CHARACTERS,
    MAX_TEXTS,
    WireError,
    decode_chances,
    encode_message,
    read_head,
)
from common.confined_child import END_S, end_child, open_child, receive_exactly

log = structlog.get_logger(__name__)

BUDGET_S = 0.2
"""For one message, with its wait in the queue."""
MAX_WAITING = 512
"""Messages; for more there is no answer."""
START_S = 30.0
"""For the child to load what it needs: two seconds, on a machine that has nothing else to do."""
ANSWER_S = 2.0
"""For one batch, some milliseconds as a rule; a child that takes longer is ended."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
_MAX_DOUBLINGS = 6
_FAILURES = (trio.TooSlowError, trio.BrokenResourceError, trio.ClosedResourceError, WireError, OSError)


class _Question:
    __slots__ = ("answered", "chance", "is_over", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.answered = trio.Event()
        self.chance: float | None = None
        self.is_over = False
        """Nobody waits for the answer any more."""


class Classifier:
    """One child for a node. `run` must be running.

    Args:
        child: module that answers.

    """

    def __init__(self, *, child: str = "chatd.classifier_child") -> None:
        self.deaths = 0
        """Children that died, were ended for their silence, or could not be started."""
        self.pid: int | None = None
        """Of the child; `None` while there is none."""
        self._child = child
        self._questions: deque[_Question] = deque()
        self._asked = trio.Event()
        self._is_up = True
        """Until a child fails; then only once one answers."""

    async def chance(self, text: str) -> float | None:
        """Say how likely a text is an insult, 0 to 1; `None`: there is no answer, or none in time."""
        await trio.lowlevel.checkpoint()
        if not self._is_up or len(self._questions) >= MAX_WAITING:
            return None
        question = _Question(text[:MAX_CHARACTERS])
        self._questions.append(question)
        self._asked.set()
        with trio.move_on_after(BUDGET_S):
            await question.answered.wait()
        question.is_over = True
        return question.chance

    async def run(self) -> NoReturn:
        """Have a child answer from the first question on, and a new one when it fails, until cancelled."""
        failures = 0
        while True:
            await self._asked.wait()
            began = trio.current_time()
            await self._live()
            failures = (
                0 if trio.current_time() - began > LONGEST_PAUSE_S else min(failures + 1, _MAX_DOUBLINGS)
            )
            self.deaths += 1
            self._is_up = False
            self._drop_questions()
            await trio.sleep(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (failures - 1)))
            self._asked.set()  # starts the next one: nobody asks while there is none

    async def _live(self) -> None:
        """Have one child from its start to its end."""
        await trio.lowlevel.checkpoint()
        try:
            process = await open_child(self._child)
        except OSError as error:  # no more processes, or open files
            log.warning("classifier_not_started", error=str(error))
            return
        try:
            with trio.fail_after(START_S):
                decode_chances(await _receive(process), count=0)
            self.pid = process.pid
            self._is_up = True
            while True:
                await self._answer(process)
        except _FAILURES as error:
            log.warning("classifier_failed", error=str(error) or type(error).__name__, code=process.poll())
        finally:
            self.pid = None
            with trio.move_on_after(END_S, shield=True):
                await end_child(process)

    async def _answer(self, process: trio.Process) -> None:
        """Ask what waits, together."""
        await trio.lowlevel.checkpoint()
        await self._asked.wait()
        taken = [self._questions.popleft() for _ in range(min(MAX_TEXTS, len(self._questions)))]
        batch = [question for question in taken if not question.is_over]
        if not self._questions:
            self._asked = trio.Event()
        if not batch:
            return
        assert process.stdin is not None
        with trio.fail_after(ANSWER_S):
            await process.stdin.send_all(encode_message([question.text for question in batch]))
            chances = decode_chances(await _receive(process), count=len(batch))
        for question, chance in zip(batch, chances, strict=True):
            question.chance = chance
            question.answered.set()

    def _drop_questions(self) -> None:
        for question in self._questions:
            question.answered.set()
        self._questions.clear()


async def _receive(process: trio.Process) -> bytes:
    assert process.stdout is not None
    size = read_head(await receive_exactly(process.stdout, HEAD.size))
    return await receive_exactly(process.stdout, size)
