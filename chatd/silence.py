"""Who has said nothing for so long that it must be asked whether it is there, and who did not answer. Pure.

Nobody is given up who was not asked: a node that had no time to look for a while asks late, and waits as long for the answer.
"""

from typing import Generic, Literal, Protocol, TypeVar

PING_AFTER_S = 60.0
"""Of silence."""
ANSWER_S = 30.0
"""From the question on."""


class Speaker(Protocol):
    """Somebody who may fall silent."""

    @property
    def last_heard(self) -> float:
        """When anything came from it, on the clock that `Silence.judge` is given."""


S = TypeVar("S", bound=Speaker)


class Silence(Generic[S]):
    """What is known of those who are silent."""

    def __init__(self, *, ping_after_s: float = PING_AFTER_S, answer_s: float = ANSWER_S) -> None:
        self._ping_after_s = ping_after_s
        self._answer_s = answer_s
        self._asked: dict[S, float] = {}

    def __len__(self) -> int:
        """How many were asked and have not answered."""
        return len(self._asked)

    def judge(self, one: S, now: float) -> Literal["fine", "ask", "gone"]:
        """Say what to do about somebody; who is to be asked counts as asked."""
        asked_at = self._asked.get(one)
        if asked_at is not None and one.last_heard < asked_at:
            return "gone" if now - asked_at > self._answer_s else "fine"
        self._asked.pop(one, None)
        if now - one.last_heard <= self._ping_after_s:
            return "fine"
        self._asked[one] = now
        return "ask"

    def forget(self, one: S) -> None:
        """It has left."""
        self._asked.pop(one, None)
