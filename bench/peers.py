"""The servers we compare ourselves with: nginx-rtmp of the distribution, and node-media-server of npm."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.servers import APP, Server, clean_environment, free_port, running, wait_port

_NODE_PEER = Path(tempfile.gettempdir()) / "weir-bench-nms" / "node_modules" / "node-media-server"
HOW_TO_GET = {
    "nginx-rtmp": "apt-get install nginx libnginx-mod-rtmp",
    "node-media-server": "npm install --prefix "
    f"{_NODE_PEER.parents[1]} --no-save --no-package-lock node-media-server",
}
"""Commands that install the peers."""


def nginx_installed() -> bool:
    """Whether Debian's nginx with its RTMP module is here."""
    return bool(_nginx()) and Path("/usr/lib/nginx/modules/ngx_rtmp_module.so").exists()


def _nginx() -> str | None:
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def nginx_server(channels: int, *, hls: bool) -> Iterator[Server]:
    """nginx-rtmp with one worker, without or with HLS on disk."""
    program = _nginx()
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="weir-bench-nginx-") as directory:
        port = free_port()
        config = Path(directory) / "nginx.conf"
        config.write_text(_nginx_config(directory, port, hls=hls), encoding="utf-8")
        command = [program, "-p", directory, "-c", str(config), "-e", f"{directory}/error.log"]
        with running(command, clean_environment()) as process:
            wait_port(port)
            worker = psutil.Process(process.pid).children()[0]
            keys = tuple(f"bench{number}" for number in range(channels))
            name = "nginx-rtmp + HLS" if hls else "nginx-rtmp"
            yield Server(name, "127.0.0.1", port, None, APP, keys, (psutil.Process(process.pid), worker))


def _nginx_config(directory: str, port: int, *, hls: bool) -> str:
    segments = f"hls on; hls_path {directory}/hls; hls_fragment 2s; hls_playlist_length 10s;" if hls else ""
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
{user} daemon off; worker_processes 1; pid {directory}/pid; error_log {directory}/error.log error;
events {{ worker_connections 1024; }}
rtmp {{ server {{ listen 127.0.0.1:{port}; chunk_size 65536; access_log off;
  application {APP} {{ live on; {segments} }} }} }}
"""


def node_media_server_installed() -> bool:
    """Whether node-media-server is in its folder, outside of the repository, and Node.js is here."""
    return (_NODE_PEER / "package.json").exists() and shutil.which("node") is not None


@contextmanager
def node_media_server(channels: int) -> Iterator[Server]:
    """Run node-media-server, which has no HLS: it takes streams in and relays them."""
    version = json.loads((_NODE_PEER / "package.json").read_text(encoding="utf-8"))["version"]
    with tempfile.TemporaryDirectory(prefix="weir-bench-nms-") as directory:
        port = free_port()
        config = Path(directory) / "config.json"
        settings = {
            "bind": "127.0.0.1",
            "rtmp": {"port": port},
            "auth": {"play": False, "publish": False, "secret": "", "jwt": {"secret": "", "users": []}},
            "store": {"path": directory},
            "record": {"auto": False, "path": directory},
        }
        config.write_text(json.dumps(settings), encoding="utf-8")
        command = ["node", str(_NODE_PEER / "bin" / "app.js"), "-c", str(config), "--no-admin"]
        with running(command, clean_environment()) as process:
            wait_port(port)
            keys = tuple(f"bench{number}" for number in range(channels))
            processes = (psutil.Process(process.pid),)
            yield Server(f"node-media-server {version}", "127.0.0.1", port, None, APP, keys, processes)
