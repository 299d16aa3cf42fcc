"""What a streamer should change, in plain words: one rule an issue, judged on one `Reading`. Pure.

Types are YouTube's where it has one (liveStreams healthStatus.configurationIssues), because tools know them; `reason` says
it in a few words and `description` holds the advice with the name of the OBS setting. Rules say only what is so now; when
an issue is told, and when it is over, is decided by `weir.issue_tracker`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from weir import advice_delivery, advice_picture, advice_tracks
from weir.ingest_reading import Reading, Severity, Status


@dataclass(frozen=True, slots=True)
class Rule:
    """How one issue is recognised. `check` gives the advice, with numbers, or `None` where all is well."""

    type: str
    severity: Severity
    reason: str
    check: Callable[[Reading], str | None]
    after_s: float = 5.0
    """It must be so for this long before it is told."""


@dataclass(frozen=True, slots=True)
class Issue:
    """Something the streamer should know."""

    type: str
    """A name for programs, such as `gopSizeLong`."""
    severity: Severity
    reason: str
    """A few words for people."""
    description: str
    """What is measured, what it means for viewers, and what to change."""


RULES = (
    Rule("noKeyframe", "error", "No keyframes", advice_picture.no_keyframe, 0.0),
    Rule("gopSizeLong", "warning", "Keyframes too far apart", advice_picture.gop_long),
    Rule("gopSizeShort", "info", "Keyframes too close together", advice_picture.gop_short),
    Rule("gopMismatch", "info", "Keyframes irregular", advice_picture.gop_irregular, 10.0),
    Rule("videoBitrateLow", "warning", "Video bitrate low", advice_picture.bitrate_low, 15.0),
    Rule("videoBitrateHigh", "warning", "Video bitrate high", advice_picture.bitrate_high, 10.0),
    Rule("frameRateLow", "info", "Few frames a second", advice_picture.fps_low, 10.0),
    Rule("framerateMismatch", "warning", "Fewer frames than announced", advice_picture.fps_mismatch, 10.0),
    Rule(
        "videoResolutionVariable", "warning", "Size of the picture changes", advice_picture.size_varies, 0.0
    ),
    Rule("videoIngestionStarved", "error", "Upload too slow", advice_delivery.starved, 5.0),
    Rule("videoIngestionLate", "warning", "Stream comes late", advice_delivery.behind, 10.0),
    Rule("videoIngestionFasterThanRealtime", "warning", "Sent too fast", advice_delivery.too_fast, 10.0),
    Rule("uploadUnstable", "warning", "Upload unsteady", advice_delivery.unsteady, 5.0),
    Rule("connectionUnstable", "warning", "Connection drops", advice_delivery.reconnects, 0.0),
    Rule("framesDropped", "warning", "Frames dropped", advice_delivery.few_dropped, 3.0),
    Rule("manyFramesDropped", "error", "Many frames dropped", advice_delivery.many_dropped, 3.0),
    Rule("timestampsJump", "warning", "Clock of the encoder jumps", advice_delivery.jumps, 0.0),
    Rule("badContainer", "warning", "Messages make no sense", advice_delivery.undecodable, 3.0),
    Rule("mediaUnusable", "warning", "Packets without a place", advice_delivery.refused, 5.0),
    Rule("noAudioStream", "warning", "No sound", advice_tracks.no_audio, 0.0),
    Rule("audioSilent", "info", "Sound seems silent", advice_tracks.audio_silent, 20.0),
    Rule("audioBitrateLow", "warning", "Audio bitrate low", advice_tracks.audio_low, 15.0),
    Rule("audioSampleRate", "info", "Audio sample rate low", advice_tracks.audio_rate),
    Rule("noVideoStream", "error", "No picture", advice_picture.no_video, 0.0),
    Rule("audioOnly", "info", "Sound only", advice_picture.audio_only, 0.0),
    Rule("codecUnsupported", "error", "Codec not supported", advice_tracks.unsupported, 0.0),
    Rule("trackLate", "warning", "A track came too late", advice_tracks.late_track, 0.0),
    Rule("multipleStreams", "info", "More than one track", advice_tracks.extra_tracks, 0.0),
    Rule("videoCodec", "info", "Not every browser plays this video", advice_picture.support_of_codec, 0.0),
    Rule("audioCodec", "warning", "Not every browser plays this sound", advice_tracks.support_of_audio, 0.0),
    Rule("bFramesHigh", "info", "Many B-frames", advice_picture.b_frames),
)
"""Every issue there is; docs/stream-health.md lists them."""


def find_issues(reading: Reading) -> list[tuple[Rule, Issue]]:
    """Everything that is wrong now. An encoder that is away is no configuration issue: then there are none."""
    if reading.connection.seconds is None:
        return []
    found = [(rule, rule.check(reading)) for rule in RULES]
    return [
        (rule, Issue(rule.type, rule.severity, rule.reason, text)) for rule, text in found if text is not None
    ]


def status_of(reading: Reading, severities: set[Severity]) -> Status:
    """The overall verdict, from the issues that are told at the moment."""
    if reading.connection.seconds is None or not reading.has_data:
        return "noData"
    if "error" in severities:
        return "bad"
    return "ok" if "warning" in severities else "good"
