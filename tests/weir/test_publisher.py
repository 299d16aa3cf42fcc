"""`weir publish`: what is copied, what arrives, and what a person is told when it does not work."""

import os
import signal
import subprocess
import sys
from functools import partial
from itertools import pairwise
from pathlib import Path

import av
import imageio_ffmpeg
import pytest
import trio
from typer import Typer
from typer.testing import CliRunner

from common.ingest import PublishRequest, Rejected, Verdict
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.server import serve_rtmp
from tests.weir.rtmp_recorder import Recorder
from weir.cli_publish import publish
from weir.publish_target import parse_target
from weir.publish_tracks import copies_video, fit
from weir.publisher import FilePublisher
from weir.rtmp_output import PublishError

COMMAND = [sys.executable, "-c", "import typer; from weir.cli_publish import publish; typer.run(publish)"]
NOBODY = "rtmp://127.0.0.1:1/live/secret"
FRAMES = 60
"""In each clip: two seconds at 30 fps."""

app = Typer()
app.command()(publish)


def make_clip(path: Path, *options: str) -> Path:
    command = [
        *(
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=320x180:rate=30",
        ),
        *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100", "-t", "2", *options, str(path)),
    ]
    subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """H.264 with B-frames and AAC."""
    return make_clip(
        tmp_path / "clip.mp4", "-c:v", "libx264", "-bf", "2", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac"
    )


def test_only_what_every_browser_plays_is_copied() -> None:
    assert copies_video("h264", "yuv420p")
    assert not copies_video("h264", "yuv444p")
    assert not copies_video("h264", "yuv420p10le")
    assert not copies_video("hevc", "yuv420p")


def test_pictures_are_scaled_down_to_1080p_with_even_sides_and_never_up() -> None:
    assert fit(1920, 1080) == (1920, 1080)
    assert fit(3840, 2160) == (1920, 1080)
    assert fit(2160, 3840) == (606, 1080)
    assert fit(641, 361) == (640, 360)
    assert fit(1, 1) == (2, 2)


def test_missing_file_and_missing_key_are_usage_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEIR_STREAM_KEY", raising=False)
    missing = CliRunner().invoke(app, ["--file", str(tmp_path / "no.mp4"), "--url", NOBODY])
    assert missing.exit_code == 2
    (tmp_path / "some.mp4").touch()
    keyless = CliRunner().invoke(app, ["--file", str(tmp_path / "some.mp4")])
    assert keyless.exit_code == 2
    assert "WEIR_STREAM_KEY" in keyless.output


@pytest.mark.parametrize(("content", "complaint"), [(b"", "cannot read"), (b"hello" * 1000, "cannot read")])
def test_a_file_that_is_no_media_is_named(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "notes.md"
    path.write_bytes(content)
    with pytest.raises(PublishError, match=complaint) as caught:
        FilePublisher(path, parse_target(NOBODY, None), loop=False)
    assert "notes.md" in str(caught.value)


def test_a_file_without_video_and_audio_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "words.srt"
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    with pytest.raises(PublishError, match="neither a video nor an audio track"):
        FilePublisher(path, parse_target(NOBODY, None), loop=False)


@pytest.mark.real
def test_an_mp4_arrives_complete_and_unchanged(clip: Path, recorder: Recorder) -> None:
    done = run_publish(clip, "--url", recorder.url)
    assert done.returncode == 0, done.stderr
    assert "video: h264 320x180, copied" in done.stdout
    assert "secret" not in done.stdout + done.stderr
    sent, arrived = frames_of(clip), frames_of(recorder.finish())
    assert len(arrived) == FRAMES
    assert arrived == sent


@pytest.mark.real
def test_the_key_can_come_from_the_environment(clip: Path, recorder: Recorder) -> None:
    url = recorder.url.rpartition("/")[0]
    done = run_publish(clip, "--url", url, WEIR_STREAM_KEY="secret")
    assert done.returncode == 0, done.stderr
    assert len(frames_of(recorder.finish())) == FRAMES


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("clip.webm", ["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"], "encoded as H.264"),
        ("clip.mkv", ["-c:v", "libx264", "-pix_fmt", "yuv444p", "-c:a", "flac"], "encoded as AAC"),
        ("clip.ts", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"], "aac 44100 Hz, copied"),
    ],
)
def test_other_codecs_and_containers_arrive_as_h264_and_aac(
    tmp_path: Path, recorder: Recorder, name: str, options: list[str], said: str
) -> None:
    done = run_publish(make_clip(tmp_path / name, *options), "--url", recorder.url)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    path = recorder.finish()
    with av.open(str(path)) as recording:
        codecs = {stream.type: stream.codec_context.codec.canonical_name for stream in recording.streams}
    assert codecs == {"video": "h264", "audio": "aac"}
    assert len(frames_of(path)) == FRAMES


@pytest.mark.real
def test_sound_alone_is_published_too(tmp_path: Path, recorder: Recorder) -> None:
    done = run_publish(make_clip(tmp_path / "clip.mp3", "-vn"), "--url", recorder.url)
    assert done.returncode == 0, done.stderr
    with av.open(str(recorder.finish())) as recording:
        assert [stream.type for stream in recording.streams] == ["audio"]


@pytest.mark.real
def test_a_loop_goes_on_in_time_until_ctrl_c(clip: Path, recorder: Recorder) -> None:
    command = [*COMMAND, "--file", str(clip), "--url", recorder.url, "--loop"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as publisher:
        assert publisher.stdout is not None
        for line in publisher.stdout:  # the first line of progress comes after 5 s: two and a half passes
            if "Mbit/s" in line:
                break
        publisher.send_signal(signal.SIGINT)
        assert publisher.wait(timeout=20) == 0
    with av.open(str(recorder.finish())) as recording:
        times = [packet.dts for packet in recording.demux(video=0) if packet.dts is not None]
    assert len(times) > 2 * FRAMES
    steps = [after - before for before, after in pairwise(times)]
    assert all(30 <= step <= 150 for step in steps)  # longer only where the sound outlasts the picture
    assert sum(step > 37 for step in steps) == (len(times) - 1) // FRAMES


@pytest.mark.real
def test_nobody_listening_says_what_to_do(clip: Path) -> None:
    done = run_publish(clip, "--url", NOBODY)
    assert done.returncode == 1
    assert "Nothing listens at 127.0.0.1:1" in done.stderr


class Closed:
    """A gate that admits nobody."""

    async def admit(self, request: PublishRequest) -> Verdict:
        await trio.lowlevel.checkpoint()
        return Rejected("The stream key is wrong; copy it again.")


@pytest.mark.real
async def test_a_refused_key_shows_the_servers_own_words(clip: Path) -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    stop = trio.Event()
    serve = partial(
        serve_rtmp, listeners, gate=Closed(), limits=RtmpLimits(), stats=RtmpStats(), stop=stop, drain_s=1
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(serve)
        done = await trio.run_process(
            [*COMMAND, "--file", str(clip), "--url", f"rtmp://127.0.0.1:{port}/live/wrong"],
            capture_stderr=True,
            capture_stdout=True,
            check=False,
        )
        stop.set()
    assert done.returncode == 1
    assert b"The server refused: The stream key is wrong; copy it again." in done.stderr


def run_publish(path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "--file", str(path), *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def frames_of(path: Path) -> list[bytes]:
    """The coded video frames of a file, without what a container puts before the first."""
    with av.open(str(path)) as recording:
        return [bytes(packet) for packet in recording.demux(video=0) if packet.dts is not None]
