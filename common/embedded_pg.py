"""A PostgreSQL of our own inside the data directory, so that one command is a whole installation.

No TCP port, no password to lose: a socket in a private directory, and peer authentication. Several processes may use one
cluster: who finds it down starts it, and the last to leave stops it. Two file locks in the data directory settle that,
and the kernel releases them whatever happens to their holder:

- `postgres.start.lock`, exclusive, held while starting, joining, leaving and stopping;
- `postgres.users.lock`, shared, held by every user for as long as it uses the cluster; taken and given back only under
  the start lock. Whoever can turn it exclusive on leaving was the last.

A server that outlives its users (all were killed) is adopted by the next.
"""

import contextlib
import fcntl
import logging
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import trio

from common.background import running
from common.pg_binaries import Binaries, EmbeddedPostgresError, copied_to, installed
from common.pg_changes import backoff_s
from common.pg_home import Home, find_home, make_home
from common.pg_process import START_S, STOP_S, Postmaster, initialize, read_postmaster, start, stop, wait_gone

__all__ = ["ClusterStatus", "EmbeddedPostgresError", "cluster_status", "embedded_postgres"]

_LOCK_POLL_S = 0.02
_LEAVE_S = 2.0 * STOP_S + 5
_STABLE_S = 10.0
"""A server that lived this long is started again almost at once; one that keeps dying, at growing intervals."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """Where a data directory's cluster is and how it does; for `weir doctor` and `backup`."""

    home: Path
    """The directory with everything that belongs to it."""
    cluster: Path
    """PostgreSQL's data directory in it."""
    runs_as: str
    """Name of the user that owns it."""
    dsn: str | None
    """URL to connect with while it runs, else `None`."""


def cluster_status(data_dir: Path) -> ClusterStatus | None:
    """Look for the cluster of a data directory without touching anything; `None` where there is none yet.

    Raises `EmbeddedPostgresError` where the data directory names a cluster that is gone.
    """
    home = find_home(data_dir)
    if home is None:
        return None
    postmaster = read_postmaster(home)
    return ClusterStatus(home.path, home.cluster, home.owner.name, postmaster.dsn if postmaster else None)


@contextlib.asynccontextmanager
async def embedded_postgres(data_dir: Path) -> AsyncIterator[str]:
    """Have the cluster of `data_dir` running during the block; gives the URL for `open_database`.

    Makes the cluster where there is none (about 2 s). Starts the server again should it be killed meanwhile. Raises
    `EmbeddedPostgresError` with a sentence for the operator.
    """
    with _opened_locks(data_dir) as (start_lock, users_lock):
        use = _Use(data_dir, start_lock, users_lock)
        try:
            postmaster = await use.join()
            async with running(use.keep_running):
                yield postmaster.dsn
        finally:
            with trio.move_on_after(_LEAVE_S, shield=True):
                await use.leave()


class _Use:
    """One process's use of a cluster."""

    def __init__(self, data_dir: Path, start_lock: int, users_lock: int) -> None:
        self._data_dir = data_dir
        self._start_lock = start_lock
        self._users_lock = users_lock
        self._home: Home | None = None
        self._postmaster: Postmaster | None = None

    async def join(self) -> Postmaster:
        """Become a user of the running cluster."""
        with trio.move_on_after(2 * START_S):  # as long as another process may take to start it
            async with self._starting():
                fcntl.flock(self._users_lock, fcntl.LOCK_SH)
                return await self._ensure_running()
        raise EmbeddedPostgresError(
            f"the embedded database of {self._data_dir} did not start in {2 * START_S} s"
        )

    async def keep_running(self) -> None:
        """Start the server again whenever it goes away under us (killed by an operator, or for want of memory)."""
        attempt = 0
        while True:
            since = trio.current_time()
            if self._home and self._postmaster:
                await wait_gone(self._home, self._postmaster)
            attempt = 0 if trio.current_time() - since > _STABLE_S else attempt + 1
            log.warning("the embedded PostgreSQL has gone away; starting it again")
            await trio.sleep(backoff_s(attempt, jitter=0))
            try:
                async with self._starting():
                    await self._ensure_running()
            except EmbeddedPostgresError:
                log.exception("the embedded PostgreSQL does not start")

    async def leave(self) -> None:
        """Stop using the cluster, and stop it where nobody else uses it. The caller bounds the time."""
        async with self._starting():
            try:
                fcntl.flock(self._users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # While we hold the start lock: of two that leave at once, the second must find itself the last.
                fcntl.flock(self._users_lock, fcntl.LOCK_UN)
                return
            if self._home and read_postmaster(self._home):
                try:
                    await stop(self._home, _binaries(self._home))
                except EmbeddedPostgresError:
                    log.exception("the embedded PostgreSQL does not stop")

    async def _ensure_running(self) -> Postmaster:
        """Give the running server, started if need be. Holds the start lock."""
        try:
            self._home = home = await trio.to_thread.run_sync(make_home, self._data_dir)
            found = read_postmaster(home)
            while (
                found and found.status != "ready"
            ):  # another weir was killed while it started or stopped this one
                await trio.sleep(_LOCK_POLL_S)
                found = read_postmaster(home)
            self._postmaster = found or await self._start(home)
        except OSError as exc:
            raise EmbeddedPostgresError(
                f"the embedded database of {self._data_dir} cannot start: {exc}"
            ) from exc
        return self._postmaster

    async def _start(self, home: Home) -> Postmaster:
        binaries = await trio.to_thread.run_sync(_binaries, home)
        if not home.cluster.exists():
            await initialize(home, binaries)
        await start(home, binaries)
        postmaster = read_postmaster(home)
        if postmaster is None:
            raise EmbeddedPostgresError(
                f"the embedded database in {home.path} stopped as soon as it had started"
            )
        return postmaster

    @contextlib.asynccontextmanager
    async def _starting(self) -> AsyncIterator[None]:
        """Hold the start lock. Polled: a blocking flock in a thread could not be cancelled."""
        while True:
            try:
                fcntl.flock(self._start_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await trio.sleep(_LOCK_POLL_S)
        try:
            yield
        finally:
            fcntl.flock(self._start_lock, fcntl.LOCK_UN)


def _binaries(home: Home) -> Binaries:
    """Give binaries that the cluster's owner can run; may copy them, so it wants a thread."""
    binaries = installed()
    if os.geteuid() == 0 and not binaries.usable_by(home.owner):
        return copied_to(home.path, binaries)
    return binaries


@contextlib.contextmanager
def _opened_locks(data_dir: Path) -> Iterator[tuple[int, int]]:
    """Open both lock files; closing them, by us or by the kernel, gives the locks back."""
    with contextlib.ExitStack() as stack:
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            start_lock, users_lock = (
                _open_lock(data_dir / f"postgres.{name}.lock") for name in ("start", "users")
            )
        except OSError as exc:
            raise EmbeddedPostgresError(f"the data directory {data_dir} cannot be used: {exc}") from exc
        stack.callback(os.close, start_lock)
        stack.callback(os.close, users_lock)
        yield start_lock, users_lock


def _open_lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        # Made by root in somebody's directory, it must not lock its owner out.
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor
