"""The multivariant playlist: which renditions there are, and what a player needs for them. Pure."""

from common.media import AudioConfig, VideoConfig
from hls.window import Window

BANDWIDTH_RESERVE = 1.25
"""BANDWIDTH is a promise about segments not made yet (D2): the peak so far and a quarter."""

YOUNG_S = 12.0
YOUNG_RESERVE = 1.5
"""A stream that began this recently has shown little, often a still picture or silence."""

RESERVE_BPS = 16_000
"""Added for what varies more the less there is of it: headers, and audio at low rates, which one loud second doubles."""

VIDEO_RANGES = {16: ",VIDEO-RANGE=PQ", 18: ",VIDEO-RANGE=HLG"}
"""By transfer characteristics; without it, SDR."""


def multivariant(
    stream_path: str,
    video: tuple[VideoConfig, Window, float] | None,
    audio: tuple[AudioConfig, Window] | None,
) -> str:
    """The multivariant playlist; `stream_path` leads from it to the stream, `video` has its frames a second.

    Audio is a rendition of its own, and a variant of its own too: audio only costs nothing. It tells the newest
    configurations, also while older segments in the window have others: that is what a player that comes now begins
    with, and one that reads of a codec it does not know would refuse what it could play.
    """
    lines = ["#EXTM3U", "#EXT-X-VERSION:4"]
    audio_rates = _rates(audio[1]) if audio else (0, 0)
    group = ',AUDIO="audio"' if audio and video else ""
    if audio and group:
        lines.append(
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES'
            f',CHANNELS="{audio[0].channels}",URI="{stream_path}/audio/index.m3u8"'
        )
    if video:
        config, window, fps = video
        video_rates = _rates(window)
        rates = (video_rates[0] + audio_rates[0], video_rates[1] + audio_rates[1])
        codecs = [config.rfc6381, audio[0].rfc6381] if audio else [config.rfc6381]
        picture = f",RESOLUTION={config.width}x{config.height},FRAME-RATE={fps:.3f}"
        picture += VIDEO_RANGES.get(config.transfer, "")
        lines += [_variant(rates, codecs, picture + group), f"{stream_path}/video/index.m3u8"]
    if audio:
        lines += [_variant(audio_rates, [audio[0].rfc6381], group), f"{stream_path}/audio/index.m3u8"]
    return "\n".join(lines) + "\n"


def _variant(rates: tuple[int, int], codecs: list[str], more: str) -> str:
    peak, mean = rates
    return f'#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={mean},CODECS="{",".join(codecs)}"{more}'


def _rates(window: Window) -> tuple[int, int]:
    mean = window.total_bytes * 8 / window.total_s if window.total_s else 0.0
    reserve = YOUNG_RESERVE if window.total_s < YOUNG_S else BANDWIDTH_RESERVE
    peak = max(window.peak_bps * reserve, mean) + RESERVE_BPS
    return round(peak), max(1, round(mean))
