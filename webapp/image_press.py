"""Makes stored pictures of uploaded ones, each in a child process of its own, few at once."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
import structlog
import trio

from common.confined_child import END_S, end_child, open_child
from common.errors import WeirError
from webapp.emote_check import MAX_SCALED_BYTES, ScaleOrders, ScaleReport
from webapp.image_check import MAX_STORED_BYTES, Fit, ImageRefusedError, Orders, Report, check_header

log = structlog.get_logger(__name__)

AT_ONCE = 2
WAITING = 6
"""Beside those, with their uploads in memory."""
PER_USER = 2
DEADLINE_S = 20.0
"""For one child, from its start on: some tenths of a second as a rule. It runs at low priority."""
_MAX_LINE_BYTES = 1000

R = TypeVar("R", Report, ScaleReport)


class ImagesBusyError(WeirError):
    """There is no room for another picture now; the text is one sentence for whoever sent it."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A picture that was made here: nothing but pixels, at most a megabyte."""

    width: int
    height: int
    data: bytes = field(repr=False)
    """WebP."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """An emote or a badge that was made here."""

    still: tuple[bytes, ...] = field(repr=False)
    """PNGs, the smallest first."""
    moving: tuple[bytes, ...] = field(repr=False)
    """WebPs of the same sizes; none of what does not move."""


class ImagePress:
    """Where pictures are made anew.

    Args:
        child: module that does it (`webapp.image_child`).
        scaling_child: module that makes emotes and badges (`webapp.emote_child`).
        deadline_s: how long it may take.

    """

    def __init__(
        self,
        *,
        child: str = "webapp.image_child",
        scaling_child: str = "webapp.emote_child",
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._child = child
        self._scaling_child = scaling_child
        self._deadline_s = deadline_s
        self._limiter = trio.CapacityLimiter(AT_ONCE)
        self._users: Counter[int] = Counter()

    @contextlib.contextmanager
    def room(self, user_id: int) -> Iterator[None]:
        """Hold room for one picture of a user, upload included. Raises `ImagesBusyError` at once when there is none."""
        if self._users.total() >= AT_ONCE + WAITING or self._users[user_id] >= PER_USER:
            raise ImagesBusyError("Too many pictures are being uploaded; try again in a moment.")
        self._users[user_id] += 1
        try:
            yield
        finally:
            self._users[user_id] -= 1
            self._users += Counter()  # forgets who has none

    async def press(self, content_type: str, data: bytes, fit: Fit) -> Pressed:
        """Make a picture of what was uploaded; to be called with `room`. Cancelling is safe and ends the child.

        Raises:
            ImageRefusedError: it is no picture of ours, damaged, too large, or took too long.
            ImagesBusyError: no child can be started now.
        """
        await trio.lowlevel.checkpoint()
        orders = msgspec.json.encode(Orders(check_header(content_type, data), fit))
        report, made = await self._report(self._child, orders, data, Report, MAX_STORED_BYTES)
        return Pressed(report.width, report.height, made)

    async def scale(
        self, content_type: str, data: bytes, sides: tuple[int, ...], *, moving: bool = False
    ) -> Scaled:
        """Make squares of an uploaded picture, and of its movement if `moving`; as `press` in all else."""
        await trio.lowlevel.checkpoint()
        found = check_header(content_type, data)
        if found == "jpeg":
            raise ImageRefusedError("A JPEG has no transparency; send a PNG, WebP, GIF or AVIF.")
        orders = msgspec.json.encode(ScaleOrders(found, sides, moving))
        most = 2 * len(sides) * MAX_SCALED_BYTES
        report, made = await self._report(self._scaling_child, orders, data, ScaleReport, most)
        pictures, at = [], 0
        for size in report.sizes_bytes:
            pictures.append(made[at : at + size])
            at += size
        if at != len(made) or len(pictures) not in {len(sides), 2 * len(sides)}:  # not ours any more
            raise ImageRefusedError("The picture cannot be decoded.")
        return Scaled(tuple(pictures[: len(sides)]), tuple(pictures[len(sides) :]))

    async def _report(
        self, child: str, orders: bytes, data: bytes, report_type: type[R], max_bytes: int
    ) -> tuple[R, bytes]:
        async with self._limiter:
            answer = await self._ask(orders + b"\n" + data, child, max_bytes + _MAX_LINE_BYTES)
        line, _, made = answer.partition(b"\n")
        try:
            report = msgspec.json.decode(line, type=report_type)
        except (msgspec.DecodeError, UnicodeDecodeError):  # it was killed for what it used, or crashed
            raise ImageRefusedError("The picture cannot be decoded.") from None
        if report.refused is not None:
            raise ImageRefusedError(report.refused)
        return report, made

    async def _ask(
        self, question: bytes, child: str = "", max_bytes: int = MAX_STORED_BYTES + _MAX_LINE_BYTES
    ) -> bytes:
        """Give what the child writes, or nothing when it takes too long or writes too much."""
        try:
            process = await open_child(child or self._child)
        except OSError as error:  # no more processes, or open files
            raise ImagesBusyError("There is no room for a picture; try again in a moment.") from error
        answer = bytearray()
        try:
            with trio.move_on_after(self._deadline_s) as scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_tell, process, question)
                    await _read(process, answer, max_bytes)
                    await process.wait()
            if scope.cancelled_caught:
                answer.clear()
        finally:
            with trio.move_on_after(END_S, shield=True):
                await end_child(process)
        log.info("picture_pressed", uploaded=len(question), stored=len(answer), code=process.returncode)
        return bytes(answer)


async def _tell(process: trio.Process, question: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(trio.BrokenResourceError):  # it died: what it answered says enough
        await process.stdin.send_all(question)
    await process.stdin.aclose()


async def _read(process: trio.Process, answer: bytearray, max_bytes: int) -> None:
    assert process.stdout is not None
    async for chunk in process.stdout:
        answer += chunk
        if len(answer) > max_bytes:  # not ours any more
            answer.clear()
            process.kill()
            return
