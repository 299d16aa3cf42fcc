"""A real browser in tests that share their process with Trio, trio-asyncio and each other.

Playwright's synchronous API marks an asyncio loop as running in its thread for as long as it is open, and trio-asyncio
replaces the loops of every thread once it is imported: so each test gets a thread of its own, with a plain loop.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

from playwright.sync_api import Browser, Page, sync_playwright

from bench.glass import CHROMIUM, FLAGS

TEST_S = 240

P = ParamSpec("P")


def own_thread(test: Callable[P, None]) -> Callable[P, None]:
    """Run a test in a thread of its own and raise here what it raised there."""

    @wraps(test)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        failures: list[BaseException] = []

        def run() -> None:
            # Of this thread only, when trio-asyncio is there; without it, what it is anyway.
            asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())
            try:
                test(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001  # raised again below
                failures.append(error)

        thread = threading.Thread(target=run, name=test.__name__, daemon=True)
        thread.start()
        thread.join(TEST_S)
        assert not thread.is_alive(), f"still running after {TEST_S} s"
        if failures:
            raise failures[0]

    return wrapper


@contextmanager
def chromium(*more_flags: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = [*FLAGS, *more_flags]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags, headless=True)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def chromium_page() -> Iterator[Page]:
    """A page that fails the test if it throws or breaks its content security policy."""
    with chromium() as browser:
        page = browser.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda message: (
                faults.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        yield page
        assert faults == []
