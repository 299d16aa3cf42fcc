"""What a page of a fast chat costs: CPU of the browser and size of the document, with a real weir and a real Chromium.

    python -m bench.chat_page --rate 100 --seconds 40

Moderators say things over the JSON protocol; the page is that of another moderator, who is told all of it. Where the browser
draws without a graphics card, as in a bench, drawing costs CPU that it does not cost elsewhere: it is listed by itself.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Self

import psutil
import trio
from playwright.sync_api import Page, sync_playwright

from bench.chat_site import CHANNEL, WRITES_PER_S, make_accounts
from bench.chat_wire import client_frame, handshake, send_request
from bench.glass import CHROMIUM, FLAGS
from bench.report import Cell, describe_machine, render_table
from bench.servers import data_directory, free_port, weir_on
from common.config import Config
from common.db import migrate
from common.queries import roles, users
from weir.database import open_for

_WATCHER = "watcher"
_PASSWORD = "correct horse battery"
_SETTLE_S = 8.0
_SAMPLE_S = 5.0
_WORDS = b"the quick brown fox jumps over the lazy dog and says good evening to everybody here again".split()


class Talkers:
    """Connections that say `rate` things a second, together. A context manager; a thread sends, another reads."""

    def __init__(self, port: int, tokens: list[str], rate: float) -> None:
        self._rate = rate
        self._stop = threading.Event()
        self._sockets = [_connect(port, token) for token in tokens]
        self.said = 0

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._talk), threading.Thread(target=self._listen)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for sock in self._sockets:
            sock.close()

    def _talk(self) -> None:
        start = time.monotonic()
        for sock in itertools.cycle(self._sockets):
            if self._stop.wait(max(0.0, start + self.said / self._rate - time.monotonic())):
                return
            words = b" ".join(_WORDS[: 3 + self.said * 7 % 13])
            with contextlib.suppress(BlockingIOError):
                sock.send(send_request(CHANNEL, b"%b %d" % (words, self.said)))
            self.said += 1

    def _listen(self) -> None:
        """Throw away what comes, so that nobody is cut for not reading."""
        while not self._stop.wait(0.05):
            for sock in self._sockets:
                with contextlib.suppress(BlockingIOError):
                    while sock.recv(1 << 16):
                        pass


def _connect(port: int, token: str) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), 10)
    sock.sendall(handshake(token))
    sock.recv(1 << 16)
    sock.sendall(client_frame(b'{"type":"ping","id":"1"}'))
    sock.setblocking(False)
    return sock


@dataclass(frozen=True, slots=True)
class Sample:
    """A few seconds of the page."""

    page_cpu: float
    """Of the process that runs it, in cores."""
    browser_cpu: float
    """Of all others of the browser."""
    elements: int
    heap_mib: float


def measure(page: Page, browser: psutil.Process, seconds: float) -> Iterator[Sample]:
    """Sample the page again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before, at = _cpu_s(browser), time.monotonic()
        page.wait_for_timeout(_SAMPLE_S * 1000)
        after, took_s = _cpu_s(browser), time.monotonic() - at
        # The bench has one page only, so its renderer is the one that works most.
        spent = sorted(after[pid] - before.get(pid, 0.0) for pid in after if "renderer" in after.kinds[pid])
        others = sum(after[pid] - before.get(pid, 0.0) for pid in after if "renderer" not in after.kinds[pid])
        elements, heap = page.evaluate(
            "() => [document.getElementsByTagName('*').length, performance.memory.usedJSHeapSize]"
        )
        yield Sample((spent or [0.0])[-1] / took_s, others / took_s, elements, heap / 2**20)


class _Times(dict[int, float]):
    """CPU seconds by process, and what each process is for."""

    kinds: dict[int, str]


def _cpu_s(browser: psutil.Process) -> _Times:
    found = _Times()
    found.kinds = {}
    for process in [browser, *browser.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            found[process.pid] = times.user + times.system
            kind = next((arg for arg in process.cmdline() if arg.startswith("--type=")), "--type=browser")
            found.kinds[process.pid] = kind
    return found


async def _prepare(config: Config, senders: int) -> list[str]:
    async with open_for(config) as db:
        await migrate(db)
        return (await make_accounts(db, senders, 0)).loud


async def _make_moderator(config: Config, login: str) -> None:
    async with open_for(config) as db:
        channel = await users.select_user_by_login(db, CHANNEL)
        user = await users.select_user_by_login(db, login)
        assert channel is not None
        assert user is not None
        await roles.insert_role(
            db, channel_id=channel.id, user_id=user.id, role="moderator", granted_by=channel.id
        )


def _browser_process() -> psutil.Process:
    ours = psutil.Process().children(recursive=True)
    return next(
        process
        for process in ours
        if "chromium" in process.name() and not any(arg.startswith("--type=") for arg in process.cmdline())
    )


def run(rate: float, seconds: float) -> None:
    """Run the bench and print its table."""
    senders = int(rate / WRITES_PER_S * 1.25) + 1
    with data_directory() as directory:
        config = Config(data_dir=directory)
        tokens = trio.run(_prepare, config, senders)
        port = free_port()
        with weir_on(directory, WEIR_CHAT_PORT=str(port)) as server:
            web = f"http://{server.host}:{server.web_port}"
            account = {"login": _WATCHER, "password": _PASSWORD}
            cookies = sign_up(web, account)
            trio.run(_make_moderator, config, _WATCHER)
            with Talkers(port, tokens, rate) as talkers, ThreadPoolExecutor(1) as own_thread:
                watching = own_thread.submit(_watch, web, cookies, talkers, seconds)
                said, samples = watching.result()
    rows: list[list[Cell]] = [
        [number, round(one.page_cpu, 3), round(one.browser_cpu, 3), one.elements, round(one.heap_mib, 1)]
        for number, one in enumerate(samples, 1)
    ]
    print(describe_machine())
    print(f"{said:.0f} messages/s said; samples of {_SAMPLE_S:.0f} s\n")
    print(render_table(["sample", "page, cores", "rest of browser", "elements", "heap, MiB"], rows))


def sign_up(web: str, account: dict[str, str]) -> dict[str, str]:
    """Make an account; gives the cookies of its session."""
    head = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{web}/api/users", json.dumps(account).encode(), head)
    with urllib.request.urlopen(request, timeout=10) as answer:
        baked = [SimpleCookie(one) for one in answer.headers.get_all("Set-Cookie")]
    return {name: morsel.value for one in baked for name, morsel in one.items()}


def _watch(web: str, cookies: dict[str, str], talkers: Talkers, seconds: float) -> tuple[float, list[Sample]]:
    """Have a page read along; what was said a second meanwhile, and the samples."""
    # Playwright wants a plain loop, which trio-asyncio has replaced for all threads.
    asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), headless=True)
        context = browser.new_context(base_url=web, viewport={"width": 400, "height": 800})
        context.add_cookies([{"name": name, "value": value, "url": web} for name, value in cookies.items()])
        page = context.new_page()
        page.goto(f"/popout/{CHANNEL}/chat")
        page.wait_for_selector("[data-testid=chat][data-state=joined]")
        page.wait_for_timeout(_SETTLE_S * 1000)
        before, at = talkers.said, time.monotonic()
        samples = list(measure(page, _browser_process(), seconds))
        said = (talkers.said - before) / (time.monotonic() - at)
        browser.close()
        return said, samples


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rate", type=float, default=100.0, help="messages a second")
    parser.add_argument("--seconds", type=float, default=40.0)
    given = parser.parse_args()
    run(given.rate, given.seconds)


if __name__ == "__main__":
    main()
