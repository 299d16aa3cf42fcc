"""Advice about sound, and about tracks that are left out. One function an issue: text, or `None` when all is well. Pure."""

from common.media import Track
from weir.ingest_reading import MISSING_TRACK_S, SILENT_S, Reading

LOW_AUDIO_KBPS, SILENT_AUDIO_KBPS = 56.0, 12.0
LOW_SAMPLE_RATE = 44_100


def no_audio(reading: Reading) -> str | None:
    """Sound that stopped, was announced, or is not there."""
    audio, connection = reading.audio, reading.connection
    if audio is not None and audio.silent_s < SILENT_S:
        return None
    if audio is None and (connection.seconds or 0.0) < MISSING_TRACK_S:
        return None
    if not reading.has_data:
        return None
    if audio is not None:
        what = f"Sound stopped {audio.silent_s:.0f} s ago while video goes on."
    elif Track.AUDIO in connection.promised:
        what = "The encoder announced sound, but none came."
    else:
        what = "The stream has no sound."
    return f"{what} OBS: Settings > Audio, choose a device; Settings > Output > Audio, choose a track for streaming."


def audio_silent(reading: Reading) -> str | None:
    """As few bits as silence needs."""
    audio = reading.audio
    if audio is None or not 0 < audio.kbps < SILENT_AUDIO_KBPS:
        return None
    return (
        f"The sound needs {audio.kbps:.0f} kbit/s only: it seems to be silence. OBS: look whether the Audio Mixer moves and "
        "nothing is muted."
    )


def audio_low(reading: Reading) -> str | None:
    """Too few bits for the channels."""
    audio = reading.audio
    if audio is None or audio.kbps < SILENT_AUDIO_KBPS:
        return None
    least = LOW_AUDIO_KBPS if audio.config.channels > 1 else LOW_AUDIO_KBPS / 2
    if audio.config.codec != "mp4a":
        least /= 2
    # An encoder that was set to more saves bits where there is little to hear.
    if max(audio.kbps, reading.connection.promised_audio_kbps) >= least:
        return None
    return (
        f"{audio.kbps:.0f} kbit/s is little for {audio.config.channels} channels of sound. "
        "Use 128 to 160. OBS: Settings > Output > Audio > Audio Bitrate."
    )


def audio_rate(reading: Reading) -> str | None:
    """A telephone."""
    audio = reading.audio
    if audio is None or audio.config.sample_rate >= LOW_SAMPLE_RATE:
        return None
    return (
        f"The sound has {audio.config.sample_rate} samples a second and so no high tones. "
        "OBS: Settings > Audio > Sample Rate = 48 kHz."
    )


def unsupported(reading: Reading) -> str | None:
    """A codec that is left out."""
    names = reading.connection.unsupported
    if not names:
        return None
    return (
        f"{', '.join(names)} cannot be played by viewers and is left out. Choose H.264 for video and AAC for audio. "
        "OBS: Settings > Output > Streaming > Video Encoder, Audio Encoder."
    )


def extra_tracks(reading: Reading) -> str | None:
    """Tracks beside the first."""
    if reading.connection.extra_tracks == 0:
        return None
    return (
        "The encoder sends more than one video or audio track; viewers get the first of each, the rest is left out and "
        "costs upload. OBS: Settings > Stream, switch Multitrack Video off; Settings > Output > Streaming, switch the VOD Track off."
    )


def support_of_audio(reading: Reading) -> str | None:
    """Codecs that most browsers lack."""
    codec = reading.audio.config.codec if reading.audio is not None else None
    if codec not in {"ac-3", "ec-3"}:
        return None
    return (
        "AC-3 sound does not play in Chrome and Firefox on most computers. "
        "Choose AAC. OBS: Settings > Output > Streaming > Audio Encoder."
    )


def late_track(reading: Reading) -> str | None:
    """A track that came after the renditions were fixed."""
    if reading.losses.late_track == 0:
        return None
    return (
        "A picture or a sound came only after the stream had begun, and is not played: players learn at the start what there "
        "is. Stop and start the stream, with all sources ready."
    )
