"""Programs that publish two seconds of H.264 and AAC, and what must arrive when they do."""

import shutil
from itertools import pairwise

import av
import imageio_ffmpeg
import pytest
import trio

from common.ingest import StreamMetadata
from common.media import AudioConfig, Packet, Track, VideoConfig
from tests.rtmp.recorder import RecordingPublication
from tests.rtmp.site import Site

FFMPEGS = ["bundled", "installed"]
"""ffmpeg 9, which comes with the test environment, and Debian's 5.1."""

GSTREAMER = "gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly glib-networking"


def installed(program: str, packages: str) -> str:
    """Path of a program that the tests cannot do without."""
    path = shutil.which(program)
    if path is None:
        pytest.fail(
            f"{program} is missing: `apt-get install {packages}`, or run .ci/run, which does", pytrace=False
        )
    return path


def ffmpeg(which: str) -> str:
    return imageio_ffmpeg.get_ffmpeg_exe() if which == "bundled" else installed("ffmpeg", "ffmpeg")


def encode(exe: str, url: str, *options: str, live: bool = False) -> list[str]:
    """An ffmpeg command that publishes two seconds as fast as it can, or a minute in real time."""
    pace = ["-re"] if live else []
    return [
        exe, "-hide_banner", "-loglevel", "error", "-nostdin",
        *pace, "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30",
        *pace, "-f", "lavfi", "-i", "sine=440:r=48000",
        "-t", "60" if live else "2",
        "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "30", "-pix_fmt", "yuv420p",
        "-c:a", "aac", "-ac", "2",
        *options, "-f", "flv", url,
    ]  # fmt: skip


def gstreamer(url: str, *options: str, live: bool = False) -> list[str]:
    """The same with GStreamer's rtmp2sink; `options` are its properties, such as `chunk-size=4096`."""
    pace = f"is-live={str(live).lower()}"
    frames, sounds = ("1800", "2813") if live else ("60", "94")
    return [
        installed("gst-launch-1.0", GSTREAMER), "-q", "-e",
        "videotestsrc", pace, f"num-buffers={frames}",
        "!", "video/x-raw,width=320,height=180,framerate=30/1",
        "!", "x264enc", "key-int-max=30", "speed-preset=ultrafast", "bframes=2",
        "!", "h264parse", "!", "queue", "!", "flvmux", "name=mux", "streamable=true",
        "!", "rtmp2sink", f"location={url}", *options,
        "audiotestsrc", pace, f"num-buffers={sounds}", "samplesperbuffer=1024",
        "!", "audio/x-raw,rate=48000,channels=2",
        "!", "voaacenc", "!", "aacparse", "!", "queue", "!", "mux.",
    ]  # fmt: skip


async def publish(site: Site, command: list[str]) -> RecordingPublication:
    """Run a program that publishes until it ends by itself; return what it published."""
    await trio.run_process(command)
    (publication,) = site.gate.publications
    await publication.over.wait()
    return publication


def check_two_seconds(publication: RecordingPublication, *, settled_after: int = 0) -> None:
    """Check all that `encode` and `gstreamer` promise; frames are 33 ms apart from number `settled_after` on."""
    (video,) = publication.of(VideoConfig)
    (audio,) = publication.of(AudioConfig)
    assert (video.width, video.height) == (320, 180)
    assert (audio.sample_rate, audio.channels, audio.rfc6381) == (48000, 2, "mp4a.40.2")
    assert publication.of(StreamMetadata)[0].values["width"] == 320
    packets = publication.of(Packet)
    pictures = [packet for packet in packets if packet.track is Track.VIDEO]
    sounds = [packet for packet in packets if packet.track is Track.AUDIO]
    assert len(pictures) == 60
    assert 92 <= len(sounds) <= 96
    assert [index for index, packet in enumerate(pictures) if packet.keyframe] == [0, 30]
    steps = {after.dts - before.dts for before, after in pairwise(pictures[settled_after:])}
    assert steps <= {33 * 90, 34 * 90}
    assert any(packet.pts > packet.dts for packet in pictures)
    assert_decodable(video, audio, pictures, sounds)


def assert_decodable(
    video: VideoConfig, audio: AudioConfig, pictures: list[Packet], sounds: list[Packet]
) -> None:
    """Give every byte to a decoder: nothing was lost or moved on the way."""
    h264 = av.VideoCodecContext.create("h264", "r")
    h264.extradata = video.extradata
    shown = [frame for packet in pictures for frame in h264.decode(av.Packet(packet.data))] + h264.decode(
        None
    )
    assert len(shown) == len(pictures)
    aac = av.AudioCodecContext.create("aac", "r")
    aac.extradata = audio.extradata
    heard = [frame for packet in sounds for frame in aac.decode(av.Packet(packet.data))] + aac.decode(None)
    assert len(heard) >= len(sounds) - 1
