"""A live stream without an encoder: parts appear when they are told to. For benches and tests of the origin."""

import gzip

import trio

from hls.answers import (
    Directives,
    MediaAnswer,
    MediaOnDisk,
    MediaReady,
    PlaylistAnswer,
    PlaylistReady,
    Refused,
    Wait,
)

PARTS_PER_SEGMENT = 4
RENDITIONS = ("video", "audio")


class MemoryStream:
    """`hls.directory.Stream` with two renditions that always stand at the same part.

    Args:
        stream_id: as in URLs.
        segment: bytes of every segment and part, in pieces.
        playlist_bytes: pad or cut playlists to this size; 0 leaves them as they are.
    """

    def __init__(
        self,
        stream_id: str = "stream-1",
        *,
        segment: tuple[bytes, ...] = (b"abc", b"defg"),
        playlist_bytes: int = 0,
    ) -> None:
        self.stream_id = stream_id
        self.parts = 0
        self.ended = False
        self.closed = False
        self.on_disk: dict[str, MediaOnDisk] = {}
        self.note = ""
        self.asked = 0
        self._segment = MediaReady(segment, sum(map(len, segment)))
        self._playlist_bytes = playlist_bytes
        self._changed = trio.Event()
        self._ready: dict[str, PlaylistReady] = {}

    def publish(self, note: str = "") -> None:
        """One more part; `note` becomes a line of the playlists."""
        self.note = note
        self.parts += 1
        self._wake()

    def finish(self) -> None:
        """No more parts."""
        self.ended = True
        self._wake()

    def close(self) -> None:
        self.closed = True

    def _wake(self) -> None:
        self._ready.clear()
        self._changed.set()
        self._changed = trio.Event()

    def multivariant(self) -> PlaylistAnswer:
        if self.parts < PARTS_PER_SEGMENT:
            return Refused(404, "never began") if self.ended else Wait()
        return self._render("multivariant")

    def playlist(self, rendition: str, directives: Directives) -> PlaylistAnswer:
        self.asked += 1
        if rendition not in RENDITIONS:
            return Refused(404, "no such rendition")
        if directives.msn is None or self.ended:
            return self._render(rendition) if self.parts else Wait()
        part = PARTS_PER_SEGMENT - 1 if directives.part is None else directives.part
        ahead = (directives.msn - 1) * PARTS_PER_SEGMENT + part - self.parts
        if ahead > 2 * PARTS_PER_SEGMENT:
            return Refused(400, "the request is too far ahead of the live edge", soon=True)
        return Wait() if ahead >= 0 else self._render(rendition)

    def media(self, rendition: str, name: str) -> MediaAnswer:
        if name in self.on_disk:
            return self.on_disk[name]
        kind, number = name[:1], name[1:].removesuffix(".m4s")
        if rendition not in RENDITIONS or not (name == "init-1.mp4" or (kind in "ps" and number.isdecimal())):
            return Refused(404, "no such media")
        if kind == "p" and int(number) >= self.parts:
            return Wait() if int(number) == self.parts and not self.ended else Refused(404, "no such media")
        return self._segment

    def version(self, rendition: str) -> int:
        return self.parts + self.ended if rendition in RENDITIONS else 0

    async def wait_change(self, rendition: str, version: int) -> None:
        await trio.lowlevel.checkpoint()
        while self.version(rendition) == version and not self.ended:
            await self._changed.wait()

    def _render(self, what: str) -> PlaylistReady:
        if what not in self._ready:
            lines = ["#EXTM3U", f"#{what}", f"#parts={self.parts}", f"#note={self.note}"]
            if self.ended:
                lines.append("#EXT-X-ENDLIST")
            plain = "\n".join([*lines, ""]).encode()
            if self._playlist_bytes:
                plain = plain.ljust(self._playlist_bytes - 1, b"#")[: self._playlist_bytes - 1] + b"\n"
            self._ready[what] = PlaylistReady(
                plain, gzip.compress(plain), f"{what[0]}{self.parts}", self.ended
            )
        return self._ready[what]
