"""Does the queue of held messages scroll at 60 frames a second when it is full? With a real weir and a real Chromium.

    python -m bench.hold_queue --speed 8000

As many messages as a channel may hold wait, and the page of the moderators is open. The wheel goes through all of them, down
and up again, and of every frame is noted when it came. To compare with, there is a page of the same length without any script of
ours. Headless Chromium draws without a graphics card, so all of it shares the machine's cores, and on a busy one frames are
late whatever a page does. What the page itself costs is the CPU time of its main thread: a frame has 16.7 ms.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import trio
from playwright.sync_api import CDPSession, Page, ViewportSize, sync_playwright

from bench.chat_page import sign_up
from bench.glass import CHROMIUM, FLAGS
from bench.report import Cell, print_report
from bench.servers import data_directory, free_port, weir_on
from common.config import Config
from common.ids import uuid7
from common.moderation_holds import HOLD_S, MAX_WAITING, MAX_WAITING_OF_ONE
from common.queries import moderation_holds, users
from weir.database import open_for

_OWNER = "queueowner"
_PASSWORD = "correct horse battery"
_VIEWPORT: ViewportSize = {"width": 1440, "height": 900}
_REST_S = 3.0
_SETTLE_S = 3.0
_SENTENCE = "the quick brown fox jumps over the lazy dog and says good evening to everybody here again"
_WORDS = _SENTENCE.split()
_REASONS = ("caps", "links", "repetition", "hate", "aggression")
GOAL_FPS = 60.0
FRAME_MS = 1000 / GOAL_FPS
LATE_MS = 25.0
"""A frame that comes later than this after the one before was missed by one of 60 Hz."""
TRACED = "toplevel"
"""What Chromium calls the tasks of its threads, in traces."""

PROBE = """selector => {
  const list = document.querySelector(selector);
  const seen = {at: [], bare: 0, long: [], most: 0};
  window.__seen = seen;
  const watching = new PerformanceObserver((found) => {
    for (const {duration} of found.getEntries()) seen.long.push(duration);
  });
  watching.observe({type: "longtask"});
  const frame = (now) => {
    if (window.__seen !== seen || seen.at.length > 20000) return watching.disconnect();
    seen.at.push(now);
    const rows = list.querySelectorAll("[data-index]");
    if (rows.length > 0) {
      const room = list.getBoundingClientRect();
      const [top, bottom] = [rows[0].getBoundingClientRect().top, rows[rows.length - 1].getBoundingClientRect().bottom];
      seen.bare = Math.max(seen.bare, top - room.top, room.bottom - bottom);
      seen.most = Math.max(seen.most, rows.length);
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
TAKE = "() => { const seen = window.__seen; window.__seen = undefined; return seen }"
PLAIN = """<!doctype html><title>plain</title><style>
  body { margin: 0; background: #111; color: #eee; font: 14px sans-serif }
  main { width: 330px; height: 380px; overflow: hidden auto; overscroll-behavior: contain }
  p { margin: 0; padding: 8px; border-bottom: 1px solid #555 }
</style>"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page did for a while."""

    gaps_ms: tuple[float, ...]
    """Between one frame and the next."""
    long_ms: tuple[float, ...]
    """Tasks of the main thread of more than 50 ms."""
    tasks_ms: tuple[float, ...]
    """CPU of each task of the main thread, drawing a frame among them."""
    bare_px: float
    """How much of the list had no row at worst."""
    rows: int
    """Rows that were drawn at once, at most."""

    @property
    def fps(self) -> float:
        """Frames a second."""
        return 1000 * len(self.gaps_ms) / sum(self.gaps_ms)

    def row(self, name: str) -> list[Cell]:
        """Give the cells of the table."""
        quantiles = statistics.quantiles(self.gaps_ms, n=100)
        times = (statistics.median(self.gaps_ms), quantiles[94], quantiles[98], max(self.gaps_ms))
        return [
            name,
            len(self.gaps_ms),
            round(self.fps, 1),
            *(round(value, 1) for value in times),
            sum(gap > LATE_MS for gap in self.gaps_ms),
            len(self.long_ms),
            round(sum(self.tasks_ms) / len(self.gaps_ms), 2),
            round(max(self.tasks_ms), 1),
            sum(task > FRAME_MS for task in self.tasks_ms),
            self.rows or None,
            round(self.bare_px) if self.rows else None,
        ]


COLUMNS = (
    *("", "frames", "frames/s", "median ms", "p95", "p99", "longest", f"over {LATE_MS:.0f} ms"),
    *(
        "long tasks",
        "CPU ms a frame",
        "of the longest task",
        "tasks of more than a frame",
        "rows drawn",
        "bare px",
    ),
)


class Watched:
    """A page with a list, measured while something goes on in it."""

    def __init__(self, page: Page, selector: str) -> None:
        self._page = page
        self._list = page.locator(selector)
        self._selector = selector
        self._devtools: CDPSession = page.context.new_cdp_session(page)
        browser = page.context.browser
        assert browser is not None  # it was launched, and not attached to
        self._browser = browser

    def rest(self) -> Seen:
        """Measure it while nobody touches it."""
        self._begin()
        self._page.wait_for_timeout(_REST_S * 1000)
        return self._end()

    def scroll(self, speed: int, *, is_down: bool) -> Seen:
        """Have the wheel go to the one end, `speed` pixels a second. Raises RuntimeError when it does not get there."""
        box = self._list.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self._begin()
        for _attempt in range(8):  # rows turn out longer than was thought
            left = self._left(is_down=is_down)
            if left <= 1:
                return self._end()
            wheel = {"x": x, "y": y, "yDistance": -left if is_down else left, "speed": speed}
            self._devtools.send("Input.synthesizeScrollGesture", wheel | {"gestureSourceType": "mouse"})
        raise RuntimeError(f"{self._left(is_down=is_down)} pixels of the queue are left")

    def _left(self, *, is_down: bool) -> int:
        to_end = "list => Math.ceil(list.scrollHeight - list.clientHeight - list.scrollTop)"
        left: int = self._list.evaluate(to_end if is_down else "list => Math.ceil(list.scrollTop)")
        return left

    def _begin(self) -> None:
        self._browser.start_tracing(page=self._page, categories=[TRACED])
        self._page.evaluate(PROBE, self._selector)

    def _end(self) -> Seen:
        taken = self._page.evaluate(TAKE)
        return read_seen(taken, tasks_of(self._browser.stop_tracing()))


def tasks_of(trace: bytes) -> tuple[float, ...]:
    """Give the CPU of each task of the page's main thread, in milliseconds, from a trace of Chromium."""
    events = json.loads(trace)["traceEvents"]
    mains = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    return tuple(
        one["tdur"] / 1000
        for one in events
        if one["name"] == "ThreadControllerImpl::RunTask"
        and "tdur" in one
        and (one["pid"], one["tid"]) in mains
    )


def read_seen(taken: Mapping[str, Any], tasks_ms: tuple[float, ...]) -> Seen:
    """Make sense of what the page noted."""
    gaps = tuple(after - before for before, after in pairwise(taken["at"]))
    return Seen(gaps, tuple(taken["long"]), tasks_ms, float(taken["bare"]), int(taken["most"]))


def run(speed: int) -> int:
    """Measure and print; 1 when the page itself is too slow for more than one frame in a hundred."""
    with data_directory() as directory:
        config = Config(data_dir=directory)
        with weir_on(directory, WEIR_CHAT_PORT=str(free_port()), WEIR_IRC_PORT="0") as server:
            web = f"http://{server.host}:{server.web_port}"
            cookies = sign_up(web, {"login": _OWNER, "password": _PASSWORD})
            trio.run(_fill, config)
            with ThreadPoolExecutor(1) as own_thread:
                found = own_thread.submit(_look, web, cookies, speed).result()
    rows = [seen.row(name) for name, seen in found.items()]
    print_report(
        f"A queue of {MAX_WAITING} held messages",
        COLUMNS,
        rows,
        (
            f"Headless Chromium without a graphics card; the wheel at {speed} px/s; goal {GOAL_FPS:.0f} frames/s.",
        ),
    )
    scrolled = (found["queue, down"], found["queue, up"])
    return int(
        any(sum(task > FRAME_MS for task in one.tasks_ms) * 100 > len(one.gaps_ms) for one in scrolled)
    )


async def _fill(config: Config) -> None:
    """Have as many messages wait as may, in the way of the chat. Raises RuntimeError when one is refused."""
    async with open_for(config) as db:
        channel = await users.select_user_by_login(db, _OWNER)
        assert channel is not None
        for number in range(MAX_WAITING):
            if number % MAX_WAITING_OF_ONE == 0:
                login = f"writer_{number}_with_long_name"[: 10 + number % 16]
                author = await users.insert_user_with_channel(db, login=login, display_name=login)
            is_held = await moderation_holds.insert_hold(
                db,
                uuid7(int(time.time() * 1000), number << 40),
                channel_id=channel.id,
                user_id=author.id,
                text=_text(number),
                held_for="automod",
                category=_REASONS[number % len(_REASONS)],
                message=b"{}",  # as it would be said; nobody allows it here
                holds_s=HOLD_S,
                at_most=MAX_WAITING,
                at_most_of_one=MAX_WAITING_OF_ONE,
            )
            if not is_held:
                raise RuntimeError(f"the queue takes {number} messages")


def _text(number: int) -> str:
    """One line, or up to seven of them."""
    count = 2 + number * 37 % 45
    return f"{number}: " + " ".join(_WORDS[(number + at) % len(_WORDS)] for at in range(count))


def _look(web: str, cookies: dict[str, str], speed: int) -> dict[str, Seen]:
    # Playwright wants a plain loop, which trio-asyncio has replaced for all threads.
    asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), headless=True)
        context = browser.new_context(base_url=web, viewport=_VIEWPORT)
        context.add_cookies([{"name": name, "value": value, "url": web} for name, value in cookies.items()])
        page = context.new_page()
        page.set_content(
            PLAIN + "<main>" + "".join(f"<p>{_text(n)}</p>" for n in range(MAX_WAITING)) + "</main>"
        )
        found = _measure("plain", Watched(page, "main"), speed)
        page.goto(f"/moderator/{_OWNER}")
        page.wait_for_selector("[data-testid=chat][data-state=joined]")
        page.get_by_test_id("mod-waiting").get_by_text(str(MAX_WAITING)).wait_for()
        page.wait_for_timeout(_SETTLE_S * 1000)
        found |= _measure("queue", Watched(page, "[data-holds]"), speed)
        browser.close()
        return found


def _measure(name: str, page: Watched, speed: int) -> dict[str, Seen]:
    return {
        f"{name}, at rest": page.rest(),
        f"{name}, down": page.scroll(speed, is_down=True),
        f"{name}, up": page.scroll(speed, is_down=False),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.hold_queue", description=__doc__.splitlines()[0])
    parser.add_argument("--speed", type=int, default=8000, help="of the wheel, in pixels a second")
    return run(parser.parse_args(arguments).speed)


if __name__ == "__main__":
    sys.exit(main())
