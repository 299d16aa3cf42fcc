"""Responses with media in them: whole, in part, or not at all because the client has it. Pure.

The bytes behind a URL never change, so what is for everybody may be cached for long.
"""

from common.http_conditions import RangeNotSatisfiableError, etag_matches, resolve_range, slice_pieces
from common.http_parser import Request
from common.http_response import FileSlice, Response, render_head, respond
from common.media import Track
from hls.admission import Terms
from hls.answers import MediaOnDisk, MediaReady

_AUDIO = Track.AUDIO.value
_ETAG = b'"1"'


def _content_type(rendition: str) -> tuple[str, str]:
    return ("Content-Type", "audio/mp4" if rendition.startswith(_AUDIO) else "video/mp4")


def respond_media(
    request: Request, rendition: str, media: MediaReady | MediaOnDisk, expires: bytes, terms: Terms
) -> Response:
    """Answer a request for this media; `expires`: the date in MEDIA_MAX_AGE_S (E14)."""
    headers = request.headers
    expires = terms.expires(expires)
    if b"range" in headers or b"if-none-match" in headers:
        conditional = _respond_conditionally(request, rendition, media, expires, terms)
        if conditional is not None:
            return conditional
    size = media.size_bytes
    head = terms.media_head(rendition)
    body = media.pieces if isinstance(media, MediaReady) else FileSlice(media.path, media.offset, size)
    return Response(200, b"%s%s\r\nContent-Length: %d\r\n" % (head, expires, size), body, size)


def _respond_conditionally(
    request: Request, rendition: str, media: MediaReady | MediaOnDisk, expires: bytes, terms: Terms
) -> Response | None:
    """304, 206 or 416; `None` when the whole is to be sent."""
    headers = request.headers
    lasting = (*terms.lasting, ("Expires", expires.decode()))
    if_none_match = headers.get(b"if-none-match")
    if if_none_match is not None and etag_matches(if_none_match, _ETAG):
        return respond(304, headers=lasting)
    if request.method != "GET":  # RFC 9110 14.2: other methods know no Range
        return None
    size = media.size_bytes
    try:
        wanted = resolve_range(headers, size, _ETAG)
    except RangeNotSatisfiableError:
        return respond(416, headers=(("Content-Range", f"bytes */{size}"), *terms.cors, *terms.not_kept))
    if wanted is None:
        return None
    start, length = wanted
    content_range = ("Content-Range", f"bytes {start}-{start + length - 1}/{size}")
    head = render_head(206, (_content_type(rendition), content_range, *lasting), length)
    if isinstance(media, MediaReady):
        return Response(206, head, slice_pieces(media.pieces, start, length), length)
    return Response(206, head, FileSlice(media.path, media.offset + start, length), length)
