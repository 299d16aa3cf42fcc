"""Advice about the picture: keyframes, bitrate, size, rate, codec. One function an issue: text, or `None` when all is well. Pure."""

from common.media import Track
from weir.ingest_reading import MISSING_TRACK_S, SILENT_S, Reading, VideoReading

MAX_GOP_S = 4.0
"""TARGETDURATION: a longer group of pictures cannot stay in one segment."""
GOOD_GOP_S = 2.0
SHORT_GOP_S = 0.5
NO_KEYFRAME_S = 10.0
LOW_BITS_PER_PIXEL = 0.02
"""H.264 below this falls apart when anything moves: 1.2 Mbit/s at 1080p30."""
CODEC_GAIN = {"avc1": 1.0, "hvc1": 0.6, "av01": 0.5, "vp09": 0.65}
"""How many of H.264's bits others need for the same picture."""
HIGH_BASE_KBPS, HIGH_KBIT_PER_MEGAPIXEL = 3000.0, 84.0
"""Bitrate that nobody sees a gain from: 8.2 Mbit/s at 1080p30, 13 at 1080p60, 45 at 2160p60."""
SLOW_PACE = 0.93
"""Media that comes slower than this share of real time: not the encoder is slow, but the way here."""
IRREGULAR_S = 1.0
FEW_B_FRAMES = 2
LOW_FPS = 20.0
FEW_FRAMES_SHARE = 0.02
"""Missing frames that are worth a word."""
VIDEO_BITRATE = "OBS: Settings > Output > Streaming > Video Bitrate"
KEYFRAMES = "OBS: Settings > Output, Output Mode = Advanced, Streaming > Keyframe Interval"


def gop_long(reading: Reading) -> str | None:
    """Keyframes so far apart that segments begin without one."""
    video = reading.video
    if video is None or not video.keyframes:
        return None
    longest = max(video.keyframe_interval_s or 0.0, video.since_keyframe_s)
    if longest <= MAX_GOP_S + 0.3 or longest > NO_KEYFRAME_S:
        return None
    return (
        f"A keyframe comes every {longest:.1f} s only, so viewers start later and cannot join at every segment. "
        f"Set it to {GOOD_GOP_S:.0f} s. {KEYFRAMES} = 2 (0 means automatic: about 8 s at 30 fps)."
    )


def no_keyframe(reading: Reading) -> str | None:
    """Video that no decoder can start with."""
    video = reading.video
    if video is None or video.since_keyframe_s <= (NO_KEYFRAME_S if video.keyframes else MISSING_TRACK_S / 2):
        return None
    return (
        f"No keyframe came for {video.since_keyframe_s:.0f} s of video: nobody can start to watch. "
        f"Set the keyframe interval to 2 s. {KEYFRAMES} = 2; switch 'intra refresh' of the encoder off."
    )


def gop_short(reading: Reading) -> str | None:
    """Keyframes that cost quality."""
    video = reading.video
    if video is None or video.longest_interval_s is None or video.intervals < 4:
        return None
    if video.longest_interval_s >= SHORT_GOP_S:
        return None
    return (
        f"Keyframes come every {video.longest_interval_s:.2f} s. They are large, so the picture gets worse at the same "
        f"bitrate. {KEYFRAMES} = 2."
    )


def gop_irregular(reading: Reading) -> str | None:
    """Keyframes where the picture changes, or just anywhere."""
    video = reading.video
    if video is None or video.longest_interval_s is None or video.shortest_interval_s is None:
        return None
    if video.intervals < 4 or video.longest_interval_s - video.shortest_interval_s < IRREGULAR_S:
        return None
    return (
        f"The distance of keyframes changes between {video.shortest_interval_s:.1f} and {video.longest_interval_s:.1f} s. "
        f"Segments then differ in length. {KEYFRAMES} = 2, and x264 option scenecut=0 if it stays so."
    )


def _megapixels_per_s(video: VideoReading) -> float | None:
    if video.nominal_fps is None:
        return None
    return video.config.width * video.config.height * video.nominal_fps / 1e6


def _size(video: VideoReading) -> str:
    return f"{video.config.width} x {video.config.height} at {video.nominal_fps or 0:.0f} fps"


def bitrate_low(reading: Reading) -> str | None:
    """Too few bits for size, rate and codec."""
    video = reading.video
    pixels = None if video is None else _megapixels_per_s(video)
    if video is None or pixels is None or video.fps is None or not video.kbps:
        return None
    least = LOW_BITS_PER_PIXEL * CODEC_GAIN[video.config.codec] * pixels * 1000
    # An encoder that was set to more saves bits, because the picture does not move.
    if max(video.kbps, reading.connection.promised_video_kbps) >= least:
        return None
    return (
        f"{video.kbps:.0f} kbit/s is little for {_size(video)}: the picture blurs when it moves (a still picture needs no "
        f"more). Use {2.5 * least:.0f} kbit/s or more, or a smaller size. {VIDEO_BITRATE}; Settings > Video > Output "
        "(Scaled) Resolution."
    )


def bitrate_high(reading: Reading) -> str | None:
    """More bits than help, and than many lines carry."""
    video = reading.video
    pixels = None if video is None else _megapixels_per_s(video)
    if video is None or pixels is None:
        return None
    most = HIGH_BASE_KBPS + HIGH_KBIT_PER_MEGAPIXEL * pixels
    if video.kbps <= most:
        return None
    return (
        f"{video.kbps:.0f} kbit/s is more than {_size(video)} gains from, and viewers with slower lines will stall. "
        f"Use {most:.0f} kbit/s at most; 6000 reaches nearly everybody. {VIDEO_BITRATE}."
    )


def fps_low(reading: Reading) -> str | None:
    """Slow on purpose, or by a wrong setting."""
    video = reading.video
    if video is None or video.nominal_fps is None or video.nominal_fps >= LOW_FPS:
        return None
    return (
        f"The encoder sends {video.nominal_fps:.1f} frames a second: motion looks jerky. "
        "OBS: Settings > Video > Common FPS Values = 30 or 60."
    )


def fps_mismatch(reading: Reading) -> str | None:
    """The encoder cannot keep up with what it announced."""
    video, promised = reading.video, reading.connection.promised_fps
    if video is None or video.fps is None or promised is None or video.fps >= 0.9 * promised:
        return None
    if reading.losses.missing_share >= FEW_FRAMES_SHARE:
        return None  # frames are dropped: told by itself
    if reading.delivery.pace is None or reading.delivery.pace < SLOW_PACE:
        return None  # the line is too slow: another rule says so
    return (
        f"The encoder announced {promised:.0f} frames a second, {video.fps:.1f} come: this computer is too slow for its "
        "settings. OBS: look at View > Stats; choose a hardware encoder, a faster preset or a smaller size."
    )


def size_varies(reading: Reading) -> str | None:
    """Another size within one connection."""
    if reading.losses.size_changes == 0 or reading.video is None:
        return None
    return (
        f"The size of the picture changed, to {reading.video.config.width} x {reading.video.config.height}: players "
        "switch decoders and may stop for a moment. Keep one size for the whole stream."
    )


def no_video(reading: Reading) -> str | None:
    """A picture that was there, or was announced."""
    video, connection = reading.video, reading.connection
    if not reading.has_data:
        return None
    if video is not None:
        if video.silent_s < SILENT_S:
            return None
        what = f"The picture stopped {video.silent_s:.0f} s ago while sound goes on."
    elif (connection.seconds or 0.0) < MISSING_TRACK_S:
        return None
    elif Track.VIDEO in connection.promised:
        what = "The encoder announced a picture, but none came."
    else:
        return None
    return f"{what} Stop and start the stream; look at the encoder's log for errors of the video encoder."


def audio_only(reading: Reading) -> str | None:
    """No picture, and none announced."""
    connection = reading.connection
    if reading.video is not None or Track.VIDEO in connection.promised or not reading.has_data:
        return None
    if (connection.seconds or 0.0) < MISSING_TRACK_S:
        return None
    return "The stream has sound only; that is fine for radio. For a picture, look at the encoder's video settings."


def support_of_codec(reading: Reading) -> str | None:
    """Codecs that some browsers lack."""
    codec = reading.video.config.codec if reading.video is not None else None
    if codec == "hvc1":
        return (
            "HEVC plays in Safari, and elsewhere only where the graphics card decodes it; others see nothing. "
            "H.264 plays everywhere. OBS: Settings > Output > Streaming > Video Encoder."
        )
    if codec == "av01":
        return (
            "AV1 does not play on iPhones and Macs without an AV1 decoder (before iPhone 15 Pro and M3), nor on older "
            "televisions. H.264 plays everywhere. OBS: Settings > Output > Streaming > Video Encoder."
        )
    if codec == "vp09":
        return "VP9 does not play in every Safari. H.264 plays everywhere."
    return None


def b_frames(reading: Reading) -> str | None:
    """Delay for little gain."""
    video = reading.video
    if video is None or video.b_frames <= FEW_B_FRAMES:
        return None
    return (
        f"{video.b_frames} B-frames in a row make viewers wait {1000 * video.reorder_s:.0f} ms longer. "
        "OBS: Settings > Output > Streaming > Max B-frames = 2 or less (0 for the least delay)."
    )
