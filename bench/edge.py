"""nginx as the caching edge of `deploy/nginx`, on ports of its own, for benchmarks and tests."""

import os
import resource
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.servers import clean_environment, free_port, running, wait_port

DEPLOY = Path(__file__).parents[1] / "deploy" / "nginx"
LUA_MODULES = tuple(
    Path("/usr/lib/nginx/modules", name) for name in ("ndk_http_module.so", "ngx_http_lua_module.so")
)
"""Where Debian's libnginx-mod-http-lua puts them."""
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


class EdgeError(Exception):
    """nginx is not there, or does not like its configuration."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the edge listens on loopback and whom it asks."""

    hls: int
    web: int
    chat: int
    tls: int
    http: int
    """The same as on `tls`, without TLS: simulated viewers speak plain HTTP/1.1."""
    redirect: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A running edge."""

    http_port: int
    tls_port: int
    redirect_port: int
    directory: Path
    """Holds the certificate `cert.pem` and the log `access.log`: upstream address, status, cache status, key."""
    master: psutil.Process
    collapse: str
    """Which of the files `collapse-*.conf` is in use."""

    def cpu_s(self) -> float:
        """CPU time of the workers so far."""
        times = [child.cpu_times() for child in self.master.children()]
        return float(sum(one.user + one.system for one in times))


def has_lua() -> bool:
    """Whether nginx's Lua module is installed where Debian puts it."""
    return all(path.exists() for path in LUA_MODULES)


def render_edge(directory: Path, ports: Ports, collapse: str, *, log: bool) -> Path:
    """Write nginx's whole configuration into `directory`; its path. The files of `deploy/nginx` but for addresses.

    Raises:
        EdgeError: `deploy/nginx/edge.conf` does not say what is to be replaced.
    """
    for file in DEPLOY.iterdir():
        shutil.copy(file, directory / file.name)
    shutil.copy(DEPLOY / f"collapse-{collapse}.conf", directory / "collapse.conf")
    listens = f"listen 127.0.0.1:{ports.tls} ssl http2;\n    listen 127.0.0.1:{ports.http};"
    changes = {
        "127.0.0.1:8081": f"127.0.0.1:{ports.hls}",
        "127.0.0.1:8080": f"127.0.0.1:{ports.web}",
        "127.0.0.1:8082": f"127.0.0.1:{ports.chat}",
        "listen 443 ssl http2;\n    listen [::]:443 ssl http2;": listens,
        "listen 80;\n    listen [::]:80;": f"listen 127.0.0.1:{ports.redirect};",
        "/dev/shm/weir-edge": str(directory / "cache"),
        "/etc/letsencrypt/live/live.example.org/fullchain.pem": f"{directory}/cert.pem",
        "/etc/letsencrypt/live/live.example.org/privkey.pem": f"{directory}/key.pem",
    }
    if log:
        changes["    access_log off; "] = f"    access_log {directory}/access.log weir; "
    site = (DEPLOY / "edge.conf").read_text(encoding="utf-8")
    for old, new in changes.items():
        if old not in site:
            raise EdgeError(f"deploy/nginx/edge.conf does not contain {old!r}")
        site = site.replace(old, new)
    (directory / "edge.conf").write_text(site, encoding="utf-8")
    for file in (*directory.glob("*.conf"), *directory.glob("*.lua")):
        text = file.read_text(encoding="utf-8").replace("/etc/nginx/weir/", f"{directory}/")
        file.write_text(text.replace("unix:/run/", f"unix:{directory}/"), encoding="utf-8")
    main = directory / "nginx.conf"
    main.write_text(_main(directory, collapse), encoding="utf-8")
    return main


def _main(directory: Path, collapse: str) -> str:
    modules = "".join(f"load_module {path};\n" for path in LUA_MODULES) if collapse == "lua" else ""
    temp = "".join(
        f"    {kind}_temp_path {directory}/temp;\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""{modules}{"user root;" if os.geteuid() == 0 else ""}
daemon off; worker_processes 1; pcre_jit on;
pid {directory}/pid; error_log {directory}/error.log warn;
events {{ worker_connections {min(32_768, resource.getrlimit(resource.RLIMIT_NOFILE)[0])}; }}
http {{
{temp}    log_format weir '$upstream_addr $status $upstream_cache_status $request_method $server_protocol $weir_coding $uri $args';
    include {directory}/edge.conf;
}}
"""


def make_certificate(directory: Path) -> None:
    """Write `cert.pem` and `key.pem` for localhost, good for two days."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", directory / "key.pem", "-out", directory / "cert.pem", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip


def find_nginx() -> str:
    """Path of the program. Raises EdgeError."""
    program = shutil.which("nginx", path=_PATH)
    if program is None:
        raise EdgeError("nginx is not installed: apt-get install nginx libnginx-mod-http-lua")
    return program


@contextmanager
def nginx_edge(
    hls_port: int,
    *,
    web_port: int = 9,
    chat_port: int = 9,
    collapse: str | None = None,
    log: bool = False,
) -> Iterator[Edge]:
    """Run an edge on the servers' core in front of an origin until the block ends.

    Args:
        hls_port: the origin's listener for media, on loopback.
        web_port: that for pages; by default nobody is there.
        chat_port: that for chat, in the same way.
        collapse: `plain` or `lua`; the better one that can be had, if not given.
        log: write `access.log`.

    Raises:
        EdgeError: see there.
    """
    collapse = collapse or ("lua" if has_lua() else "plain")
    program = find_nginx()
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="weir-bench-edge-", dir=memory) as name:
        directory = Path(name)
        make_certificate(directory)
        ports = Ports(hls_port, web_port, chat_port, free_port(), free_port(), free_port())
        config = render_edge(directory, ports, collapse, log=log)
        command = [program, "-p", name, "-c", str(config), "-e", str(directory / "start.log")]
        check = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=30, check=False)
        if check.returncode:
            raise EdgeError(f"nginx -t says:\n{check.stderr}")
        with running(command, clean_environment()) as process:
            wait_port(ports.tls)
            yield Edge(
                ports.http, ports.tls, ports.redirect, directory, psutil.Process(process.pid), collapse
            )


def responses_of(metrics_url: str) -> Callable[[], int]:
    """Give a meter of the origin's answers so far, from its metrics; its own page is left out."""
    asked = 0

    def read() -> int:
        nonlocal asked
        with urllib.request.urlopen(metrics_url, timeout=10) as page:
            lines = page.read().decode().splitlines()
        counts = [line.rsplit(" ", 1)[1] for line in lines if line.startswith("weir_hls_http_responses_")]
        asked += 1
        return round(sum(map(float, counts))) - asked + 1

    return read
