"""Requests that wait for a stream's next change: one task wakes them all, however many they are.

Equal questions are asked once, and the answer goes to every request straight from the task that saw the change.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import structlog
import trio

from common.http_response import Held, Response, respond_text
from hls.directory import Stream

log = structlog.get_logger(__name__)

ANSWERS_IN_A_ROW = 512
"""Answers between two checkpoints, some 6 ms: a crowd of viewers must not delay the next part. Fewer would make those
who wait longest wait for the next requests of those who were first."""
NO_CHANGE_S = 0.05
"""Pause after a wake-up that changed nothing, so that no mistake elsewhere can make the loop spin."""

_CRASHED = respond_text(500, "the server failed, and has logged why", (("Cache-Control", "no-store"),))

Ask = Callable[[], Response | None]
"""Gives the answer, or `None` while there is none. The first asker's stands for all who ask the same."""


@dataclass(slots=True)
class _Question:
    ask: Ask
    give_up: Response
    waiting: dict[Held, float] = field(default_factory=dict)
    """When to give up, oldest first."""


class _Queue:
    """Everybody who waits for one of the same renditions."""

    def __init__(self, stream: Stream, renditions: tuple[str, ...]) -> None:
        self._stream = stream
        self._renditions = renditions
        self.questions: dict[Hashable, _Question] = {}

    def add(self, key: Hashable, ask: Ask, give_up: Response, due: float) -> Held:
        question = self.questions.setdefault(key, _Question(ask, give_up))
        held = Held(partial(self._forget, key))
        question.waiting[held] = due
        return held

    def _forget(self, key: Hashable, held: Held) -> None:
        question = self.questions.get(key)
        if question is not None:
            question.waiting.pop(held, None)
            if not question.waiting:
                del self.questions[key]

    def versions(self) -> dict[str, int]:
        return {rendition: self._stream.version(rendition) for rendition in self._renditions}

    async def answer_what_can_be(self) -> None:
        answered = 0
        for key, question in tuple(self.questions.items()):
            response = question.ask()
            if response is None:
                continue
            self.questions.pop(key, None)
            for held in question.waiting:
                held.answer(response)
                answered += 1
                if answered % ANSWERS_IN_A_ROW == 0:
                    await trio.lowlevel.checkpoint()
        await trio.lowlevel.checkpoint()

    async def wait_change(self, versions: dict[str, int]) -> None:
        """Return after a change of any rendition, or when somebody has waited long enough."""
        oldest = min((next(iter(one.waiting.values())) for one in self.questions.values()), default=None)
        if oldest is None:
            await trio.lowlevel.checkpoint()
            return
        with trio.move_on_at(oldest):
            if len(versions) == 1:
                await self._stream.wait_change(*next(iter(versions.items())))
            else:
                await self._wait_any_change(versions)
            if self.versions() == versions:
                await trio.sleep(NO_CHANGE_S)

    async def _wait_any_change(self, versions: dict[str, int]) -> None:
        async with trio.open_nursery() as nursery:

            async def wait_one(rendition: str, version: int) -> None:
                await self._stream.wait_change(rendition, version)
                nursery.cancel_scope.cancel("one is enough")

            for rendition, version in versions.items():
                nursery.start_soon(wait_one, rendition, version)

    def give_up_on_the_late(self, now: float) -> None:
        for key, question in tuple(self.questions.items()):
            for held, due in tuple(question.waiting.items()):
                if due > now:
                    break
                self._forget(key, held)
                held.answer(question.give_up)

    def drop_all(self) -> None:
        questions, self.questions = self.questions, {}
        for question in questions.values():
            for held in question.waiting:
                held.answer(_CRASHED)


class WaitingRoom:
    """Holds requests until their question has an answer; `run` must be running."""

    def __init__(self, *, hold_s: float) -> None:
        """`hold_s`: how long a request waits before it gets its `give_up` answer."""
        self._hold_s = hold_s
        self._queues: dict[tuple[str, tuple[str, ...]], _Queue] = {}
        self._nursery: trio.Nursery | None = None

    def __len__(self) -> int:
        """Requests that wait now."""
        return sum(len(one.waiting) for queue in self._queues.values() for one in queue.questions.values())

    async def run(self) -> None:
        """Own the tasks that watch streams; until cancelled."""
        async with trio.open_nursery() as self._nursery:
            await trio.sleep_forever()

    def hold(
        self, stream: Stream, renditions: tuple[str, ...], question: Hashable, ask: Ask, give_up: Response
    ) -> Held:
        """Keep a request whose question has no answer yet.

        Args:
            stream: which it is about; a change of any of its `renditions` may bring the answer.
            renditions: see there.
            question: equal for requests that get the same answer.
            ask: asks once more.
            give_up: the answer after `hold_s`.
        """
        if self._nursery is None:
            raise RuntimeError("nobody runs the waiting room")
        key = (stream.stream_id, renditions)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _Queue(stream, renditions)
            self._nursery.start_soon(self._watch, key, queue)
        return queue.add(question, ask, give_up, trio.current_time() + self._hold_s)

    async def _watch(self, key: tuple[str, tuple[str, ...]], queue: _Queue) -> None:
        with self._closing(key, queue):
            while True:
                versions = queue.versions()
                await queue.answer_what_can_be()
                await queue.wait_change(versions)
                queue.give_up_on_the_late(trio.current_time())
                if not queue.questions:  # no await from here to the queue's removal
                    break

    @contextmanager
    def _closing(self, key: tuple[str, tuple[str, ...]], queue: _Queue) -> Iterator[None]:
        try:
            yield
        except* Exception:
            log.exception("waiting_room_crashed")
        finally:
            del self._queues[key]
            queue.drop_all()
