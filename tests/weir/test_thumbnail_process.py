"""Keyframes of every codec become pictures in a real child process; what goes wrong there costs one picture."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
import trio

from common.media import CLOCK_HZ, VideoCodec, VideoConfig
from tests.hls.codecs import VIDEO_CODECS, encoded
from tests.webapp.pictures import decoded
from weir.thumbnail_process import ChildFailedError, Developer, UndecodableError, open_developer
from weir.thumbnail_wire import HEIGHT, MAX_JPEG_BYTES, MAX_KEYFRAME_BYTES, WIDTH, Question

pytestmark = pytest.mark.real
assert CLOCK_HZ


def question(codec: VideoCodec = "avc1", *, height: int = 96) -> Question:
    track = encoded(codec, 2, height)
    assert isinstance(track.config, VideoConfig)
    return Question(codec, track.config.extradata, next(one.data for one in track.packets if one.keyframe))


@pytest.mark.parametrize("codec", VIDEO_CODECS)
async def test_a_keyframe_becomes_a_small_jpeg_that_shows_it(codec: VideoCodec) -> None:
    async with open_developer() as developer:
        data = await developer.develop(question(codec))
    assert len(data) <= MAX_JPEG_BYTES
    picture = decoded(data)
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (WIDTH, HEIGHT))
    shown = np.asarray(picture)[HEIGHT // 2, (WIDTH - 330) // 2 : (WIDTH + 330) // 2].mean(axis=1)
    assert np.all(np.diff(shown[::30]) > 0), "it grows brighter from left to right"
    assert abs(float(shown[-1] - shown[0]) - 127) < 20


@pytest.mark.parametrize(
    ("height", "right", "top", "bottom"),
    [(96, 385, 0, 247), (72, 439, 0, 247), (54, 439, 31, 216), (256, 281, 0, 247)],
)
async def test_the_whole_picture_is_shown_with_black_around_it(
    height: int, right: int, top: int, bottom: int
) -> None:
    """It is 128 pixels wide, and grows brighter to the right."""
    async with open_developer() as developer:
        pixels = np.asarray(decoded(await developer.develop(question(height=height)))).max(axis=2)
    rows, columns = np.nonzero(pixels > 40)
    assert (columns.max(), rows.min(), rows.max()) == pytest.approx((right, top, bottom), abs=2)


GARBAGE = [
    Question("avc1", b"", b""),
    Question("avc1", b"\xff" * 40, b"\0\0\0\x04\x65\xff\xff\xff"),
    Question("hvc1", b"\x01" + bytes(22), b"\0\0\0\x20\x26" + b"\xaa" * 31),
    Question("av01", b"\x81\0\0\0", b"\x32\xff" + b"\xaa" * 500),
    Question("vp09", b"", b"\x82\x49\x83\x42" + b"\xff" * 500),
    Question("vp09", b"", bytes(1000)),
    Question("avc1", os.urandom(1000), os.urandom(100_000)),
]


async def test_garbage_is_answered_with_a_reason_and_the_child_lives_on() -> None:
    async with open_developer() as developer:
        await developer.develop(question())
        pid = developer.pid
        for garbage in GARBAGE:
            with pytest.raises(UndecodableError):
                await developer.develop(garbage)
        good = question()
        with pytest.raises(UndecodableError):
            await developer.develop(Question("avc1", good.extradata, good.keyframe[:-200] + os.urandom(200)))
        assert await developer.develop(good)
        assert developer.pid == pid
        assert developer.deaths == 0


async def test_a_size_that_would_take_gigabytes_is_refused() -> None:
    """VP9's header says 65536 by 65536 pixels."""
    head = 0b10_0_0_0_0_1_0 << 40 | 0x498342 << 16
    size = (head | 0b000_0_1111_11111111 >> 1).to_bytes(6, "big") + b"\xff" * 20
    async with open_developer() as developer:
        with pytest.raises(UndecodableError):
            await developer.develop(Question("vp09", b"", size))
        assert await developer.develop(question())


async def test_a_child_that_was_killed_is_replaced() -> None:
    async with open_developer() as developer:
        assert await developer.develop(question())
        before = developer.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        with pytest.raises(ChildFailedError):
            await developer.develop(question())
        assert await developer.develop(question())
        assert developer.pid != before
        assert developer.deaths == 1


@pytest.fixture
def bad_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "child_that_sleeps.py").write_text("import time\nwhile True: time.sleep(9)")
    (tmp_path / "child_that_dies.py").write_text("import sys\nsys.stdin.buffer.read(12)\nsys.exit(3)")
    (tmp_path / "child_that_floods.py").write_text(
        "import sys\nwhile True: sys.stdout.buffer.write(b'\\xff' * 65536)"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


@pytest.mark.usefixtures("bad_children")
@pytest.mark.parametrize(
    "child", ["child_that_sleeps", "child_that_dies", "child_that_floods", "no_such_module"]
)
async def test_a_child_that_does_not_answer_is_ended(child: str) -> None:
    async with open_developer(child=child, deadline_s=2) as developer:
        with pytest.raises(ChildFailedError):
            await developer.develop(Question("avc1", b"", bytes(MAX_KEYFRAME_BYTES)))
        assert developer.pid is None
        assert developer.deaths == 1


@pytest.mark.usefixtures("bad_children")
async def test_the_next_child_starts_ever_later() -> None:
    developer, starts = Developer(child="child_that_dies", deadline_s=20), [trio.current_time()]
    for _ in range(3):
        with pytest.raises(ChildFailedError):
            await developer.develop(question())
        starts.append(trio.current_time())
    assert starts[2] - starts[1] >= 1
    assert starts[3] - starts[2] >= 2


@pytest.mark.usefixtures("bad_children")
async def test_who_leaves_while_a_picture_is_made_ends_the_child() -> None:
    async with open_developer(child="child_that_sleeps", deadline_s=60) as developer:
        with trio.move_on_after(0.5) as scope:
            await developer.develop(question())
        assert scope.cancelled_caught
        assert developer.pid is None


async def test_where_no_process_can_be_started_there_is_no_picture_and_that_is_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def full(_: str) -> trio.Process:
        await trio.lowlevel.checkpoint()
        raise OSError(24, "Too many open files")

    async with open_developer() as developer:
        with monkeypatch.context() as patch:
            patch.setattr("weir.thumbnail_process.open_child", full)
            with pytest.raises(ChildFailedError, match="Too many open files"):
                await developer.develop(question())
        assert await developer.develop(question())
