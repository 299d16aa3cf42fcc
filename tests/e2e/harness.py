"""Starts and watches real servers and encoders for the end-to-end tests."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import imageio_ffmpeg
import psutil

from common.embedded_pg import EmbeddedPostgresError, cluster_status
from tests.common.database_site import begin_data_dir, remove_cluster

WEIR = Path(sys.executable).with_name("weir")
FFMPEG_NEW = imageio_ffmpeg.get_ffmpeg_exe()
FFMPEG_DEBIAN = "/usr/bin/ffmpeg"
READY_S = 90.0
READY = "weir ready"


def poll(what: str, check: Callable[[], object], seconds: float = 30.0) -> object:
    """Ask `check` until it answers with something true; fail with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := check():
            return answer
        threading.Event().wait(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


@dataclass
class Weir:
    """One `weir serve` (or `weir demo`) child and what it printed."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def find(self, pattern: str) -> str:
        """First group of the first printed line that matches."""
        for line in list(self.lines):
            if match := re.search(pattern, line):
                return match[1]
        raise AssertionError(f"no line like {pattern!r} in {self.lines}")

    @property
    def web(self) -> str:
        return self.find(r"(http://[\w.:]+)/?\s*$")

    @property
    def hls(self) -> str:
        return self.find(r"(http://[\w.:]+)/hls/")

    @property
    def rtmp(self) -> str:
        return self.find(r"(rtmp://\S+)")

    @property
    def key(self) -> str:
        return self.find(r"[Kk]ey\s+(\w{20,})")

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [WEIR, *arguments], env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def postmaster(self, default: psutil.Process | None = None) -> psutil.Process:
        """The embedded database; `default` while it is down, if there is one."""
        status = cluster_status(Path(self.environment["WEIR_DATA_DIR"]))
        assert status is not None
        try:
            return psutil.Process(int((status.cluster / "postmaster.pid").read_text().split()[0]))
        except (FileNotFoundError, IndexError, psutil.NoSuchProcess):
            if default is None:
                raise
            return default

    def processes(self) -> list[psutil.Process]:
        """Everything that runs because of it: its children, and the database, which pg_ctl detaches."""
        found: list[psutil.Process] = []
        for parent in (psutil.Process(self.process.pid), self.postmaster()):
            found += [parent, *parent.children(recursive=True)]
        return found

    def discard(self) -> None:
        """Stop it if it runs, and remove its database, which for root is not below the data directory."""
        if self.process.poll() is None:
            self.stop()
        remove_cluster(Path(self.environment["WEIR_DATA_DIR"]))

    def end(self) -> None:
        """Stop it whatever state it is in, with its database, where nobody can: it was not ready. The data stay."""
        with suppress(subprocess.TimeoutExpired):
            self.stop()
        with suppress(
            AssertionError, EmbeddedPostgresError, psutil.NoSuchProcess, FileNotFoundError, IndexError
        ):
            postmaster = self.postmaster()  # detached by pg_ctl, it outlives one that was killed
            if postmaster.name() == "postgres":  # the file of one that was killed may name any process
                postmaster.send_signal(signal.SIGINT)
                postmaster.wait(20)

    def stop(self) -> int:
        """SIGTERM; the exit code. Kills it when it does not end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def start_weir(data_dir: Path, command: str = "serve", **settings: str) -> Weir:
    """Start it on free ports and wait for `weir ready`.

    Where there is no data directory yet, and it would be its own database's, it gets one with an empty database.
    """
    if not data_dir.exists() and "WEIR_DATABASE_URL" not in settings:
        begin_data_dir(data_dir)
    return start_weir_alone(data_dir, command, **settings)


def start_weir_alone(data_dir: Path, command: str = "serve", **settings: str) -> Weir:
    """Start it so that it has to make its own database, if it needs one."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")} | {
        "WEIR_DATA_DIR": str(data_dir),
        "WEIR_RTMP_PORT": "0",
        "WEIR_WEB_PORT": "0",
        "WEIR_HLS_PORT": "0",
        "WEIR_CHAT_PORT": "0",
        "WEIR_IRC_PORT": "0",
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    process = subprocess.Popen(
        [WEIR, *command.split()], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    weir = Weir(process, environment)
    for pipe, lines in ((process.stdout, weir.lines), (process.stderr, weir.errors)):
        assert pipe is not None
        threading.Thread(target=_collect, args=(pipe, lines), daemon=True).start()
    try:
        poll(
            f"`{READY}`",
            lambda: READY in [x.strip() for x in weir.lines] or process.poll() is not None,
            READY_S,
        )
        assert process.poll() is None, "\n".join(weir.errors)
    except BaseException:  # also when somebody presses Ctrl-C
        weir.end()
        raise
    return weir


def _collect(pipe: IO[str], lines: list[str]) -> None:
    with pipe:
        lines.extend(line.rstrip("\n") for line in pipe)


def make_clip(path: Path, seconds: int = 60) -> Path:
    """Make H.264 (B-frames, 30 fps, 2 s GOP) and AAC in an MP4."""
    command = [
        FFMPEG_NEW, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30",
        "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", str(seconds),
        "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "60", "-b:v", "800k", "-pix_fmt", "yuv420p",
        "-c:a", "aac", "-b:a", "96k", str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=120)
    return path


@dataclass
class Encoder:
    """An ffmpeg that publishes a file in real time."""

    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def quit(self) -> None:
        """End as a person does with Ctrl-C: FCUnpublish and deleteStream are sent."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=10)


def start_encoder(url: str, file: Path, *, ffmpeg: str = FFMPEG_NEW) -> Encoder:
    """Publish `file` in real time, six times over, as it is."""
    command = [
        ffmpeg,
        "-v",
        "error",
        "-re",
        "-stream_loop",
        "5",
        "-i",
        str(file),
        "-c",
        "copy",
        "-f",
        "flv",
        url,
    ]
    return Encoder(subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL))


def get(url: str, timeout: float = 15.0) -> tuple[int, str]:
    """Status and text of a GET; errors of HTTP are answers here."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def part_numbers(playlist: str) -> list[int]:
    """Numbers of the parts that a media playlist names, the hint left out."""
    return [int(number) for number in re.findall(r'URI="p(\d+)\.m4s"(?!.*HINT)', playlist)]


def fetch_status(url: str) -> int:
    """Status of a GET of something that is no text."""
    try:
        with urllib.request.urlopen(url, timeout=15) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def left_over(processes: list[psutil.Process], seconds: float = 5.0) -> list[psutil.Process]:
    """Those that still run after `seconds`."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    still: list[psutil.Process] = alive
    return still


def log_in(weir: Weir, login: str, password: str) -> str:
    """Log in over the API; the session's cookie, as `Cookie` sends it."""
    body = json.dumps({"login": login, "password": password}).encode()
    request = urllib.request.Request(f"{weir.web}/api/sessions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.headers["Set-Cookie"]).partition(";")[0]
