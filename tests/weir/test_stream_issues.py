"""Each issue appears for the encoder that has it, names its numbers and a setting, and for no other."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from common.media import AudioConfig, Track, VideoConfig
from tests.hls import encoder
from tests.weir.ingest_feed import AUDIO, NO_STATS, VIDEO, Feed, both, moved, without
from weir.ingest_reading import Severity
from weir.stream_issues import RULES, Issue, find_issues, status_of


def found(feed: Feed) -> dict[str, Issue]:
    return {issue.type: issue for _, issue in find_issues(feed.reading)}


def played(seconds: float = 20, **video: object) -> Feed:
    feed = Feed()
    feed.play(both(seconds, **video))
    return feed


def big(width: int, height: int, codec: str = "avc1") -> VideoConfig:
    return VideoConfig(codec, b"\x01", "avc1.640028", width, height)  # type: ignore[arg-type]  # literals of a test


def of_size(config: VideoConfig, *, size: int = 10_000, fps: float = 30) -> Feed:
    feed = Feed(config, AUDIO)
    feed.play(both(20, size=size, fps=fps))
    return feed


def with_metadata(**values: object) -> Feed:
    feed = Feed(VIDEO, metadata=values)
    feed.play(without(both(12), Track.AUDIO))
    return feed


def stopped(track: Track) -> Feed:
    feed = played(10)
    feed.play(moved(without(both(10), track), 10))
    return feed


def slow_upload() -> Feed:
    feed = played(5)
    feed.link.round_trip_ms = 180.0
    feed.play(moved(both(20), 5), speed=0.7)
    return feed


def late_by(seconds: float) -> Feed:
    feed = played(5)
    feed.wait(seconds)
    feed.play(moved(both(20), 5))
    return feed


def jumped() -> Feed:
    feed = played(5)
    feed.play(moved(both(5), 500))
    return feed


def resized() -> Feed:
    feed = played(5)
    feed.meter.configure(big(640, 360))
    feed.play(moved(both(5), 5))
    return feed


def reconnecting() -> Feed:
    feed = played(2)
    for _ in range(3):
        feed.meter.disconnected()
        feed.connect()
        feed.play(both(3))
    return feed


def linked(**values: object) -> Feed:
    feed = played(15)
    for name, value in values.items():
        setattr(feed.link, name, value)
    feed.play(moved(both(2), 15))
    return feed


def counted(**values: int) -> Feed:
    feed = played(15)
    feed.stats = replace(NO_STATS, **values)  # type: ignore[arg-type]  # counters of a test
    feed.play(moved(both(2), 15))
    return feed


def with_sound(config: AudioConfig, size: int) -> Feed:
    feed = Feed(VIDEO, config)
    feed.play(encoder.interleave(encoder.video(15, size=10_000), encoder.audio(15, config=config, size=size)))
    return feed


def played_irregularly() -> Feed:
    feed = Feed()
    feed.play(both(6, gop=30))
    feed.play(moved(both(14, gop=100), 6))
    return feed


def too_fast() -> Feed:
    feed = Feed()
    feed.play(both(30), speed=1.5)
    return feed


def uneven() -> Feed:
    feed = Feed(VIDEO)
    feed.play(encoder.video(20, fps=2, gop=4, size=50_000), late=lambda media_s: 0.7 * (int(media_s * 2) % 2))
    return feed


def sound_only() -> Feed:
    feed = Feed(AUDIO)
    feed.play(encoder.audio(12, size=400))
    return feed


CASES: dict[str, tuple[Callable[[], Feed], str]] = {
    "noKeyframe": (lambda: played(30, gop=100_000), "Keyframe Interval"),
    "gopSizeLong": (lambda: played(30, gop=250), "Keyframe Interval"),
    "gopSizeShort": (lambda: played(10, gop=5), "Keyframe Interval"),
    "gopMismatch": (played_irregularly, "scenecut"),
    "videoBitrateLow": (lambda: of_size(big(1920, 1080), size=2000), "Video Bitrate"),
    "videoBitrateHigh": (lambda: of_size(VIDEO, size=60_000), "Video Bitrate"),
    "frameRateLow": (lambda: of_size(VIDEO, fps=12), "Common FPS Values"),
    "framerateMismatch": (lambda: with_metadata(framerate=60.0, videocodecid=7.0), "View > Stats"),
    "videoResolutionVariable": (resized, "640 x 360"),
    "videoIngestionStarved": (slow_upload, "180 ms"),
    "videoIngestionLate": (lambda: late_by(4), "4.0 s later"),
    "videoIngestionFasterThanRealtime": (too_fast, "-re"),
    "uploadUnstable": (uneven, "cable"),
    "connectionUnstable": (reconnecting, "3 times"),
    "framesDropped": (lambda: played(15, dropped=range(300, 320)), "View > Stats"),
    "manyFramesDropped": (lambda: played(15, dropped=[n for n in range(150, 450) if n % 2]), "View > Stats"),
    "timestampsJump": (jumped, "jumped once"),
    "badContainer": (lambda: linked(undecodable=3), "3 messages"),
    "mediaUnusable": (lambda: counted(dropped=50), "50 packets"),
    "noAudioStream": (lambda: stopped(Track.AUDIO), "Settings > Audio"),
    "audioSilent": (lambda: with_sound(AUDIO, 10), "Audio Mixer"),
    "audioBitrateLow": (lambda: with_sound(AUDIO, 80), "Audio Bitrate"),
    "audioSampleRate": (lambda: with_sound(replace(AUDIO, sample_rate=16000), 400), "48 kHz"),
    "noVideoStream": (lambda: stopped(Track.VIDEO), "picture stopped"),
    "audioOnly": (sound_only, "radio"),
    "codecUnsupported": (lambda: linked(unsupported=["VP8 video"]), "VP8 video"),
    "trackLate": (lambda: counted(late_track=9), "Stop and start"),
    "multipleStreams": (lambda: linked(extra_tracks=2), "Multitrack Video"),
    "videoCodec": (lambda: of_size(big(1280, 720, "hvc1")), "HEVC"),
    "audioCodec": (lambda: with_sound(replace(AUDIO, codec="ac-3"), 430), "AC-3"),
    "bFramesHigh": (lambda: played(10, b_frames=4), "B-frames"),
}


def test_every_rule_has_a_case() -> None:
    assert set(CASES) == {rule.type for rule in RULES}


@pytest.mark.parametrize("kind", list(CASES))
def test_the_encoder_that_has_it_is_told_in_words(kind: str) -> None:
    make, words = CASES[kind]
    issue = found(make())[kind]
    assert words in issue.description
    assert issue.description.endswith(".")
    assert 40 < len(issue.description) < 600


@pytest.mark.parametrize(
    "make",
    [
        lambda: played(30),
        lambda: played(30, b_frames=2),
        lambda: of_size(big(1920, 1080), size=25_000),
        lambda: of_size(big(1920, 1080), size=12_500, fps=60),
        lambda: late_by(0.5),
    ],
    ids=["720p30", "with B-frames", "1080p30 at 6 Mbit/s", "1080p60 at 6 Mbit/s", "after a short stall"],
)
def test_a_good_encoder_is_told_nothing(make: Callable[[], Feed]) -> None:
    feed = make()
    assert found(feed) == {}
    assert status_of(feed.reading, set()) == "good"


def test_an_encoder_that_was_set_to_enough_and_saves_bits_is_not_told_to_use_more() -> None:
    feed = Feed(VIDEO, AUDIO, metadata={"videodatarate": 2500.0, "audiodatarate": 128.0})
    feed.play(encoder.interleave(encoder.video(30, size=500), encoder.audio(30, size=60)))
    assert found(feed) == {}


def test_dropped_frames_are_not_told_as_a_wrong_frame_rate_too() -> None:
    feed = Feed(metadata={"framerate": 30.0, "audiocodecid": 10.0})
    feed.play(both(20, dropped=[n for n in range(300, 600) if n % 4 == 0]))
    assert set(found(feed)) & {"framerateMismatch", "framesDropped", "manyFramesDropped"} == {
        "manyFramesDropped"
    }


def test_sound_that_was_promised_and_never_came_is_told_apart() -> None:
    assert "announced" in found(with_metadata(audiocodecid=10.0))["noAudioStream"].description
    assert "has no sound" in found(with_metadata())["noAudioStream"].description


def test_a_picture_that_was_promised_and_never_came_is_an_error() -> None:
    feed = Feed(AUDIO, metadata={"videocodecid": 7.0})
    feed.play(encoder.audio(12, size=400))
    assert "announced" in found(feed)["noVideoStream"].description


def test_video_that_never_had_a_keyframe_is_told_soon() -> None:
    feed = Feed()
    feed.play(both(6, first_keyframe=10_000))
    assert "noKeyframe" in found(feed)


def test_a_long_first_group_is_told_before_it_ends() -> None:
    assert "gopSizeLong" in found(played(7, gop=250))


def test_an_encoder_that_is_away_is_no_issue() -> None:
    feed = slow_upload()
    feed.meter.disconnected()
    feed.wait(3)
    assert found(feed) == {}
    assert status_of(feed.reading, set()) == "noData"


@pytest.mark.parametrize(
    ("severities", "status"),
    [(set(), "good"), ({"info"}, "good"), ({"info", "warning"}, "ok"), ({"warning", "error"}, "bad")],
)
def test_the_verdict_is_the_worst_severity(severities: set[Severity], status: str) -> None:
    assert status_of(played(3).reading, severities) == status


def test_silence_is_no_data_whatever_else_is_wrong() -> None:
    feed = played(3)
    feed.wait(7)
    assert status_of(feed.reading, {"error"}) == "noData"
