"""The first moments of a new connection: when its first packet was live, and how much may wait."""

import pytest

from common.media import Packet, Track
from hls.arrivals import MAX_BURST_S, MAX_WAITING, MAX_WAITING_BYTES, WATCH_S, Arrivals, live_at
from tests.hls import encoder


def arrivals(burst_s: float, seconds: float = 1.0) -> list[tuple[Packet, float]]:
    """Frames of which the first `burst_s` came at once, at 10.0, and the others at their pace."""
    return [(one, 10 + max(0.0, one.dts / 90_000 - burst_s)) for one in encoder.video(seconds)]


@pytest.mark.parametrize("burst_s", [0.0, 0.2, 0.5, 0.9])
def test_the_packet_that_came_earliest_for_its_stamp_tells_when_the_first_was_live(burst_s: float) -> None:
    assert live_at(arrivals(burst_s), Track.VIDEO) == pytest.approx(10 - burst_s, abs=0.04)


def test_what_comes_more_than_two_seconds_at_once_is_not_live() -> None:
    assert live_at(arrivals(5.0, 6.0), Track.VIDEO) == 10 - MAX_BURST_S


def test_packets_get_the_times_at_which_they_were_live() -> None:
    waiting = Arrivals(Track.VIDEO)
    for packet, at in arrivals(0.5):
        waiting.add(packet, at)
    times = [at - packet.dts / 90_000 for packet, at in waiting.take()]
    assert times == [pytest.approx(9.5, abs=0.04)] * 30
    assert waiting.since is waiting.due_at is None


def test_the_leading_track_begins_and_is_watched_for_less_than_a_part() -> None:
    waiting = Arrivals(Track.VIDEO)
    sound, picture = encoder.audio(0.1)[0], encoder.video(0.1)[0]
    waiting.add(sound, 9.0)
    due = [waiting.due_at]
    waiting.add(picture, 10.0)
    assert [*due, waiting.due_at] == [None, 10.0 + WATCH_S]
    assert [packet for packet, _ in waiting.take()] == [picture, sound]


def test_audio_that_stays_alone_does_not_wait_for_ever() -> None:
    waiting = Arrivals(Track.VIDEO)
    for packet in encoder.audio(2.1):
        waiting.add(packet, 10.0)
    assert waiting.is_without_leader
    assert not Arrivals(Track.VIDEO).is_without_leader


@pytest.mark.parametrize("size", [1, 1_000_000])
def test_what_waits_is_bounded(size: int) -> None:
    """Stamps that stand still never end the waiting by themselves."""
    waiting = Arrivals(Track.VIDEO)
    for _ in range(2 * MAX_WAITING):
        waiting.add(Packet(Track.AUDIO, 0, 0, True, bytes(size)), 10.0)
    left = waiting.take()
    assert sum(len(packet.data) for packet, _ in left) <= MAX_WAITING_BYTES
    assert len(left) < MAX_WAITING
    waiting.add(Packet(Track.VIDEO, 0, 0, True, bytes(MAX_WAITING_BYTES)), 20.0)
    assert waiting.due_at == 20.0, "at once"
