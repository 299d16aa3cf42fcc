"""The test picture: what it draws and sounds like, its pace, its child process and the stream that arrives."""

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import av
import msgspec
import numpy as np
import psutil
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from tests.weir.rtmp_recorder import Recorder
from weir.burned_clock import decode_clock
from weir.picture import Painter
from weir.testpicture import Pace
from weir.testpicture_orders import Orders, Report, ReportReader
from weir.testpicture_task import TestPictureError, run_test_picture
from weir.tone import SAMPLE_RATE, Tone

SMALL = {"width": 320, "height": 180, "fps": 20, "video_bps": 300_000}
NOBODY = "rtmp://127.0.0.1:1/live/secret"


def test_picture_moves_but_most_of_it_stands_still() -> None:
    painter = Painter(640, 360)
    first = painter.paint(1.0, "12:00:00.0", 1000).copy()
    second = painter.paint(1.1, "12:00:00.1", 1100)
    assert 0.001 < np.mean(first != second) < 0.2


def test_frames_come_at_even_times() -> None:
    pace = Pace(25)
    assert pace.next_frame(0.0) == (0, 0.0)
    assert rounded(pace.next_frame(0.001)) == (1, 0.039)
    assert rounded(pace.next_frame(0.05)) == (2, 0.03)


def test_a_slow_machine_leaves_frames_out_instead_of_falling_behind() -> None:
    pace = Pace(25)
    pace.next_frame(0.0)
    assert pace.next_frame(0.079) == (1, 0.0)
    assert pace.next_frame(0.5) == (12, 0.0)
    assert rounded(pace.next_frame(0.5)) == (13, 0.02)


def rounded(frame: tuple[int, float]) -> tuple[int, float]:
    return frame[0], round(frame[1], 6)


def test_beeps_meet_the_full_seconds() -> None:
    tone = Tone(phase_s=0.75)
    samples = tone.samples(0, 2 * SAMPLE_RATE)
    assert samples.shape == (2, 2 * SAMPLE_RATE)
    loud = np.flatnonzero(np.abs(samples[0]) > 0.05)
    assert 0.25 < loud[0] / SAMPLE_RATE < 0.30
    assert np.abs(samples).max() < 0.2


def test_tone_is_the_same_in_whatever_pieces_it_is_asked_for() -> None:
    tone = Tone(phase_s=0.3)
    pieces = [tone.samples(first, 1024) for first in range(0, 10 * 1024, 1024)]
    assert (np.concatenate(pieces, axis=1) == tone.samples(0, 10 * 1024)).all()


def test_the_key_stays_out_of_reprs() -> None:
    assert "secret" not in repr(Orders(url=NOBODY))


@given(st.lists(st.integers(0, 400), max_size=20))
def test_reports_do_not_depend_on_how_the_output_was_cut(cuts: list[int]) -> None:
    output = msgspec.json.encode(Report(event="live")) + b"\nTraceback\n\xff\n" + b'{"event": 3}\nhalf'
    reader, reports, edges = ReportReader(), [], sorted({0, *cuts, len(output)})
    for start, end in pairwise(edges):
        reports += reader.receive(output[start:end])
    assert [report.event for report in reports] == ["live", "said", "said", "said"]


def test_an_endless_line_takes_no_memory() -> None:
    reader = ReportReader()
    for _ in range(100):
        assert reader.receive(b"x" * 5000) == []
    assert len(reader.receive(b"\n")[0].reason) <= 4096


@pytest.mark.real
async def test_nobody_listening_is_a_clear_error_without_the_key() -> None:
    with pytest.raises(TestPictureError, match="Nothing listens") as caught:
        await run_test_picture(Orders(url=NOBODY))
    assert "secret" not in str(caught.value)


@pytest.mark.real
async def test_picture_arrives_with_its_clock_and_both_tracks_in_step(recorder: Recorder) -> None:
    before, others = time.time(), _children()
    async with trio.open_nursery() as nursery:
        await nursery.start(run_test_picture, Orders(url=recorder.url, **SMALL))
        await _recorded(recorder.path, 60_000)
        nursery.cancel_scope.cancel()
    assert _children() <= others
    after = time.time()
    clocks = _decode_clocks(recorder.finish())
    assert len(clocks) > 20
    assert all(before * 1000 < ms + (int(before * 1000) >> 40 << 40) < after * 1000 for ms, _ in clocks)
    # Media time and the clock advance together; a busy machine draws some frames late.
    drift = [ms - 1000 * media_s for ms, media_s in clocks]
    assert np.median(drift) - min(drift) < 100
    _check_tracks(recorder.path)


@pytest.mark.real
def test_child_ends_when_its_stdin_closes(recorder: Recorder) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "weir.testpicture"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(msgspec.json.encode(Orders(url=recorder.url, **SMALL)) + b"\n")
    child.stdin.flush()
    assert msgspec.json.decode(child.stdout.readline(), type=Report).event == "live"
    assert "secret" not in " ".join(psutil.Process(child.pid).cmdline())
    child.stdin.close()
    assert child.wait(timeout=20) == 0
    child.stdout.close()
    recorder.finish()


@pytest.mark.real
def test_child_dies_with_a_parent_that_was_killed(recorder: Recorder) -> None:
    code = (
        "import sys, trio; from weir.testpicture_task import run_test_picture; "
        "from weir.testpicture_orders import Orders; trio.run(run_test_picture, Orders(url=sys.argv[1]))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, recorder.url], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert b"live" in parent.stdout.readline()
    children = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert len(children) == 1
    assert alive == []
    recorder.finish()


@pytest.mark.real
async def test_cancelling_ends_a_child_whose_server_never_answers() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    url = f"rtmp://127.0.0.1:{listener.socket.getsockname()[1]}/live/secret"
    others = _children()
    async with listener, trio.open_nursery() as nursery:
        nursery.start_soon(run_test_picture, Orders(url=url, **SMALL))
        async with await listener.accept():
            (child,) = _children() - others
            nursery.cancel_scope.cancel()
    assert not child.is_running()


def _children() -> set[psutil.Process]:
    """Our own; a server that the whole run of tests shares may be among them."""
    return set(psutil.Process().children())


async def _recorded(path: Path, size: int) -> None:
    with trio.fail_after(30):
        while not await trio.Path(path).exists() or (await trio.Path(path).stat()).st_size < size:
            await trio.sleep(0.05)


def _decode_clocks(path: Path) -> list[tuple[int, float]]:
    """Clock in milliseconds and media time in seconds of every frame."""
    found = []
    with av.open(str(path)) as recording:
        for frame in recording.decode(video=0):
            ms = decode_clock(frame.to_ndarray()[: frame.height].astype(np.uint8))
            assert ms is not None
            assert frame.time is not None
            found.append((ms, frame.time))
    return found


def _check_tracks(path: Path) -> None:
    """No frame is reordered, and sound is whole."""
    with av.open(str(path)) as recording:
        packets = [(p.stream.type, p.pts, p.dts) for p in recording.demux() if p.pts is not None]
    assert all(pts == dts for kind, pts, dts in packets if kind == "video")
    audio_ms = [pts for kind, pts, _ in packets if kind == "audio"]
    assert np.abs(np.diff(audio_ms) - 1024 / 48).max() < 1.1
