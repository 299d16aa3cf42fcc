"""An RTMP server that records one publisher, for the tests of whatever publishes."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import psutil


@dataclass
class Recorder:
    """FFmpeg listening for one publisher, whose stream it copies to a file."""

    process: subprocess.Popen[bytes]
    url: str
    path: Path

    def finish(self) -> Path:
        """Wait until the publisher has left, and return the recording."""
        self.process.wait(timeout=20)
        return self.path


@contextmanager
def recording(path: Path) -> Iterator[Recorder]:
    """Listen on a free port; the publisher's stream is written to `path`."""
    url = f"rtmp://127.0.0.1:{_free_port()}/live/secret"
    command = [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-listen", "1", "-i", url),
        *("-c", "copy", "-flush_packets", "1", str(path)),
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        _wait_until_it_listens(process.pid)
        yield Recorder(process, url, path)
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_listens(pid: int) -> None:
    for _ in range(400):
        if any(c.status == psutil.CONN_LISTEN for c in psutil.Process(pid).net_connections("tcp")):
            return
        threading.Event().wait(0.05)
    raise AssertionError("the recorder does not listen")
