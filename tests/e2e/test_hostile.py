"""While somebody streams and somebody watches, others do everything wrong: neither notices.

What is wrong on the RTMP port only is in tests/rtmp/test_hostile.py.
"""

import resource
import socket
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest

from tests.e2e.harness import Weir, get, part_numbers, poll, start_encoder, start_weir
from tests.e2e.test_reconnect import media_playlist

pytestmark = pytest.mark.real

IDLE_CONNECTIONS = 2000


def address(url: str) -> tuple[str, int]:
    parts = urllib.parse.urlsplit(url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


def dial(where: tuple[str, int]) -> socket.socket:
    return socket.create_connection(where, timeout=5)


def read_until_closed(connection: socket.socket) -> bytes:
    """Everything the server says before it hangs up; a test fails when it does not within the timeout."""
    received = b""
    connection.settimeout(20)
    try:
        while data := connection.recv(65536):
            received += data
    except ConnectionResetError:
        pass
    return received


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[tuple[Weir, str]]:
    """A server with a live stream, and the stream's video playlist."""
    weir = start_weir(tmp_path_factory.mktemp("hostile") / "data")
    encoder = start_encoder(f"{weir.rtmp}/{weir.key}", clip)
    try:
        poll("live", lambda: get(f"{weir.hls}/hls/streamer/index.m3u8")[0] == 200, 30)
        yield weir, media_playlist(weir)
    finally:
        encoder.kill()
        weir.discard()


@pytest.fixture
def stream(live: tuple[Weir, str]) -> Iterator[tuple[Weir, str]]:
    """The same; after each attack the stream must have gone on without a gap."""
    weir, playlist = live
    before = part_numbers(get(playlist)[1])[-1]
    yield live
    poll("further parts", lambda: part_numbers(get(playlist)[1])[-1] > before + 1, 20)
    text = get(playlist)[1]
    assert "GAP" not in text
    assert "DISCONTINUITY\n" not in text
    assert "connection_handler_crashed" not in "\n".join(weir.errors)


def test_two_thousand_idle_connections(stream: tuple[Weir, str]) -> None:
    weir, playlist = stream
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 3 * IDLE_CONNECTIONS)), hard))
    memory = psutil.Process(weir.process.pid).memory_info().rss
    with ExitStack() as stack:
        for _ in range(IDLE_CONNECTIONS):
            stack.enter_context(closing(dial(address(weir.rtmp))))
        before = part_numbers(get(playlist)[1])[-1]
        poll("parts while they idle", lambda: part_numbers(get(playlist)[1])[-1] > before + 5, 15)
        assert weir.cli("key", "create", "streamer").returncode == 0
    grown = psutil.Process(weir.process.pid).memory_info().rss - memory
    assert grown < IDLE_CONNECTIONS * 50_000, f"{grown / IDLE_CONNECTIONS:.0f} bytes for each"


def test_a_thousand_viewers_leave_at_once(stream: tuple[Weir, str]) -> None:
    weir, playlist = stream
    path = urllib.parse.urlsplit(playlist).path
    with ExitStack() as stack:
        viewers = [stack.enter_context(closing(dial(address(weir.hls)))) for _ in range(1000)]
        last = part_numbers(get(playlist)[1])[-1]
        msn = get(playlist)[1].count("#EXTINF") + 2
        for viewer in viewers:
            viewer.sendall(f"GET {path}?_HLS_msn={msn} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    poll("parts go on", lambda: part_numbers(get(playlist)[1])[-1] > last + 5, 15)
    assert get(f"{weir.hls}/healthz")[0] == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 10, b"400"),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", b"431"),
        (b"POST /hls/streamer/index.m3u8 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", b"413"),
        (b"DELETE /hls/streamer/index.m3u8 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"405"),
        (b"GET /hls/../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"40"),
        (b"GET /hls/nobody/index.m3u8 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
    ],
)
def test_wrong_requests_get_their_status(stream: tuple[Weir, str], sent: bytes, status: bytes) -> None:
    weir, _ = stream
    with closing(dial(address(weir.hls))) as connection:
        connection.sendall(sent)
        assert read_until_closed(connection).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("_HLS_msn=abc", 400),
        ("_HLS_part=1", 400),
        ("_HLS_msn=1000000", 400),
        ("_HLS_msn=-1", 400),
        ("_HLS_skip=maybe", 400),
        ("_HLS_msn=1&_HLS_part=99999", 200),
        ("anything=else", 200),
    ],
)
def test_wrong_directives_get_their_status(stream: tuple[Weir, str], query: str, status: int) -> None:
    _, playlist = stream
    assert get(f"{playlist}?{query}")[0] == status


def test_a_database_that_is_killed_comes_back_and_nobody_notices(stream: tuple[Weir, str]) -> None:
    weir, _ = stream
    killed = weir.postmaster()
    killed.kill()
    poll("a new database", lambda: weir.postmaster(default=killed).pid != killed.pid, 30)
    poll("the API answers again", lambda: get(f"{weir.web}/api/streams")[0] == 200, 30)
    assert '"user_login":"streamer"' in get(f"{weir.web}/api/streams")[1].replace(" ", "")
