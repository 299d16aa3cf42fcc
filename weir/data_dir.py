"""The data directory: made when missing, and held by one media process at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from common.errors import WeirError

LOCK_NAME = "serve.lock"


class DataDirError(WeirError):
    """The data directory cannot be used; the text says why and what to do."""


@contextlib.contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for the block. The kernel lets go of it however the process ends.

    Raises:
        DataDirError: another process holds it, or it cannot be made or written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DataDirError(
            f"cannot use {data_dir}: {error.strerror}. Set WEIR_DATA_DIR to a folder that this user can write."
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 20, 0).decode(errors="replace").strip() or "unknown"
            raise DataDirError(
                f"another weir (process {holder}) is already running on {data_dir}: stop it, "
                "or set WEIR_DATA_DIR to another folder"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)
