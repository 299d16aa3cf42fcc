"""Encoders that pause, lose a track, jump, leave and come back: the timeline goes on (one story of faults, so one file)."""

from itertools import pairwise

import pytest

from common.media import MediaConfig, Packet, Track, VideoConfig
from tests.hls import encoder
from tests.hls.encoder import AUDIO, AUDIO_44, OTHER_VIDEO, VIDEO, interleave
from tests.hls.player import WALL_S, Show


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


def date_ahead_s(show: Show) -> float:
    """How much later than now the end of the newest part is dated."""
    segment = show.playlists["video"].all_segments[-1]
    assert segment.date_s is not None
    parts_s = sum(part.duration for part in segment.parts)
    return segment.date_s + parts_s - (WALL_S + show.now)


def reconnect(show: Show, away_s: float, *configs: MediaConfig) -> None:
    """The encoder leaves; after `away_s` it is there again, and has sent nothing but this yet."""
    show.stream.encoder_left(show.now)
    show.wait(away_s)
    show.stream.encoder_returned(show.now)
    for config in configs:
        show.configure(config)


def check(show: Show) -> None:
    for name in show.stream.renditions:
        show.check_media(name)
        show.check_segments(name)
        listed = sum(segment.duration or 0 for segment in show.segments[name].values())
        assert total_seconds(show, name) == pytest.approx(listed, abs=0.05)


def test_silence_becomes_gap_parts_at_the_pace_of_parts_after_1_5_s() -> None:
    """Short ones: the media may come after all, and then has its place behind them."""
    show = Show()
    show.play(both(6))
    show.wait(1.4)
    assert gap_seconds(show, "video") == 0
    show.wait(5)
    for name in ("video", "audio"):
        gaps = [part for part, _ in show.media(name) if part.gap]
        assert len(gaps) in range(15, 17), "in 4.9 s, three a second"
        assert gap_seconds(show, name) == pytest.approx(0.4 * 5, abs=0.2)
    show.wait(1)
    segments = show.playlists["video"].segments
    assert any(segment.gap for segment in segments), "the next segment comes within 1.5 target durations"


@pytest.mark.parametrize("stall_s", [0.4, 0.8, 1.4])
def test_a_short_stall_of_an_open_connection_makes_no_gap(stall_s: float) -> None:
    """E5 gives way: a GAP part would cost the rest of the GOP, and the media comes."""
    show = Show()
    packets = both(12)
    stall = [p for p in packets if 5 * 90_000 <= p.dts < (5 + stall_s) * 90_000]
    began = show.now
    show.play([p for p in packets if p.dts < stall[0].dts])
    show.wait_until(began + 5 + stall_s)
    show.burst(stall)
    show.play([p for p in packets if p.dts > stall[-1].dts])
    show.finish()
    check(show)
    assert show.stream.stats.gap_parts == show.stream.stats.dropped == 0
    assert total_seconds(show, "video") == pytest.approx(12, abs=0.1)


def test_dates_ahead_after_a_stall_meet_the_clock_again_while_the_encoder_is_away() -> None:
    show = Show()
    packets = both(12)
    show.play([p for p in packets if p.dts < 6 * 90_000])
    show.wait(5)
    show.burst([p for p in packets if 6 * 90_000 <= p.dts < 11 * 90_000])
    show.play([p for p in packets if p.dts >= 11 * 90_000])
    assert date_ahead_s(show) == pytest.approx(0.4 * 3.5, abs=0.35), "but for the part that grows"
    reconnect(show, 4, VIDEO, AUDIO)
    show.play(moved(both(4), 777))
    show.finish()
    check(show)
    assert abs(date_ahead_s(show)) < 0.1


def test_a_gap_part_and_a_gap_segment_cannot_be_loaded() -> None:
    show = Show()
    show.play(both(6))
    show.wait(8)
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
    assert gap_seconds(show, "video") == pytest.approx(0.4 * 2.5, abs=0.2)


@pytest.mark.parametrize("hole_s", [0.4, 0.8, 1.0, 1.4])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_short_hole_in_the_video_is_bridged_and_not_a_gap(hole_s: float, b_frames: int) -> None:
    """OBS drops frames of video alone when the line is too slow; a gap would hide the picture up to the next keyframe."""
    pictures = encoder.video(12, b_frames=b_frames)
    left = [p for p in pictures if not 5 * 90_000 <= p.dts < (5 + hole_s) * 90_000]
    show = Show()
    show.play(interleave(left, encoder.audio(12)))
    show.finish()
    check(show)
    assert gap_seconds(show, "video") == gap_seconds(show, "audio") == 0
    assert total_seconds(show, "video") == pytest.approx(12, abs=0.1)
    shown = {s.data: s.dts + s.cts for fragment in show.check_media("video") for s in fragment.samples}
    late = min(shown.values()) - min(p.pts for p in left)
    off = [abs(shown[p.data] - p.pts - late) for p in left]
    assert max(off) < 90_000 / 30, "each frame is shown when it should be"
    assert sum(ticks > 0 for ticks in off) <= 1, "but for one that the shortest legal part may shift"


def test_a_bridge_ends_when_the_stamps_have_been_caught_up_with() -> None:
    pictures = [p for p in encoder.video(12) if not 5 * 90_000 <= p.dts < 6 * 90_000]
    show = Show([VIDEO])
    show.play(pictures)
    show.finish()
    samples = [s for fragment in show.check_media("video") for s in fragment.samples]
    assert sum(s.duration > 9000 for s in samples) == 3, "a second is three parts long"
    assert all(s.cts == 0 for s in samples if s.dts > 6.2 * 90_000)


@pytest.mark.parametrize("hole_at", range(118, 132, 3))
def test_b9_a_hole_at_the_end_of_a_long_segment_does_not_make_it_too_long(hole_at: int) -> None:
    show = Show()
    pictures = encoder.video(14, gop=250, dropped=range(hole_at, hole_at + 8))
    show.play(interleave(pictures, encoder.audio(14)))
    show.finish()
    check(show)  # and `m3u8` holds every EXTINF against TARGETDURATION


@pytest.mark.parametrize("seconds", [4.0, 4.2, 4.3])
def test_b9_sound_ahead_of_the_last_picture_does_not_make_a_segment_too_long(seconds: float) -> None:
    show = Show()
    show.play(interleave(encoder.video(seconds, gop=250), encoder.audio(seconds + 0.3)))
    show.stream.encoder_left(show.now)
    show.wait(5)
    assert max(one.duration or 0 for one in show.playlists["audio"].segments) < 4.5


def test_video_at_one_frame_a_second_that_misses_one_goes_on() -> None:
    show = Show()
    show.play(interleave(encoder.video(20, fps=1, gop=4, dropped=[9]), encoder.audio(20)))
    show.finish()
    check(show)
    assert gap_seconds(show, "video") == 0
    assert 19 <= total_seconds(show, "video") <= 20, "parts of one frame catch up slowly"


def test_a_bridge_over_a_new_configuration_is_legal() -> None:
    show = Show()
    show.play(both(5))
    show.wait(1.0)
    show.configure(OTHER_VIDEO)
    show.play(moved(both(5), 6))
    show.finish()
    check(show)
    assert total_seconds(show, "video") == pytest.approx(11, abs=0.1)


@pytest.mark.parametrize("hole_s", [3.0, 8.0])
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
    reconnect(show, away_s, VIDEO, AUDIO)
    show.play(moved(both(5), 777))
    show.finish()
    check(show)
    assert gap_seconds(show, "video") == pytest.approx(away_s, abs=0.1)
    assert total_seconds(show, "video") == pytest.approx(10 + away_s, abs=0.2)
    assert not any(segment.discontinuity for segment in show.playlists["video"].segments)
    assert {segment.init for segment in show.playlists["video"].segments} == {"init-1.mp4"}


def newest(show: Show) -> dict[str, str]:
    return {name: show.playlists[name].parts[-1].uri for name in show.playlists}


def test_e5_parts_keep_their_pace_when_the_encoder_left() -> None:
    show = Show()
    show.play(both(5.2))
    before = newest(show)
    show.stream.encoder_left(show.now)
    show.look()
    assert all(newest(show)[name] != before[name] for name in before), "what was sent is cut at once"
    assert gap_seconds(show, "video") == gap_seconds(show, "audio") == 0
    part_target = show.playlists["video"].part_target
    for _ in range(30):
        before = newest(show)
        show.wait(part_target)
        assert all(newest(show)[name] != before[name] for name in before)


def test_gap_parts_stand_in_for_the_time_up_to_a_second_ago() -> None:
    """So much of a new connection's burst has its place behind them, and not ahead of the wall clock."""
    show = Show()
    show.play(both(5))
    show.stream.encoder_left(show.now)
    show.wait(20)
    assert total_seconds(show, "video") == pytest.approx(5 + 20 - 1, abs=0.4)
    assert total_seconds(show, "audio") == pytest.approx(5 + 20 - 1, abs=0.4)
    lengths = [part.duration for part, _ in show.media("video") if part.gap]
    assert lengths == sorted(lengths), "the first ones are short"


@pytest.mark.parametrize("sound_ahead_s", [-0.15, -0.06, 0.0, 0.06, 0.15])
def test_b12_a_segment_before_a_gap_is_as_long_as_its_samples(sound_ahead_s: float) -> None:
    """Audio and video do not end at once; what lacks belongs to the gap, what is there to the segment before it."""
    show = Show()
    packets = interleave(encoder.video(5.5), encoder.audio(5.5 + sound_ahead_s))
    show.play(packets)
    reconnect(show, 4, VIDEO, AUDIO)
    show.play(moved(both(5), 777))
    show.finish()
    check(show)
    for name in ("video", "audio"):
        kinds = [{part.gap for part in one.parts} for one in show.segments[name].values()]
        assert {True} in kinds
        assert {True, False} not in kinds
        samples = [s for fragment in show.check_media(name) for s in fragment.samples]
        sent = [p for p in (*packets, *both(5)) if p.track.value == name]
        assert len(samples) == len(sent), "nothing is lost"
    assert max(s.duration for s in samples) <= 1024 * 2


@pytest.mark.parametrize("sound_first_s", [0.03, 0.1, 0.4])
def test_b12_sound_ahead_of_the_first_picture_is_no_part_of_the_gap(sound_first_s: float) -> None:
    show = Show()
    show.play(both(5))
    reconnect(show, 2, VIDEO, AUDIO)
    show.play(interleave(encoder.video(5, start_s=10 + sound_first_s), encoder.audio(5.5, start_s=10)))
    show.finish()
    check(show)
    for segment in show.segments["audio"].values():
        assert len({part.gap for part in segment.parts}) == 1
    samples = [s for fragment in show.check_media("audio") for s in fragment.samples]
    assert max(s.duration for s in samples) <= 1024 * 2


@pytest.mark.parametrize("away_s", [0.3, 1.0, 5.0])
@pytest.mark.parametrize("burst_s", [0.0, 0.5])
@pytest.mark.parametrize("config", [VIDEO, OTHER_VIDEO], ids=["same size", "other size"])
def test_dates_behind_a_reconnect_are_those_of_arrival(
    away_s: float, burst_s: float, config: VideoConfig
) -> None:
    """ffmpeg -re sends half a second at once: what came last of it is what is live."""
    show = Show()
    show.play(both(5))
    reconnect(show, away_s, config, AUDIO)
    packets = moved(both(8), 777)
    early = [p for p in packets if p.dts < packets[0].dts + burst_s * 90_000]
    show.burst(early)
    show.play(packets[len(early) :])
    show.finish()
    check(show)
    room_s = 0.3 if burst_s and away_s < 1.0 else 0.0
    assert -0.1 < date_ahead_s(show) < 0.1 + room_s


@pytest.mark.parametrize("away_s", [0.0, 0.3, 4.0])
@pytest.mark.parametrize("burst_s", [0.0, 0.5])
def test_g2_a_new_init_section_is_hinted_to_those_who_wait_for_the_next_part(
    away_s: float, burst_s: float
) -> None:
    show = Show()
    show.play(both(5))
    if away_s:
        show.stream.encoder_left(show.now)
        show.wait(away_s)
    show.stream.encoder_returned(show.now)
    show.configure(OTHER_VIDEO)
    show.configure(AUDIO)
    show.look()
    before, hinted = newest(show), None
    packets = both(5)
    early = [p for p in packets if p.dts < burst_s * 90_000]
    began = show.now
    show.burst(early)
    for packet in packets[len(early) :]:
        show.play([packet], at=began + packet.dts / 90_000 - burst_s)
        video = show.playlists["video"]
        if {"TYPE": "MAP", "URI": "init-2.mp4"} in video.hints and newest(show) != before:
            hinted = hinted or show.now
        if "init-2.mp4" in {one.init for one in video.all_segments}:
            break
    assert hinted is not None, "seen by a blocked reload"
    assert 0.2 < show.now - hinted < 0.45, "and long enough before it is used"


@pytest.mark.parametrize("away_s", [0.3, 4.0])
def test_another_configuration_is_a_discontinuity_with_a_new_init_section(away_s: float) -> None:
    show = Show()
    show.play(both(5))
    reconnect(show, away_s, OTHER_VIDEO, AUDIO)
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
    reconnect(show, 2, VIDEO, AUDIO_44)
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
