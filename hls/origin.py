"""The LL-HLS origin: URLs and headers in, playlists and media out, and nothing rendered twice.

    /hls/LOGIN/index.m3u8                       multivariant playlist of the channel's current stream
    /hls/LOGIN/STREAM_ID/RENDITION/index.m3u8   media playlist
    /hls/LOGIN/STREAM_ID/RENDITION/NAME         init section, segment or part: unique for ever, so cached for long

Answers that do not exist yet (blocked reloads, hinted parts) wait in `hls.waiting`. Cache times are those of
RFC 8216bis B.1 in target durations (G8). What is not for everybody is for holders of a ticket (`hls.admission`), and what is
on another node is told to be there (`hls.elsewhere`).
"""

import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from functools import lru_cache, partial
from urllib.parse import quote

import structlog
import trio

from common.http_conditions import accepts_gzip, etag_matches
from common.http_parser import Request
from common.http_response import Answer, Response, respond, respond_text
from common.media import Track
from common.metrics import Sample
from common.operator_pages import OperatorPages
from common.play_ticket import tickets_in
from hls.admission import EVERYBODY, MEDIA_MAX_AGE_S, Admission, Closed, Terms
from hls.answers import (
    Directives,
    MediaAnswer,
    PlaylistAnswer,
    PlaylistReady,
    Refused,
    Wait,
)
from hls.audience import OwnPages, SeenViewers
from hls.directives import NONE, parse_directives
from hls.directory import Directory, Stream
from hls.elsewhere import Elsewhere
from hls.media_responses import respond_media
from hls.waiting import WaitingRoom

log = structlog.get_logger(__name__)

PLAYLIST = "index.m3u8"
EXPIRE_EVERY_S = 5.0
OFFLINE_MAX_AGE_S = 1
"""How long a cache may say that a channel is offline: it protects us from a crowd that waits for the start."""
ELSEWHERE_MAX_AGE_S = 1
"""The same for where a channel is."""
_RENDERED_KEPT = 256
_TERMS_KEPT = 256
_ANY_RENDITION = tuple(track.value for track in Track)

_OPTIONS = respond(204, headers=(("Allow", "GET, HEAD, OPTIONS"),))
_ROOT_404 = respond_text(404, "nothing here: streams are at /hls/CHANNEL/index.m3u8", EVERYBODY.cors)

_OVER = Refused(404, "this broadcast is over")
_OFFLINE = Refused(404, "the channel is offline")
_LATE = Refused(503, "the stream has not come that far", soon=True)
_SERVED = frozenset({200, 304})
_CONDITIONS = (b"range", b"if-range", b"if-none-match")

_NOWHERE = Closed(0, "nowhere")
"""Stands for a channel that is not here, asked for with a ticket: it cannot be opened."""

_Variant = tuple[str, bool, bool, bytes | None, Terms]
"""What makes two responses with the same playlist different: stream id, gzip, blocking, If-None-Match, for whom."""


@lru_cache(maxsize=4096)
def _words_behind_hls(path: str) -> tuple[str, ...]:
    """`/hls/a/b` as `("a", "b")`. Kept, because all viewers ask for the same."""
    return tuple(path.split("/")[2:])


class Origin:
    """The handler of the media listener (`common.httpd.HttpServer`). `run` must be running beside it."""

    def __init__(
        self,
        directory: Directory,
        *,
        health: Callable[[], Awaitable[list[str]]],
        metrics: Callable[[], bytes],
        metrics_token: str | None = None,
        target_duration_s: float = 4.0,
        admission: Admission | None = None,
        web_origin: Callable[[str], str] = lambda _host: "null",
        elsewhere: Elsewhere | None = None,
        viewers: SeenViewers | None = None,
        remarks: Callable[[], list[str]] = list,
    ) -> None:
        """Make one.

        Args:
            directory: the streams, and which of them are for some viewers only.
            health: see `OperatorPages`, as for the other two.
            metrics: see there.
            metrics_token: see there.
            target_duration_s: of the playlists.
            admission: reads tickets; `None`: nobody gets into a channel that asks for one.
            web_origin: gives the origin of the pages that may ask with cookies, for the Host header of a request.
            elsewhere: knows the other nodes; `None`: there are none.
            viewers: counts who watches.
            remarks: see `OperatorPages`.
        """
        self._directory = directory
        self._admission = admission or Admission()
        self._web_origin = web_origin
        self._elsewhere = elsewhere
        self._viewers = viewers or SeenViewers(OwnPages(web_origin))
        self._terms_by_host: dict[tuple[bytes, Closed], Terms] = {}
        self._redirected = 0
        self._pages = OperatorPages(
            health=health, metrics=metrics, metrics_token=metrics_token, remarks=remarks
        )
        self._waiting = WaitingRoom(hold_s=3 * target_duration_s)  # F11
        self._media_expires = b""
        self._note_time()
        self._rendered: dict[tuple[int, _Variant], tuple[PlaylistReady, Response]] = {}
        self._blocked_max_age_s = round(6 * target_duration_s)
        self._plain_max_age_s = max(1, round(target_duration_s / 2))
        self._failed_max_age_s = round(target_duration_s)
        self._blocked_failed_max_age_s = round(4 * target_duration_s)

    async def run(self) -> None:
        """Answer what waits and let go of streams that ended long ago; until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._waiting.run)
            while True:
                await trio.sleep(EXPIRE_EVERY_S)
                self._note_time()
                self._expire()

    def _note_time(self) -> None:
        self._media_expires = formatdate(time.time() + MEDIA_MAX_AGE_S, usegmt=True).encode()

    def _expire(self) -> None:
        try:
            self._directory.expire(trio.current_time())
        except Exception:
            log.exception("closing_a_stream_failed")  # it is out of the directory all the same

    def samples(self) -> list[Sample]:
        """Give what `common.metrics` scrapes."""
        return [
            ("weir_hls_waiting_requests", "Blocked reloads and hinted parts that wait", len(self._waiting)),
            (
                "weir_hls_closed_channels",
                "Channels here that are for some viewers only",
                len(self._directory.closed),
            ),
            ("weir_hls_ticketless_total", "Requests without the ticket they need", self._admission.refused),
            ("weir_hls_redirected_total", "Requests sent to another node", self._redirected),
        ]

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        if request.path.startswith("/hls/"):
            return self._answer_hls(request, _words_behind_hls(request.path))
        answer = self._pages.answer(request)
        if answer is not None:
            return answer
        return _OPTIONS if request.method == "OPTIONS" else _ROOT_404

    def _answer_hls(self, request: Request, words: tuple[str, ...]) -> Answer:
        terms = EVERYBODY
        closed_channels = self._directory.closed
        if closed_channels and (closed := closed_channels.get(words[0])) is not None:
            terms = self._terms(request, closed)
            # Browsers send no cookies with a preflight (Fetch 4.8), so it is answered to everybody.
            if request.method != "OPTIONS" and not self._admission.admits(
                words[0], closed, request.headers.get(b"cookie"), time.time()
            ):
                return terms.forbidden
        if request.method == "OPTIONS":
            return terms.preflight
        return self._answer_channel(request, words, terms)

    def _answer_channel(self, request: Request, words: tuple[str, ...], terms: Terms) -> Answer:
        if len(words) == 4:
            login, stream_id, rendition, name = words
            stream = self._directory.find(login, stream_id)
            if stream is None:
                return self._answer_absent(request, login, _OVER, self._failed_max_age_s)
            if name != PLAYLIST:
                return self._media(request, stream, rendition, name, terms)
            if self._directory.is_withdrawn(stream):
                return self._refuse(_OVER, terms)
            return self._playlist(request, stream, rendition, terms)
        if len(words) == 2 and words[1] == PLAYLIST:
            stream = self._directory.get(words[0])
            if stream is None:
                return self._answer_absent(request, words[0], _OFFLINE, OFFLINE_MAX_AGE_S)
            return self._multivariant(request, stream, terms)
        return self._refuse(Refused(404, "streams are at /hls/CHANNEL/index.m3u8"), terms)

    # Who may read, and where else

    def _terms(self, request: Request, closed: Closed) -> Terms:
        """Ticket holders of a channel, on the pages that belong to the name they know us by."""
        host = request.headers.get(b"host", b"")
        found = self._terms_by_host.get((host, closed))
        if found is None:
            if len(self._terms_by_host) >= _TERMS_KEPT:  # a client may claim any name
                self._terms_by_host.clear()
            web_origin = self._web_origin(host.decode("latin-1"))
            found = self._terms_by_host[host, closed] = Terms(closed, web_origin)
        return found

    def _shut_out(self, stream: Stream, terms: Terms) -> Response | None:
        """Give the answer to who waited while the channel was closed to them; `None`: they may have theirs."""
        closed = self._directory.closed_of(stream)
        return None if closed is None or closed == terms.closed else terms.forbidden

    def _answer_absent(self, request: Request, login: str, refused: Refused, max_age_s: int) -> Answer:
        """Answer for what is not here: it may be on another node, if the channel is not live on this one."""
        terms = EVERYBODY
        if tickets_in(request.headers.get(b"cookie")):
            terms = self._terms(request, _NOWHERE)  # or the browser would not let its page read the answer
        refusal = _refusal(terms, refused.status, refused.reason, max_age_s)
        if self._elsewhere is None or self._directory.get(login) is not None:
            return refusal

        def reply(base: str | None) -> Response:
            if base is None:
                return refusal
            self._redirected += 1
            query = f"?{request.query}" if request.query else ""
            return terms.redirect(f"{base}{quote(request.path)}{query}", ELSEWHERE_MAX_AGE_S)

        return self._elsewhere.locate(login, request, reply)

    # Playlists

    def _multivariant(self, request: Request, stream: Stream, terms: Terms) -> Answer:
        variant = _variant_for(request, stream, terms, blocking=False)
        response = self._respond_playlist(stream.multivariant(), variant)
        if response is not None:
            return response
        return self._hold_playlist(stream, _ANY_RENDITION, None, stream.multivariant, variant)

    def _playlist(self, request: Request, stream: Stream, rendition: str, terms: Terms) -> Answer:
        directives = parse_directives(request.query)
        if isinstance(directives, Refused):
            current = stream.playlist(rendition, NONE)
            if not (isinstance(current, PlaylistReady) and current.ended):
                return self._refuse(directives, terms, blocking=True)
            directives = NONE  # F4: nobody minds them after the end
        blocking = directives.msn is not None or directives.part is not None
        variant = _variant_for(request, stream, terms, blocking=blocking)
        response = self._respond_playlist(stream.playlist(rendition, directives), variant)
        # Who waits for parts asks for the first one of every segment, too: often enough to count by.
        if (
            not directives.part
            and request.method == "GET"
            and (response is None or response.status in _SERVED)
        ):
            self._viewers.note(request, stream.stream_id)
        if response is not None:
            return response
        ask = partial(stream.playlist, rendition, directives)
        return self._hold_playlist(stream, (rendition,), directives, ask, variant)

    def _hold_playlist(
        self,
        stream: Stream,
        renditions: tuple[str, ...],
        directives: Directives | None,
        ask: Callable[[], PlaylistAnswer],
        variant: _Variant,
    ) -> Answer:
        terms = variant[4]
        question = (directives, variant)
        return self._waiting.hold(
            stream,
            renditions,
            question,
            lambda: self._shut_out(stream, terms) or self._respond_playlist(ask(), variant),
            self._refuse(_LATE, terms),
        )

    def _respond_playlist(self, answer: PlaylistAnswer, variant: _Variant) -> Response | None:
        """`None` while there is nothing to answer."""
        if isinstance(answer, PlaylistReady):
            key = (id(answer), variant)
            known = self._rendered.get(key)
            if known is not None and known[0] is answer:
                return known[1]
            response = self._render(answer, variant)
            if len(self._rendered) >= _RENDERED_KEPT:
                del self._rendered[next(iter(self._rendered))]
            self._rendered[key] = (
                answer,
                response,
            )  # keeps the playlist, so that no other one can get its id
            return response
        if isinstance(answer, Refused):
            return self._refuse(answer, variant[4], blocking=variant[2])
        return None

    def _render(self, ready: PlaylistReady, variant: _Variant) -> Response:
        stream_id, gzip, blocking, if_none_match, terms = variant
        etag = f'"{stream_id}-{ready.etag}{"-gz" if gzip else ""}"'
        max_age_s = self._blocked_max_age_s if blocking or ready.ended else self._plain_max_age_s
        headers = [
            ("Content-Type", "application/vnd.apple.mpegurl"),
            ("Cache-Control", terms.cache_control(f"public, max-age={max_age_s}")),
            ("ETag", etag),
            *terms.playlist,
        ]
        if if_none_match is not None and etag_matches(if_none_match, etag.encode()):
            return respond(304, headers=headers)
        if gzip:
            headers.append(("Content-Encoding", "gzip"))
        return respond(200, ready.gzip if gzip else ready.plain, headers)

    def _refuse(self, refused: Refused, terms: Terms, *, blocking: bool = False) -> Response:
        max_age_s = self._blocked_failed_max_age_s if blocking else self._failed_max_age_s
        return _refusal(terms, refused.status, refused.reason, 0 if refused.soon else max_age_s)

    # Media

    def _media(self, request: Request, stream: Stream, rendition: str, name: str, terms: Terms) -> Answer:
        response = self._respond_media(stream.media(rendition, name), request, rendition, terms)
        if response is not None:
            return response
        conditions = tuple(request.headers.get(header) for header in _CONDITIONS)
        return self._waiting.hold(
            stream,
            (rendition,),
            (name, request.method, conditions, terms),
            lambda: (
                self._shut_out(stream, terms)
                or self._respond_media(stream.media(rendition, name), request, rendition, terms)
            ),
            self._refuse(_LATE, terms),
        )

    def _respond_media(
        self, answer: MediaAnswer, request: Request, rendition: str, terms: Terms
    ) -> Response | None:
        """`None` while there is nothing to answer."""
        if isinstance(answer, Wait):
            return None
        if isinstance(answer, Refused):
            return self._refuse(answer, terms)
        return respond_media(request, rendition, answer, self._media_expires, terms)


def _variant_for(request: Request, stream: Stream, terms: Terms, *, blocking: bool) -> _Variant:
    headers = request.headers
    gzip = accepts_gzip(headers.get(b"accept-encoding"))
    return (stream.stream_id, gzip, blocking, headers.get(b"if-none-match"), terms)


@lru_cache(maxsize=512)
def _refusal(terms: Terms, status: int, reason: str, max_age_s: int) -> Response:
    return terms.refuse(status, reason, max_age_s)
