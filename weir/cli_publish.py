"""`weir publish`: the command around the publisher: its arguments, its progress line, Ctrl-C."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weir.publish_target import TargetError, parse_target

if TYPE_CHECKING:
    from weir.publisher import FilePublisher

_LINE_EVERY_S = 5.0
"""Between two lines of progress when nobody watches a terminal."""
_REDRAW_S = 0.25
_GOODBYE_S = 3.0


def publish(
    file: Annotated[
        Path,
        typer.Option("--file", "-f", exists=True, dir_okay=False, readable=True, help="What to publish."),
    ],
    url: Annotated[
        str, typer.Option("--url", "-u", help="rtmp://HOST:PORT/live, with or without /KEY behind it.")
    ] = "rtmp://127.0.0.1:1935/live",
    loop: Annotated[bool, typer.Option("--loop", help="Begin again at the end, until Ctrl-C.")] = False,
    key_stdin: Annotated[
        bool, typer.Option("--key-stdin", help="Read the stream key from standard input.")
    ] = False,
) -> None:
    """Publish a video or audio file in real time, as an encoder would.

    H.264 and AAC are sent as they are, other codecs are encoded on the way. The stream key may stand in the URL, in
    WEIR_STREAM_KEY, or come from standard input: other users of this machine can read arguments, but not those two.

    Exit code 0: the file's end or Ctrl-C. 1: the server refused or hung up, or the file is unusable. 2: wrong arguments.
    """
    key = sys.stdin.readline() if key_stdin else os.environ.get("WEIR_STREAM_KEY")
    try:
        target = parse_target(url, key)
    except TargetError as error:
        raise typer.BadParameter(str(error), param_hint="--url") from None
    from weir.publisher import FilePublisher
    from weir.rtmp_output import ANSWER_S

    publisher = FilePublisher(file, target, loop=loop)
    for choice in publisher.choices:
        typer.echo(f"{choice.kind}: {choice.description}")
    typer.echo(f"connecting to {target.shown}, for {ANSWER_S} s at most")
    publisher.connect()
    typer.echo(f"publishing {file.name}; Ctrl-C ends it")
    try:
        _run(publisher, loop=loop)
    finally:
        publisher.close()
    sent = publisher.progress
    typer.echo(f"published {sent.media_s:.1f} s, {sent.sent_bytes / 1e6:.1f} MB")


def _run(publisher: "FilePublisher", *, loop: bool) -> None:
    """Publish in a thread, so that Ctrl-C is heard while FFmpeg waits for the network."""
    failures: list[Exception] = []
    done = threading.Event()

    def work() -> None:
        try:
            publisher.run()
        except Exception as error:  # noqa: BLE001  # raised again below, in the thread that reports it
            failures.append(error)
        finally:
            done.set()

    def stop(*_: object) -> None:
        publisher.stop()
        threading.Thread(target=_leave_by_force, args=(done,), daemon=True).start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    threading.Thread(target=work, daemon=True).start()
    show = _show_on_terminal if sys.stdout.isatty() else _show_as_lines
    show(publisher, None if loop else publisher.duration_s, done.wait)
    if failures:
        raise failures[0]


def _leave_by_force(done: threading.Event) -> None:
    if not done.wait(_GOODBYE_S):
        os._exit(1)


def _show_as_lines(
    publisher: "FilePublisher", duration_s: float | None, wait_done: Callable[[float], bool]
) -> None:
    sent_before = 0
    while not wait_done(_LINE_EVERY_S):
        now = publisher.progress
        bps = (now.sent_bytes - sent_before) * 8 / _LINE_EVERY_S
        typer.echo(_line(now.media_s, duration_s, bps, now.behind_s))
        sent_before = now.sent_bytes


def _show_on_terminal(
    publisher: "FilePublisher", duration_s: float | None, wait_done: Callable[[float], bool]
) -> None:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    with Progress(SpinnerColumn(), BarColumn(), TextColumn("{task.description}")) as display:
        task = display.add_task("connecting", total=duration_s)
        bps = 0.0
        sent_before = 0
        while not wait_done(_REDRAW_S):
            now = publisher.progress
            bps += 0.1 * ((now.sent_bytes - sent_before) * 8 / _REDRAW_S - bps)
            sent_before = now.sent_bytes
            line = _line(now.media_s, duration_s, bps, now.behind_s)
            display.update(task, completed=now.media_s, description=line)


def _line(media_s: float, duration_s: float | None, bps: float, behind_s: float) -> str:
    """A moment's progress for people."""
    length = "" if duration_s is None else f" of {_clock(duration_s)}"
    lag = f", {behind_s:.1f} s behind" if behind_s > 0.5 else ", on time"
    return f"{_clock(media_s)}{length}  {bps / 1e6:.2f} Mbit/s{lag}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
