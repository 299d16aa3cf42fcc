"""Says of this process that it lives, and how it is, for the administrators of the site (`common.queries.processes`)."""

import os
import secrets
import shutil
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import structlog
import trio

from common.db import Database, DatabaseError
from common.queries import processes
from common.queries.processes import BEAT_S

log = structlog.get_logger(__name__)

LAG_EVERY_S = 1.0
"""How often the event loop is asked how late it is."""
_MOST = 20
_LONGEST = 500
_STOP_S = 1.0

Checks = Callable[[], Awaitable[list[str]]]


class Heart:
    """The pulse of one process. `run` must run beside what it tells of."""

    def __init__(
        self,
        db: Database,
        *,
        node: str,
        roles: Sequence[str],
        data_path: Path,
        checks: Sequence[Checks],
        remarks: Callable[[], list[str]] = list,
    ) -> None:
        """`checks`: give a sentence for each thing that is wrong now, as `/healthz` does; `remarks`: for what is no fault."""
        self.id = f"{node}-{secrets.token_hex(4)}"
        self._db = db
        self._node = node
        self._roles = roles
        self._data_path = data_path
        self._checks = checks
        self._remarks = remarks
        self._addresses: list[str] = []
        self._started_at = datetime.now(UTC)

    async def run(self, lines: Sequence[str]) -> None:
        """Beat, for ever; `lines`: what was printed of where we are. A beat that the database missed is made up for by the next."""
        self._addresses = shortened([" ".join(line.split()) for line in lines])
        lag_s = 0.0
        try:
            while True:
                await self._beat(lag_s)
                lag_s = await worst_lag(BEAT_S)
        finally:
            with trio.move_on_after(_STOP_S, shield=True), suppress(DatabaseError):
                await processes.delete_process(self._db, self.id)

    async def _beat(self, lag_s: float) -> None:
        problems = [problem for check in self._checks for problem in await check()]
        disk = await trio.to_thread.run_sync(disk_of, self._data_path)
        pulse = processes.Pulse(
            id=self.id,
            node=self._node,
            roles=self._roles,
            version=version("weir"),
            addresses=self._addresses,
            problems=shortened(problems),
            remarks=shortened(self._remarks()),
            memory_bytes=resident_bytes(),
            lag_s=lag_s,
            disk_bytes=disk[0],
            disk_free_bytes=disk[1],
            started_at=self._started_at,
        )
        try:
            await processes.upsert_process(self._db, pulse)
        except DatabaseError:
            log.info("pulse_missed")


async def worst_lag(for_s: float) -> float:
    """Sleep, and give how late the event loop woke us at worst, in seconds."""
    await trio.lowlevel.checkpoint()
    worst = 0.0
    until = trio.current_time() + for_s
    while (now := trio.current_time()) < until:
        due = min(now + LAG_EVERY_S, until)
        await trio.sleep_until(due)
        worst = max(worst, trio.current_time() - due)
    return worst


def shortened(sentences: Sequence[str]) -> list[str]:
    """Give the first of many, and of each the beginning: what a page shows at a glance."""
    return [sentence[:_LONGEST] for sentence in dict.fromkeys(sentences)][:_MOST]


def disk_of(path: Path) -> tuple[int, int]:
    """Give size and free bytes of the file system that a path is on, or will be; zeros where nobody knows."""
    for place in (path, *path.parents):
        with suppress(OSError):
            usage = shutil.disk_usage(place)
            return usage.total, usage.free
    return 0, 0


def resident_bytes() -> int:
    """Give the memory of this process that is in RAM; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
