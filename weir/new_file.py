"""A file that appears under its name when it is whole and on the disk, or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from common.errors import WeirError


class NewFileError(WeirError):
    """The file cannot be written; the text says why."""


@contextlib.contextmanager
def new_file(path: Path, *, replace: bool = False) -> Iterator[BinaryIO]:
    """Write a file, readable for its owner alone, in the block.

    Until the block ends well it is called `NAME.partial-…`; that is removed when the block raises, and left by a process
    that is killed. `replace`: a file of that name is replaced at once, as the last step; without, none may be there.

    Raises `NewFileError`, also for an `OSError` of the block: writing to the file is what it is for.
    """
    refuse_existing(path, replace=replace)
    partial = path.with_name(f"{path.name}.partial-{secrets.token_hex(4)}")
    try:
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _give_name(partial, path, replace=replace)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        _sync_directory(path.parent)
    except OSError as error:
        raise NewFileError(f"cannot write {path}: {error.strerror or error}") from error


def refuse_existing(path: Path, *, replace: bool) -> None:
    """Raise `NewFileError` where there is something that must not be replaced."""
    if path.is_dir() or (path.exists() and not path.is_file()):
        raise NewFileError(f"{path} is not a file; name a file to write")
    if path.exists() and not replace:
        raise NewFileError(f"{path} is there already; name another file, or add --force to replace it")


def _give_name(partial: Path, path: Path, *, replace: bool) -> None:
    if replace:
        partial.replace(path)
        return
    try:
        path.hardlink_to(partial)  # unlike a rename it never replaces what somebody made meanwhile
    except FileExistsError:
        raise NewFileError(f"{path} appeared while it was being written; nothing was replaced") from None
    except OSError:  # a file system without links
        partial.rename(path)
        return
    partial.unlink()


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # some network file systems do not know it
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
