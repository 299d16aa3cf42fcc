"""What is measured of an encoder: rates, keyframes, holes, jumps, lateness; over reconnects too."""

import pytest

from common.media import Track
from tests.hls import encoder
from tests.weir.ingest_feed import AUDIO, VIDEO, Feed, both, moved, without
from weir.track_meter import MAX_JOTTED, TrackMeter


def test_a_plain_stream_is_measured_as_it_is() -> None:
    feed = Feed()
    feed.play(both(20))
    reading = feed.reading
    assert reading.video is not None
    assert reading.audio is not None
    assert reading.video.kbps == pytest.approx(2400, rel=0.03)
    assert reading.audio.kbps == pytest.approx(161, rel=0.05)
    assert reading.connection.kbps == pytest.approx(2561, rel=0.03)
    assert reading.video.fps == pytest.approx(30, abs=0.3)
    assert reading.video.nominal_fps == pytest.approx(30, abs=0.5)
    assert reading.video.keyframe_interval_s == pytest.approx(2, abs=0.01)
    assert reading.video.gop_frames == 60
    assert reading.video.b_frames == 0
    assert reading.delivery.pace == pytest.approx(1, abs=0.02)
    assert reading.delivery.jitter_s < 0.002
    assert reading.delivery.behind_s < 0.01
    assert reading.losses.missing_frames == 0
    assert reading.losses.jumps == 0
    assert reading.connection.seconds == pytest.approx(19, abs=1)
    assert reading.has_data


def test_the_protocols_framing_counts_into_the_total() -> None:
    feed = Feed()
    for _ in range(8):
        feed.link.received_bytes += 500_000
        feed.play(moved(both(1), feed.now))
    assert feed.reading.connection.kbps == pytest.approx(4000, rel=0.01)


@pytest.mark.parametrize("b_frames", [0, 1, 2, 3])
def test_b_frames_are_counted_by_the_order_of_pictures(b_frames: int) -> None:
    feed = Feed()
    feed.play(both(10, b_frames=b_frames))
    assert feed.reading.video is not None
    assert feed.reading.video.b_frames == b_frames
    assert feed.reading.video.reorder_s == pytest.approx((b_frames + 1) / 30 if b_frames else 0, abs=0.002)


@pytest.mark.parametrize("fps", [10, 24, 60, encoder.NTSC])
def test_frame_rates_are_measured(fps: float) -> None:
    feed = Feed(VIDEO)
    feed.play(encoder.video(20, fps=fps))
    assert feed.reading.video is not None
    assert feed.reading.video.fps == pytest.approx(float(fps), rel=0.02)


def test_keyframe_distances_are_kept_longest_and_shortest() -> None:
    feed = Feed(VIDEO)
    feed.play([*encoder.video(8, gop=30), *encoder.video(13, gop=120, start_s=8)])
    video = feed.reading.video
    assert video is not None
    assert video.keyframe_interval_s == pytest.approx(4, abs=0.01)
    assert video.longest_interval_s == pytest.approx(4, abs=0.01)
    assert video.shortest_interval_s == pytest.approx(1, abs=0.01)


def test_frames_that_the_encoder_left_out_are_counted() -> None:
    feed = Feed()
    feed.play(both(10, dropped=[*range(150, 165), 200]))
    assert feed.reading.total_missing_frames == 16
    assert feed.reading.losses.missing_share == pytest.approx(16 / 270, rel=0.2)


def test_a_pause_of_media_and_stamps_is_a_hole_and_no_jump() -> None:
    feed = Feed(VIDEO)
    feed.play(encoder.video(5))
    feed.wait(4)
    feed.play(encoder.video(5, start_s=9))
    assert feed.reading.losses.jumps == 0
    assert feed.reading.total_missing_frames == pytest.approx(120, abs=2)


@pytest.mark.parametrize("jump_s", [-100.0, -1.0, 30.0, 5000.0])
def test_a_clock_that_jumps_is_counted_and_measures_go_on(jump_s: float) -> None:
    feed = Feed(VIDEO)
    feed.play(moved(encoder.video(5), 200))
    feed.wait(1 / 30)
    feed.play(moved(encoder.video(15, start_s=5), 200 + jump_s))
    assert feed.reading.losses.jumps == 1
    assert feed.reading.delivery.pace == pytest.approx(1, abs=0.05)
    assert feed.reading.delivery.behind_s < 0.1
    assert feed.reading.losses.missing_frames == 0


def test_an_upload_that_is_too_slow_shows_as_pace_and_lateness() -> None:
    feed = Feed()
    feed.play(both(5))
    feed.play(moved(both(20), 5), speed=0.8)
    assert feed.reading.delivery.pace == pytest.approx(0.8, abs=0.03)
    assert feed.reading.delivery.behind_s == pytest.approx(20 / 0.8 - 20, rel=0.15)


def test_a_stall_that_is_caught_up_leaves_no_lateness() -> None:
    feed = Feed()
    feed.play(both(5))
    feed.wait(3)
    packets = moved(both(10), 5)
    feed.play(packets[: 3 * 77], speed=1000)
    feed.play(packets[3 * 77 :])
    assert feed.reading.delivery.behind_s < 0.2


def test_a_stall_that_is_not_caught_up_leaves_the_lateness() -> None:
    feed = Feed()
    feed.play(both(5))
    feed.wait(3)
    feed.play(moved(both(10), 5))
    assert feed.reading.delivery.behind_s == pytest.approx(3, abs=0.1)


def test_an_encoders_slow_clock_is_no_lateness() -> None:
    feed = Feed()
    feed.play(both(600), speed=0.9999)
    assert feed.reading.delivery.behind_s < 0.1


def test_uneven_arrival_is_jitter() -> None:
    feed = Feed()
    feed.play(both(20), late=lambda media_s: 0.4 * (int(media_s * 5) % 2))
    assert feed.reading.delivery.jitter_s > 0.02


def test_a_new_connection_is_measured_anew_and_totals_go_on() -> None:
    feed = Feed(metadata={"encoder": "obs-output module (libobs version 30.2.3)"})
    feed.link.undecodable = 5
    feed.play(both(5, dropped=[100, 101]))
    feed.wait(1)
    assert feed.reading.connection.encoder.startswith("obs-output")
    feed.meter.disconnected()
    feed.wait(5)
    assert feed.reading.connection.seconds is None
    assert not feed.reading.has_data
    feed.connect()
    feed.link.undecodable = 2
    feed.play(moved(both(6), 99))
    reading = feed.reading
    assert reading.connection.reconnects == reading.connection.recent_reconnects == 1
    assert reading.connection.encoder == "FMLE/3.0"
    assert reading.losses.jumps == 0
    assert reading.total_missing_frames == 2
    assert reading.total_undecodable == 7
    assert reading.video is not None
    assert reading.video.kbps == pytest.approx(2400, rel=0.05)


def test_tracks_that_stop_are_silent() -> None:
    feed = Feed()
    feed.play(both(5))
    feed.play(moved(without(both(10), Track.VIDEO), 5))
    assert feed.reading.video is not None
    assert feed.reading.audio is not None
    assert feed.reading.video.silent_s == pytest.approx(9.9, abs=1)
    assert feed.reading.audio.silent_s < 0.1
    assert feed.reading.has_data
    feed.wait(6)
    assert not feed.reading.has_data


def test_metadata_promises_tracks_and_a_rate() -> None:
    feed = Feed(VIDEO, metadata={"videocodecid": 7.0, "audiocodecid": 10.0, "framerate": 60.0})
    feed.wait(1)
    assert feed.reading.connection.promised == frozenset(Track)
    assert feed.reading.connection.promised_fps == 60


@pytest.mark.parametrize("value", ["60", True, float("nan"), float("inf"), -1.0, 0.0])
def test_nonsense_in_metadata_is_no_rate(value: object) -> None:
    feed = Feed(metadata={"framerate": value, "encoder": "a\x00b\n"})
    feed.wait(1)
    assert feed.reading.connection.promised_fps is None
    assert feed.reading.connection.encoder == "ab"


def test_a_flood_between_two_looks_is_bounded() -> None:
    meter = TrackMeter()
    for index in range(3 * MAX_JOTTED):
        meter.jot((0.0, index, index, True, 1))
    meter.settle()
    assert meter.frames == MAX_JOTTED


def test_configurations_of_another_size_are_counted_within_a_connection() -> None:
    feed = Feed()
    feed.play(both(3))
    feed.meter.configure(encoder.VIDEO)
    feed.play(moved(both(3), 3))
    assert feed.reading.losses.size_changes == 1
    feed.connect(VIDEO, AUDIO)
    feed.play(both(3))
    assert feed.reading.losses.size_changes == 0
