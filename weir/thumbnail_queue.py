"""Which live streams are due for a new picture, and whose turn it is. Pure: time is an argument.

A bounded queue of keyframes. Hundreds of streams must not flood it, and none may starve: when it is full, the stream whose
picture is the oldest has the place.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from common.media import MediaConfig, Packet, VideoConfig
from weir.thumbnail_wire import Question

EVERY_S = 20.0
"""From the keyframe of one picture to that of the next, of one stream."""
FIRST_AFTER_S = 0.5
"""The first waits so long in the queue: until the broadcast is written down, and may be shown."""
AGAIN_S = 1.0
"""Until the next try when it was not."""
LONGEST_PAUSE_S = 640.0
MAX_WAITING = 16
MAX_WAITING_BYTES = 32 * 1024 * 1024
NEVER = -math.inf


class Tap:
    """Where one broadcast's packets pass by. Takes a keyframe now and then; costs next to nothing otherwise."""

    __slots__ = ("_config", "_queue", "closed", "due_at", "failures", "pictured_at", "shot", "stream_id")

    def __init__(self, queue: "ShotQueue", stream_id: UUID) -> None:
        self.stream_id = stream_id
        self.due_at = NEVER
        self.pictured_at = NEVER
        """When the keyframe of its newest picture came, or of the newest that gave none."""
        self.failures = 0
        """One after the other."""
        self.shot: Shot | None = None
        """What waits in the queue."""
        self.closed = False
        self._queue = queue
        self._config: VideoConfig | None = None

    def configure(self, config: MediaConfig) -> None:
        """Take note of what the packets that follow mean."""
        if isinstance(config, VideoConfig):
            self._config = config

    def keyframe(self, packet: Packet, now: float) -> None:
        """A keyframe of the video came."""
        if now >= self.due_at and self._config is not None:
            question = Question(self._config.codec, self._config.extradata, packet.data)
            if question.fits:
                self._queue.offer(Shot(self, question, taken_at=now, ready_at=self._ready_at(now)))

    def close(self) -> None:
        """The broadcast is over."""
        self.closed = True
        self._queue.withdraw(self)

    def done(self, taken_at: float) -> None:
        """A picture was made of the keyframe that came then, or there is to be none now."""
        self.pictured_at, self.failures = taken_at, 0
        self.due_at = taken_at + EVERY_S

    def failed(self, taken_at: float) -> None:
        """No picture could be made of it: once is chance, and the next keyframe will do; then it is tried ever less often."""
        self.pictured_at = taken_at
        pause_s = EVERY_S * 2 ** (self.failures - 1) if self.failures else AGAIN_S
        self.due_at = taken_at + min(LONGEST_PAUSE_S, pause_s)
        self.failures = min(self.failures + 1, 10)

    def _ready_at(self, now: float) -> float:
        if self.shot is not None:
            return self.shot.ready_at
        return now + FIRST_AFTER_S if self.pictured_at == NEVER else now


@dataclass(eq=False, frozen=True, slots=True)
class Shot:
    """A keyframe that a picture is to be made of."""

    tap: Tap
    question: Question = field(repr=False)
    taken_at: float
    ready_at: float
    """Not to be used before."""

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return len(self.question.keyframe) + len(self.question.extradata)


class ShotQueue:
    """Keyframes that wait, at most one a stream.

    Args:
        on_offer: called whenever one was offered.
        max_waiting: how many wait at most.
        max_bytes: of memory that they take.

    """

    def __init__(
        self,
        *,
        on_offer: Callable[[], None],
        max_waiting: int = MAX_WAITING,
        max_bytes: int = MAX_WAITING_BYTES,
    ) -> None:
        self._on_offer = on_offer
        self._max_waiting = max_waiting
        self._max_bytes = max_bytes
        self._waiting: list[Shot] = []
        self.size_bytes = 0
        self.skipped = 0
        """Keyframes that found no room; their streams stay due."""

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def offer(self, shot: Shot) -> None:
        """Let a keyframe wait, instead of an older one of its stream; unless all that wait are due for longer."""
        self.withdraw(shot.tap)
        self._add(shot)
        while len(self._waiting) > self._max_waiting or self.size_bytes > self._max_bytes:
            self.skipped += 1
            self._remove(max(self._waiting, key=_turn))
        self._on_offer()

    def take(self, now: float) -> Shot | None:
        """Give the keyframe whose turn it is, and let go of it; `None`: none is ready."""
        ready = [shot for shot in self._waiting if shot.ready_at <= now]
        if not ready:
            return None
        first = min(ready, key=_turn)
        self._remove(first)
        first.tap.due_at = first.taken_at + EVERY_S  # no other one while this is worked on
        return first

    def next_ready_at(self) -> float:
        """When `take` gives one at the earliest; infinity: when another one comes."""
        return min((shot.ready_at for shot in self._waiting), default=math.inf)

    def withdraw(self, tap: Tap) -> None:
        """Drop what waits of a stream."""
        if tap.shot is not None:
            self._remove(tap.shot)

    def _add(self, shot: Shot) -> None:
        self._waiting.append(shot)
        self.size_bytes += shot.size
        shot.tap.shot = shot

    def _remove(self, shot: Shot) -> None:
        self._waiting.remove(shot)
        self.size_bytes -= shot.size
        shot.tap.shot = None


def _turn(shot: Shot) -> tuple[float, float]:
    """Those come first whose picture is the oldest; of those without any, who has waited for longest."""
    return shot.tap.pictured_at, shot.ready_at
