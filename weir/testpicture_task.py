"""The Trio side of the test picture: starts the child that encodes and publishes it, listens to it, ends it.

Encoding never happens in the server process. The child lives until its stdin closes, so it dies with its parent whatever
ended that. It is no use to ask the kernel (PR_SET_PDEATHSIG): its signal comes when the *thread* that forked ends, and
Trio forks in short-lived ones.
"""

import subprocess
import sys
from contextlib import suppress

import msgspec
import structlog
import trio

from common.errors import WeirError
from weir.testpicture_orders import Orders, ReportReader

log = structlog.get_logger()

_TERMINATE_S = 2


class TestPictureError(WeirError):
    """The test picture could not be published or ended by itself; the text says why."""

    __test__ = False  # its name makes pytest curious


async def run_test_picture(
    orders: Orders, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Publish the test picture from a child process until that ends or we are cancelled.

    `task_status.started()` comes when the server has accepted the stream. Cancelling is safe: the child is asked to end and
    killed two seconds later. The child is never restarted.

    Raises:
        TestPictureError: The child ended by itself: it was refused, the server hung up, or it crashed.
    """
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "weir.testpicture"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    reports, reason, failed = ReportReader(), "", False
    try:
        with suppress(trio.BrokenResourceError):  # it died at once: its output says why
            await process.stdin.send_all(msgspec.json.encode(orders) + b"\n")
        async for chunk in process.stdout:
            for report in reports.receive(bytes(chunk)):
                log.info("test picture", event_name=report.event, reason=report.reason)
                if report.event == "live":
                    task_status.started()
                elif report.event == "failed" or not failed:
                    reason, failed = report.reason, report.event == "failed"
        await process.wait()
        raise TestPictureError(reason or f"The test picture ended with code {process.returncode}.")
    finally:
        with trio.move_on_after(2 * _TERMINATE_S, shield=True):
            await _end(process)
        log.info("test picture ended", code=process.returncode)


async def _end(process: trio.Process) -> None:
    """Ask the child to end, kill it when it does not listen."""
    if process.poll() is None:
        process.terminate()
    with trio.move_on_after(_TERMINATE_S):
        await process.wait()
    if process.poll() is None:
        process.kill()
        await process.wait()
