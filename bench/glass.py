"""Glass to glass: how old is the picture that a browser shows, and where did the time go?

    python -m bench.glass --url http://127.0.0.1:8080/demo --seconds 60

Opens the watch page of a channel that shows the test picture (`weir demo`) in headless Chromium, reads the clock burned
into every frame, and compares it with this machine's clock, so encoder and browser must share one (or NTP). `--profile`
chooses the player: `default` is ours, `safe` ours with a larger buffer, `stock` is hls.js alone.

    python -m bench.glass --table --plot docs/latency.svg --page docs/latency.md

starts a demo of its own and measures every player at several random delays of the network, alone and three at a time
(`bench.glass_table`).
"""

import argparse
import json
import re
import statistics
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from bench.glass_clock import age_ms, read_cells

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
)
TYPICAL_S = 5.0
"""What viewers of a typical platform see ("about 5 s")."""
VIEWPORT: ViewportSize = {"width": 640, "height": 480}
"""Small, because without a GPU the browser scales every frame on the CPU that encodes and serves as well."""
START_S = 30
FREEZE_S = 0.25
READ_EVERY_S = 0.5

READER = """() => {
  const video = document.querySelector('video');
  const canvas = new OffscreenCanvas(24 * 16, 2 * 16);
  const context = canvas.getContext('2d', {willReadFrequently: true});
  window.__glass = {frames: [], player: []};
  const cells = () => {
    const cell = video.videoWidth / 80;
    context.drawImage(video, 0, 0, 24 * cell, 2 * cell, 0, 0, canvas.width, canvas.height);
    const {data, width} = context.getImageData(0, 0, canvas.width, canvas.height);
    const means = [];
    for (let index = 0; index < 48; index += 1) {
      const left = (index % 24) * 16 + 6, top = Math.floor(index / 24) * 16 + 6;
      let sum = 0;
      for (let y = top; y < top + 4; y += 1) {
        for (let x = left; x < left + 4; x += 1) {
          const at = (y * width + x) * 4;
          sum += 0.2126 * data[at] + 0.7152 * data[at + 1] + 0.0722 * data[at + 2];
        }
      }
      means.push(Math.round(sum / 16));
    }
    return means;
  };
  const onFrame = () => {
    video.requestVideoFrameCallback(onFrame);
    const frame = {at: Date.now(), cells: cells(), pdt: window.__weir?.latency_s ?? null};
    if (window.__glass.frames.length < 10000) window.__glass.frames.push(frame);
  };
  video.requestVideoFrameCallback(onFrame);
  setInterval(() => {
    if (window.__weir && window.__glass.player.length < 1000) window.__glass.player.push({...picked(window.__weir)});
  }, 250);
  const picked = ({state, mode, rate, margin_s, target_s, buffer_s, stalls, stalled_s, seeks}) =>
    ({state, mode, rate, margin_s, target_s, buffer_s, stalls, stalled_s, seeks});
}"""
TAKE = "() => { const {frames, player} = window.__glass; window.__glass = {frames: [], player: []}; return {frames, player} }"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame that was shown."""

    shown_ms: float
    """Wall clock, milliseconds since the epoch."""
    age_s: float
    """Since it was drawn, before encoding."""
    from_arrival_s: float | None
    """Since it arrived at the server, by PROGRAM-DATE-TIME."""


@dataclass(slots=True)
class Viewing:
    """What one player showed."""

    frames: list[Frame] = field(default_factory=list)
    unreadable: int = 0
    player: list[dict[str, Any]] = field(default_factory=list)

    def add(self, taken: dict[str, Any]) -> None:
        """Take over what the page collected since it was asked last."""
        for frame in taken["frames"]:
            clock = read_cells(frame["cells"])
            if clock is None:
                self.unreadable += 1
                continue
            self.frames.append(Frame(frame["at"], age_ms(clock, frame["at"]) / 1000, frame["pdt"]))
        self.player.extend(taken["player"])

    def freezes(self) -> int:
        """Times that no new frame was shown for a quarter of a second: an independent count of stalls."""
        times = [frame.shown_ms / 1000 for frame in self.frames]
        return sum(later - earlier > FREEZE_S for earlier, later in pairwise(times))


@dataclass(frozen=True, slots=True)
class Summary:
    """One player's minute in numbers; seconds."""

    frames: int
    unreadable: int
    median_s: float
    p95_s: float
    worst_s: float
    stalls: int
    stalled_s: float
    freezes: int
    seeks: int
    mode: str
    encode_and_upload_s: float | None
    """From drawing to arrival at the server."""
    part_s: float | None
    """What the first frame of a part waits for its last."""
    delivery_s: float | None
    """From the part's end to the player's buffer: what the other numbers leave."""
    player_buffer_s: float | None
    """The lowest forward buffer."""


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summarize(viewing: Viewing, part_s: float | None) -> Summary:
    """Boil a viewing down. Raises ValueError if no frame could be read."""
    ages = [frame.age_s for frame in viewing.frames]
    if not ages:
        raise ValueError("no frame with a readable clock was shown")
    median = statistics.median(ages)
    uploads = [frame.age_s - frame.from_arrival_s for frame in viewing.frames if frame.from_arrival_s]
    margins = [sample["margin_s"] for sample in viewing.player if sample["margin_s"] is not None]
    upload = statistics.median(uploads) if uploads else None
    buffer = statistics.median(margins) if margins else None
    known = [upload, part_s, buffer]
    first, last = viewing.player[0], viewing.player[-1]
    return Summary(
        frames=len(ages),
        unreadable=viewing.unreadable,
        median_s=median,
        p95_s=percentile(ages, 0.95),
        worst_s=max(ages),
        stalls=last["stalls"] - first["stalls"],
        stalled_s=last["stalled_s"] - first["stalled_s"],
        freezes=viewing.freezes(),
        seeks=last["seeks"] - first["seeks"],
        mode=last["mode"],
        encode_and_upload_s=upload,
        part_s=part_s,
        delivery_s=None if None in known else median - sum(number for number in known if number is not None),
        player_buffer_s=buffer,
    )


def table(summary: Summary) -> str:
    """Where the time goes, for people."""
    rows = [
        ("encode and upload", summary.encode_and_upload_s),
        ("filling a part", summary.part_s),
        ("delivery", summary.delivery_s),
        ("player buffer", summary.player_buffer_s),
        ("glass to glass, median", summary.median_s),
        ("a typical platform", TYPICAL_S),
    ]
    return "\n".join(
        f"  {name:<24}{'unknown' if value is None else f'{value:7.3f} s'}" for name, value in rows
    )


def part_duration(page_url: str, timeout_s: float = 5) -> float | None:
    """Median duration of the parts that the channel's first media playlist lists; `None` without parts."""
    login = page_url.split("?", maxsplit=1)[0].rstrip("/").rsplit("/", 1)[1]
    with urllib.request.urlopen(urljoin(page_url, "/api/site"), timeout=timeout_s) as answer:
        hls = json.load(answer)["urls"]["hls"]
    multivariant = f"{hls}/hls/{login}/index.m3u8"
    with urllib.request.urlopen(multivariant, timeout=timeout_s) as answer:
        names = [line for line in answer.read().decode().splitlines() if line and not line.startswith("#")]
    with urllib.request.urlopen(urljoin(multivariant, names[0]), timeout=timeout_s) as answer:
        found = re.findall(r"#EXT-X-PART:.*?DURATION=([\d.]+)", answer.read().decode())
    return statistics.median(map(float, found)) if found else None


def open_page(browser: Browser, url: str) -> tuple[BrowserContext, Page]:
    """A viewer of its own: contexts share neither connections nor Web Locks."""
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    page.on("pageerror", lambda error: print(f"page error: {error}", file=sys.stderr))
    page.goto(url)
    page.wait_for_function("() => window.__weir?.state === 'playing'", timeout=START_S * 1000)
    page.evaluate(READER)
    return context, page


def watch(url: str, *, seconds: float, warm_up_s: float, players: int) -> list[Viewing]:
    """Watch with some players at once and collect what they show after the warm-up."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), headless=True)
        opened = [open_page(browser, url) for _ in range(players)]
        pages = [page for _, page in opened]
        _until(time.monotonic() + warm_up_s, pages[0])
        for page in pages:
            page.evaluate(TAKE)
        viewings = [Viewing() for _ in pages]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            _until(min(end, time.monotonic() + READ_EVERY_S), pages[0])
            for page, viewing in zip(pages, viewings, strict=True):
                viewing.add(page.evaluate(TAKE))
        browser.close()
        return viewings


def _until(moment: float, page: Page) -> None:
    page.wait_for_timeout(max(0.0, moment - time.monotonic()) * 1000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measurement; 1 if nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.glass", description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:8080/demo", help="watch page of the channel")
    parser.add_argument("--seconds", type=float, help="of each measurement; 60, or 20 in a table")
    parser.add_argument("--warm-up", type=float, default=5, help="seconds of playing that do not count")
    parser.add_argument("--profile", choices=("default", "safe", "stock"), default="default")
    parser.add_argument("--players", type=int, default=1)
    parser.add_argument(
        "--table", action="store_true", help="every player, delay and number of players, by itself"
    )
    parser.add_argument("--plot", metavar="FILE.svg", type=Path, help="with --table: draw it, too")
    parser.add_argument(
        "--page", metavar="FILE.md", type=Path, help="with --table: put it there, between the marks"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a player")
    options = parser.parse_args(arguments)
    if options.table:
        from bench.glass_table import measure_table  # imports this module

        return measure_table(
            seconds=options.seconds or 20, warm_up_s=options.warm_up, plot=options.plot, page=options.page
        )
    options.seconds = options.seconds or 60
    url = f"{options.url}?player={options.profile}"
    viewings = watch(url, seconds=options.seconds, warm_up_s=options.warm_up, players=options.players)
    part_s = part_duration(options.url)
    try:
        summaries = [summarize(viewing, part_s) for viewing in viewings]
    except ValueError as error:
        print(f"{options.url}: {error}", file=sys.stderr)
        return 1
    for summary in summaries:
        fields = {name: getattr(summary, name) for name in Summary.__slots__}
        print(
            json.dumps({"profile": options.profile, **fields}) if options.json else report(options, summary)
        )
    return 0


def report(options: argparse.Namespace, summary: Summary) -> str:
    """One player's result in lines."""
    return (
        f"glass to glass, player {options.profile} ({summary.mode}), {options.seconds:.0f} s, {summary.frames} frames: "
        f"median {summary.median_s:.3f} s, p95 {summary.p95_s:.3f} s, worst {summary.worst_s:.3f} s, "
        f"{summary.stalls} stalls ({summary.stalled_s:.2f} s), {summary.freezes} freezes, {summary.seeks} seeks\n"
        + table(summary)
    )


if __name__ == "__main__":
    sys.exit(main())
