"""Responses with media in them: whole, in part, or not at all because the client has it. Pure.

The bytes behind a URL never change, so everything here may be cached for long.
"""

from common.http_conditions import RangeNotSatisfiableError, etag_matches, resolve_range, slice_pieces
from common.http_response import FileSlice, Response, render_head, respond
from common.media import Track
from hls.answers import MediaOnDisk, MediaReady

MEDIA_MAX_AGE_S = 86_400
_AUDIO = Track.AUDIO.value

CORS = (
    ("Access-Control-Allow-Origin", "*"),
    # hls.js tunes in by Age, and players measure with the others.
    ("Access-Control-Expose-Headers", "Age, Date, Content-Length, Content-Range, ETag"),
)

_ETAG = b'"1"'
"""A URL never gets other bytes, so one tag does for all of them."""
_HEADERS = (
    ("Cache-Control", f"public, max-age={MEDIA_MAX_AGE_S}, immutable"),
    ("ETag", _ETAG.decode()),
    ("Accept-Ranges", "bytes"),
    *CORS,
)


def _content_type(rendition: str) -> tuple[str, str]:
    return ("Content-Type", "audio/mp4" if rendition.startswith(_AUDIO) else "video/mp4")


def _whole_head(rendition: str) -> bytes:
    """All of the head but the number of Content-Length."""
    return render_head(200, (_content_type(rendition), *_HEADERS), 0).removesuffix(b"0\r\n")


_AUDIO_HEAD, _VIDEO_HEAD = _whole_head(_AUDIO), _whole_head(Track.VIDEO.value)


def respond_media(headers: dict[bytes, bytes], rendition: str, media: MediaReady | MediaOnDisk) -> Response:
    """Answer a request with these headers for this media."""
    if b"range" in headers or b"if-none-match" in headers:
        conditional = _respond_conditionally(headers, rendition, media)
        if conditional is not None:
            return conditional
    size = media.size_bytes
    head = _AUDIO_HEAD if rendition.startswith(_AUDIO) else _VIDEO_HEAD
    body = media.pieces if isinstance(media, MediaReady) else FileSlice(media.path, media.offset, size)
    return Response(200, b"%s%d\r\n" % (head, size), body, size)


def _respond_conditionally(
    headers: dict[bytes, bytes], rendition: str, media: MediaReady | MediaOnDisk
) -> Response | None:
    """304, 206 or 416; `None` when the whole is to be sent."""
    if_none_match = headers.get(b"if-none-match")
    if if_none_match is not None and etag_matches(if_none_match, _ETAG):
        return respond(304, headers=_HEADERS)
    size = media.size_bytes
    try:
        wanted = resolve_range(headers, size, _ETAG)
    except RangeNotSatisfiableError:
        return respond(416, headers=(("Content-Range", f"bytes */{size}"), *CORS))
    if wanted is None:
        return None
    start, length = wanted
    content_range = ("Content-Range", f"bytes {start}-{start + length - 1}/{size}")
    head = render_head(206, (_content_type(rendition), content_range, *_HEADERS), length)
    if isinstance(media, MediaReady):
        return Response(206, head, slice_pieces(media.pieces, start, length), length)
    return Response(206, head, FileSlice(media.path, media.offset + start, length), length)
