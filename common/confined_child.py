"""The server's side of child processes that read hostile data: how they start and how they end. See `common.confinement`."""

import os
import subprocess
import sys

import trio

END_S = 2.0
"""Long enough for the end of a child that is killed."""


def _environment() -> dict[str, str]:
    """Give only what Python needs: our own environment names passwords of databases."""
    return {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}


async def open_child(module: str) -> trio.Process:
    """Start `python -m module`, with pipes for stdin and stdout. Whoever calls this calls `end_child`."""
    return await trio.lowlevel.open_process(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )


async def end_child(process: trio.Process) -> None:
    """Kill a child, wait for its end and close its pipes. To be shielded, for `END_S`, where it must be done."""
    process.kill()
    await process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            await pipe.aclose()


async def receive_exactly(pipe: trio.abc.ReceiveStream, size: int) -> bytes:
    """Read so many bytes of what a child writes. Raises `trio.BrokenResourceError`: it died before."""
    received = bytearray()
    await trio.lowlevel.checkpoint()
    while len(received) < size:
        chunk = await pipe.receive_some(size - len(received))
        if not chunk:
            raise trio.BrokenResourceError("it died")
        received += chunk
    return bytes(received)
