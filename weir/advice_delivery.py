"""Advice about the way to us: pace, steadiness, losses. One function an issue: text, or `None` when all is well. Pure."""

from weir.advice_picture import FEW_FRAMES_SHARE, SLOW_PACE, VIDEO_BITRATE
from weir.ingest_reading import Reading

MANY_FRAMES_SHARE = 0.2
FAST_PACE = 1.1
BEHIND_S, FAR_BEHIND_S = 2.0, 6.0
UNSTEADY_S = 0.15
MANY_RECONNECTS = 3


def starved(reading: Reading) -> str | None:
    """Slower than real time, or far behind."""
    delivery = reading.delivery
    slow = delivery.pace is not None and delivery.pace < SLOW_PACE
    if not (slow or delivery.behind_s > FAR_BEHIND_S) or not reading.has_data:
        return None
    line = reading.connection.round_trip_ms
    line_text = "" if line is None else f" The round trip to this server takes {line:.0f} ms."
    return (
        f"Media comes slower than it plays ({100 * (delivery.pace or 0):.0f} % of real time), and is {delivery.behind_s:.1f} s "
        f"late: viewers will stall. The upload is too slow for {reading.connection.kbps:.0f} kbit/s or somebody shares it."
        f"{line_text} Lower the bitrate by a third, use a cable instead of wireless. {VIDEO_BITRATE}; Advanced > Network > "
        "Dynamically change bitrate."
    )


def behind(reading: Reading) -> str | None:
    """Delay that a stall of the upload left."""
    behind_s = reading.delivery.behind_s
    if not BEHIND_S < behind_s <= FAR_BEHIND_S:
        return None
    return (
        f"The stream comes {behind_s:.1f} s later than at its best: that much waits in the encoder since the upload was too "
        "slow for a while, and viewers see it later. Stop and start the stream to get the delay back; lower the bitrate "
        f"if it happens again. {VIDEO_BITRATE}."
    )


def too_fast(reading: Reading) -> str | None:
    """Not sent in real time."""
    pace = reading.delivery.pace
    if pace is None or pace <= FAST_PACE:
        return None
    return (
        f"Media comes at {pace:.1f} times the speed at which it plays. A live stream must be sent in real time: give ffmpeg "
        "the option -re before its input."
    )


def unsteady(reading: Reading) -> str | None:
    """Bursts and pauses."""
    jitter_s = reading.delivery.jitter_s
    if jitter_s < UNSTEADY_S:
        return None
    return (
        f"Frames come unevenly, by {1000 * jitter_s:.0f} ms on average: the upload is near its limit or wireless. Players "
        f"keep more delay then. Use a cable, or lower the bitrate. {VIDEO_BITRATE}."
    )


def reconnects(reading: Reading) -> str | None:
    """One connection after the other."""
    times = reading.connection.recent_reconnects
    if times < MANY_RECONNECTS:
        return None
    return (
        f"The encoder connected anew {times} times in ten minutes. Each time viewers see a gap. Look at the network of this "
        "computer: cable, router, other uploads."
    )


def _drops_text(reading: Reading) -> str:
    losses = reading.losses
    return (
        f"{losses.missing_frames} frames ({100 * losses.missing_share:.0f} %) were left out by the encoder in ten seconds. "
        "OBS: View > Stats tells which: dropped frames (network): lower the video bitrate; skipped frames (encoding lag): "
        "a faster preset or a hardware encoder; missed frames (rendering lag): cap the game's frame rate."
    )


def few_dropped(reading: Reading) -> str | None:
    """The stamps leave room for frames that never came."""
    return (
        _drops_text(reading) if FEW_FRAMES_SHARE <= reading.losses.missing_share < MANY_FRAMES_SHARE else None
    )


def many_dropped(reading: Reading) -> str | None:
    """So many that it is a slide show."""
    return _drops_text(reading) if reading.losses.missing_share >= MANY_FRAMES_SHARE else None


def jumps(reading: Reading) -> str | None:
    """Stamps that no media of the moment can have."""
    jumps = reading.losses.jumps
    if jumps == 0:
        return None
    times = "once" if jumps == 1 else f"{jumps} times"
    return (
        f"The encoder's clock jumped {times} in the last minute. weir repairs that, but picture and sound may stutter. "
        "Restart the encoder; with ffmpeg, loops and inputs that follow one another make it jump."
    )


def undecodable(reading: Reading) -> str | None:
    """Content that cannot be parsed."""
    if reading.losses.undecodable == 0:
        return None
    return (
        f"{reading.losses.undecodable} messages of the last ten seconds made no sense and were left out. "
        "Update the encoder; if it stays so, choose H.264 and AAC in it."
    )


def refused(reading: Reading) -> str | None:
    """Media that the packager had to leave out."""
    video = reading.video
    if reading.losses.refused == 0 or (video is not None and not video.keyframes):
        return None
    return (
        f"{reading.losses.refused} packets of the last ten seconds had no place on the timeline and were left out: stamps "
        "that stand still or lie, or frames without a keyframe before them. Restart the encoder."
    )
