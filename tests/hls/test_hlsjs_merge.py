"""hls.js' own parser and merge code reads our delta updates: what it then knows is what the full playlist says.

The version is the one our player uses (`webapp/frontend/package-lock.json`); Node.js runs it without a browser.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from common.media import AudioConfig, MediaConfig, Packet
from hls.answers import Directives, PlaylistReady
from hls.date_ranges import DateRange
from hls.stream import HlsSettings
from tests.hls import encoder
from tests.hls.encoder import AUDIO, AUDIO_44, OTHER_VIDEO, VIDEO, interleave
from tests.hls.player import WALL_S, Show

ROOT = Path(__file__).parents[2]
HLS_JS = ROOT / "webapp/frontend/node_modules/hls.js/dist/hls.mjs"
MERGE = Path(__file__).with_name("hlsjs_merge.mjs")

pytestmark = pytest.mark.real

Knowledge = dict[str, Any]


def node() -> str:
    """The machine's Node.js, else the one that `scripts/npm` installs."""
    return shutil.which("node") or str(ROOT / ".venv/bin/node")


def merge(runs: dict[str, list[str]]) -> dict[str, list[Knowledge]]:
    """What hls.js knows after each playlist of each run."""
    done = subprocess.run(
        [node(), str(MERGE)],
        input=json.dumps({"hls": str(HLS_JS), "runs": runs}),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result: dict[str, list[Knowledge]] = json.loads(done.stdout)
    return result


class Viewers:
    """Two players, of video and of audio, that reload with `_HLS_skip`; beside them what the full playlists say."""

    def __init__(self, skip: str, step_s: float) -> None:
        self.show = Show([VIDEO, AUDIO], settings=HlsSettings(window_s=40, memory_s=40), watch=False)
        self.step_s = step_s
        self.skip = skip
        self.at_s = 0.0
        self.seen: dict[str, list[str]] = {"video": [], "audio": []}
        self.full: dict[str, list[str]] = {"video": [], "audio": []}

    def play(self, seconds: float, audio: AudioConfig = AUDIO) -> None:
        """Media as an encoder sends it, with reloads on the way."""
        packets = interleave(encoder.video(seconds), encoder.audio(seconds, config=audio))
        began = self.show.now
        for piece in pieces(packets, self.step_s):
            self.show.play(piece, at=began + piece[0].dts / 90_000)
            self.reload()

    def wait(self, seconds: float) -> None:
        until = self.show.now + seconds
        while self.show.now < until:
            self.show.wait(min(self.step_s, until - self.show.now))
            self.reload()

    def reconnect(self, away_s: float, *configs: MediaConfig) -> None:
        self.show.stream.encoder_left(self.show.now)
        self.wait(away_s)
        self.show.stream.encoder_returned(self.show.now)
        for config in configs:
            self.show.configure(config)

    def mark(self, one: DateRange) -> None:
        self.show.stream.add_date_range(one, self.show.now)

    def reload(self) -> None:
        for name, seen in self.seen.items():
            full = self.get(name, Directives())
            if full is None:
                continue
            self.full[name].append(full)
            seen.append(self.get(name, Directives(skip=self.skip)) or full if seen else full)

    def get(self, name: str, directives: Directives) -> str | None:
        if name not in self.show.stream.renditions:
            return None
        answer = self.show.stream.playlist(name, directives)
        return answer.plain.decode() if isinstance(answer, PlaylistReady) else None


def pieces(packets: list[Packet], step_s: float) -> Iterator[list[Packet]]:
    piece: list[Packet] = []
    for packet in packets:
        if piece and packet.dts - piece[0].dts >= step_s * 90_000:
            yield piece
            piece = []
        piece.append(packet)
    yield piece


def plain(v: Viewers) -> None:
    v.play(60)


def another_size(v: Viewers) -> None:
    v.play(35)
    v.reconnect(0.5, OTHER_VIDEO, AUDIO)
    v.play(60)


def three_reconnects(v: Viewers) -> None:
    """Discontinuities among the skipped and the kept at once, with gaps, until all have left the window."""
    v.play(35)
    for config, away_s in ((OTHER_VIDEO, 5.0), (VIDEO, 0.2), (OTHER_VIDEO, 3.0)):
        v.reconnect(away_s, config, AUDIO)
        v.play(13)
    v.play(60)


def another_sample_rate(v: Viewers) -> None:
    v.play(35)
    v.reconnect(2.0, VIDEO, AUDIO_44)
    v.play(60, AUDIO_44)


def same_again_after_a_gap(v: Viewers) -> None:
    v.play(35)
    v.reconnect(11.0, VIDEO, AUDIO)
    v.play(60)


def markers(v: Viewers) -> None:
    v.play(35)
    began = WALL_S + v.show.now
    v.mark(
        DateRange(id="chapter 1", start_s=began, class_name="chapter", attributes=(("X-TITLE", "Ä, = 日本"),))
    )
    v.mark(DateRange(id="now", start_s=began, duration_s=0.0))
    v.mark(DateRange(id="a", start_s=began, class_name="ad", end_on_next=True, planned_duration_s=9.5))
    v.play(30)
    v.mark(DateRange(id="b", start_s=WALL_S + v.show.now, class_name="ad", end_on_next=True))
    v.mark(
        DateRange(
            id="chapter 1",
            start_s=began,
            class_name="chapter",
            end_s=began + 30,
            attributes=(("X-TITLE", "Ä, = 日本"),),
        )
    )
    v.reconnect(1.0, OTHER_VIDEO, AUDIO)
    v.play(60)


STORIES: list[Callable[[Viewers], None]] = [
    plain,
    another_size,
    three_reconnects,
    another_sample_rate,
    same_again_after_a_gap,
    markers,
]


@pytest.mark.parametrize(
    ("story", "skip", "step_s"),
    [
        *((story, "v2", 0.7) for story in STORIES),
        *((story, "v2", 11.0) for story in STORIES),
        # hls.js asks with v2 where it is offered; with YES it would keep removed date ranges.
        (three_reconnects, "YES", 1.1),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_after_a_delta_update_hls_js_knows_what_the_full_playlist_says(
    story: Callable[[Viewers], None], skip: str, step_s: float
) -> None:
    viewers = Viewers(skip, step_s)
    story(viewers)
    runs = dict(viewers.seen)
    alone = {f"{name} {index}": [text] for name in runs for index, text in enumerate(viewers.full[name])}
    result = merge({**runs, **alone})
    for name in runs:
        skipped = 0
        for index, known in enumerate(result[name]):
            (full,) = result[f"{name} {index}"]
            assert known["error"] is None, known["error"]
            assert not known["failed"]
            assert not known["warnings"]
            for what in ("segments", "parts", "ranges", "hint", "live"):
                assert known[what] == full[what], (name, index, what)
            assert known["starts"] == sorted(known["starts"])
            skipped += known["skipped"] > 0
        assert skipped > len(result[name]) // 4
