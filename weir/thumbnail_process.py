"""The Trio side of thumbnails: one child that decodes, asked one question at a time, killed and started anew when it fails."""

import contextlib
from collections.abc import AsyncIterator

import structlog
import trio

from common.confined_child import END_S, end_child, open_child, receive_exactly
from common.errors import WeirError
from weir.thumbnail_wire import ANSWER_HEAD, Question, WireError, read_answer_head

log = structlog.get_logger(__name__)

DEADLINE_S = 15.0
"""For one answer, the child's start included: some tenths of a second, but it has the lowest priority."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0


class UndecodableError(WeirError):
    """There is no picture in this keyframe; the text says why."""


class ChildFailedError(WeirError):
    """The child died of this keyframe, took too long, or made no sense; or none can be started. Another one comes later."""


class Developer:
    """Makes pictures of keyframes. Made by `open_developer`.

    Args:
        child: module that does it.
        deadline_s: how long one picture may take.

    """

    def __init__(self, *, child: str, deadline_s: float) -> None:
        self.deaths = 0
        """Children that were killed or died."""
        self._child = child
        self._deadline_s = deadline_s
        self._idle: trio.Process | None = None
        self._failures = 0
        self._start_at = 0.0

    @property
    def pid(self) -> int | None:
        """Of the child that waits for a question; `None` where there is none."""
        return self._idle.pid if self._idle else None

    async def develop(self, question: Question) -> bytes:
        """Give the JPEG of a keyframe. One at a time. After a failure it waits a while first, ever longer.

        Cancelling is safe: the child is ended. Raises `UndecodableError` and `ChildFailedError`.
        """
        await trio.sleep_until(self._start_at)
        try:
            process = self._idle or await open_child(self._child)
        except OSError as error:  # no more processes, or open files
            self._pause(str(error), None)
            raise ChildFailedError(str(error)) from error
        self._idle = None  # until it has answered
        failure = ""
        try:
            with trio.fail_after(self._deadline_s):
                is_picture, body = await _ask(process, question)
            self._idle = process
        except (trio.TooSlowError, trio.BrokenResourceError, trio.ClosedResourceError, WireError) as error:
            failure = str(error) or type(error).__name__
        finally:
            if self._idle is None:
                with trio.move_on_after(END_S, shield=True):
                    await end_child(process)
        if failure:
            self._pause(failure, process.returncode)
            raise ChildFailedError(failure)
        self._failures = 0
        if not is_picture:
            raise UndecodableError(body.decode("utf-8", "replace"))
        return body

    def _pause(self, failure: str, code: int | None) -> None:
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        self._start_at = trio.current_time() + pause_s
        self.deaths += 1
        log.warning("thumbnail_child_failed", error=failure, code=code, pause_s=pause_s)

    async def end(self) -> None:
        """End the child, if there is one. To be shielded."""
        process, self._idle = self._idle, None
        await trio.lowlevel.checkpoint()
        if process is not None:
            await end_child(process)


@contextlib.asynccontextmanager
async def open_developer(
    *, child: str = "weir.thumbnail_child", deadline_s: float = DEADLINE_S
) -> AsyncIterator[Developer]:
    """Have a child for the duration of the block; it starts with the first question."""
    developer = Developer(child=child, deadline_s=deadline_s)
    try:
        yield developer
    finally:
        with trio.move_on_after(END_S, shield=True):
            await developer.end()


async def _ask(process: trio.Process, question: Question) -> tuple[bool, bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    await process.stdin.send_all(question.encode())
    is_picture, size = read_answer_head(await receive_exactly(process.stdout, ANSWER_HEAD.size))
    return is_picture, await receive_exactly(process.stdout, size)
