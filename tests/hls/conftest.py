"""Real H.264 and AAC, encoded once a session, and streams to feed it to."""

from collections.abc import Callable
from fractions import Fraction
from io import BytesIO

import av
import numpy as np
import pytest

from common.media import AudioConfig, MediaConfig, Packet, Track, VideoConfig

Media = tuple[list[MediaConfig], list[Packet]]


def encode(seconds: int, *, fps: int, b_frames: int, gop: int) -> Media:
    """A tiny moving picture and a tone, muxed to FLV and back: configurations and packets as RTMP delivers them."""
    file = BytesIO()
    with av.open(file, "w", format="flv") as flv:
        video = flv.add_stream("libx264", rate=fps, width=64, height=48, pix_fmt="yuv420p")
        video.options = {"bf": str(b_frames), "g": str(gop), "sc_threshold": "0", "preset": "veryfast"}
        audio = flv.add_stream("aac", rate=48000)
        rows = np.arange(48, dtype=np.uint8)[:, None, None]
        for index in range(seconds * fps):
            picture = np.broadcast_to(rows * 5 + np.uint8(index * 3 % 256), (48, 64, 3))
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, fps)
            flv.mux(video.encode(frame))
        flv.mux(video.encode(None))
        for index in range(seconds * 48000 // 1024):
            wave = np.sin((np.arange(1024) + index * 1024) * 0.06).astype(np.float32) * 0.2
            sound = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
            sound.pts, sound.sample_rate, sound.time_base = index * 1024, 48000, Fraction(1, 48000)
            flv.mux(audio.encode(sound))
        flv.mux(audio.encode(None))
    return _packets(BytesIO(file.getvalue()))


def _packets(file: BytesIO) -> Media:
    with av.open(file, "r", format="flv") as flv:
        video, audio = flv.streams.video[0], flv.streams.audio[0]
        configs: list[MediaConfig] = [
            VideoConfig("avc1", video.codec_context.extradata or b"", "avc1.64000a", 64, 48),
            AudioConfig("mp4a", audio.codec_context.extradata or b"", "mp4a.40.2", 48000, 2),
        ]
        packets = [
            Packet(Track(one.stream.type), one.dts * 90, one.pts * 90, one.is_keyframe, bytes(one))
            for one in flv.demux()
            if one.size and one.dts is not None and one.pts is not None
        ]
    return configs, sorted(packets, key=lambda packet: packet.dts)


@pytest.fixture(scope="session")
def encoded() -> Callable[[int], Media]:
    """Nine seconds of 30 fps with the given number of B-frames."""
    made: dict[int, Media] = {}

    def get(b_frames: int) -> Media:
        if b_frames not in made:
            made[b_frames] = encode(9, fps=30, b_frames=b_frames, gop=60)
        return made[b_frames]

    return get
