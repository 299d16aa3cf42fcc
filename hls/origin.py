"""The LL-HLS origin: URLs and headers in, playlists and media out, and nothing rendered twice.

    /hls/LOGIN/index.m3u8                       multivariant playlist of the channel's current stream
    /hls/LOGIN/STREAM_ID/RENDITION/index.m3u8   media playlist
    /hls/LOGIN/STREAM_ID/RENDITION/NAME         init section, segment or part: unique for ever, so cached for long

Answers that do not exist yet (blocked reloads, hinted parts) wait in `hls.waiting`. Cache times are those of
RFC 8216bis B.1 in target durations (G8).
"""

from collections.abc import Awaitable, Callable
from functools import lru_cache, partial

import structlog
import trio

from common.http_conditions import accepts_gzip, etag_matches
from common.http_parser import Request
from common.http_response import Answer, Response, respond, respond_text
from common.media import Track
from common.metrics import Sample
from common.operator_pages import OperatorPages
from hls.answers import (
    Directives,
    MediaAnswer,
    PlaylistAnswer,
    PlaylistReady,
    Refused,
    Wait,
)
from hls.directives import parse_directives
from hls.directory import Directory, Stream
from hls.media_responses import CORS, respond_media
from hls.waiting import WaitingRoom

log = structlog.get_logger(__name__)

PLAYLIST = "index.m3u8"
EXPIRE_EVERY_S = 5.0
_RENDERED_KEPT = 256
_ANY_RENDITION = tuple(track.value for track in Track)

_PREFLIGHT = respond(
    204,
    headers=(
        *CORS,
        ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
        ("Access-Control-Allow-Headers", "*"),
        ("Access-Control-Max-Age", "86400"),
    ),
)
_OPTIONS = respond(204, headers=(("Allow", "GET, HEAD, OPTIONS"),))
_ROOT_404 = respond_text(404, "nothing here: streams are at /hls/CHANNEL/index.m3u8", CORS)


_Variant = tuple[str, bool, bool, bytes | None]
"""What makes two responses with the same playlist different: stream id, gzip, blocking, If-None-Match."""


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
    ) -> None:
        """`target_duration_s` is that of the playlists; `health` and the others are for `OperatorPages`."""
        self._directory = directory
        self._pages = OperatorPages(health=health, metrics=metrics, metrics_token=metrics_token)
        self._waiting = WaitingRoom(hold_s=3 * target_duration_s)  # F11
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
                self._expire()

    def _expire(self) -> None:
        try:
            self._directory.expire(trio.current_time())
        except Exception:
            log.exception("closing_a_stream_failed")  # it is out of the directory all the same

    def samples(self) -> list[Sample]:
        """Give what `common.metrics` scrapes."""
        return [
            ("weir_hls_waiting_requests", "Blocked reloads and hinted parts that wait", len(self._waiting))
        ]

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        if request.path.startswith("/hls/"):
            if request.method == "OPTIONS":
                return _PREFLIGHT
            return self._answer_hls(request, _words_behind_hls(request.path))
        answer = self._pages.answer(request)
        if answer is not None:
            return answer
        return _OPTIONS if request.method == "OPTIONS" else _ROOT_404

    def _answer_hls(self, request: Request, words: tuple[str, ...]) -> Answer:
        if len(words) == 4:
            login, stream_id, rendition, name = words
            stream = self._directory.find(login, stream_id)
            if stream is None:
                return self._missing(login)
            if name == PLAYLIST:
                return self._playlist(request, stream, rendition)
            return self._media(request, stream, rendition, name)
        if len(words) == 2 and words[1] == PLAYLIST:
            stream = self._directory.get(words[0])
            return self._missing(words[0]) if stream is None else self._multivariant(request, stream)
        return self._refuse(Refused(404, "streams are at /hls/CHANNEL/index.m3u8"))

    def _missing(self, login: str) -> Response:
        if self._directory.get(login) is None:
            return self._refuse(Refused(404, "the channel is offline"))
        return self._refuse(Refused(404, "this broadcast is over, and the channel has begun another one"))

    # Playlists

    def _multivariant(self, request: Request, stream: Stream) -> Answer:
        variant = _variant_for(request, stream, blocking=False)
        response = self._respond_playlist(stream.multivariant(), variant)
        if response is not None:
            return response
        return self._hold_playlist(stream, _ANY_RENDITION, None, stream.multivariant, variant)

    def _playlist(self, request: Request, stream: Stream, rendition: str) -> Answer:
        directives = parse_directives(request.query)
        if isinstance(directives, Refused):
            return self._refuse(directives, blocking=True)
        variant = _variant_for(request, stream, blocking=directives.msn is not None)
        response = self._respond_playlist(stream.playlist(rendition, directives), variant)
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
        late = self._refuse(Refused(503, "the stream has not come that far"), blocking=variant[2])
        question = (directives, variant)
        return self._waiting.hold(
            stream, renditions, question, lambda: self._respond_playlist(ask(), variant), late
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
        return self._refuse(answer, blocking=variant[2]) if isinstance(answer, Refused) else None

    def _render(self, ready: PlaylistReady, variant: _Variant) -> Response:
        stream_id, gzip, blocking, if_none_match = variant
        etag = f'"{stream_id}-{ready.etag}{"-gz" if gzip else ""}"'
        lasts = blocking or ready.ended
        headers = [
            ("Content-Type", "application/vnd.apple.mpegurl"),
            (
                "Cache-Control",
                f"public, max-age={self._blocked_max_age_s if lasts else self._plain_max_age_s}",
            ),
            ("ETag", etag),
            ("Vary", "Accept-Encoding"),
            *CORS,
        ]
        if if_none_match is not None and etag_matches(if_none_match, etag.encode()):
            return respond(304, headers=headers)
        if gzip:
            headers.append(("Content-Encoding", "gzip"))
        return respond(200, ready.gzip if gzip else ready.plain, headers)

    def _refuse(self, refused: Refused, *, blocking: bool = False) -> Response:
        return _refusal(
            refused.status,
            refused.reason,
            self._blocked_failed_max_age_s if blocking else self._failed_max_age_s,
        )

    # Media

    def _media(self, request: Request, stream: Stream, rendition: str, name: str) -> Answer:
        headers = request.headers
        response = self._respond_media(stream.media(rendition, name), headers, rendition)
        if response is not None:
            return response
        conditions = tuple(headers.get(header) for header in (b"range", b"if-range", b"if-none-match"))
        late = self._refuse(Refused(503, "the part has not come"))
        return self._waiting.hold(
            stream,
            (rendition,),
            (name, conditions),
            lambda: self._respond_media(stream.media(rendition, name), headers, rendition),
            late,
        )

    def _respond_media(
        self, answer: MediaAnswer, headers: dict[bytes, bytes], rendition: str
    ) -> Response | None:
        """`None` while there is nothing to answer."""
        if isinstance(answer, Wait):
            return None
        if isinstance(answer, Refused):
            return self._refuse(answer)
        return respond_media(headers, rendition, answer)


def _variant_for(request: Request, stream: Stream, *, blocking: bool) -> _Variant:
    headers = request.headers
    gzip = accepts_gzip(headers.get(b"accept-encoding"))
    return (stream.stream_id, gzip, blocking, headers.get(b"if-none-match"))


@lru_cache(maxsize=256)
def _refusal(status: int, reason: str, max_age_s: int) -> Response:
    retry = (("Retry-After", "1"),) if status == 503 else ()
    return respond_text(status, reason, (("Cache-Control", f"public, max-age={max_age_s}"), *retry, *CORS))
