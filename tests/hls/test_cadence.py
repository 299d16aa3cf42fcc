"""PART-TARGET: long enough for a dropped frame and for audio frames that straddle cuts, short enough for the 85 % rule."""

from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import AudioConfig
from hls.cadence import Cadence, audio_cadence, frame_ticks, video_cadence
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


AUDIO_FRAMES = {
    "mp4a 48": (1024, 48_000),
    "mp4a 44.1": (1024, 44_100),
    "mp4a 8": (1024, 8_000),
    "HE-AAC 48": (1024, 24_000),
    "HE-AAC 44.1": (1024, 22_050),
    "Opus 2.5": (120, 48_000),
    "Opus 5": (240, 48_000),
    "Opus 10": (480, 48_000),
    "Opus 20": (960, 48_000),
    "Opus 40": (1920, 48_000),
    "Opus 60": (2880, 48_000),
    "Opus 80": (3840, 48_000),
    "Opus 100": (4800, 48_000),
    "Opus 120": (5760, 48_000),
    "FLAC 1152": (1152, 48_000),
    "FLAC 4096": (4096, 48_000),
    "FLAC 4096 at 44.1": (4096, 44_100),
    "FLAC 4608": (4608, 48_000),
    "FLAC 4608 at 44.1": (4608, 44_100),
    "FLAC 16384 at 96": (16_384, 96_000),
    "FLAC 16384": (16_384, 48_000),
    "AC-3 48": (1536, 48_000),
    "AC-3 44.1": (1536, 44_100),
    "AC-3 32": (1536, 32_000),
    "E-AC-3 256": (256, 48_000),
}
FPS = [24000 / 1001, 24, 25, NTSC, 30, 48, 50, 60000 / 1001, 60]


def sound(name: str) -> AudioConfig:
    samples, rate = AUDIO_FRAMES[name]
    return AudioConfig("fLaC", b"", "fLaC", rate, 2, samples)


def check(cadence: Cadence, frame: int, audio: AudioConfig | None) -> None:
    """Every ordinary part is legal in both tracks, and so is one with a dropped frame."""
    ordinary = cadence.frames_per_part * frame
    assert ordinary - 90 >= 0.85 * cadence.part_target_ticks, "C6"
    longest = ordinary + 90 + (frame if 90_000 / frame >= 3.99 else 0)
    assert longest <= cadence.part_target_ticks, "C5"
    if audio is not None:
        step = 90_000 * audio.samples_per_frame / audio.sample_rate
        assert cadence.part_target_ticks // step * step > ordinary, "audio keeps pace with the video"


@pytest.mark.parametrize("fps", FPS, ids=lambda fps: f"{float(fps):.2f}")
@pytest.mark.parametrize("codec", AUDIO_FRAMES)
def test_every_length_of_audio_frame_goes_with_every_frame_rate(codec: str, fps: Fraction | float) -> None:
    frame = frame_ticks(stamps(fps))
    cadence = video_cadence(frame, sound(codec))
    check(cadence, frame, sound(codec))
    assert cadence.part_target_ms <= 702, "long frames make parts longer, but not without measure"


@pytest.mark.parametrize(
    ("codec", "part_target_ms"),
    [("Opus 20", 369), ("AC-3 48", 369), ("Opus 60", 429), ("FLAC 4608", 386), ("FLAC 4096 at 44.1", 374)],
)
def test_usual_audio_hardly_changes_the_part_target(codec: str, part_target_ms: int) -> None:
    assert video_cadence(3000, sound(codec)).part_target_ms == part_target_ms


@given(
    st.integers(90_000 // 240, 2 * 90_000),
    st.none() | st.tuples(st.integers(100, 16_384), st.sampled_from([8000, 16000, 22050, 44100, 48000])),
)
def test_an_ordinary_part_is_always_legal(frame: int, audio: tuple[int, int] | None) -> None:
    config = AudioConfig("fLaC", b"", "fLaC", audio[1], 1, audio[0]) if audio else None
    check(video_cadence(frame, config), frame, config)


@pytest.mark.parametrize("codec", AUDIO_FRAMES)
def test_audio_alone_is_cut_into_thirds_of_a_second(codec: str) -> None:
    samples, rate = AUDIO_FRAMES[codec]
    cadence = audio_cadence(sound(codec))
    part_s = cadence.frames_per_part * samples / rate
    assert part_s == pytest.approx(1 / 3, abs=samples / rate / 2 + 0.01)
    assert (cadence.frames_per_part + 1) * samples / rate < cadence.part_target_ms / 1000


def test_audio_alone_has_its_own_rhythm() -> None:
    assert (audio_cadence(AUDIO).frames_per_part, audio_cadence(AUDIO).part_target_ms) == (16, 365)
    assert (audio_cadence(AUDIO_44).frames_per_part, audio_cadence(AUDIO_44).part_target_ms) == (14, 351)


@given(st.lists(st.integers(0, 20_000), max_size=50))
def test_any_stamps_give_a_usable_frame_duration(steps: list[int]) -> None:
    assert 1 <= frame_ticks(list(accumulate(steps))) <= 180_000
