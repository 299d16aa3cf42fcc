"""Watches a stream as a low-latency player does, and writes down what it saw: the Trio shell around the rules.

Each media playlist has a task that reloads it (blocked where that is offered), two that download what is new, and one that
asks odd questions. Everything is bounded: renditions, bytes, questions, and each request in time.
"""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from urllib.parse import urljoin, urlsplit

import trio

from bench.llhls_check.boxes import BoxError, Init, Media, read_init, read_media
from bench.llhls_check.client import MEDIA_BYTES, Client, open_client
from bench.llhls_check.observation import Exchange, HintLoad, Load, Observation, Reload, Rendition
from bench.llhls_check.playlist import (
    Multivariant,
    Segment,
    is_multivariant,
    is_playlist,
    read_multivariant,
    read_playlist,
)
from bench.llhls_check.questions import ask_after, ask_questions, with_query

MAX_RENDITIONS = 8
FIRST_ANSWER_S = 20.0
_DOWNLOADERS = 2
_QUEUE = 200
_HINTS = 8
_FIRST_SEGMENTS = 3
"""Of those that are listed when the watching begins; what is older is only read about."""
_WHOLE_SEGMENTS = 4
_FAILURES = 5
_DRAIN_S = 10.0
_MAX_LAGS = 20_000
_EDGE_HEADERS = ("age", "via", "x-cache", "cf-cache-status", "x-served-by", "x-amz-cf-id")


class UnusableError(Exception):
    """The URL cannot be checked; the message is a sentence for people."""


async def observe(
    url: str,
    *,
    seconds: float,
    edge: bool = False,
    verify: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> Observation:
    """Watch a URL for so many seconds, and some more to end. `tell` gets lines about the progress.

    Raises:
        UnusableError: It is no HLS stream that can be reached.
    """
    async with open_client(verify=verify) as client:
        exchange = await _first(client, url)
        multivariant = read_multivariant(exchange.text) if is_multivariant(exchange.text) else None
        renditions, left_out = _renditions(exchange.url, multivariant)
        seen = Observation(url, exchange, renditions, multivariant, left_out=left_out)
        seen.tls, seen.alpn = await client.handshake(exchange.url)
        tell(
            f"watching {len(renditions)} media playlist(s) for {seconds:g} s: {', '.join(one.name for one in renditions)}"
        )
        lags: deque[tuple[float, float]] = deque(maxlen=_MAX_LAGS)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_measure_lag, lags)
            async with trio.open_nursery() as watching:
                for rendition in renditions:
                    watching.start_soon(_Watch(client, rendition, trio.current_time() + seconds).run)
            nursery.cancel_scope.cancel("all have been watched")
        seen.lags = list(lags)
        seen.renditions = [one for one in renditions if one.reloads]
        failed = next((one for one in renditions if not one.reloads), None)
        if failed is not None and not seen.renditions:
            reason = failed.failed_reload.describe() if failed.failed_reload else "no answer"
            raise UnusableError(f"The media playlist {failed.url} cannot be loaded: {reason}.")
        seen.left_out += [f"{one.name} (cannot be loaded)" for one in renditions if not one.reloads]
        await _look_for_edge(client, seen, told=edge)
        again = await client.ask(url, within_s=FIRST_ANSWER_S)
        if multivariant is not None and is_multivariant(again.text):
            seen.later = read_multivariant(again.text)
    return seen


async def _first(client: Client, url: str) -> Exchange:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UnusableError(f"{url} is no http:// or https:// address of a playlist.")
    exchange = await client.ask(url, within_s=FIRST_ANSWER_S)
    if not exchange.status:
        raise UnusableError(f"{url} cannot be reached: {exchange.error}.")
    if exchange.status != 200:
        raise UnusableError(f"{url} answers with status {exchange.status}; is the stream live?")
    if not is_playlist(exchange.text):
        kind = exchange.headers.get("content-type", "no Content-Type")
        raise UnusableError(f"{url} is no HLS playlist: it does not begin with #EXTM3U ({kind}).")
    return exchange


def _renditions(base: str, multivariant: Multivariant | None) -> tuple[list[Rendition], list[str]]:
    """All media playlists, each once, and the names of those beyond the limit."""
    if multivariant is None:
        return [Rendition("media", base, "media")], []
    kinds: dict[str, str] = {}
    for variant in multivariant.variants:
        if variant.uri:
            kinds.setdefault(variant.uri, "video" if "RESOLUTION" in variant.values.values else "media")
    for _, attributes in multivariant.media:
        if uri := attributes.values.get("URI"):
            kinds[uri] = attributes.values.get("TYPE", "media").lower()
    if not kinds:
        raise UnusableError(f"{base} is a multivariant playlist without a single media playlist.")
    names = short_names(list(kinds))
    found = [Rendition(names[uri], urljoin(base, uri), kind) for uri, kind in kinds.items()]
    return found[:MAX_RENDITIONS], [one.name for one in found[MAX_RENDITIONS:]]


def short_names(uris: list[str]) -> dict[str, str]:
    """What distinguishes each URI from the others: path elements that are not the same in all."""
    paths = [[element for element in urlsplit(uri).path.split("/") if element] for uri in uris]
    if len(uris) == 1 or len({len(path) for path in paths}) > 1:
        return {uri: "/".join(path[-2:]) for uri, path in zip(uris, paths, strict=True)}
    differing = [index for index in range(len(paths[0])) if len({path[index] for path in paths}) > 1]
    names = ["/".join(path[index] for index in differing).removesuffix(".m3u8") for path in paths]
    return {uri: name or uri for uri, name in zip(uris, names, strict=True)}


async def _measure_lag(lags: deque[tuple[float, float]]) -> None:
    while True:
        due = trio.current_time() + 0.02
        await trio.sleep_until(due)
        late_s = trio.current_time() - due
        if late_s > 0.005:
            lags.append((trio.current_time(), late_s))


async def _look_for_edge(client: Client, seen: Observation, *, told: bool) -> None:
    exchanges = [seen.exchange, *(one.reloads[-1].exchange for one in seen.renditions)]
    segment = next(
        (load.exchange for one in seen.renditions for load in one.loads.values() if load.content), None
    )
    if segment is not None:
        exchanges.append(segment)
    header = next((name for name in _EDGE_HEADERS for one in exchanges if name in one.headers), None)
    seen.edge = "--edge" if told else f"header {header}" if header else ""
    if seen.edge and segment is not None:
        seen.edge_repeat = await client.ask(segment.url, within_s=FIRST_ANSWER_S, limit_bytes=MEDIA_BYTES)
    await trio.lowlevel.checkpoint()


class _Watch:
    """One media playlist from its first load to the last question."""

    def __init__(self, client: Client, rendition: Rendition, until: float) -> None:
        self._client, self._rendition, self._until = client, rendition, until
        self._wanted: set[str] = set()
        self._hinted: set[str] = set()
        self._whole = 0
        self._inits: dict[str, Init] = {}
        self._init_read: dict[str, trio.Event] = {}
        self._send, self._receive = trio.open_memory_channel[tuple[str, str | None]](_QUEUE)

    async def run(self) -> None:
        """Watch until the time is over or the stream has ended, then ask what is left to ask."""
        if not await self._reload(None, FIRST_ANSWER_S):
            return
        async with trio.open_nursery() as nursery:
            for _ in range(_DOWNLOADERS):
                nursery.start_soon(self._download)
            async with trio.open_nursery() as live:
                with trio.move_on_at(self._until):
                    live.start_soon(ask_questions, self._client, self._rendition)
                    await self._follow(live)
                live.cancel_scope.deadline = max(self._until, trio.current_time() + 1.0)
            self._send.close()
            nursery.cancel_scope.deadline = trio.current_time() + _DRAIN_S
        with trio.move_on_after(_DRAIN_S):
            await ask_after(self._client, self._rendition)

    async def _follow(self, nursery: trio.Nursery) -> None:
        failures = 0
        await trio.lowlevel.checkpoint()
        while not self._rendition.last.ended and failures < _FAILURES:
            playlist = self._rendition.last
            self._start_hint(nursery)
            wanted = playlist.next_part if playlist.can_block and playlist.parts else None
            if wanted is None:
                await trio.sleep(max(0.2, (playlist.part_target_s or playlist.target_duration_s or 1) / 2))
            if await self._reload(wanted, 3 * (playlist.target_duration_s or 4) + 5):
                failures = 0
                continue
            failures += 1
            if self._rendition.failed_reload is not None and self._rendition.failed_reload.status in {
                404,
                410,
            }:
                return
            await trio.sleep(0.5)

    async def _reload(self, wanted: tuple[int, int] | None, within_s: float) -> bool:
        rendition = self._rendition
        url = rendition.url if wanted is None else with_query(rendition.url, msn=wanted[0], part=wanted[1])
        exchange = await self._client.ask(url, within_s=within_s)
        if exchange.status != 200 or not is_playlist(exchange.text):
            rendition.failed_reload = exchange
            return False
        rendition.failed_reload = None
        playlist = read_playlist(exchange.text)
        rendition.reloads.append(Reload(len(rendition.reloads), exchange, playlist, wanted))
        self._queue_new()
        return True

    def _queue_new(self) -> None:
        """Want what was not there before, and at first some of what was."""
        playlist = self._rendition.last
        first = len(self._rendition.reloads) == 1
        if first:
            old = playlist.all_segments[:-_FIRST_SEGMENTS]
            self._wanted |= {part.uri for segment in old for part in segment.parts if part.uri}
        for segment in playlist.all_segments:
            init = segment.init[0] if segment.init else None
            if init is not None:
                self._want(init, init, is_init=True)
            for part in segment.parts:
                if part.uri and not part.gap and not part.byterange:
                    self._want(part.uri, init)
        for segment in _chosen(playlist.segments, first=first, ended=playlist.ended):
            if segment.uri and not segment.gap and not segment.byterange and self._may_load(segment):
                self._want(segment.uri, segment.init[0] if segment.init else None)

    def _may_load(self, segment: Segment) -> bool:
        """Some whole segments are enough where there are parts."""
        if segment.uri in self._wanted or not segment.parts:
            return True
        self._whole += 1
        return self._whole <= _WHOLE_SEGMENTS

    def _want(self, uri: str, init: str | None, *, is_init: bool = False) -> None:
        if uri in self._wanted:
            return
        self._wanted.add(uri)
        if is_init:
            self._init_read[uri] = trio.Event()
        try:
            self._send.send_nowait((uri, None if is_init else init))
        except trio.WouldBlock:
            self._rendition.unloaded += 1
            self._init_read.pop(uri, None)

    async def _download(self) -> None:
        async for uri, init in self._receive:
            url = self._rendition.resolve(uri)
            exchange = await self._client.ask(url, within_s=FIRST_ANSWER_S, limit_bytes=MEDIA_BYTES)
            if init in self._init_read:
                await self._init_read[init].wait()  # asked for earlier, and by the other downloader
            content, problem = self._read(uri, init, exchange)
            if uri in self._init_read:
                self._init_read[uri].set()
            size = len(exchange.body)
            self._rendition.loads[uri] = Load(uri, _without_body(exchange), size, content, problem)

    def _read(self, uri: str, init: str | None, exchange: Exchange) -> tuple[Media | Init | None, str]:
        body = exchange.body
        if exchange.status != 200 or b"\x00" not in body[:4] or body[4:8].isalpha() is False:
            return None, ""  # not there, or no MP4: MPEG-TS, WebVTT and others are not opened
        try:
            if init is None and b"moov" in body[:4096]:
                self._inits[uri] = read_init(body)
                return self._inits[uri], ""
            known = self._inits.get(init or "")
            return read_media(body, known.defaults if known else None), ""
        except BoxError as error:
            return None, f"cannot be read: {error}"

    def _start_hint(self, nursery: trio.Nursery) -> None:
        uri = self._rendition.last.hint("PART")
        if uri and uri not in self._hinted and len(self._hinted) < _HINTS:
            self._hinted.add(uri)
            nursery.start_soon(partial(self._load_hint, uri))

    async def _load_hint(self, uri: str) -> None:
        within_s = 3 * (self._rendition.last.target_duration_s or 4) + 5
        url = self._rendition.resolve(uri)
        exchange = await self._client.ask(url, within_s=within_s, limit_bytes=MEDIA_BYTES)
        self._rendition.hints.append(HintLoad(uri, _without_body(exchange), len(exchange.body)))


def _chosen(segments: list[Segment], *, first: bool, ended: bool) -> Iterable[Segment]:
    """The segments to download: at first the newest two, later each new one; of an ended list the first and last three."""
    if ended and first:
        return [*segments[:3], *segments[3:][-3:]]
    return segments[-2:] if first else segments[-1:]


def _without_body(exchange: Exchange) -> Exchange:
    return Exchange(
        exchange.url,
        exchange.status,
        exchange.headers,
        b"",
        exchange.asked_at,
        exchange.first_byte_at,
        exchange.done_at,
        exchange.error,
        exchange.sent,
    )
