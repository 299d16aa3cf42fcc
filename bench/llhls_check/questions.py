"""The odd questions: requests with a known right answer, asked of each media playlist while it is watched."""

from urllib.parse import urlsplit, urlunsplit

import trio

from bench.llhls_check.client import MEDIA_BYTES, Client
from bench.llhls_check.observation import Exchange, Load, Probe, Rendition
from bench.llhls_check.playlist import MediaPlaylist, is_playlist, read_playlist

_SOON_S = 5.0
"""For answers that come at once from any server that keeps the rules."""
_FAR_SEGMENTS, _FAR_PARTS = 10, 20
_FAR_TRIES = 3
_LATE_PARTS, _LATE_SEGMENTS = 6, 3
_NO_SUCH = "no-such-part-of-llhls-check"


def with_query(url: str, *, msn: int | None = None, part: int | None = None, skip: str | None = None) -> str:
    """The URL with delivery directives behind whatever query it has, in the order of their names."""
    named = (("_HLS_msn", msn), ("_HLS_part", part), ("_HLS_skip", skip))
    directives = "&".join(f"{name}={value}" for name, value in named if value is not None)
    scheme, host, path, query, _ = urlsplit(url)
    return urlunsplit((scheme, host, path, f"{query}&{directives}" if query else directives, ""))


async def ask_questions(client: Client, rendition: Rendition) -> None:
    """Ask everything that can be asked while the stream is watched."""
    questions = _Questions(client, rendition)
    await questions.repeat()
    await questions.delta("skip", "YES")
    await questions.far()
    await questions.old()
    await questions.missing()
    if rendition.last.attributes("EXT-X-SERVER-CONTROL").values.get("CAN-SKIP-DATERANGES") == "YES":
        await questions.delta("skip-v2", "v2")
    await questions.media()
    await questions.roll_over()
    await questions.whole_segment()


async def ask_after(client: Client, rendition: Rendition) -> None:
    """Ask what can be asked only when the watching is over: for what left the list, and once more for a delta update."""
    questions = _Questions(client, rendition)
    if rendition.last.ended and rendition.live:
        await questions.plain("ended-skip", with_query(rendition.url, skip="YES"))
        await questions.plain("ended-reload", with_query(rendition.url, msn=rendition.last.next_msn + 1))
    elif rendition.live:
        await questions.delta("late-skip", "YES")
    await trio.lowlevel.checkpoint()
    for uri in _left_the_list(rendition):
        url = rendition.resolve(uri)
        rendition.late[uri] = await client.ask(url, within_s=_SOON_S, limit_bytes=MEDIA_BYTES)


def _left_the_list(rendition: Rendition) -> list[str]:
    listed = {part.uri for _, part in rendition.last.parts}
    parts = [
        part.uri
        for segment in rendition.segments().values()
        for part in segment.parts
        if part.uri and part.uri not in listed and not part.gap and not part.byterange
    ]
    kept = {segment.uri for segment in rendition.last.segments}
    segments = [
        one.uri
        for one in rendition.segments().values()
        if one.uri and one.uri not in kept and not one.gap and not one.byterange
    ]
    return [*parts[-_LATE_PARTS:], *segments[-_LATE_SEGMENTS:]]


class _Questions:
    def __init__(self, client: Client, rendition: Rendition) -> None:
        self._client, self._rendition = client, rendition

    async def plain(
        self, name: str, url: str, *, within_s: float = _SOON_S, before: MediaPlaylist | None = None
    ) -> None:
        """Ask for a playlist and keep the answer under a name."""
        before = before or self._rendition.last
        exchange = await self._client.ask(url, within_s=within_s)
        self._keep(name, exchange, before)

    def _keep(self, name: str, exchange: Exchange, before: MediaPlaylist) -> None:
        found = exchange.status == 200 and is_playlist(exchange.text)
        playlist = read_playlist(exchange.text) if found else None
        self._rendition.probes[name] = Probe(exchange, before, playlist)

    async def repeat(self) -> None:
        await self.plain("again", self._rendition.url)

    async def delta(self, name: str, value: str) -> None:
        """Load the full playlist, and at once the delta update of it."""
        full = await self._client.ask(self._rendition.url, within_s=_SOON_S)
        before = read_playlist(full.text) if full.status == 200 and is_playlist(full.text) else None
        await self.plain(name, with_query(self._rendition.url, skip=value), before=before)

    async def far(self) -> None:
        await trio.lowlevel.checkpoint()
        playlist, url = self._rendition.last, self._rendition.url
        if not playlist.can_block:
            return
        target_s = playlist.part_target_s or 1.0
        limit = int(3 / target_s) + 1 if target_s < 1 else 3
        await self.plain("part-alone", with_query(url, part=0))
        await self.plain("far-segment", with_query(url, msn=playlist.next_msn + _FAR_SEGMENTS))
        for _ in range(_FAR_TRIES if playlist.parts else 0):
            msn, part = self._rendition.last.next_part
            await self.plain("far-part", with_query(url, msn=msn, part=part + limit + _FAR_PARTS))
            answer = self._rendition.probes["far-part"].playlist
            if answer is None or answer.next_msn <= msn:
                break  # else the segment was complete by then, and the part rightly that of the next one (F7)

    async def old(self) -> None:
        await trio.lowlevel.checkpoint()
        playlist = self._rendition.last
        if playlist.can_block and playlist.media_sequence > 0:
            await self.plain(
                "removed-segment", with_query(self._rendition.url, msn=playlist.media_sequence - 1)
            )

    async def missing(self) -> None:
        await trio.lowlevel.checkpoint()
        playlist = self._rendition.last
        parts = [part.uri for _, part in playlist.parts if part.uri]
        if parts:
            scheme, host, path, query, _ = urlsplit(self._rendition.resolve(parts[-1]))
            folder, _, name = path.rpartition("/")
            dot = name.rfind(".")
            ending = name[dot:] if dot > 0 else ""
            url = urlunsplit((scheme, host, f"{folder}/{_NO_SUCH}{ending}", query, ""))
            exchange = await self._client.ask(url, within_s=_SOON_S, limit_bytes=MEDIA_BYTES)
            self._keep("unknown-part", exchange, playlist)

    async def media(self) -> None:
        """Ask for a part by HEAD, by range and by its ETag."""
        load = await self._some_load()
        if load is None:
            return
        url = load.exchange.url
        forms = {
            "head": ("HEAD", {"Accept-Encoding": "identity"}),
            "range": ("GET", {"Range": "bytes=0-99", "Accept-Encoding": "identity"}),
            "etag": ("GET", {"If-None-Match": load.exchange.headers.get("etag", '"none"')}),
        }
        for name, (method, headers) in forms.items():
            exchange = await self._client.ask(
                url, within_s=_SOON_S, limit_bytes=MEDIA_BYTES, method=method, headers=headers
            )
            self._keep(name, exchange, self._rendition.last)

    async def _some_load(self) -> Load | None:
        await trio.lowlevel.checkpoint()
        for _ in range(50):
            loads = [one for one in self._rendition.loads.values() if one.exchange.status == 200]
            found = next((one for one in loads if one.size_bytes >= 100), None)
            if found is not None:
                return found
            await trio.sleep(0.05)
        return None

    async def roll_over(self) -> None:
        """Ask for the part behind the last one of the newest complete segment."""
        await trio.lowlevel.checkpoint()
        playlist = self._rendition.last
        segment = next((one for one in reversed(playlist.segments) if one.parts), None)
        if segment is not None and playlist.can_block and not playlist.ended:
            url = with_query(self._rendition.url, msn=segment.msn, part=len(segment.parts))
            await self.plain("past-the-last-part", url, within_s=self._patience_s())

    async def whole_segment(self) -> None:
        """Ask for the growing segment, without a part."""
        url = with_query(self._rendition.url, msn=self._rendition.last.next_msn)
        await self.plain("whole-segment", url, within_s=self._patience_s())

    def _patience_s(self) -> float:
        return 3.0 * (self._rendition.last.target_duration_s or 4) + 5
