"""Drives a LiveStream as encoder and viewer at once, and checks every playlist it shows on the way."""

from collections.abc import Iterable
from itertools import pairwise

from common.media import MediaConfig, Packet
from hls.answers import Directives, MediaOnDisk, MediaReady, PlaylistReady
from hls.spill import Spill
from hls.stream import HlsSettings, LiveStream
from tests.hls import boxes, m3u8
from tests.hls.encoder import AUDIO, VIDEO

WALL_S = 1_790_000_000.0


class Show:
    """One stream under observation. Packets arrive when their decode time says, plus `behind_s`."""

    def __init__(
        self,
        configs: Iterable[MediaConfig] = (VIDEO, AUDIO),
        *,
        settings: HlsSettings | None = None,
        spill: Spill | None = None,
        stream_id: str = "stream",
        watch: bool = True,
        every: int = 1,
    ) -> None:
        """Watch every change, or one in `every`: most tests need not see each part come."""
        self.now = 100.0
        self.stream = LiveStream(
            stream_id, settings=settings or HlsSettings(), spill=spill, wall_clock_s=lambda: WALL_S + self.now
        )
        self.spill = spill
        self.watch = watch
        self.every = every
        self.playlists: dict[str, m3u8.ReadPlaylist] = {}
        self.parts: dict[str, dict[str, tuple[m3u8.ReadPart, bytes]]] = {}
        self.segments: dict[str, dict[int, m3u8.ReadSegment]] = {}
        self.inits: dict[str, dict[str, bytes]] = {}
        self._versions: dict[str, int] = {}
        for config in configs:
            self.stream.configure(config, self.now)

    def configure(self, config: MediaConfig) -> None:
        self.stream.configure(config, self.now)

    def play(self, packets: list[Packet], *, at: float | None = None) -> None:
        """Send packets in real time from now on (or from `at`): the first one at once."""
        if not packets:
            return
        start = self.now if at is None else at
        first = packets[0].dts
        for packet in packets:
            self.wait_until(max(self.now, start + (packet.dts - first) / 90_000))
            self.stream.push(packet, self.now)
            self.look()

    def burst(self, packets: list[Packet]) -> None:
        """Send packets at once."""
        for packet in packets:
            self.stream.push(packet, self.now)
        self.look()

    def wait(self, seconds: float) -> None:
        """Nothing arrives for a while."""
        self.wait_until(self.now + seconds)

    def wait_until(self, when: float) -> None:
        deadline = self.stream.tick(self.now)
        while deadline is not None and deadline <= when:
            self.now = max(self.now, deadline)
            before = deadline
            deadline = self.stream.tick(self.now)
            assert deadline is None or deadline > before, "tick does what is due"
            self.look()
        self.now = when

    def finish(self) -> None:
        self.stream.finish(self.now)
        self.reload()

    def reload(self) -> None:
        """Look now, also when not watching."""
        settings = self.watch, self.every
        self.watch, self.every = True, 1
        self.look()
        self.watch, self.every = settings

    def look(self) -> None:
        """Reload what changed, check it against what was there before, and load what is new."""
        changed = False
        for name in self.stream.renditions:
            version = self.stream.version(name)
            seen = self._versions.get(name, -self.every)
            if not self.watch or (version < seen + self.every and not self.stream.ended):
                continue
            changed = True
            self._versions[name] = version
            answer = self.stream.playlist(name, Directives())
            if isinstance(answer, PlaylistReady):
                self._see(name, m3u8.read(answer.plain.decode()))
        if changed and len(self.playlists) == 2:
            m3u8.check_renditions(*self.playlists.values())

    def _see(self, name: str, playlist: m3u8.ReadPlaylist) -> None:
        before = self.playlists.get(name)
        if before is not None:
            m3u8.check_reload(before, playlist)
        self.playlists[name] = playlist
        for segment in playlist.all_segments:
            known = self.segments.setdefault(name, {})
            if segment.parts or segment.msn not in known:
                known[segment.msn] = segment
            assert segment.init is not None
            self.inits.setdefault(name, {}).setdefault(segment.init, self.load(name, segment.init))
            for part in segment.parts:
                if part.uri not in self.parts.setdefault(name, {}):
                    self.parts[name][part.uri] = (part, b"" if part.gap else self.load(name, part.uri))

    def load(self, rendition: str, name: str) -> bytes:
        answer = self.stream.media(rendition, name)
        if isinstance(answer, MediaOnDisk):
            return answer.path.read_bytes()[answer.offset :][: answer.size_bytes]
        assert isinstance(answer, MediaReady), f"E4: {rendition}/{name}: {answer}"
        data = b"".join(answer.pieces)
        assert len(data) == answer.size_bytes
        return data

    # -- what was seen --------------------------------------------------------------------------------------------

    def media(self, name: str) -> list[tuple[m3u8.ReadPart, bytes]]:
        return list(self.parts[name].values())

    def check_media(self, name: str) -> list[boxes.Fragment]:
        """Every part is one fragment with the duration the playlist says, and they join: tfdt never jumps."""
        fragments: list[boxes.Fragment] = []
        position: float | None = None
        for segment in self.segments[name].values():
            timescale = timescale_of(self.inits[name][segment.init or ""])
            for part in segment.parts:
                if part.gap:
                    position = position + part.duration if position is not None else None
                    continue
                (fragment,) = boxes.fragments(self.parts[name][part.uri][1])
                length = fragment.duration / timescale
                assert abs(length - part.duration) < 0.00001, "hls.js: DURATION is the media's"
                has_key = any(sample.keyframe for sample in fragment.samples)
                assert part.independent == has_key, "C7"
                start = fragment.base / timescale
                assert position is None or abs(start - position) < 0.0002, f"A1: {position} to {start}"
                position = fragment.end / timescale
                fragments.append(fragment)
        return fragments

    def check_segments(self, name: str) -> None:
        """Segment bytes are those of the parts, joined (A9)."""
        for segment in self.playlists[name].segments:
            if segment.parts and not segment.gap:
                joined = b"".join(self.parts[name][part.uri][1] for part in segment.parts)
                assert self.load(name, segment.uri or "") == joined

    def check_no_jumps(self, name: str) -> None:
        for one, two in pairwise(self.check_media(name)):
            assert two.base == one.end


def timescale_of(init: bytes) -> int:
    return int.from_bytes(boxes.root(init).one("moov/trak/mdia/mdhd").body[12:16], "big")
