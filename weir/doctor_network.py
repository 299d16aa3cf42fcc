"""Checks of addresses: can the ports be bound, and do the public URLs make sense?"""

import errno
import fcntl
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

from weir.findings import Finding, ok, problem, warning

_EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104  # compared with, not bound
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_LISTEN_STATE = "0A"
"""TCP_LISTEN in /proc/net/tcp."""


def check_port(name: str, variable: str, host: str, port: int, server_pid: int | None) -> Finding:
    """Can a listener be bound? `server_pid`: a weir that runs on this data directory, whose ports are rightly taken."""
    check = f"{name} port"
    if port == 0:
        return ok(check, "picked at each start")
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][
            0
        ]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen()
    except OSError as error:
        return _explain_port(check, variable, f"{host}:{port}", port, error, server_pid)
    return ok(check, f"{host}:{port} is free")


def _explain_port(
    check: str, variable: str, where: str, port: int, error: OSError, server_pid: int | None
) -> Finding:
    if error.errno == errno.EADDRINUSE:
        if server_pid is not None and listens(server_pid, port):
            return ok(check, f"{where} is held by the running weir (process {server_pid})")
        return problem(
            check,
            f"another program listens on {where}",
            f"Stop it (`ss -ltnp sport = :{port}` names it), or set {variable} to another port.",
        )
    if error.errno == errno.EACCES:
        return problem(
            check,
            f"this user may not bind {where}",
            f"Ports below 1024 belong to root: set {variable} to a higher one, or put a proxy in front.",
        )
    return problem(
        check,
        f"{where} cannot be bound: {error.strerror}",
        "Set WEIR_HOST to an address of this machine, 127.0.0.1 or 0.0.0.0.",
    )


def server_pid(data_path: Path) -> int | None:
    """The process that serves from a data directory; `None` when none does."""
    try:
        descriptor = os.open(data_path / "serve.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(descriptor, 20, 0).strip()
        return int(text) if text.isdigit() else None
    finally:
        os.close(descriptor)
    return None


def listens(pid: int, port: int) -> bool:
    """Does a process hold a listening TCP socket on a port? False where that may not be seen."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, rows):
            if fields[3] == _LISTEN_STATE and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    try:
        return any(str(entry.readlink()) in inodes for entry in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def check_public_urls(host: str, urls: dict[str, str | None]) -> list[Finding]:
    """Are the public addresses usable by others? `urls`: of `web`, `hls` and `rtmp`, `None` where unset."""
    findings = [_check_url(name, url, host) for name, url in urls.items() if url is not None]
    if host in _EVERYWHERE and not all(urls.values()):
        unset = ", ".join(f"WEIR_PUBLIC_{name.upper()}_URL" for name, url in urls.items() if url is None)
        findings.append(
            warning(
                "public URLs",
                f"weir listens on every address; not set: {unset}",
                "Set them to what browsers and encoders use; else addresses are made from the name a page was asked by.",
            )
        )
    web, hls = urls.get("web"), urls.get("hls")
    if web and hls and web.startswith("https:") and hls.startswith("http:"):
        findings.append(
            problem(
                "public URLs",
                "the pages are https but the media is http",
                "Browsers block that: serve the media through https too and set WEIR_PUBLIC_HLS_URL to it.",
            )
        )
    return findings or [ok("public URLs", "made from host and port")]


def _check_url(name: str, url: str, host: str) -> Finding:
    check, variable = f"public {name} URL", f"WEIR_PUBLIC_{name.upper()}_URL"
    schemes = {"rtmp", "rtmps"} if name == "rtmp" else {"http", "https"}
    parts = urlsplit(url)
    if parts.scheme not in schemes or not parts.hostname:
        example = "rtmp://live.example.org:1935/live" if name == "rtmp" else "https://live.example.org"
        return problem(check, f"{url!r} is no such address", f"Write {variable} like {example}.")
    if parts.hostname in _LOOPBACK and host in _EVERYWHERE:
        return warning(check, f"{url} means this machine only", f"Set {variable} to what others can reach.")
    try:
        socket.getaddrinfo(parts.hostname, None)
    except OSError as error:
        return warning(
            check,
            f"{parts.hostname} has no address: {error.strerror}",
            f"Correct {variable}, or the DNS record.",
        )
    return ok(check, url)
