"""The whole way: packets in, playlists and fragments out, checked on every reload by a parser of its own."""

from fractions import Fraction

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from common.media import Packet, Track
from hls.answers import Directives, MediaReady, Refused
from hls.stream import HlsSettings
from tests.hls import encoder
from tests.hls.player import Show


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("fps", [24, 25, encoder.NTSC, 30, 50, 60])
def test_every_frame_rate_gives_legal_playlists_and_joined_fragments(
    fps: Fraction | int, b_frames: int
) -> None:
    show = Show()
    frames = encoder.video(8, fps=fps, gop=round(2 * fps), b_frames=b_frames)
    show.play(encoder.interleave(frames, encoder.audio(8)))
    show.finish()
    for name in ("video", "audio"):
        show.check_no_jumps(name)
        show.check_segments(name)
    assert show.stream.info is not None
    assert show.stream.info.fps == pytest.approx(float(fps), abs=0.001)
    sent = [frame.data for frame in frames]
    got = [s.data for f in show.check_media("video") for s in f.samples]
    assert got == sent


@pytest.mark.parametrize("fps", [25, encoder.NTSC, 60], ids=["25 fps", "29.97 fps", "60 fps"])
def test_a_thousand_parts_join(fps: float | Fraction) -> None:
    show = Show(settings=HlsSettings(window_s=20))
    seconds = 1020 * (max(7, round(float(fps) / 3)) + 1) / float(fps)
    packets = encoder.interleave(encoder.video(seconds, fps=fps, b_frames=2), encoder.audio(seconds))
    show.watch = False
    for packet in packets:
        show.now = 100 + packet.dts / 90_000
        show.stream.push(packet, show.now)
        if packet.track is Track.VIDEO and packet.keyframe:
            show.watch = True
            show.look()
            show.watch = False
    show.watch = True
    show.finish()
    for name in ("video", "audio"):
        assert len(show.media(name)) > 1000
        show.check_no_jumps(name)
    video = show.check_media("video")
    assert video[-1].end - video[0].base == pytest.approx(seconds * 90_000, abs=9000)


ODD = st.one_of(st.integers(-(1 << 63), 1 << 63), st.integers(0, 90_000 * 20))


@given(
    st.lists(st.tuples(st.sampled_from(Track), ODD, ODD, st.booleans(), st.binary(max_size=3)), max_size=60)
)
def test_no_packet_raises(packets: list[tuple[Track, int, int, bool, bytes]]) -> None:
    show = Show(every=7)
    good = encoder.interleave(encoder.video(3), encoder.audio(3))
    for index, packet in enumerate(packets):
        show.burst(good[index * 4 : index * 4 + 4])
        show.stream.push(Packet(*packet), show.now)
        show.wait(0.05)
    show.burst(good[len(packets) * 4 :])
    show.finish()
    for name in show.stream.renditions:
        show.check_media(name)


async def test_waiters_are_woken_by_the_change_they_wait_for(autojump_clock: MockClock) -> None:
    show = Show(watch=False)
    packets = encoder.interleave(encoder.video(6), encoder.audio(6))
    woken: list[tuple[str, int]] = []

    async def wait(name: str) -> None:
        await trio.lowlevel.checkpoint()
        while not show.stream.ended:
            version = show.stream.version(name)
            await show.stream.wait_change(name, version)
            assert show.stream.version(name) != version
            woken.append((name, show.stream.version(name)))

    async with trio.open_nursery() as nursery:
        for name in ("video", "audio"):
            for _ in range(3):
                nursery.start_soon(wait, name)
        for packet in packets:
            await trio.testing.wait_all_tasks_blocked()
            show.stream.push(packet, packet.dts / 90_000)
        await trio.testing.wait_all_tasks_blocked()
        show.finish()
    assert len(woken) == 3 * len(set(woken)), "everybody, every time"
    assert len([one for one in woken if one[0] == "video"]) > 3 * 15


async def test_closing_wakes_everybody(autojump_clock: MockClock) -> None:
    show = Show()
    async with trio.open_nursery() as nursery:
        for name in ("video", "audio"):
            nursery.start_soon(show.stream.wait_change, name, show.stream.version(name))
        await trio.testing.wait_all_tasks_blocked()
        show.stream.close()
        show.stream.close()
    assert isinstance(show.stream.multivariant(), Refused)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "p01.m4s",
        "p-1.m4s",
        "p.m4s",
        "s0.m4s",
        "s01.m4s",
        "init-0.mp4",
        "init-1.m4s",
        "p1.m4s/",
        "../p1.m4s",
        "P1.m4s",
        "p1.m4s\n",
        "p1٣.m4s",
        "p" + "9" * 13 + ".m4s",
        "index.m3u8",
    ],
)
def test_other_names_are_not_found(name: str) -> None:
    show = Show()
    show.play(encoder.interleave(encoder.video(5), encoder.audio(5)))
    assert show.stream.media("video", name) == Refused(404, "no such media")
    assert show.stream.media("data", "p1.m4s") == Refused(404, "no such media")
    assert isinstance(show.stream.playlist("data", Directives()), Refused)
    assert isinstance(show.stream.media("video", "p1.m4s"), MediaReady)
