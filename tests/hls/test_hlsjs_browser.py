"""The hls.js we ship, with its own settings, in a real browser: one long stream whose encoder comes back as another one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from common.media import MediaConfig, Packet
from hls.stream import LiveStream
from tests.browser import chromium_page, own_thread
from tests.hls.live_site import for_ever, live, publish

HLS_JS = Path(__file__).parents[2] / "webapp/frontend/node_modules/hls.js/dist/hls.min.js"
CYCLE_TICKS = 9 * 90_000
"""Length of `encoded`."""
PLAYER = """url => {
    window.seen = {deltas: 0, full: 0, fatal: []};
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) seen.fatal.push(data.details); });
    hls.on(Hls.Events.LEVEL_LOADED, (_, data) => { data.details.skippedSegments ? seen.deltas++ : seen.full++; });
    hls.loadSource(url);
    hls.attachMedia(document.querySelector("video"));
}"""
STATE = "() => ({...seen, at: document.querySelector('video').currentTime})"

Encoded = Callable[[int], tuple[list[MediaConfig], list[Packet]]]


@pytest.mark.real
async def test_delta_updates_go_on_while_the_encoder_is_replaced(encoded: Encoded) -> None:
    configs, packets = encoded(0)
    other_configs, other_packets = encoded(2)
    assert configs[0] != other_configs[0]
    swap, swapped_at = trio.Event(), 0.0

    async def publisher(stream: LiveStream, coming: Iterator[Packet], began: float) -> None:
        nonlocal swapped_at
        async with trio.open_nursery() as nursery:
            nursery.start_soon(publish, stream, coming, began)
            await swap.wait()
            nursery.cancel_scope.cancel()
        now = trio.current_time()
        stream.encoder_left(now)
        for _ in range(5):
            await trio.sleep(0.2)
            stream.tick(trio.current_time())
        now = trio.current_time()
        stream.encoder_returned(now)
        for config in other_configs:
            stream.configure(config, now)
        swapped_at = now - began
        await publish(stream, for_ever(other_packets, CYCLE_TICKS), now)

    @own_thread
    def watch(url: str, states: list[dict[str, Any]], swap_now: Callable[[], None]) -> None:
        with chromium_page() as page:
            page.set_content("<video muted autoplay></video>")
            page.add_script_tag(path=str(HLS_JS))
            page.evaluate(PLAYER, url)
            page.wait_for_function("seen.deltas > 10", timeout=30_000)
            states.append(page.evaluate(STATE))
            swap_now()
            end_s = states[0]["at"] + 10
            page.wait_for_function(
                "end => document.querySelector('video').currentTime > end", arg=end_s, timeout=60_000
            )
            states.append(page.evaluate(STATE))

    states: list[dict[str, Any]] = []
    token = trio.lowlevel.current_trio_token()
    with trio.fail_after(110):
        async with live(configs, packets, CYCLE_TICKS, history_s=45, publisher=publisher) as site:
            await trio.to_thread.run_sync(
                watch, site.url, states, lambda: trio.from_thread.run_sync(swap.set, trio_token=token)
            )
    before, after = states
    assert after["fatal"] == []
    assert after["full"] == before["full"], "not one full playlist was needed"
    assert after["deltas"] > before["deltas"] + 20
    assert after["at"] > swapped_at
