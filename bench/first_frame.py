"""How long after the navigation the first frame of a live channel is shown.

    python -m bench.first_frame --url http://127.0.0.1:8080/demo

Opens the watch page of a live channel in headless Chromium, each time in a profile of its own, so that nothing is cached,
and waits for `requestVideoFrameCallback`. The clock is the page's own: 0 is the beginning of the navigation. What had
arrived until then is printed, too: where the time goes.
"""

import argparse
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playwright.sync_api import Browser, sync_playwright

from bench.glass import CHROMIUM, FLAGS, VIEWPORT
from bench.report import describe_machine, render_table

GOAL_S = 1.5
WAIT_MS = 30_000
STEPS = (
    ("page", ""),
    ("first script", "/static/assets/index-"),
    ("what the site is", "/api/site"),
    ("script of the page", "/static/assets/WatchPage-"),
    ("the channel", "/api/channels/"),
    ("engine of the player", "/static/assets/hls-"),
    ("list of renditions", "/index.m3u8"),
    ("playlist", "/media.m3u8"),
)
"""What has to arrive, in order, and what its address contains."""
PROBE = """() => {
  const look = (observer) => {
    const video = document.querySelector('video');
    if (video === null) return;
    observer.disconnect();
    video.requestVideoFrameCallback((now, {presentationTime}) => { window.__firstFrame = Math.min(now, presentationTime); });
  };
  new MutationObserver((_, observer) => look(observer)).observe(document, {childList: true, subtree: true});
}"""
TAKE = """() => ({
  frame: window.__firstFrame,
  page: performance.getEntriesByType('navigation')[0].responseEnd,
  files: performance.getEntriesByType('resource').map(({name, responseEnd}) => [name, responseEnd]),
})"""


@dataclass(frozen=True, slots=True)
class Start:
    """One navigation; seconds since it began."""

    first_frame_s: float
    steps_s: Mapping[str, float]
    """When each of `STEPS` had arrived; without those that were not asked for."""


def read_start(taken: Mapping[str, object]) -> Start:
    """Make sense of what the page noted: of each step the first file counts."""
    frame, page, files = taken["frame"], taken["page"], taken["files"]
    if not isinstance(frame, int | float) or not isinstance(page, int | float) or not isinstance(files, list):
        raise TypeError("the page noted no times")
    steps = {"page": page / 1000}
    for name, part in STEPS[1:]:
        ends = [end for address, end in files if part in address and end > 0]
        if ends:
            steps[name] = min(ends) / 1000
    return Start(frame / 1000, steps)


def start_once(browser: Browser, url: str) -> Start:
    """Open the page in a new profile until it shows a frame. Raises as Playwright does where it shows none in 30 s."""
    context = browser.new_context(viewport=VIEWPORT)
    try:
        page = context.new_page()
        page.add_init_script(f"({PROBE})()")
        page.goto(url, wait_until="commit")
        page.wait_for_function("() => window.__firstFrame !== undefined", timeout=WAIT_MS)
        return read_start(page.evaluate(TAKE))
    finally:
        context.close()


def summarize(starts: Sequence[Start]) -> str:
    """Say the median, and of the steps their medians, for people."""
    frames = sorted(start.first_frame_s for start in starts)
    rows: list[tuple[str, float]] = []
    for name, _ in STEPS:
        found = [start.steps_s[name] for start in starts if name in start.steps_s]
        if found:
            rows.append((name, round(statistics.median(found), 3)))
    rows.append(("first frame", round(statistics.median(frames), 3)))
    table = render_table(("had arrived, median of all navigations", "s"), rows)
    spread = f"{frames[0]:.3f} to {frames[-1]:.3f} s"
    return f"{table}\n\nfirst frame: median {statistics.median(frames):.3f} s of {len(frames)} ({spread}), goal {GOAL_S} s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 when the goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.first_frame", description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:8080/demo", help="watch page of a live channel")
    parser.add_argument("--navigations", type=int, default=10)
    chosen = parser.parse_args(arguments)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), headless=True)
        start_once(browser, chosen.url)  # of the browser itself: its processes start
        starts = [start_once(browser, chosen.url) for _ in range(chosen.navigations)]
        browser.close()
    print(f"{describe_machine()}\n\n{summarize(starts)}")
    return int(statistics.median(start.first_frame_s for start in starts) > GOAL_S)


if __name__ == "__main__":
    sys.exit(main())
