"""What kind of encoder it is, and what becomes of it: tracks, frame rates, GOPs, dropped frames."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.media import AudioConfig, MediaConfig, Packet, Track
from hls.answers import Directives, Refused, Wait
from tests.hls import encoder
from tests.hls.encoder import AUDIO, AUDIO_44, OTHER_VIDEO, VIDEO, interleave
from tests.hls.player import Show


def play(packets: list[Packet], *configs: MediaConfig) -> Show:
    show = Show(configs or (VIDEO, AUDIO), every=5)
    show.play(packets)
    show.finish()
    for name in show.stream.renditions:
        show.check_media(name)
        show.check_segments(name)
    return show


def frames(show: Show, name: str = "video") -> list[bytes]:
    return [s.data for fragment in show.check_media(name) for s in fragment.samples]


def test_nothing_is_shown_before_a_whole_segment_exists() -> None:
    show = Show()
    packets = interleave(encoder.video(4), encoder.audio(4))
    show.play(packets[:100])
    assert show.stream.renditions == ("video", "audio")
    assert isinstance(show.stream.multivariant(), Wait)
    assert isinstance(show.stream.playlist("video", Directives()), Wait)
    show.play(packets[100:])
    assert not isinstance(show.stream.multivariant(), Wait)


def test_video_before_the_first_keyframe_is_dropped() -> None:
    show = play(interleave(encoder.video(8, first_keyframe=45), encoder.audio(8)))
    assert frames(show)[0].startswith(b"K")
    assert len(frames(show)) == 8 * 30 - 45
    assert show.stream.stats.dropped >= 45


def test_video_without_any_keyframe_is_reported_and_never_starts() -> None:
    show = Show()
    show.play(interleave(encoder.video(20, first_keyframe=10_000), encoder.audio(20)))
    assert show.stream.renditions == ()
    assert show.stream.stats.waits_for_keyframe


def test_one_keyframe_only_is_cut_without_and_reported() -> None:
    show = play(interleave(encoder.video(15, gop=100_000), encoder.audio(15)))
    assert "INDEPENDENT-SEGMENTS" not in show.playlists["video"].head
    assert "INDEPENDENT-SEGMENTS" in show.playlists["audio"].head
    assert show.stream.stats.cut_without_keyframe > 0
    assert len(frames(show)) == 450


@pytest.mark.parametrize("gop", [150, 250])
def test_a_long_gop_is_split_evenly_once_it_is_known(gop: int) -> None:
    show = play(interleave(encoder.video(30, gop=gop), encoder.audio(30)))
    assert show.stream.stats.cut_without_keyframe > 0
    assert show.stream.stats.keyframe_interval_s == pytest.approx(gop / 30, abs=0.01)
    segments = show.playlists["video"].segments
    durations = [segment.duration or 0 for segment in segments[-6:-1]]
    assert max(durations) < 1.25 * min(durations)
    keyed = [s for s in show.segments["video"].values() if s.parts and s.parts[0].independent]
    assert len(keyed) == len(range(0, 30 * 30, gop)), "every keyframe starts a segment"


@pytest.mark.parametrize(
    ("gop", "expected"), [(15, 2), (30, 2), (45, 3), (60, 2), (75, 2.5), (100, 100 / 30), (120, 4)]
)
def test_gops_are_grouped_to_about_two_seconds(gop: int, expected: float) -> None:
    show = play(interleave(encoder.video(20, gop=gop), encoder.audio(20)))
    durations = [segment.duration or 0 for segment in show.playlists["video"].segments[:-1]]
    assert durations == pytest.approx([expected] * len(durations), abs=0.002)
    assert show.stream.stats.cut_without_keyframe == 0
    assert "INDEPENDENT-SEGMENTS" in show.playlists["video"].head


def test_intra_only_video_works() -> None:
    show = play(interleave(encoder.video(10, gop=1), encoder.audio(10)))
    assert all(part.independent for part, _ in show.media("video"))


def test_video_alone() -> None:
    show = play(encoder.video(10), VIDEO)
    assert show.stream.renditions == ("video",)
    assert "MEDIA" not in str(show.stream.multivariant()).replace("MEDIA-", "")
    assert frames(show)[-1].startswith(b"p000299")


@pytest.mark.parametrize("config", [AUDIO, AUDIO_44])
def test_audio_alone(config: AudioConfig) -> None:
    show = play(encoder.audio(10, config=config), config)
    assert show.stream.renditions == ("audio",)
    parts = [part for part, _ in show.media("audio")]
    assert parts[0].duration == pytest.approx(1 / 3, abs=0.02)
    assert len(frames(show, "audio")) == len(encoder.audio(10, config=config))


def test_audio_alone_pauses_and_goes_on() -> None:
    show = Show([AUDIO])
    show.play(encoder.audio(5))
    show.wait(4)
    show.play(encoder.audio(5, start_s=9))
    show.finish()
    show.check_media("audio")
    gap = sum(part.duration for part, _ in show.media("audio") if part.gap)
    assert gap == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize("fps", [1, 2, 3, 4, 5, 8, 10, 12, 15, 20])
def test_slow_video_is_legal(fps: int) -> None:
    show = play(interleave(encoder.video(24, fps=fps, gop=2 * fps), encoder.audio(24)))
    assert len(frames(show)) == 24 * fps
    assert not any(part.gap for part, _ in show.media("video"))


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 32000, 44100])
def test_long_audio_frames_are_legal(rate: int) -> None:
    index = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000].index(rate)
    config = AudioConfig("mp4a", (2 << 11 | index << 7 | 1 << 3).to_bytes(2, "big"), "mp4a.40.2", rate, 1)
    show = play(interleave(encoder.video(10), encoder.audio(10, config=config)), VIDEO, config)
    assert not any(part.gap for part, _ in show.media("audio"))


def test_audio_that_starts_within_a_second_is_played() -> None:
    show = play(interleave(encoder.video(8), encoder.audio(7.5, start_s=0.5)))
    assert show.stream.renditions == ("video", "audio")
    first = show.check_media("audio")[0].samples
    assert first[0].dts / 48000 == pytest.approx(1 / 3, abs=0.02), "it bridges what is missing of its part"
    assert first[1].dts / 48000 == pytest.approx(0.5 + 1024 / 48000, abs=0.001)


def test_audio_that_comes_later_is_not_played_and_reported() -> None:
    show = Show([VIDEO])
    show.play(encoder.video(3))
    show.configure(AUDIO)
    show.play(interleave(encoder.video(6, start_s=3), encoder.audio(6, start_s=3)))
    assert show.stream.renditions == ("video",)
    assert show.stream.stats.late_track > 0


def test_audio_that_was_announced_and_never_comes_is_left_out() -> None:
    show = play(encoder.video(8))
    assert show.stream.renditions == ("video",)


def test_video_that_was_announced_and_never_comes_is_left_out() -> None:
    show = play(encoder.audio(8))
    assert show.stream.renditions == ("audio",)


@pytest.mark.parametrize("dropped", [{1}, {2}, {3}, {4}, {1, 3}])
@pytest.mark.parametrize("fps", [25, 30, 60])
def test_dropped_frames_stay_legal(fps: int, dropped: set[int]) -> None:
    """So many in a row, ten times, at every place within a part."""
    lost = {
        start + n
        for k in range(1, 11)
        for start in [k * (fps + 1)]
        for count in dropped
        for n in range(count)
    }
    lost -= set(range(0, 2000, 2 * fps))
    show = play(interleave(encoder.video(14, fps=fps, gop=2 * fps, dropped=lost), encoder.audio(14)))
    assert len(frames(show)) == 14 * fps - len(lost)
    assert not any(part.gap for part, _ in show.media("video"))


@pytest.mark.parametrize("rates", [(30, 60), (60, 30), (30, 24), (30, 15), (30, 10), (60, 20)])
def test_another_frame_rate_later_stays_legal(rates: tuple[int, int]) -> None:
    """PART-TARGET is frozen, whatever the encoder does."""
    first, then = rates
    later = encoder.video(6, fps=then, gop=2 * then, start_s=6)
    show = play(interleave(encoder.video(6, fps=first, gop=2 * first), later, encoder.audio(12)))
    assert len(frames(show)) == 6 * first + 6 * then


def test_audio_is_counted_in_samples() -> None:
    """Stamps that wobble by half a frame leave no trace."""
    wobble = random.Random(7)
    sound = encoder.audio(20, stamp=lambda ticks: ticks + 90 * wobble.randint(-9, 9))
    sound.sort(key=lambda packet: packet.dts)
    show = play(interleave(encoder.video(20), sound))
    for fragment in show.check_media("audio")[1:]:
        assert {sample.duration for sample in fragment.samples} == {1024}


@pytest.mark.parametrize("share", [0.999, 1.001])
def test_audio_whose_clock_drifts_is_brought_back(share: float) -> None:
    show = play(
        interleave(encoder.video(60), encoder.audio(60, stamp=lambda ticks: int(ticks * share) // 90 * 90))
    )
    ends = {
        name: show.check_media(name)[-1].end / unit for name, unit in (("video", 90_000), ("audio", 48_000))
    }
    assert ends["audio"] == pytest.approx(60 * share, abs=0.08)
    assert ends["video"] == pytest.approx(60, abs=0.05)


def test_what_waits_for_the_start_is_bounded_in_bytes() -> None:
    """A second of media that never passes, in frames of a megabyte."""
    show = Show(watch=False)
    for index in range(200):
        packet = Packet(Track.VIDEO, index, index, index == 0, bytes(1_000_000))
        show.stream.push(packet, show.now)
    show.finish()
    assert show.stream.stats.bytes_in == 200_000_000
    assert show.stream.stats.memory_bytes < 60_000_000


def test_packets_without_configuration_are_dropped() -> None:
    show = Show([])
    show.burst(interleave(encoder.video(3), encoder.audio(3)))
    assert show.stream.renditions == ()
    assert show.stream.stats.dropped > 200


def test_an_unusable_configuration_is_reported() -> None:
    show = Show([AudioConfig("mp4a", b"", "mp4a.40.2", 0, 0)])
    assert show.stream.stats.undecodable == 1
    assert isinstance(show.stream.playlist("audio", Directives()), Wait)
    show.finish()
    assert isinstance(show.stream.playlist("audio", Directives()), Refused)


STEPS_MS = [33, 33, 33, 34, 34, 0, 1, 66, 100, 250, 400, 1800, 5000, -20, -400, -90_000, 86_400_000]
"""Between two stamps of a track: mostly what 30 fps does, and everything else that was ever seen."""

LONG_AUDIO = AudioConfig("fLaC", bytes(34), "fLaC", 48_000, 2, 16_384)

ACTIONS = (
    ["video"] * 6
    + ["key"] * 2
    + ["audio"] * 6
    + ["left", "returned", "other video", "other audio", "long audio"]
)


@given(
    st.lists(
        st.tuples(st.sampled_from(STEPS_MS), st.sampled_from(ACTIONS), st.integers(0, 200)), max_size=300
    ),
    st.booleans(),
)
@settings(max_examples=60)
def test_nothing_an_encoder_does_breaks_a_rule(
    steps: list[tuple[int, str, int]],
    with_audio: bool,  # noqa: FBT001 - hypothesis passes it by name
) -> None:
    show = Show((VIDEO, AUDIO) if with_audio else (VIDEO,))
    show.play(interleave(encoder.video(3), encoder.audio(3 if with_audio else 0)))
    clocks = {Track.VIDEO: 270_000, Track.AUDIO: 270_000}
    for step_ms, action, wait_ms in steps:
        show.wait(wait_ms / 1000)
        match action:
            case "left":
                show.stream.encoder_left(show.now)
            case "returned":
                show.stream.encoder_returned(show.now)
            case "other video":
                show.configure(VIDEO if step_ms > 40 else OTHER_VIDEO)
            case "long audio":
                show.configure(AUDIO if step_ms > 40 else LONG_AUDIO)
            case "other audio":
                show.configure(AUDIO if step_ms > 40 else AUDIO_44)
            case _:
                track = Track.AUDIO if action == "audio" else Track.VIDEO
                clocks[track] = dts = max(0, clocks[track] + step_ms * 90)
                cts = step_ms % 3 * 3000
                show.burst([Packet(track, dts, dts + cts, action != "video", action.encode() * 9)])
    show.wait(3)
    show.finish()
    for name in show.stream.renditions:
        show.check_segments(name)
        show.check_media(name)
    assert show.stream.stats.window_s >= 3
