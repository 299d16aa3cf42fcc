"""Segments on disk: what is no longer new leaves memory for files, and the files go when nobody may ask for them.

One `Spill` serves all streams of a process. Its queue is bounded in bytes and its files by a cap. When the disk is too
slow or the cap is reached, the oldest media of the stream that holds most goes first; when even that does not help, the
segment is refused and its stream's window shrinks to what is in memory. Live goes on in any case.

Files are `<directory>/<stream id>/<rendition>/s<msn>.m4s`, written beside and renamed, so a name is a whole segment.
A lock in each stream's directory tells the leftovers of dead processes (`remove_leftovers`) from what is in use.
"""

import errno
import fcntl
import os
import shutil
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import structlog
import trio

log = structlog.get_logger(__name__)

QUEUE_BYTES = 64_000_000
"""Segments waiting for the disk: half a second of a slow one, for some thirty streams."""

CAP_BYTES = 20_000_000_000
"""Default for all files of the process."""

BATCH_JOBS, BATCH_BYTES = 64, 4_000_000
"""Files that share a trip to the worker thread at most. A trip takes a pass of the event loop, which is tens of
milliseconds on a busy server, and 500 radios make 500 files a second."""

FULL_DISK_S = 60.0
"""After the disk was full, the cap stays at what did fit for this long."""

LOCK_NAME = "lock"


@dataclass(slots=True)
class _Write:
    files: "StreamFiles"
    path: Path
    pieces: tuple[bytes, ...] = field(repr=False)
    size_bytes: int
    done: Callable[[Path | None], None] = field(repr=False)
    unwanted: bool = False
    """The file was given up before it was written; its bytes no longer count as used."""

    def work(self) -> OSError | None:
        return None if self.unwanted else self.files.store(self.path, self.pieces)


@dataclass(slots=True)
class _Delete:
    path: Path
    size_bytes = 0

    def work(self) -> None:
        self.path.unlink(missing_ok=True)


@dataclass(slots=True)
class _DeleteAll:
    files: "StreamFiles"
    size_bytes = 0

    def work(self) -> None:
        self.files.remove_directory()


_Job = _Write | _Delete | _DeleteAll


class Spill:
    """The disk of all live streams of this process; `run` must be running for anything to be written.

    Args:
        directory: made when first needed; may be shared with other processes.
        cap_bytes: all files together; queued writes count.
        queue_bytes: writes not yet begun.

    """

    def __init__(
        self, directory: Path, *, cap_bytes: int = CAP_BYTES, queue_bytes: int = QUEUE_BYTES
    ) -> None:
        self.directory = directory
        self.used_bytes = 0
        """Of files and queued writes."""
        self.refused = 0
        """Segments that found no room."""
        self.failed = 0
        """Writes the operating system refused."""
        self._cap_bytes = self._configured_cap = cap_bytes
        self._cap_until = 0.0
        self._queue_limit = queue_bytes
        self._queued_bytes = 0
        self._jobs: deque[_Job] = deque()
        self._streams: set[StreamFiles] = set()
        """Those that have, or will have, files."""
        self._wake = trio.Event()
        self._idle = trio.Event()
        self._idle.set()
        self._threads = trio.CapacityLimiter(1)

    def open(self, stream_id: str) -> "StreamFiles":
        """The files of one stream; nothing is touched before its first write."""
        return StreamFiles(self, self.directory / stream_id)

    async def run(self) -> NoReturn:
        """Do the work, in order, in a worker thread. Cancelling is safe between batches."""
        while True:
            await trio.lowlevel.checkpoint()
            if not self._jobs:
                self._idle.set()
                self._wake = trio.Event()
                await self._wake.wait()
            batch = self._take_batch()
            outcomes = await trio.to_thread.run_sync(_work_off, batch, limiter=self._threads)
            for job, error in zip(batch, outcomes, strict=True):
                if isinstance(job, _Write):
                    self._settle(job, error)

    async def drained(self) -> None:
        """Return once everything queued so far was done. `run` must be running; cancelling is safe."""
        await self._idle.wait()

    def _take_batch(self) -> list[_Job]:
        batch: list[_Job] = []
        size_bytes = 0
        while self._jobs and len(batch) < BATCH_JOBS and size_bytes < BATCH_BYTES:
            batch.append(self._jobs.popleft())
            size_bytes += batch[-1].size_bytes
        self._queued_bytes -= size_bytes
        return batch

    def _enqueue(self, job: _Job) -> None:
        self._jobs.append(job)
        self._wake.set()
        if self._idle.is_set():
            self._idle = trio.Event()

    def _settle(self, job: _Write, error: OSError | None) -> None:
        job.files.queued.pop(job.path, None)
        if error is not None:
            self._note_failure(job, error)
        if not job.unwanted:
            job.done(job.path if error is None else None)

    def _note_failure(self, job: _Write, error: OSError) -> None:
        self.failed += 1
        if not job.unwanted:
            self.give_back(job.files, job.size_bytes)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            self._cap_bytes = self.used_bytes
            self._cap_until = trio.current_time() + FULL_DISK_S
        log.warning("segment_not_stored", path=str(job.path), error=str(error))

    def give_back(self, files: "StreamFiles", size_bytes: int) -> None:
        """These bytes of the stream are no longer used."""
        self.used_bytes -= size_bytes
        files.used_bytes -= size_bytes

    def submit(self, job: _Write) -> bool:
        """Queue a write, making room if need be; False: there is none."""
        if self._queued_bytes + job.size_bytes > self._queue_limit or not self._make_room(job.size_bytes):
            self.refused += 1
            if self.refused == 1 or self.refused % 100 == 0:
                log.warning("window_shrinks", refused=self.refused, queued_bytes=self._queued_bytes)
            return False
        self._streams.add(job.files)
        self.used_bytes += job.size_bytes
        job.files.used_bytes += job.size_bytes
        job.files.queued[job.path] = job
        self._queued_bytes += job.size_bytes
        self._enqueue(job)
        return True

    def _make_room(self, size_bytes: int) -> bool:
        if self._cap_bytes != self._configured_cap and trio.current_time() >= self._cap_until:
            self._cap_bytes = self._configured_cap
        while self.used_bytes + size_bytes > self._cap_bytes:
            before = self.used_bytes
            biggest = max(self._streams, key=lambda one: one.used_bytes, default=None)
            if biggest is not None:
                biggest.evict_oldest()
            if self.used_bytes >= before:
                return False
        return True

    def delete(self, path: Path) -> None:
        """Queue a deletion, behind the write it concerns."""
        self._enqueue(_Delete(path))

    def forget(self, files: "StreamFiles") -> None:
        """A stream is gone, and all it has here."""
        if files in self._streams:
            self._streams.remove(files)
            self.give_back(files, files.used_bytes)
            self._enqueue(_DeleteAll(files))


class StreamFiles:
    """One stream's segments on disk."""

    def __init__(self, spill: Spill, directory: Path) -> None:
        self.used_bytes = 0
        self.evict_oldest: Callable[[], None] = lambda: None
        """Set by the stream: give up its oldest segment on disk, if it has one."""
        self._spill = spill
        self._directory = directory
        self.queued: dict[Path, _Write] = {}
        """Writes not finished yet."""
        self._lock: int | None = None
        self._made: set[Path] = set()
        """Directories that exist: of renditions, so a few."""
        self._closed = False

    def write(
        self, name: str, pieces: tuple[bytes, ...], size_bytes: int, done: Callable[[Path | None], None]
    ) -> bool:
        """Store `pieces` under `name`; `done` gets the path, `None` after a failure. False: refused, `done` is not called."""
        job = _Write(self, self._directory / name, pieces, size_bytes, done)
        return not self._closed and self._spill.submit(job)

    def delete(self, name: str, size_bytes: int) -> None:
        """Remove one file, written or queued."""
        if self._closed:
            return
        path = self._directory / name
        if path in self.queued:
            self.queued.pop(path).unwanted = True
        self._spill.give_back(self, size_bytes)
        self._spill.delete(path)

    def delete_all(self) -> None:
        """Remove everything; the stream is gone. Idempotent."""
        if not self._closed:
            self._closed = True
            for job in self.queued.values():
                job.unwanted = True
            self.queued.clear()
            self._spill.forget(self)

    def store(self, path: Path, pieces: tuple[bytes, ...]) -> OSError | None:
        """Write one file whole or not at all; returns what went wrong. Blocks: worker thread only."""
        beside = path.with_suffix(".tmp")
        try:
            if self._lock is None:
                self._lock = _claim(self._directory)
            if path.parent not in self._made:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(path.parent)
            with beside.open("wb") as file:
                file.writelines(pieces)
            beside.replace(path)
        except OSError as error:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            return error
        return None

    def remove_directory(self) -> None:
        """Blocks: worker thread only."""
        if self._lock is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            os.close(self._lock)
            self._lock = None


def _work_off(jobs: Sequence[_Job]) -> list[OSError | None]:
    """Do these one after the other. Blocks: worker thread only."""
    return [job.work() for job in jobs]


def remove_leftovers(directory: Path) -> int:
    """Delete the stream directories of processes that are gone; returns how many. Blocks: call in a worker thread."""
    removed = 0
    for entry in sorted(directory.iterdir()) if directory.is_dir() else []:
        if not entry.is_dir():
            continue
        lock = _try_lock(entry)
        if lock is not None:
            shutil.rmtree(entry, ignore_errors=True)
            os.close(lock)
            removed += 1
    return removed


def _claim(directory: Path) -> int:
    """Make the directory and lock it, in this order under a name that `remove_leftovers` cannot see half-made."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.mkdir(exist_ok=True)
    lock = _try_lock(directory)
    if lock is None:
        raise OSError(errno.EBUSY, "another process has this stream's directory", str(directory))
    return lock


def _try_lock(directory: Path) -> int | None:
    """Take the directory's lock; `None` while its owner lives. The kernel drops it when the owner dies, however it dies."""
    try:
        handle = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
