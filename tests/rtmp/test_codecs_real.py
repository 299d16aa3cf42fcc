"""ffmpeg 9.0 publishes every codec of Enhanced RTMP that it can send: what arrives is what the file held.

It cannot send VP8 and VVC in FLV, nor MP3 the enhanced way.
"""

from dataclasses import dataclass
from pathlib import Path

import av
import pytest
import trio

from common.media import AudioConfig, MediaConfig, Packet, Track, VideoConfig
from tests.rtmp.encoders import ffmpeg
from tests.rtmp.recorder import RecordingPublication
from tests.rtmp.site import running

pytestmark = pytest.mark.real

QUIET = ["-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=30"]
SOUND = ["-f", "lavfi", "-i", "sine=440:r=48000"]


@dataclass(frozen=True)
class Case:
    """How to encode two seconds, and what to expect of the configuration; box and start of the configuration in MP4."""

    options: str
    codec: str
    rfc6381: str
    box: str = ""
    start: int = 0
    samples: int = 0
    channels: int = 2
    rate: int = 48_000


VIDEO: dict[str, Case] = {
    "HEVC": Case(
        "libx265 -preset ultrafast -bf 2 -g 30 -tag:v hvc1 -x265-params log-level=none",
        "hvc1", "hvc1.1.6.L60.90", "hvcC",
    ),
    "HEVC, 10 bit": Case(
        "libx265 -preset ultrafast -g 30 -pix_fmt yuv420p10le -tag:v hvc1 -x265-params log-level=none",
        "hvc1", "hvc1.2.4.L60.90", "hvcC",
    ),
    "AV1 of SVT-AV1": Case("libsvtav1 -preset 12 -g 30", "av01", "av01.0.00M.08", "av1C"),
    "AV1 of libaom": Case("libaom-av1 -usage realtime -cpu-used 8 -g 30", "av01", "av01.0.00M.08", "av1C"),
    "AV1 of rav1e": Case("librav1e -speed 10 -g 30", "av01", "av01.0.31M.08", "av1C"),
    "VP9": Case("libvpx-vp9 -deadline realtime -cpu-used 8 -g 30", "vp09", "vp09.00.10.08", "vpcC", 4),
    "H.264": Case("libx264 -preset ultrafast -bf 2 -g 30", "avc1", "avc1.4d400b", "avcC"),
}  # fmt: skip
AUDIO: dict[str, Case] = {
    "Opus": Case("libopus -ac 2", "Opus", "Opus", samples=960),
    "Opus of 10 ms": Case("libopus -ac 1 -frame_duration 10", "Opus", "Opus", samples=480, channels=1),
    "Opus of 60 ms": Case("libopus -ac 2 -frame_duration 60", "Opus", "Opus", samples=2880),
    "Opus 5.1": Case("libopus -ac 6", "Opus", "Opus", samples=960, channels=6),
    "FLAC": Case("flac -ac 2", "fLaC", "fLaC", "dfLa", 8, samples=1024),
    "FLAC 5.1": Case("flac -ac 6 -frame_size 4608", "fLaC", "fLaC", "dfLa", 8, samples=4608, channels=6),
    "AC-3": Case("ac3 -ac 2", "ac-3", "ac-3", "dac3", samples=1536),
    "AC-3 5.1": Case("ac3 -ac 6 -ar 44100", "ac-3", "ac-3", "dac3", samples=1536, channels=6, rate=44_100),
    "E-AC-3": Case("eac3 -ac 2", "ec-3", "ec-3", "dec3", samples=1536),
    "E-AC-3 5.1": Case("eac3 -ac 6 -ar 32000", "ec-3", "ec-3", "dec3", samples=1536, channels=6, rate=32_000),
    "AAC": Case("aac -ac 2", "mp4a", "mp4a.40.2", samples=1024),
}  # fmt: skip


@dataclass(frozen=True)
class Held:
    """What a file holds."""

    extradata: bytes
    packets: list[tuple[bytes, bool, int, int]]
    """Data, key frame, and time of decoding and presentation in whole milliseconds from the first one's decoding."""


def read(path: Path, case: Case) -> Held:
    with av.open(str(path)) as container:
        (stream,) = container.streams
        assert stream.time_base is not None
        extradata = stream.codec_context.extradata or b""
        found = [packet for packet in container.demux(stream) if packet.size]
        packets = []
        for packet in found:
            assert packet.dts is not None
            assert packet.pts is not None
            times = [
                round(1000 * (time - (found[0].dts or 0)) * stream.time_base)
                for time in (packet.dts, packet.pts)
            ]
            packets.append((bytes(packet), packet.is_keyframe, times[0], times[1]))
    if case.box:
        content = path.read_bytes()
        position = content.index(case.box.encode())
        size = int.from_bytes(content[position - 4 : position], "big")
        extradata = content[position + 4 + case.start : position - 4 + size]
    return Held(extradata, packets)


async def encode(path: Path, *options: str) -> None:
    await trio.run_process(
        [ffmpeg("bundled"), *QUIET, *options, "-t", "2", "-strict", "-2", str(path)], capture_stderr=True
    )


async def publish(*options: str) -> RecordingPublication:
    """Publish with ffmpeg; everything that arrived makes sense."""
    async with running() as site:
        command = [ffmpeg("bundled"), *QUIET, *options, "-f", "flv", f"{site.url}/live/KEY"]
        await trio.run_process(command, capture_stderr=True)
        (publication,) = site.gate.publications
        await publication.over.wait()
        assert (site.stats.undecodable_total, site.stats.protocol_errors_total) == (0, 0)
    assert publication.ended == [True]
    return publication


def check(publication: RecordingPublication, held: Held) -> MediaConfig:
    """All packets are those of the file, at its times within the millisecond of RTMP, behind one configuration."""
    config, *packets = (
        item for item in publication.items if isinstance(item, VideoConfig | AudioConfig | Packet)
    )
    assert isinstance(config, VideoConfig | AudioConfig)
    assert config.extradata == held.extradata
    arrived = [packet for packet in packets if isinstance(packet, Packet)]
    assert len(arrived) == len(packets)
    assert [packet.data for packet in arrived] == [data for data, *_ in held.packets]
    assert [packet.keyframe for packet in arrived] == [keyframe for _, keyframe, *_ in held.packets]
    first = arrived[0].dts
    for packet, (_, _, dts_ms, pts_ms) in zip(arrived, held.packets, strict=True):
        assert abs(packet.dts - first - 90 * dts_ms) <= 90
        assert abs(packet.pts - first - 90 * pts_ms) <= 180
    return config


@pytest.mark.parametrize("name", VIDEO)
async def test_video_arrives_as_the_file_held_it(name: str, tmp_path: Path) -> None:
    case, path = VIDEO[name], tmp_path / "source.mp4"
    await encode(path, *PICTURE, "-pix_fmt", "yuv420p", "-c:v", *case.options.split())
    held = read(path, case)
    assert len(held.packets) == 60
    config = check(await publish("-i", str(path), "-c", "copy"), held)
    assert config == VideoConfig(case.codec, held.extradata, case.rfc6381, 160, 120)  # type: ignore[arg-type] # a literal


@pytest.mark.parametrize("name", AUDIO)
async def test_audio_arrives_as_the_file_held_it(name: str, tmp_path: Path) -> None:
    case, path = AUDIO[name], tmp_path / "source.mp4"
    await encode(path, *SOUND, "-c:a", *case.options.split())
    held = read(path, case)
    config = check(await publish("-i", str(path), "-c", "copy"), held)
    assert config == AudioConfig(
        case.codec, held.extradata, case.rfc6381, case.rate, case.channels, case.samples  # type: ignore[arg-type] # a literal
    )  # fmt: skip


@pytest.mark.parametrize(
    ("video", "audio"),
    [("HEVC", "Opus"), ("AV1 of libaom", "FLAC"), ("AV1 of SVT-AV1", "AC-3"), ("VP9", "E-AC-3")],
)
async def test_live_encoders_are_taken_from_their_first_frame_to_the_last(video: str, audio: str) -> None:
    """Encoding into the stream differs from copying: headers come late or twice, delimiters are in the frames."""
    options = ["-c:v", *VIDEO[video].options.split(), "-c:a", *AUDIO[audio].options.split()]
    tags = [] if "-tag:v" not in options else ["-tag:v", "0"]
    publication = await publish(*PICTURE, *SOUND, "-t", "2", "-pix_fmt", "yuv420p", *options, *tags)
    (video_config,) = publication.of(VideoConfig)
    (audio_config,) = publication.of(AudioConfig)
    assert (video_config.rfc6381, video_config.width, video_config.height) == (VIDEO[video].rfc6381, 160, 120)
    assert (audio_config.rfc6381, audio_config.sample_rate) == (AUDIO[audio].rfc6381, 48_000)
    packets = publication.of(Packet)
    pictures = [packet for packet in packets if packet.track is Track.VIDEO]
    assert len(pictures) == 60
    assert pictures[0].keyframe
    assert sum(packet.keyframe for packet in pictures) == 2
    assert not any(packet.data.startswith(b"\x12\x00") for packet in pictures)
    samples = (len(packets) - len(pictures)) * audio_config.samples_per_frame
    assert 96_000 <= samples <= 96_000 + 3 * 1536


async def test_many_tracks_are_counted_and_the_first_ones_published() -> None:
    """ffmpeg sends track 0 as a plain tag, the others as OneTrack."""
    publication = await publish(
        *PICTURE, *SOUND, "-t", "2",
        "-map", "0", "-map", "0", "-map", "1", "-map", "1", "-pix_fmt", "yuv420p",
        "-c:v:0", "libx264", "-c:v:1", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none",
        "-c:a:0", "aac", "-c:a:1", "libopus",
    )  # fmt: skip
    (video_config,) = publication.of(VideoConfig)
    (audio_config,) = publication.of(AudioConfig)
    assert (video_config.codec, audio_config.codec) == ("avc1", "mp4a")
    packets = publication.of(Packet)
    assert sum(packet.track is Track.VIDEO for packet in packets) == 60
    assert sum(packet.track is Track.AUDIO for packet in packets) in range(92, 97)


async def test_mp3_is_left_out_and_the_picture_published() -> None:
    options = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "libmp3lame"]
    publication = await publish(*PICTURE, *SOUND, "-t", "2", "-pix_fmt", "yuv420p", *options)
    assert publication.of(AudioConfig) == []
    assert {packet.track for packet in publication.of(Packet)} == {Track.VIDEO}
