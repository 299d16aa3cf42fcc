"""What the LL-HLS origin serves on one core: small playlists, segments, and a crowd of blocked reloads.

`python -m bench.origin [--seconds 5] [--peer nginx] [--waiters 1000]`

The real origin with a stream in memory has the first core, the client another one. The peer serves static files of the
same sizes. Beside requests a second stand requests per CPU-second of the server, which a busy machine disturbs less.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.http_load import Crowd, run_load
from bench.memory_stream import PARTS_PER_SEGMENT
from bench.report import Cell, print_report
from bench.servers import free_port, pin_generator
from common.limits import raise_open_files_limit

PLAYLIST_BYTES = 200
SEGMENT_BYTES = 150_000
CONNECTIONS = 64
ROUNDS = 20
_STOP_S = 10.0

WORK = {
    f"playlist of {PLAYLIST_BYTES} B": "/hls/load/load/video/index.m3u8",
    f"segment of {SEGMENT_BYTES // 1000} KB": "/hls/load/load/video/s1.m4s",
}


@dataclass(frozen=True, slots=True)
class Throughput:
    """One server with one kind of work."""

    per_s: float
    per_cpu_s: float
    client: str


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.origin", description="What the origin serves on one core."
    )
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="for each kind of work and server (default 5)"
    )
    parser.add_argument(
        "--waiters", type=int, default=1000, help="blocked reloads that are woken (default 1000)"
    )
    parser.add_argument("--peer", choices=["nginx"], help="measure this one in the same run")
    arguments = parser.parse_args()
    if arguments.peer and not shutil.which("nginx", path=_PATH):
        parser.error("nginx is not installed")
    raise_open_files_limit()
    pin_generator()
    with _weir() as (port, process):
        ours = {name: _measure(port, path, process.pid, arguments.seconds) for name, path in WORK.items()}
        wakes_ms = _wake(port, process, arguments.waiters)
    theirs: dict[str, Throughput] = {}
    if arguments.peer:
        with _nginx() as (port, worker):
            theirs = {name: _measure(port, path, worker, arguments.seconds) for name, path in WORK.items()}
    _print(ours, theirs, wakes_ms, arguments.waiters)


def _measure(port: int, path: str, pid: int, seconds: float) -> Throughput:
    process = psutil.Process(pid)
    run_load(port, path, seconds=1, connections=CONNECTIONS)
    before = process.cpu_times()
    load = run_load(port, path, seconds=seconds, connections=CONNECTIONS)
    after = process.cpu_times()
    cpu_s = after.user + after.system - before.user - before.system
    return Throughput(load.requests / load.seconds, load.requests / max(cpu_s, 0.01), load.client)


def _wake(port: int, process: "subprocess.Popen[str]", waiters: int) -> list[float]:
    """Milliseconds from a part's publication to the last byte of the playlist at each viewer, sorted."""
    crowd = Crowd(port, waiters)
    wakes_ms: list[float] = []
    try:
        for number in range(1 + ROUNDS):
            msn, index = divmod(2 * PARTS_PER_SEGMENT + number, PARTS_PER_SEGMENT)
            crowd.ask(f"/hls/wake/wake/video/index.m3u8?_HLS_msn={msn + 1}&_HLS_part={index}")
            _wait_until_held(port, waiters)
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
            heard_ns, answer = crowd.hear()
            published_ns = int(answer.partition(b"#note=")[2].split()[0])
            if number:  # the first round warms up, as in the other measurements
                wakes_ms += [(heard - published_ns) / 1e6 for heard in heard_ns]
    finally:
        crowd.close()
    return sorted(wakes_ms)


def _wait_until_held(port: int, waiters: int) -> None:
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
            if int(page.read()) == waiters:
                return
        time.sleep(0.02)
    raise RuntimeError("the server does not hold all requests")


def _print(
    ours: dict[str, Throughput], theirs: dict[str, Throughput], wakes_ms: list[float], waiters: int
) -> None:
    columns = [
        "origin, one core",
        "weir req/s",
        "nginx req/s",
        "ratio",
        "weir req/CPU-s",
        "nginx req/CPU-s",
        "ratio",
    ]
    rows: list[list[Cell]] = []
    for name, one in ours.items():
        peer = theirs.get(name)
        if peer is None:
            rows.append([name, one.per_s, None, None, one.per_cpu_s, None, None])
        else:
            rows.append(
                [
                    name,
                    one.per_s,
                    peer.per_s,
                    one.per_s / peer.per_s,
                    one.per_cpu_s,
                    peer.per_cpu_s,
                    one.per_cpu_s / peer.per_cpu_s,
                ]
            )
    client = next(iter(ours.values())).client
    p50, p99, worst = (wakes_ms[round(share * (len(wakes_ms) - 1))] for share in (0.5, 0.99, 1.0))
    notes = [
        f"{CONNECTIONS} connections, client: {client} on a core of its own.",
        f"{waiters} blocked reloads, {ROUNDS} rounds: woken after p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {worst:.1f} ms.",
    ]
    print_report("bench.origin", columns, rows, notes)


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


@contextmanager
def _on_the_servers_core(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """Run a child on the first core until the block ends."""
    mine = os.sched_getaffinity(0)
    core = min(psutil.Process(1).cpu_affinity() or mine)
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509  # no threads here yet
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@contextmanager
def _weir() -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    command = [sys.executable, "-m", "bench.origin_server", str(SEGMENT_BYTES), str(PLAYLIST_BYTES)]
    with _on_the_servers_core(command) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline()), process


@contextmanager
def _nginx() -> Iterator[tuple[int, int]]:
    """One worker of nginx with the same URLs as files; gives its port and the worker's pid."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="weir-bench-nginx-") as directory:
        for path, size in zip(WORK.values(), (PLAYLIST_BYTES, SEGMENT_BYTES), strict=True):
            file = Path(directory, "www" + path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(os.urandom(size))
        config = Path(directory, "nginx.conf")
        config.write_text(_nginx_config(directory, port), encoding="utf-8")
        program = shutil.which("nginx", path=_PATH)
        assert program is not None
        with _on_the_servers_core([program, "-p", directory, "-c", str(config), "-e", "stderr"]) as process:
            yield port, _worker(process.pid, port)


def _nginx_config(directory: str, port: int) -> str:
    """As fast as nginx goes: no log, kept connections, open files cached."""
    return f"""{"user root;" if os.geteuid() == 0 else ""}
daemon off; worker_processes 1; pid {directory}/pid;
events {{ worker_connections 4096; }}
http {{ access_log off; sendfile on; keepalive_requests 100000000; open_file_cache max=100;
 client_body_temp_path {directory}/t; proxy_temp_path {directory}/t; fastcgi_temp_path {directory}/t;
 uwsgi_temp_path {directory}/t; scgi_temp_path {directory}/t;
 server {{ listen 127.0.0.1:{port}; root {directory}/www; }} }}
"""


def _worker(master: int, port: int) -> int:
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{next(iter(WORK.values()))}", timeout=5).close()
        except OSError:
            time.sleep(0.05)
            continue
        return int(psutil.Process(master).children()[0].pid)
    raise RuntimeError("nginx does not start")


if __name__ == "__main__":
    main()
