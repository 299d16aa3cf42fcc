"""Stamps as encoders really send them: the timeline goes on at its pace, picture and sound stay together, and it is counted."""

import pytest

from common.media import Packet, Track
from tests.hls import encoder
from tests.hls.encoder import interleave
from tests.hls.player import Show
from tests.hls.test_gaps import both, check, gap_seconds, moved, total_seconds


def by_arrival(
    packets: list[Packet], bend: "dict[Track, float]", after_s: float = 0.0
) -> list[tuple[float, Packet]]:
    """Packets with the time they arrive; from `after_s` on, the stamps of a track are `bend` seconds off."""
    bent = []
    for packet in packets:
        at = packet.dts / 90_000
        ticks = round(bend.get(packet.track, 0.0) * 1000) * 90 if at >= after_s else 0
        bent.append(
            (at, Packet(packet.track, packet.dts + ticks, packet.pts + ticks, packet.keyframe, packet.data))
        )
    return bent


def arrive(show: Show, packets: list[tuple[float, Packet]]) -> None:
    start = show.now
    for at, packet in packets:
        show.wait_until(max(show.now, start + at))
        show.stream.push(packet, show.now)
        show.look()
    show.finish()
    check(show)


def times(show: Show, name: str) -> dict[bytes, float]:
    """When each frame, known by the number in its first bytes, is decoded."""
    unit = 90_000 if name == "video" else 48_000
    return {
        sample.data[:7]: sample.dts / unit
        for fragment in show.check_media(name)
        for sample in fragment.samples
    }


def together(show: Show, picture: int, *, within_s: float = 0.06) -> bool:
    """Picture and sound of the same moment are at the same place on the timeline."""
    video, audio = times(show, "video"), times(show, "audio")
    sound = round(picture / 30 * 48_000 / 1024)
    kind = b"K" if picture % 60 == 0 else b"p"
    at_picture, at_sound = video[kind + b"%06d" % picture], audio[b"a%06d" % sound]
    return abs(at_picture - at_sound - (picture / 30 - sound * 1024 / 48_000)) < within_s


@pytest.mark.parametrize(
    "origin_s", [{Track.VIDEO: 3600.0}, {Track.AUDIO: 3600.0}, {Track.VIDEO: 40.0, Track.AUDIO: 9.0}]
)
def test_tracks_with_origins_of_their_own_start_together(origin_s: dict[Track, float]) -> None:
    show = Show()
    arrive(show, by_arrival(both(10), origin_s))
    assert total_seconds(show, "video") == pytest.approx(10, abs=0.2)
    assert total_seconds(show, "audio") == pytest.approx(10, abs=0.2)
    assert gap_seconds(show, "video") == gap_seconds(show, "audio") == 0
    assert together(show, 240, within_s=0.15), "as they arrived: the stamps do not tell"


@pytest.mark.parametrize("jump_s", [-500.0, -5.0, 5.0, 500.0])
@pytest.mark.parametrize("track", list(Track))
def test_one_track_that_jumps_alone_goes_on_beside_the_other(track: Track, jump_s: float) -> None:
    show = Show()
    arrive(show, by_arrival(both(12), {track: jump_s}, after_s=6))
    assert total_seconds(show, "video") == pytest.approx(12, abs=0.3)
    assert total_seconds(show, "audio") == pytest.approx(12, abs=0.3)
    assert gap_seconds(show, "video") == gap_seconds(show, "audio") == 0
    assert show.stream.stats.jumps == 1
    assert together(show, 300, within_s=0.15)


@pytest.mark.parametrize("jump_s", [-500.0, 500.0])
def test_tracks_that_jump_one_after_the_other_are_one_jump_and_stay_together(jump_s: float) -> None:
    show = Show()
    arrive(show, by_arrival(both(12), {Track.VIDEO: jump_s, Track.AUDIO: jump_s}, after_s=6))
    assert show.stream.stats.jumps == 1
    assert together(show, 300)


def test_stamps_that_alternate_between_two_clocks_do_not_tear_the_timeline() -> None:
    show = Show()
    packets = [
        (
            at,
            Packet(
                p.track, p.dts + 9_000_000 * (index % 2), p.pts + 9_000_000 * (index % 2), p.keyframe, p.data
            ),
        )
        for index, (at, p) in enumerate(by_arrival(both(8), {}))
    ]
    arrive(show, packets)
    assert 8 <= total_seconds(show, "video") <= 10.1, "no more than 2 s ahead of arrival"
    assert gap_seconds(show, "video") == 0


@pytest.mark.parametrize("back_ms", [1, 20, 150])
def test_stamps_that_step_back_a_little_are_straightened(back_ms: int) -> None:
    show = Show()
    packets = [
        (
            at,
            Packet(p.track, max(0, p.dts - back_ms * 90), p.pts, p.keyframe, p.data)
            if index % 50 == 49
            else p,
        )
        for index, (at, p) in enumerate(by_arrival(both(10), {}))
    ]
    arrive(show, packets)
    assert show.stream.stats.jumps == 0
    assert total_seconds(show, "video") == pytest.approx(10, abs=0.1)
    assert len(times(show, "video")) == 300, "no frame is lost"


def test_equal_stamps_in_pairs_are_spread() -> None:
    """Encoders that stamp in steps of two frames."""
    show = Show()
    packets = [
        (
            at,
            Packet(p.track, p.dts // 6000 * 6000, p.pts // 6000 * 6000, p.keyframe, p.data)
            if p.track is Track.VIDEO
            else p,
        )
        for at, p in by_arrival(both(10), {})
    ]
    arrive(show, packets)
    assert len(times(show, "video")) == 300
    assert show.stream.stats.dropped == 0


@pytest.mark.parametrize("early_ms", [1, 33, 5000])
def test_pictures_stamped_before_they_are_decoded_are_shown_when_they_are(early_ms: int) -> None:
    show = Show()
    packets = [
        (
            at,
            Packet(p.track, p.dts, p.pts - early_ms * 90, p.keyframe, p.data)
            if p.track is Track.VIDEO
            else p,
        )
        for at, p in by_arrival(both(8), {})
    ]
    arrive(show, packets)
    assert all(sample.cts == 0 for fragment in show.check_media("video") for sample in fragment.samples)
    assert together(show, 150)


@pytest.mark.parametrize("share", [0.9995, 1.0005])
def test_an_encoder_whose_clock_drifts_never_jumps(share: float) -> None:
    show = Show(every=20)
    arrive(show, [(at * share, packet) for at, packet in by_arrival(both(240), {})])
    assert show.stream.stats.jumps == 0
    assert gap_seconds(show, "video") == 0
    assert total_seconds(show, "video") == pytest.approx(240, abs=0.1)
    assert together(show, 6000)


@pytest.mark.parametrize("at_ms", [2**31, 2**32, 2**24 - 1])
def test_a_clock_that_passes_a_power_of_two_is_just_a_clock(at_ms: int) -> None:
    show = Show()
    start_s = at_ms / 1000 - 4
    arrive(show, by_arrival(both(8), {Track.VIDEO: start_s, Track.AUDIO: start_s}))
    assert show.stream.stats.jumps == 0
    assert total_seconds(show, "video") == pytest.approx(8, abs=0.1)


@pytest.mark.parametrize("hole_s", [0.7, 3.0])
def test_a_hole_in_both_tracks_keeps_them_together(hole_s: float) -> None:
    show = Show()
    arrive(show, by_arrival(both(12), {Track.VIDEO: hole_s, Track.AUDIO: hole_s}, after_s=6))
    assert together(show, 300)


def test_a_stall_of_the_line_keeps_all_media_behind_the_gap() -> None:
    """So the timeline is ahead of the clock by the gap from then on: see docs/decisions.md."""
    show = Show()
    packets = both(12)
    show.play([p for p in packets if p.dts < 6 * 90_000])
    show.wait(5)
    show.burst([p for p in packets if 6 * 90_000 <= p.dts < 11 * 90_000])
    show.play([p for p in packets if p.dts >= 11 * 90_000])
    show.finish()
    check(show)
    assert len(times(show, "video")) == 360
    assert gap_seconds(show, "video") == pytest.approx(0.4 * 3.5, abs=0.2)
    assert together(show, 300)


def test_what_was_sent_again_after_a_new_connection_continues_at_its_end() -> None:
    show = Show()
    show.play(both(6))
    show.stream.encoder_left(show.now)
    show.wait(0.5)
    show.stream.encoder_returned(show.now)
    show.configure(encoder.VIDEO)
    show.configure(encoder.AUDIO)
    show.play(interleave(*(moved(one, 0) for one in (encoder.video(5), encoder.audio(5)))))
    show.finish()
    check(show)
    assert total_seconds(show, "video") == pytest.approx(11.5, abs=0.2)
