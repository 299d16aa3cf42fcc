"""Remembers what was said of late under which nonce, so that a client that does not know may say it again."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import trio

from common.bus import KEY_S, MAX_KEYS

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class Nonces(Generic[Key, Answer]):
    """Answers by key, for `KEY_S` seconds and `MAX_KEYS` of them at most; only those that `counts` accepts are kept."""

    def __init__(self, counts: Callable[[Answer], bool]) -> None:
        self._counts = counts
        self._known: OrderedDict[Key, tuple[float, Answer]] = OrderedDict()
        """And until when it counts."""
        self._busy: dict[Key, trio.Event] = {}
        """What is being said right now, at most one thing a connection."""

    async def once(self, key: Key, say: Callable[[], Awaitable[Answer]]) -> Answer:
        """Say it, unless it was said already. Who asks while it is being said waits, and says it if that came to nothing.

        Cancelling is as safe as `say` is.
        """
        await trio.lowlevel.checkpoint()
        while (busy := self._busy.get(key)) is not None:
            await busy.wait()
        now = trio.current_time()
        while self._known and next(iter(self._known.values()))[0] <= now:
            self._known.popitem(last=False)
        if (found := self._known.get(key)) is not None:
            return found[1]
        busy = self._busy[key] = trio.Event()
        try:
            answer = await say()
            if self._counts(answer):
                self._known[key] = (now + KEY_S, answer)
                if len(self._known) > MAX_KEYS:
                    self._known.popitem(last=False)
        finally:
            del self._busy[key]
            busy.set()
        return answer
