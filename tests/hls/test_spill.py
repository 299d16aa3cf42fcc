"""Segments on disk: memory stays small, files go when they should, and trouble with the disk never stops live."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from hls.answers import Directives, MediaOnDisk, MediaReady, PlaylistReady, Refused
from hls.spill import Spill, remove_leftovers
from hls.stream import HlsSettings
from tests.hls import encoder, m3u8
from tests.hls.encoder import interleave
from tests.hls.player import Show

SIZE = 2000
"""Bytes a video frame: 60 kB a second."""


@asynccontextmanager
async def running(spill: Spill) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(spill.run)
        yield
        nursery.cancel_scope.cancel()


async def play(show: Show, seconds: float) -> None:
    """Half a second of media, then whatever the disk wants to do, and so on."""
    await trio.lowlevel.checkpoint()
    start = show.now - 100
    video, audio = encoder.video(seconds, start_s=start, size=SIZE), encoder.audio(seconds, start_s=start)
    packets = interleave(video, audio)
    for at in range(0, len(packets), 40):
        show.watch = False
        show.play(packets[at : at + 40])
        if at % 240 == 0:
            show.reload()
        assert show.spill is not None
        await show.spill.drained()
    show.reload()


def files(directory: Path, pattern: str = "*.m4s") -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob(pattern))


def size_of(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*.m4s"))


async def test_old_segments_go_to_disk_and_memory_stays_small(tmp_path: Path) -> None:
    spill = Spill(tmp_path)
    show = Show(spill=spill)
    async with running(spill):
        await play(show, 60)
        stats = show.stream.stats
        assert stats.window_s == pytest.approx(60, abs=3)
        assert stats.memory_bytes < 28 * 30 * SIZE * 1.1
        on_disk = files(tmp_path)
        assert "stream/video/s1.m4s" in on_disk
        assert "stream/audio/s1.m4s" in on_disk
        assert spill.used_bytes == size_of(tmp_path)


async def test_what_is_on_disk_is_what_was_in_memory(tmp_path: Path) -> None:
    spill = Spill(tmp_path)
    show = Show(spill=spill)
    async with running(spill):
        await play(show, 40)
        for name in ("video", "audio"):
            show.check_no_jumps(name)
            on_disk = 0
            for segment in show.segments[name].values():
                if not segment.uri:
                    continue
                answer = show.stream.media(name, segment.uri)
                joined = b"".join(show.parts[name][part.uri][1] for part in segment.parts)
                assert show.load(name, segment.uri) == joined
                for part in segment.parts:
                    assert show.load(name, part.uri) == show.parts[name][part.uri][1], (
                        "parts stay loadable too"
                    )
                on_disk += isinstance(answer, MediaOnDisk)
            assert on_disk >= 5


async def test_files_go_when_their_time_after_removal_is_over(tmp_path: Path) -> None:
    spill = Spill(tmp_path)
    show = Show(spill=spill, settings=HlsSettings(window_s=30))
    async with running(spill):
        await play(show, 50)
        playlist = show.playlists["video"]
        assert playlist.media_sequence > 5
        assert isinstance(show.stream.media("video", "s1.m4s"), MediaOnDisk), "E14: removed, still served"
        await play(show, 30)
        assert isinstance(show.stream.media("video", "s1.m4s"), Refused)
        assert "stream/video/s1.m4s" not in files(tmp_path)
        assert spill.used_bytes == size_of(tmp_path)


async def test_an_ended_stream_leaves_memory(tmp_path: Path) -> None:
    spill = Spill(tmp_path)
    show = Show(spill=spill)
    async with running(spill):
        await play(show, 20)
        show.finish()
        show.reload()
        await spill.drained()
        assert show.stream.stats.memory_bytes == 0
        for name in ("video", "audio"):
            for segment in show.playlists[name].segments:
                show.load(name, segment.uri or "")


async def test_closing_a_stream_removes_its_directory(tmp_path: Path) -> None:
    spill = Spill(tmp_path)
    show = Show(spill=spill)
    async with running(spill):
        await play(show, 40)
        show.finish()
        assert isinstance(show.stream.media("video", "s1.m4s"), MediaOnDisk), "ended, still watchable"
        show.stream.close()
        await spill.drained()
        assert files(tmp_path) == []
        assert not (tmp_path / "stream").exists()
        assert spill.used_bytes == 0
        assert isinstance(show.stream.playlist("video", Directives()), Refused)
        assert isinstance(show.stream.media("video", "s1.m4s"), Refused)


async def test_a_stream_closed_with_writes_queued_leaves_nothing(tmp_path: Path) -> None:
    spill = Spill(tmp_path, cap_bytes=8 * 30 * SIZE)
    show = Show(spill=spill, watch=False)
    show.play(interleave(encoder.video(45, size=SIZE), encoder.audio(45)))
    assert 0 < spill.used_bytes <= 8 * 30 * SIZE, "some were given up while they waited"
    show.stream.close()
    assert spill.used_bytes == 0
    async with running(spill):
        await spill.drained()
        assert files(tmp_path, "*") == []


async def test_at_the_cap_the_window_gets_shorter_at_its_old_end(tmp_path: Path) -> None:
    spill = Spill(tmp_path, cap_bytes=15 * 30 * SIZE)
    show = Show(spill=spill)
    async with running(spill):
        await play(show, 80)
        assert spill.used_bytes <= 15 * 30 * SIZE
        assert show.stream.stats.window_s == pytest.approx(24 + 14, abs=4)
        for name in ("video", "audio"):
            assert show.playlists[name].media_sequence == pytest.approx(20, abs=3)
            for segment in show.playlists[name].segments:
                show.load(name, segment.uri or "")
        assert spill.refused == 0


async def test_the_stream_that_holds_most_gives_way_to_a_new_one(tmp_path: Path) -> None:
    spill = Spill(tmp_path, cap_bytes=20 * 30 * SIZE)
    old, new = Show(spill=spill), Show(spill=spill, stream_id="other")
    async with running(spill):
        await play(old, 60)
        assert old.stream.stats.window_s > 40
        before = old.stream.stats.window_s
        await play(new, 40)
        assert old.stream.stats.window_s < before
        assert new.stream.stats.window_s > 32


def test_a_disk_that_never_finishes_shrinks_the_window_to_memory(tmp_path: Path) -> None:
    spill = Spill(tmp_path, queue_bytes=5 * 30 * SIZE)
    show = Show(spill=spill)
    show.watch = False
    show.play(interleave(encoder.video(90, size=SIZE), encoder.audio(90)))
    show.reload()
    stats = show.stream.stats
    assert stats.memory_bytes < 36 * 30 * SIZE
    assert 24 <= stats.window_s < 36
    assert spill.refused > 0
    show.check_no_jumps("video")
    for segment in show.playlists["video"].segments:
        show.load("video", segment.uri or "")


async def test_streams_that_end_together_lose_nothing_to_a_full_queue(tmp_path: Path) -> None:
    spill = Spill(tmp_path, queue_bytes=5 * 30 * SIZE)
    shows = [Show(spill=spill, stream_id=name, watch=False) for name in ("a", "b")]
    for show in shows:
        show.play(interleave(encoder.video(23, size=SIZE), encoder.audio(23)))
        show.stream.finish(show.now)
    async with running(spill):
        await spill.drained()
        for show in shows:
            assert show.stream.stats.memory_bytes == 0
            show.reload()
            assert show.playlists["video"].media_sequence == 1
            for segment in show.playlists["video"].segments:
                show.load("video", segment.uri or "")
    assert spill.refused == 0


async def test_a_disk_that_refuses_shrinks_the_window_to_memory(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the directory should be")
    spill = Spill(tmp_path / "taken")
    show = Show(spill=spill)
    async with running(spill):
        await play(show, 60)
        assert spill.failed > 0
        assert spill.used_bytes < 4 * 30 * SIZE, "only what is queued"
        assert 20 <= show.stream.stats.window_s < 32
        for segment in show.playlists["video"].segments:
            show.load("video", segment.uri or "")


async def test_a_full_disk_lowers_the_cap_for_a_while(
    tmp_path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    spill = Spill(tmp_path)
    real = Path.replace
    room = 10 * 30 * SIZE

    def full(self: Path, target: Path) -> Path:
        if size_of(tmp_path) + self.stat().st_size > room:
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", full)
    show = Show(spill=spill)
    async with running(spill):
        await play(show, 70)
        assert 0 < spill.failed < 6, "after a failure old files make room"
        assert size_of(tmp_path) <= room
        assert files(tmp_path, "*.tmp") == []
        answer = show.stream.playlist("video", Directives())
        assert isinstance(answer, PlaylistReady)
        for segment in m3u8.read(answer.plain.decode()).segments:
            show.load("video", segment.uri or "")


def test_without_a_disk_the_window_is_what_memory_holds() -> None:
    show = Show(watch=False)
    show.play(interleave(encoder.video(70, size=SIZE), encoder.audio(70)))
    show.reload()
    stats = show.stream.stats
    assert stats.window_s == pytest.approx(24, abs=2.1)
    assert stats.memory_bytes < 2 * 30 * 30 * SIZE, "what was removed stays as long again (E14)"
    first = show.playlists["video"].media_sequence
    assert isinstance(show.stream.media("video", f"s{first - 1}.m4s"), MediaReady), "removed a moment ago"


async def test_leftovers_of_dead_processes_are_removed_and_live_ones_kept(tmp_path: Path) -> None:
    script = "import os,sys; from hls.spill import _claim; from pathlib import Path; _claim(Path(sys.argv[1])); os._exit(9)"
    dead = tmp_path / "dead"
    await trio.to_thread.run_sync(
        lambda: subprocess.run([sys.executable, "-c", script, str(dead)], check=False)
    )
    (dead / "video").mkdir()
    (dead / "video" / "s1.m4s").write_bytes(b"old")
    spill = Spill(tmp_path)
    show = Show(spill=spill)
    async with running(spill):
        await play(show, 32)
        assert await trio.to_thread.run_sync(remove_leftovers, tmp_path) == 1
        assert not dead.exists()
        assert "stream/video/s1.m4s" in files(tmp_path)
    assert remove_leftovers(tmp_path / "nowhere") == 0


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many files each visit of the worker thread is for."""
    counts: list[int] = []
    run_sync = trio.to_thread.run_sync

    async def counted(work: Any, batch: Any, **options: Any) -> Any:
        counts.append(len(batch))
        return await run_sync(work, batch, **options)

    monkeypatch.setattr(trio.to_thread, "run_sync", counted)
    return counts


async def test_many_small_segments_share_a_trip_to_the_disk(tmp_path: Path, trips: list[int]) -> None:
    spill = Spill(tmp_path)
    stored: list[Path | None] = []
    for radio in [spill.open(f"radio{number}") for number in range(500)]:
        assert radio.write("audio/s1.m4s", (b"sound",), 5, stored.append)
    async with running(spill):
        await spill.drained()
    assert len(stored) == len(files(tmp_path)) == 500
    assert trips == [64] * 7 + [52]


async def test_a_trip_to_the_disk_ends_behind_4_mb(tmp_path: Path, trips: list[int]) -> None:
    spill = Spill(tmp_path)
    stored: list[Path | None] = []
    big = spill.open("big")
    for number in range(5):
        assert big.write(f"s{number}.m4s", (bytes(3_000_000),), 3_000_000, stored.append)
    async with running(spill):
        await spill.drained()
    assert None not in stored
    assert trips == [2, 2, 1]
