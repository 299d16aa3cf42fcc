"""Encoders that pause, lose a track, jump, leave and come back: the timeline goes on, and says what is missing."""

from itertools import pairwise

import pytest

from common.media import Packet, Track
from tests.hls import encoder
from tests.hls.encoder import AUDIO, AUDIO_44, OTHER_VIDEO, VIDEO, interleave
from tests.hls.player import Show


def moved(packets: list[Packet], seconds: float) -> list[Packet]:
    ticks = round(seconds * 1000) * 90
    return [Packet(p.track, p.dts + ticks, p.pts + ticks, p.keyframe, p.data) for p in packets]


def both(seconds: float, start_s: float = 0.0, *, gop: int = 60, b_frames: int = 0) -> list[Packet]:
    return interleave(
        encoder.video(seconds, start_s=start_s, gop=gop, b_frames=b_frames),
        encoder.audio(seconds, start_s=start_s),
    )


def gap_seconds(show: Show, name: str) -> float:
    return sum(part.duration for part, _ in show.media(name) if part.gap)


def total_seconds(show: Show, name: str) -> float:
    return sum(part.duration for part, _ in show.media(name))


def check(show: Show) -> None:
    for name in show.stream.renditions:
        show.check_media(name)
        show.check_segments(name)
        listed = sum(segment.duration or 0 for segment in show.segments[name].values())
        assert total_seconds(show, name) == pytest.approx(listed, abs=0.05)


def test_silence_becomes_gap_parts_at_part_target_pace_after_1_5_s() -> None:
    show = Show()
    show.play(both(6))
    show.wait(1.4)
    assert gap_seconds(show, "video") == 0
    show.wait(5)
    assert gap_seconds(show, "video") == pytest.approx(5, abs=0.5)
    assert gap_seconds(show, "audio") == pytest.approx(5, abs=0.5)
    segments = show.playlists["video"].segments
    assert any(segment.gap for segment in segments)


def test_a_gap_part_and_a_gap_segment_cannot_be_loaded() -> None:
    show = Show()
    show.play(both(6))
    show.wait(6)
    gap = next(segment for segment in show.playlists["video"].segments if segment.gap)
    for name in (gap.uri or "", gap.parts[0].uri):
        with pytest.raises(AssertionError, match="404"):
            show.load("video", name)


def test_media_that_was_only_delayed_continues_after_the_gap() -> None:
    show = Show()
    packets = both(12)
    show.play(packets[:462])
    show.wait(4)
    late = [p for p in packets[462:] if p.dts <= packets[462].dts + 4 * 90_000]
    show.burst(late)
    show.play(packets[462 + len(late) :])
    show.finish()
    check(show)
    sent = [p.data for p in packets if p.track is Track.VIDEO]
    got = [sample.data for fragment in show.check_media("video") for sample in fragment.samples]
    assert got == sent, "nothing is lost"
    assert gap_seconds(show, "video") == pytest.approx(2.5, abs=0.5)


@pytest.mark.parametrize("hole_s", [0.4, 1.0, 3.0, 8.0])
def test_media_that_was_lost_leaves_a_gap_of_its_length(hole_s: float) -> None:
    show = Show()
    show.play(both(5))
    show.wait(hole_s)
    show.play(moved(both(5), 5 + hole_s))
    show.finish()
    check(show)
    assert gap_seconds(show, "video") == pytest.approx(hole_s, abs=0.1)
    assert total_seconds(show, "video") == pytest.approx(10 + hole_s, abs=0.1)
    assert total_seconds(show, "audio") == pytest.approx(10 + hole_s, abs=0.1)


@pytest.mark.parametrize("away_s", [0.3, 2.0, 7.0])
def test_a_new_connection_continues_the_timeline_at_the_walls_pace(away_s: float) -> None:
    show = Show()
    show.play(both(5))
    show.stream.encoder_left(show.now)
    show.wait(away_s)
    show.stream.encoder_returned(show.now)
    show.configure(VIDEO)
    show.configure(AUDIO)
    show.play(moved(both(5), 777))
    show.finish()
    check(show)
    assert gap_seconds(show, "video") == pytest.approx(away_s, abs=0.1)
    assert total_seconds(show, "video") == pytest.approx(10 + away_s, abs=0.2)
    assert not any(segment.discontinuity for segment in show.playlists["video"].segments)
    assert {segment.init for segment in show.playlists["video"].segments} == {"init-1.mp4"}


def test_gap_parts_begin_a_second_after_the_encoder_left() -> None:
    show = Show()
    show.play(both(5))
    show.stream.encoder_left(show.now)
    show.wait(0.9)
    assert gap_seconds(show, "video") == 0
    show.wait(0.2)
    assert gap_seconds(show, "video") > 0


@pytest.mark.parametrize("away_s", [0.3, 4.0])
def test_another_configuration_is_a_discontinuity_with_a_new_init_section(away_s: float) -> None:
    show = Show()
    show.play(both(5))
    show.stream.encoder_left(show.now)
    show.wait(away_s)
    show.stream.encoder_returned(show.now)
    show.configure(OTHER_VIDEO)
    show.configure(AUDIO)
    show.play(both(5, b_frames=2))
    show.finish()
    check(show)
    for name in ("video", "audio"):
        (segment,) = [one for one in show.playlists[name].segments if one.discontinuity]
        assert not segment.gap
        assert segment.init == ("init-2.mp4" if name == "video" else "init-1.mp4")
    assert show.inits["video"]["init-1.mp4"] != show.inits["video"]["init-2.mp4"]


def test_another_sample_rate_is_a_discontinuity_too() -> None:
    show = Show()
    show.play(both(5))
    show.stream.encoder_left(show.now)
    show.wait(2)
    show.stream.encoder_returned(show.now)
    show.configure(VIDEO)
    show.configure(AUDIO_44)
    show.play(interleave(encoder.video(5), encoder.audio(5, config=AUDIO_44)))
    show.finish()
    last = list(show.segments["audio"].values())[-1]
    assert last.init == "init-2.mp4"
    check(show)
    ends = [sum(s.duration or 0 for s in show.playlists[n].segments) for n in ("video", "audio")]
    assert ends[0] == pytest.approx(ends[1], abs=0.1)


def test_a_discontinuity_that_left_the_window_raises_the_sequence() -> None:
    show = Show()
    show.play(both(5))
    show.stream.encoder_left(show.now)
    show.stream.encoder_returned(show.now)
    show.configure(OTHER_VIDEO)
    show.every = 6
    show.play(both(45))
    for name in ("video", "audio"):
        assert show.playlists[name].head["DISCONTINUITY-SEQUENCE"] == "1"
        assert show.playlists[name].media_sequence > 4


def test_lost_audio_is_gap_in_its_rendition_only() -> None:
    show = Show()
    video = encoder.video(16)
    sound = [p for p in encoder.audio(16) if not 5 * 90_000 <= p.dts < 10 * 90_000]
    show.play(interleave(video, sound))
    show.finish()
    check(show)
    assert gap_seconds(show, "video") == 0
    assert gap_seconds(show, "audio") == pytest.approx(5, abs=0.7)
    assert total_seconds(show, "audio") == pytest.approx(16, abs=0.1)


def test_lost_video_is_gap_in_its_rendition_only() -> None:
    show = Show()
    pictures = [p for p in encoder.video(16) if not 5 * 90_000 <= p.dts < 10 * 90_000]
    show.play(interleave(pictures, encoder.audio(16)))
    show.finish()
    check(show)
    assert gap_seconds(show, "audio") == 0
    assert gap_seconds(show, "video") == pytest.approx(5, abs=0.1)
    assert total_seconds(show, "video") == pytest.approx(16, abs=0.1)


@pytest.mark.parametrize("jump_s", [-3600.0, -30.0, -2.0, 20.0, 7200.0])
def test_stamps_that_jump_do_not_move_the_timeline(jump_s: float) -> None:
    show = Show()
    first = moved(both(5), 5000)
    second = moved(both(5, start_s=5), 5000 + jump_s)
    packets = [*first, *second]
    start = show.now
    for index, packet in enumerate(packets):
        show.wait_until(max(show.now, start + index * 10 / len(packets)))
        show.stream.push(packet, show.now)
        show.look()
    show.finish()
    check(show)
    for name in ("video", "audio"):
        assert total_seconds(show, name) == pytest.approx(10, abs=0.2)
        assert gap_seconds(show, name) == 0


def test_sync_survives_a_jump() -> None:
    """Frames carry their number; after the jump picture and sound of one moment still meet."""
    show = Show()
    packets = moved(both(10), 200)
    show.play(packets[:306])
    show.play(moved(packets[306:], -100))
    show.finish()
    starts = {}
    for name, unit in (("video", 90_000), ("audio", 48_000)):
        samples = [s for fragment in show.check_media(name) for s in fragment.samples]
        starts[name] = {s.data[:7]: s.dts / unit for s in samples}
    assert starts["video"][b"p000250"] == pytest.approx(250 / 30, abs=0.05)
    assert starts["audio"][b"a000390"] == pytest.approx(390 * 1024 / 48000, abs=0.05)


def test_stamps_that_stand_still_neither_crash_nor_fill_memory() -> None:
    show = Show()
    show.play(both(4))
    frozen = [Packet(Track.VIDEO, 4 * 90_000, 4 * 90_000, False, b"x" * 100) for _ in range(5000)]
    show.burst(frozen)
    show.wait(3)
    show.play(moved(both(4), 7))
    show.finish()
    check(show)
    assert show.stream.stats.dropped > 4000
    assert show.stream.stats.memory_bytes < 1_000_000


def test_takeover_without_good_bye_continues() -> None:
    show = Show()
    show.play(both(5))
    show.stream.encoder_returned(show.now)
    show.configure(VIDEO)
    show.configure(AUDIO)
    show.play(moved(both(5), 99))
    show.finish()
    check(show)
    assert total_seconds(show, "video") == pytest.approx(10, abs=0.2)


def test_a_new_connection_waits_for_its_keyframe_under_gap_parts() -> None:
    show = Show()
    show.play(both(5))
    show.stream.encoder_left(show.now)
    show.stream.encoder_returned(show.now)
    packets = interleave(encoder.video(8, first_keyframe=90), encoder.audio(8))
    show.play(packets)
    show.finish()
    check(show)
    assert gap_seconds(show, "video") == pytest.approx(3, abs=0.2)
    after = [p for p, _ in show.media("video") if not p.gap][15:]
    assert after[0].independent


def test_a_late_tick_catches_up_with_a_bounded_number_of_gap_parts() -> None:
    show = Show()
    show.play(both(5))
    show.now += 100_000
    show.stream.tick(show.now)
    assert show.stream.stats.parts < 600


def test_finish_ends_the_lists_and_cuts_what_was_held() -> None:
    show = Show()
    show.play(both(5.2))
    show.finish()
    show.finish()
    check(show)
    for name in ("video", "audio"):
        assert show.playlists[name].ended
        assert show.playlists[name].growing is None
    frames = [s.data for fragment in show.check_media("video") for s in fragment.samples]
    assert len(frames) == 156
    assert all(a < b for a, b in pairwise(segment.msn for segment in show.playlists["video"].segments))
