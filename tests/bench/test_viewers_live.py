"""A crowd of simulated viewers over real sockets: it follows a stream, and counts an origin's faults."""

import pytest
import trio

from bench.viewers.crowd import Crowd
from bench.viewers.tally import Tally
from tests.bench.llhls_server import serving

pytestmark = pytest.mark.real


async def watch(url: str, players: int, seconds: float) -> Tally:
    crowd = Crowd(url)
    crowd.grow(players, ramp_s=0.5)
    try:
        await trio.to_thread.run_sync(crowd.run, seconds)
        assert crowd.players == players
        return crowd.tally
    finally:
        crowd.close()


async def test_a_crowd_follows_audio_and_video_and_each_gets_every_part() -> None:
    players = 6
    async with serving() as url:
        tally = await watch(url, players, 4.0)
    assert tally.errors == {}
    assert len(tally.wakes) > 2 * players * 8, "four parts a second and rendition"
    assert len(tally.downloads) >= len(tally.wakes), "and each part is fetched, the first ones on top"
    assert tally.received_bytes > 0


async def test_what_an_origin_refuses_is_counted_and_asked_for_again() -> None:
    async with serving("gone") as url:
        tally = await watch(url, 2, 3.0)
    assert sum(tally.errors.values()) > 0


async def test_players_speak_plain_http_only() -> None:
    with pytest.raises(ValueError, match=r"plain HTTP/1\.1"):
        Crowd("https://127.0.0.1/hls/ada/index.m3u8")
    await trio.lowlevel.checkpoint()
