"""The last part of a segment is not a short one, once it is known how often keyframes come; and every part stays legal."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.media import AudioConfig, Packet
from hls.cadence import SHORT_PART_TICKS, Cadence, video_cadence
from tests.hls import encoder
from tests.hls.encoder import AUDIO, AUDIO_44, NTSC, VIDEO, interleave
from tests.hls.player import Show

RATES = [24, 25, NTSC, 30, 48, 50, 60]
SHORT_S = SHORT_PART_TICKS / 90_000


def play(packets: list[Packet], *configs: AudioConfig) -> Show:
    """Every playlist and every box is checked against the rules on the way, PART-TARGET (C5) and 85 % (C6) among them."""
    show = Show((VIDEO, *configs), every=5)
    show.play(packets)
    show.finish()
    for name in show.stream.renditions:
        show.check_media(name)
        show.check_segments(name)
    return show


def later_durations(show: Show, name: str = "video") -> list[float]:
    """Of the parts from the third segment on, but for the last: an encoder may stop anywhere."""
    segments = [show.segments[name][msn] for msn in sorted(show.segments[name])]
    return [part.duration for segment in segments[2:-1] for part in segment.parts]


@pytest.mark.parametrize("gop_s", [1, 2, 4])
@pytest.mark.parametrize("fps", RATES, ids=lambda fps: f"{float(fps):.2f}")
def test_no_part_is_short_with_a_regular_gop(fps: Fraction | float, gop_s: int) -> None:
    gop = round(fps * gop_s)
    show = play(interleave(encoder.video(21, fps=fps, gop=gop, b_frames=2), encoder.audio(21)), AUDIO)
    assert show.stream.stats.cut_without_keyframe == 0
    for name in ("video", "audio"):
        assert min(later_durations(show, name)) >= SHORT_S - 0.022, "or by an audio frame"


@pytest.mark.parametrize("fps", RATES, ids=lambda fps: f"{float(fps):.2f}")
def test_no_part_is_short_with_obs_automatic_gop_of_250_frames(fps: Fraction | float) -> None:
    show = play(interleave(encoder.video(45, fps=fps, gop=250), encoder.audio(45)), AUDIO)
    durations = later_durations(show)
    assert len(durations) > 60
    assert min(durations[20:]) >= SHORT_S - 0.002


@pytest.mark.parametrize("config", [AUDIO, AUDIO_44], ids=["48 kHz", "44.1 kHz"])
@pytest.mark.parametrize("fps", RATES, ids=lambda fps: f"{float(fps):.2f}")
def test_every_part_has_its_audio_beside_it(fps: Fraction | float, config: AudioConfig) -> None:
    gop = round(fps * 2)
    sound = encoder.audio(21, config=config)
    show = play(interleave(encoder.video(21, fps=fps, gop=gop), sound), config)
    parts = {name: [part for part, _ in show.media(name)] for name in ("video", "audio")}
    assert len(parts["audio"]) == len(parts["video"])
    heard = [sample.data for fragment in show.check_media("audio") for sample in fragment.samples]
    assert heard == [packet.data for packet in sound[: len(heard)]], "no sound is lost"
    assert len(sound) - len(heard) <= 4


def test_50_frames_at_25_fps_become_six_parts() -> None:
    cadence = video_cadence(3600, AUDIO)
    assert (cadence.frames_per_part, cadence.part_target_ms) == (8, 362)
    assert spread(cadence, 50) == [8, 8, 8, 9, 8, 9]


def test_a_last_part_that_is_long_enough_is_left() -> None:
    cadence = video_cadence(1800, AUDIO)
    assert spread(cadence, 100) == [17, 17, 17, 17, 17, 15]


@given(frame=st.integers(90_000 // 120, 90_000 // 4), left=st.integers(1, 2000))
def test_whatever_is_left_becomes_legal_parts(frame: int, left: int) -> None:
    cadence = video_cadence(frame, AUDIO)
    parts = spread(cadence, left)
    assert sum(parts) == left
    for frames in parts[:-1]:
        assert cadence.min_part_ticks <= frames * frame <= cadence.part_target_ticks
    assert parts[-1] * frame <= cadence.part_target_ticks


def spread(cadence: Cadence, left: int) -> list[int]:
    parts = []
    while left > 0:
        parts.append(min(left, cadence.frames_of_next_part(left)))
        left -= parts[-1]
    return parts


@given(gops=st.lists(st.integers(1, 260), min_size=3, max_size=12), fps=st.sampled_from([15, 24, 25, 50, 60]))
@settings(max_examples=40)
def test_a_keyframe_that_was_not_expected_breaks_no_rule(gops: list[int], fps: int) -> None:
    packets: list[Packet] = []
    for gop in gops:
        start_s = packets[-1].dts / 90_000 + 1 / fps if packets else 0.0
        packets += encoder.video(gop / fps, fps=fps, gop=gop, start_s=start_s)
    seconds = packets[-1].dts / 90_000
    if seconds > 3:
        play(interleave(packets, encoder.audio(seconds)), AUDIO)
