"""PART-TARGET: long enough for a dropped frame and for AAC frames that straddle cuts, short enough for the 85 % rule."""

from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import AudioConfig
from hls.cadence import audio_cadence, audio_frame_ticks, frame_ticks, video_cadence
from tests.hls.encoder import AUDIO, AUDIO_44, NTSC, ms


def stamps(fps: Fraction | float, count: int = 60) -> list[int]:
    return [ms(index / Fraction(fps)) for index in range(count)]


@pytest.mark.parametrize(
    ("fps", "frames", "part_target_ms"),
    [
        (30, 10, 369),
        (25, 8, 362),
        (24, 8, 377),
        (50, 17, 364),
        (60, 20, 357),
        (15, 7, 536),
        (10, 7, 802),
        (5, 7, 1602),
    ],
)
def test_part_target_is_about_a_third_of_a_second_and_a_frame(
    fps: int, frames: int, part_target_ms: int
) -> None:
    cadence = video_cadence(round(90_000 / fps), AUDIO)
    assert (cadence.frames_per_part, cadence.part_target_ms) == (frames, part_target_ms)


@pytest.mark.parametrize("fps", [1, 2, 3])
def test_slow_video_has_a_frame_a_part(fps: int) -> None:
    cadence = video_cadence(90_000 // fps, AUDIO)
    assert cadence.frames_per_part == 1
    assert cadence.part_target_ms == pytest.approx(1000 / fps + 21.3 + 2, abs=1)


@pytest.mark.parametrize("fps", [24000 / 1001, 24, 25, NTSC, 30, 48, 50, 60])
def test_whole_millisecond_stamps_give_the_true_frame_duration(fps: Fraction | float) -> None:
    assert frame_ticks(stamps(fps)) == pytest.approx(90_000 / float(fps), rel=0.001)


def test_a_dropped_frame_does_not_change_the_frame_duration() -> None:
    dts = stamps(30)
    assert frame_ticks(dts[:20] + dts[21:]) == pytest.approx(3000, abs=5)


@pytest.mark.parametrize("dts", [[], [5], [5, 5, 5], [9, 5, 1]])
def test_stamps_that_say_nothing_count_as_30_fps(dts: list[int]) -> None:
    assert frame_ticks(dts) == 3000


@given(
    st.integers(90_000 // 240, 2 * 90_000), st.sampled_from([8000, 16000, 22050, 44100, 48000]), st.booleans()
)
def test_an_ordinary_part_is_always_legal(frame: int, rate: int, with_audio: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
    audio = AudioConfig("mp4a", b"", "mp4a.40.2", rate, 1)
    cadence = video_cadence(frame, audio if with_audio else None)
    ordinary = cadence.frames_per_part * frame
    assert ordinary - 90 >= 0.85 * cadence.part_target_ticks
    if 90_000 / frame >= 3.99:
        assert ordinary + frame + 90 <= cadence.part_target_ticks, "one frame may be dropped"
    if with_audio:
        assert ordinary + audio_frame_ticks(audio) <= cadence.part_target_ticks


def test_audio_alone_has_its_own_rhythm() -> None:
    assert (audio_cadence(AUDIO).frames_per_part, audio_cadence(AUDIO).part_target_ms) == (16, 365)
    assert (audio_cadence(AUDIO_44).frames_per_part, audio_cadence(AUDIO_44).part_target_ms) == (14, 351)


@given(st.lists(st.integers(0, 20_000), max_size=50))
def test_any_stamps_give_a_usable_frame_duration(steps: list[int]) -> None:
    assert 1 <= frame_ticks(list(accumulate(steps))) <= 180_000
