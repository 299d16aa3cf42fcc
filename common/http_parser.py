"""HTTP/1.1 request heads: bytes in, requests out. Pure.

Our HTTP servers only serve, so a request with a body is refused and framing comes down to finding the blank line:
nothing here can be smuggled. httptools (llhttp in its strict mode) is the judge of every byte of a head.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote_to_bytes

import httptools

MAX_HEAD_BYTES = 8192
MAX_TARGET_BYTES = 4096
MAX_HEADERS = 64

_END = b"\r\n\r\n"
_METHODS = {b"GET": "GET", b"HEAD": "HEAD", b"OPTIONS": "OPTIONS"}
_OTHER_METHODS = frozenset({b"CONNECT", b"DELETE", b"PATCH", b"POST", b"PUT", b"TRACE"})
_VISIBLE = re.compile(rb"[!-~]+")
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")


class RequestError(Exception):
    """The client broke the rules: answer with `status` and close. The text is one sentence for the client."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(slots=True)
class Request:
    """One request, complete."""

    method: str
    """`GET`, `HEAD` or `OPTIONS`."""
    path: str
    """Decoded, starts with `/`, holds no `.` or `..` segment; `*` for `OPTIONS *`."""
    query: str
    """What follows the question mark, not decoded; '' when there is none."""
    headers: dict[bytes, bytes] = field(repr=False)
    """By lower-case name; repeated ones joined with a comma. Shared with other requests: not to be changed."""
    keep_alive: bool
    """The client will send more on this connection."""
    is_http_1_0: bool
    head: bytes = field(repr=False)
    """The request as it was sent: whoever takes the connection over may want to read it anew."""
    address: str = ""
    """The client's textual IP address, after trusted proxies were taken into account."""


class RequestParser:
    """Cuts one connection's bytes into requests. After a `RequestError` it must not be used again.

    A player's requests differ in their first line only, so headers that are the same bytes as those of the request
    before are not parsed again: measured, that halves the cost of a request.
    """

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._buffer = b""
        self._fed = 0  # how much of the buffer llhttp has seen
        self._headers: dict[bytes, bytes] = {}
        self._header_count = 0
        self._last_block = b""  # what followed the request line in the last good request that had a Host

    @property
    def buffered(self) -> bytes:
        """Bytes that belong to no request yet."""
        return self._buffer

    def push(self, data: bytes) -> None:
        """Add what the client sent. The caller bounds how much it pushes before it takes requests out."""
        self._buffer = self._buffer + data if self._buffer else data

    def next_request(self) -> Request | None:
        """Take the oldest complete request, or `None` when bytes are missing.

        Raises:
            RequestError: the bytes are no acceptable request, even if only a part of it is there.
        """
        buffer = self._buffer
        if not buffer:
            return None
        if not self._fed and buffer[0] in b"\r\n":  # RFC 9112 2.2: skip empty lines before a request
            buffer = self._buffer = buffer.lstrip(b"\r\n")
        end = buffer.find(_END, max(0, self._fed - 3))
        if end < 0:
            self._check_partial(buffer)
            return None
        if end + 4 > MAX_HEAD_BYTES:
            raise _too_large(buffer)
        head = buffer[: end + 4]
        self._buffer = buffer[end + 4 :]
        line_end = head.index(b"\r\n")
        block = head[line_end:]
        if self._fed or block != self._last_block:
            self._parse_headers(head)
        method, path, query, is_http_1_0 = _parse_line(head[:line_end])
        headers = self._headers
        connection = headers.get(b"connection")
        if b"host" in headers:
            self._last_block = block
        elif not is_http_1_0:
            raise RequestError(400, "the Host header is missing")  # RFC 9112 3.2
        keep_alive = (
            not is_http_1_0 if connection is None else _keeps_alive(connection, is_http_1_0=is_http_1_0)
        )
        return Request(method, path, query, headers, keep_alive, is_http_1_0, head)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header from httptools."""
        self._header_count += 1
        name = name.lower()
        known = self._headers.get(name)
        self._headers[name] = value if known is None else known + b", " + value

    def _parse_headers(self, head: bytes) -> None:
        """Let llhttp judge the rest of the head, and take the headers."""
        if not self._fed:
            self._start_headers()
        self._feed(head[self._fed :])
        self._fed = 0
        if self._header_count > MAX_HEADERS:
            raise RequestError(431, f"more than {MAX_HEADERS} headers")
        _check_headers(self._headers)

    def _start_headers(self) -> None:
        self._headers = {}  # a new one: requests keep theirs
        self._header_count = 0
        self._last_block = b""

    def _check_partial(self, buffer: bytes) -> None:
        """Refuse an unfinished head that is too large or wrong already."""
        if len(buffer) > MAX_HEAD_BYTES:
            raise _too_large(buffer)
        if len(buffer) > self._fed:
            if not self._fed:
                self._start_headers()
            self._feed(buffer[self._fed :])
            self._fed = len(buffer)

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # a head that asks for an upgrade is complete like any other
        except httptools.HttpParserError as error:
            raise RequestError(400, f"malformed request: {error}") from None


def _too_large(buffer: bytes) -> RequestError:
    if b"\r\n" not in buffer[:MAX_HEAD_BYTES]:
        return RequestError(414, f"the request line is longer than {MAX_HEAD_BYTES} bytes")
    return RequestError(431, f"the request head is larger than {MAX_HEAD_BYTES} bytes")


@lru_cache(maxsize=1024)
def _parse_line(line: bytes) -> tuple[str, str, str, bool]:
    """Parse a request line into method, path, query and whether it is HTTP/1.0.

    Kept, because all viewers ask for the same few things. Judges every byte, as llhttp may not have seen the line.
    """
    words = line.split(b" ")
    if len(words) != 3:
        raise RequestError(400, "malformed request line")
    method_name, target, version = words
    if version not in {b"HTTP/1.1", b"HTTP/1.0"}:
        raise RequestError(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    method = _METHODS.get(method_name)
    if method is None:
        known = method_name in _OTHER_METHODS
        raise RequestError(405 if known else 400, "only GET, HEAD and OPTIONS are served here")
    path, query = split_target(target)
    if path == "*" and method != "OPTIONS":
        raise RequestError(400, "`*` is a target of OPTIONS only")
    return method, path, query, version == b"HTTP/1.0"


def _check_headers(headers: dict[bytes, bytes]) -> None:
    if b"transfer-encoding" in headers:
        raise RequestError(400, "requests with a body are not served here")
    if headers.get(b"content-length", b"0").strip(b"0"):
        raise RequestError(413, "requests with a body are not served here")
    if headers.get(b"expect", b"100-continue").lower() != b"100-continue":
        raise RequestError(417, "unknown expectation")
    if b"," in headers.get(b"host", b""):
        raise RequestError(400, "more than one Host header")


def _keeps_alive(connection: bytes, *, is_http_1_0: bool) -> bool:
    options = {option.strip() for option in connection.lower().split(b",")}
    if b"close" in options:
        return False
    return not is_http_1_0 or b"keep-alive" in options


def split_target(target: bytes) -> tuple[str, str]:
    """Split a request target into its decoded path and its raw query.

    The absolute form loses scheme and authority (RFC 9112 3.2.2 wants servers to accept it).

    Raises:
        RequestError: the target is too long or in no form of ours, an escape is wrong, or the path climbs (`..`).
    """
    if len(target) > MAX_TARGET_BYTES:
        raise RequestError(414, f"the request target is longer than {MAX_TARGET_BYTES} bytes")
    if not _VISIBLE.fullmatch(target):
        raise RequestError(400, "the request target holds bytes that must be escaped")
    if target == b"*":
        return "*", ""
    if not target.startswith(b"/"):
        scheme, separator, rest = target.partition(b"://")
        if not separator or scheme.lower() not in {b"http", b"https"}:
            raise RequestError(400, "the request target must be a path")
        _, slash, path_and_query = rest.partition(b"/")
        target = slash + path_and_query
        if not slash:
            raise RequestError(400, "the request target must have a path")
    if b"#" in target:
        raise RequestError(400, "the request target holds a fragment")
    raw_path, _, raw_query = target.partition(b"?")
    path, query = raw_path.decode("ascii"), raw_query.decode("ascii")
    if "%" in path:
        path = _decode(path)
    if "/." in path and any(segment in {".", ".."} for segment in path.split("/")):
        raise RequestError(400, "the path holds a `.` or `..` segment")
    return path, query


def _decode(path: str) -> str:
    for escape in path.split("%")[1:]:
        if len(escape) < 2 or not _HEX_DIGITS.issuperset(escape[:2]):
            raise RequestError(400, "the path holds a malformed escape")
        if escape[:2].lower() in {"2f", "5c"}:
            raise RequestError(400, "the path holds an escaped slash or backslash")
    try:
        decoded = unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        raise RequestError(400, "the path is not UTF-8") from None
    if not decoded.isprintable():
        raise RequestError(400, "the path holds an escaped control character")
    return decoded
