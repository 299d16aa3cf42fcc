"""`weir backup` and `weir restore`: the whole site in one file, and back."""

import contextlib
import shutil
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, TypeVar

import trio
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from common.config import load_config
from common.errors import WeirError
from weir.backup import back_up
from weir.backup_archive import CHUNK_BYTES, ArchiveReader, Manifest
from weir.new_file import new_file, refuse_existing
from weir.restore import Ask, bring_up_to_date, check_version, restore

T = TypeVar("T")

_STANDARD = Path("-")
_INTERRUPTED = 130


class UsageError(WeirError):
    """The command cannot do what it was asked; the text says why."""


def backup_command(
    file: Annotated[
        Path,
        typer.Argument(help="File to write, such as weir.tar; `-` for standard output.", show_default=False),
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write everything the site holds into one file, as it is at this instant. Works while `weir serve` runs.

    The file holds password hashes, stream keys' hashes and e-mail addresses, so only its owner can read it. It does not hold
    `weir.toml`: keep that with it. `weir restore` puts it back.
    """
    if file == _STANDARD and sys.stdout.isatty():
        raise UsageError(
            "a backup is not for the screen: name a file, or send it on with `weir backup - | …`"
        )
    if file != _STANDARD:
        refuse_existing(file, replace=force)
    with _bar("reading the database", None) as advance, _destination(file, force=force) as out:
        manifest = _run(
            lambda: back_up(load_config(), out, progress=advance), "interrupted: no file was written"
        )
        size = out.tell()
    _say(f"backed up {_describe(manifest)}")
    if file != _STANDARD:
        _say(
            f"wrote {file}, {size / 1e6:.1f} MB. Keep it as safe as the site: it holds password hashes and addresses."
        )


def restore_command(
    file: Annotated[
        Path,
        typer.Argument(help="A file that `weir backup` wrote; `-` for standard input.", show_default=False),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Throw away what the database holds now, after asking.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --replace: do not ask.")] = False,
    keep_sessions: Annotated[
        bool,
        typer.Option("--keep-sessions", help="Who was logged in stays so; for a move to another machine."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only see whether the file is whole, and what is in it.")
    ] = False,
) -> None:
    """Put a backup back into an empty database: all of it, or nothing. `weir serve` must not run on it.

    A backup of an older weir is brought up to date. Passwords, stream keys and tokens work as before; who was logged in logs
    in again, and links that work once do not any more, unless you add --keep-sessions. Restore only files that you trust:
    the database runs what is in them.
    """
    with _source(file) as opened:
        archive = ArchiveReader(opened)
        manifest = archive.manifest
        _say(f"{file} holds {_describe(manifest)}, made by weir {manifest.weir_version}")
        check_version(manifest)
        with _bar("checking", archive.dump_bytes) as advance:
            archive.check(advance)
        if check:
            _say("the file is whole")
            return
        ask = _ask(yes=yes) if replace else None
        with _bar("restoring", archive.dump_bytes) as advance:
            replaced = _run(
                lambda: restore(
                    load_config(), archive, ask=ask, keep_sessions=keep_sessions, progress=advance
                ),
                "interrupted: nothing was changed",
            )
    _say("restored" + (", in place of what was there" if replaced else ""))
    migrated = _run(
        lambda: bring_up_to_date(load_config()),
        "interrupted: all is restored; `weir migrate` does what is left",
    )
    if migrated:
        _say(f"brought up to date: schema version {manifest.schema_version} → {migrated[-1]}")
    _say(
        "stream keys, tokens and passwords are as they were at the time of the backup: what was revoked or changed since "
        "is valid again"
    )


def _describe(manifest: Manifest) -> str:
    users, rows = manifest.rows.get("users", 0), sum(manifest.rows.values())
    return (
        f"{users} users, {rows} rows in {len(manifest.rows)} tables (schema version {manifest.schema_version}), "
        f"as of {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC"
    )


def _ask(*, yes: bool) -> Ask:
    if yes:
        return lambda _: True
    if not sys.stdin.isatty():
        raise UsageError(
            "there is nobody to ask on standard input; add --yes to throw away what the database holds"
        )
    return _confirm


def _confirm(question: str) -> bool:
    try:
        return typer.confirm(f"{question} Go on?", err=True)
    except typer.Abort:  # the end of standard input
        return False


@contextlib.contextmanager
def _destination(file: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Give a file to write the backup into; it appears when it is whole, standard output included."""
    if file != _STANDARD:
        with new_file(file, replace=force) as out:
            yield out
        return
    with tempfile.TemporaryFile() as out:
        yield out
        out.seek(0)
        shutil.copyfileobj(out, sys.stdout.buffer, CHUNK_BYTES)
        sys.stdout.buffer.flush()


@contextlib.contextmanager
def _source(file: Path) -> Iterator[BinaryIO]:
    try:
        if file == _STANDARD:
            with tempfile.TemporaryFile() as spooled:
                shutil.copyfileobj(sys.stdin.buffer, spooled, CHUNK_BYTES)
                yield spooled
        else:
            with file.open("rb") as opened:
                yield opened
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error


def _run(work: Callable[[], Awaitable[T]], interrupted: str) -> T:
    """Run `work` until it is done, or until SIGINT or SIGTERM; says `interrupted` and ends the command then."""
    done: list[T] = []

    async def run() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_watch_signals, nursery.cancel_scope)
            done.append(await work())
            nursery.cancel_scope.cancel("done")

    trio.run(run)
    if not done:
        _say(interrupted)
        raise typer.Exit(_INTERRUPTED)
    return done[0]


async def _watch_signals(everything: trio.CancelScope) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            everything.cancel("a signal came")


@contextlib.contextmanager
def _bar(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show progress in bytes on a terminal, and nothing elsewhere."""
    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    bars = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bars.add_task(what, total=total)

    def advance(done: int) -> None:
        bars.start()  # only now: somebody may have been asked something first
        bars.update(task, completed=done)

    try:
        yield advance
    finally:
        bars.stop()


def _say(text: str) -> None:
    print(text, file=sys.stderr)
