"""Checks of the machine: Python, codecs, disk, file descriptors, clock, the built front end."""

import datetime as dt
import os
import platform
import resource
import shutil
import sys
from pathlib import Path

from weir.findings import Finding, ok, problem, warning

_GB = 1_000_000_000
_DISK_TIGHT_BYTES = 10 * _GB
"""About three hours of one stream at 6 Mbit/s."""
_DISK_FULL_BYTES = _GB
_SPARE_DESCRIPTORS = 200
"""Files, database connections and the like, beside the connections of viewers and encoders."""
_RELEASED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_MAX_SKEW_S = 2.0
_DECODERS = ("h264", "aac")
_ENCODERS = ("libx264", "aac")


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> Finding:
    """Is the interpreter one that weir runs on?"""
    text = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if version < (3, 11):
        return problem("Python", text, "weir needs Python 3.11 or newer: make a new .venv with it.")
    return ok("Python", text)


def check_codecs() -> Finding:
    """Can PyAV read and write what weir carries?"""
    try:
        import av
        from av.codec import Codec
    except ImportError as error:
        return problem("codecs", f"PyAV cannot be loaded: {error}", "Run `make setup` again.")
    missing = [name for name, mode in _codec_modes() if not _has(Codec, name, mode)]
    text = f"PyAV {av.__version__}"
    if missing:
        return problem(
            "codecs",
            f"{text} lacks {', '.join(missing)}",
            "Install the `av` wheel that requirements.lock names: `make setup` does.",
        )
    return ok("codecs", f"{text}: H.264 and AAC, decoding and encoding")


def _codec_modes() -> list[tuple[str, str]]:
    return [(name, "r") for name in _DECODERS] + [(name, "w") for name in _ENCODERS]


def _has(codec: type, name: str, mode: str) -> bool:
    try:
        codec(name, mode)
    except ValueError:
        return False
    return True


def check_data_dir(path: Path) -> Finding:
    """Can the data directory be written, or made?"""
    advice = "Set WEIR_DATA_DIR to a folder that this user can write."
    existing = path
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        return problem("data directory", f"{existing} is not a folder", advice)
    if not os.access(existing, os.W_OK | os.X_OK):
        return problem("data directory", f"{existing} cannot be written by this user", advice)
    return ok("data directory", str(path) if existing == path else f"{path}, made at the first start")


def check_disk(path: Path) -> Finding:
    """Is there room for live windows and the database?"""
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free
    text = f"{free / _GB:.1f} GB free at {path}"
    advice = "Free some space, lower WEIR_HLS_WINDOW_S or WEIR_HLS_DISK_BYTES, or move WEIR_DATA_DIR to a larger disk."
    if free < _DISK_FULL_BYTES:
        return problem("disk", text, advice)
    if free < _DISK_TIGHT_BYTES:
        return warning("disk", text, advice)
    return ok("disk", text)


def check_descriptors(connections: int, limit: int | None = None) -> Finding:
    """May the process open as many sockets as the configuration lets in?

    `limit`: the hard one, which a server raises its soft one to; `None`: this process's.
    """
    needed = connections + _SPARE_DESCRIPTORS
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1] if limit is None else limit
    if limit != resource.RLIM_INFINITY and limit < needed:
        return warning(
            "open files",
            f"this process may open {limit}; the configured connections need {needed}",
            f"`ulimit -Hn {needed}` before the start, LimitNOFILE={needed} in a systemd unit, or lower WEIR_HLS_MAX_CONNECTIONS and WEIR_CHAT_MAX_CONNECTIONS.",
        )
    return ok("open files", f"{'unlimited' if limit == resource.RLIM_INFINITY else limit}, needed {needed}")


def check_clock(now: dt.datetime, skew_s: float | None) -> Finding:
    """Is the wall clock plausible, and does it agree with the database's? `skew_s`: ours minus theirs, `None`: not asked."""
    advice = "Keep the clock right with NTP, e.g. `timedatectl set-ntp true`: playlists and logs carry wall-clock times."
    if now < _RELEASED:
        return problem("clock", f"it says {now:%Y-%m-%d %H:%M:%S} UTC", advice)
    if skew_s is not None and abs(skew_s) > _MAX_SKEW_S:
        return warning("clock", f"it differs from the database's by {skew_s:+.1f} s", advice)
    return ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def check_front_end(static: Path) -> Finding:
    """Were the pages built?"""
    if not (static / "index.html").is_file():
        return problem(
            "front end", f"there is no built front end in {static}", "Run `make setup`: it builds the pages."
        )
    return ok("front end", f"built, in {static}")
