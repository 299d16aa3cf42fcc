"""A timeline that is ticked only when it is not quiet decides what one that is ticked all the time does."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from common.media import CLOCK_HZ, Packet, Track
from hls.cuts import Cut
from hls.timeline import Timeline
from tests.hls.encoder import AUDIO, VIDEO, audio, interleave, video

TICK_S = 0.1
SECONDS = 12


@dataclass
class Watched:
    """A timeline and what it decided, with the time of each decision."""

    spares_ticks: bool
    timeline: Timeline = field(default_factory=Timeline)
    cuts: list[tuple[float, Cut]] = field(default_factory=list)
    ticks: int = 0
    quiet_until: float = 0.0

    def push(self, packet: Packet, now: float) -> None:
        self.timeline.push(packet, now)
        self._keep(now)

    def tick(self, now: float) -> None:
        if self.spares_ticks and now < self.quiet_until:
            return
        self.ticks += 1
        self.timeline.tick(now)
        self.quiet_until = self.timeline.quiet_until(now)
        self._keep(now)

    def reconnect(self, now: float) -> None:
        self.timeline.left(now)
        self.timeline.returned(now)
        self.quiet_until = 0.0
        self._keep(now)

    def _keep(self, now: float) -> None:
        self.cuts += [(now, cut) for cut in self.timeline.take()]


def watch(packets: list[Packet], reconnects: set[int], *, spares_ticks: bool) -> Watched:
    watched = Watched(spares_ticks)
    watched.timeline.configure(VIDEO)
    watched.timeline.configure(AUDIO)
    waiting = iter(packets)
    following = next(waiting, None)
    for number in range(int((SECONDS + 4) / TICK_S)):
        now = number * TICK_S
        while following is not None and following.dts / CLOCK_HZ <= now:
            watched.push(following, following.dts / CLOCK_HZ)
            following = next(waiting, None)
        if number in reconnects:
            watched.reconnect(now)
        watched.tick(now)
    return watched


def silences(track: Track) -> st.SearchStrategy[list[tuple[Track, float, float]]]:
    starts = st.floats(1, SECONDS)
    return st.lists(st.tuples(st.just(track), starts, st.floats(0.1, 5)), max_size=2)


@given(
    fps=st.sampled_from([2, 5, 30]),
    silent=st.tuples(silences(Track.VIDEO), silences(Track.AUDIO)),
    reconnects=st.sets(st.integers(20, int(SECONDS / TICK_S)), max_size=2),
)
def test_ticks_that_are_spared_change_nothing(
    fps: int, silent: tuple[list[tuple[Track, float, float]], ...], reconnects: set[int]
) -> None:
    holes = [*silent[0], *silent[1]]
    packets = [
        packet
        for packet in interleave(video(SECONDS, fps=fps, gop=2 * fps), audio(SECONDS))
        if not any(packet.track is track and at <= packet.dts / CLOCK_HZ < at + s for track, at, s in holes)
    ]
    often, seldom = (watch(packets, reconnects, spares_ticks=spares) for spares in (False, True))
    assert seldom.cuts == often.cuts


def test_a_stream_that_flows_is_hardly_ticked() -> None:
    packets = interleave(video(SECONDS), audio(SECONDS))
    flowing = watch(packets, set(), spares_ticks=True)
    assert sum(at <= SECONDS for at, _ in flowing.cuts) > 2 * SECONDS
    assert flowing.ticks < 4 * SECONDS
