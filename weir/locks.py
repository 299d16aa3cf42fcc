"""One server a data directory: the live window on disk and the broadcasts of a node have one owner."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from common.errors import WeirError


class DataDirectoryError(WeirError):
    """The data directory cannot be made or written to."""


class DataDirectoryBusyError(DataDirectoryError):
    """Another server uses the data directory."""


@contextlib.contextmanager
def data_directory_lock(data_path: Path) -> Iterator[None]:
    """Be the one server of a data directory during the block; makes the directory where it is missing.

    The kernel gives the lock back when the process dies. Raises `DataDirectoryError`, and
    `DataDirectoryBusyError`, which names the other process.
    """
    try:
        data_path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(
            data_path / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
    except OSError as exc:
        raise DataDirectoryError(f"the data directory {data_path} cannot be used: {exc.strerror}") from exc
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            raise DataDirectoryBusyError(
                f"another `weir serve` (process {holder}) uses the data directory {data_path}; stop it first, or set "
                "WEIR_DATA_DIR to another directory"
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)
