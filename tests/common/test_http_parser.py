"""Request heads: what is accepted, what is refused, and that packet boundaries never matter."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http_parser import MAX_HEAD_BYTES, Request, RequestError, RequestParser, split_target

HOST = b"Host: weir\r\n"


def parse_all(chunks: list[bytes]) -> tuple[list[tuple[object, ...]], int | None]:
    """All requests as plain tuples, and the status of the refusal that ended it."""
    parser = RequestParser()
    requests: list[tuple[object, ...]] = []
    for chunk in chunks:
        parser.push(chunk)
        try:
            while request := parser.next_request():
                requests.append(
                    (request.method, request.path, request.query, request.keep_alive, request.head)
                )
        except RequestError as error:
            return requests, error.status
    return requests, None


def parse_one(data: bytes) -> Request:
    parser = RequestParser()
    parser.push(data)
    request = parser.next_request()
    assert request is not None
    return request


def refusal(data: bytes) -> int | None:
    return parse_all([data])[1]


def test_request_carries_what_was_sent() -> None:
    head = b"GET /hls/a%20b/x.m3u8?_HLS_msn=3&t=%2F HTTP/1.1\r\nhOST: weir\r\nX-A: 1\r\nx-a: 2\r\n\r\n"
    request = parse_one(head)
    assert (request.method, request.path, request.query) == ("GET", "/hls/a b/x.m3u8", "_HLS_msn=3&t=%2F")
    assert request.headers == {b"host": b"weir", b"x-a": b"1, 2"}
    assert request.head == head
    assert request.keep_alive
    assert not request.is_http_1_0


@pytest.mark.parametrize(
    ("version", "connection", "keep_alive"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.1", b"Connection: Upgrade, CLOSE\r\n", False),
        (b"1.1", b"Connection: keep-alive\r\n", True),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: Keep-Alive\r\n", True),
    ],
)
def test_keep_alive_follows_version_and_connection_header(
    version: bytes, connection: bytes, *, keep_alive: bool
) -> None:
    assert (
        parse_one(b"GET / HTTP/" + version + b"\r\n" + HOST + connection + b"\r\n").keep_alive is keep_alive
    )


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),  # a TLS client hello
        (b"\x03\x00\x00\x00", 400),  # an RTMP handshake
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
        (b"GET / RTSP/1.0\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"CONNECT weir:80 HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello", 413),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello", 413),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: x\r\nContent-Length: 3\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding : chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Expect: a-cake\r\n\r\n", 417),
        (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET weir HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 64 + HOST + b"\r\n", 431),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET /" + b"a" * MAX_HEAD_BYTES, 414),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * MAX_HEAD_BYTES, 431),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n", 431),
    ],
)
def test_wrong_request_is_refused_with_its_status_however_it_is_cut(data: bytes, status: int) -> None:
    assert refusal(data) == status
    assert parse_all([data[i : i + 1] for i in range(len(data))])[1] == status


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Expect: 100-Continue\r\n\r\n",
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
        b"\r\n\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
)
def test_unusual_but_right_request_is_accepted_and_the_next_one_too(data: bytes) -> None:
    following = b"HEAD /next HTTP/1.1\r\n" + HOST + b"\r\n"
    requests, status = parse_all([data + following])
    assert status is None
    assert [request[0] for request in requests][1:] == ["HEAD"]


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/a?b=c?d", "/a", "b=c?d"),
        (b"http://weir:8081/a/b?c", "/a/b", "c"),
        (b"HTTPS://weir/", "/", ""),
        (b"/%61%C3%A9", "/aé", ""),
        (b"/..a/.well-known/b..", "/..a/.well-known/b..", ""),
        (b"//a//", "//a//", ""),
        (b"/a?../..", "/a", "../.."),
    ],
)
def test_target_is_split_and_decoded(target: bytes, path: str, query: str) -> None:
    assert split_target(target) == (path, query)


@pytest.mark.parametrize(
    "target",
    [
        b"/../etc/passwd",
        b"/a/..",
        b"/a/./b",
        b"/%2e%2e/a",
        b"/a/%2E%2e",
        b"/a%2fb",
        b"/a%5Cb",
        b"/%00",
        b"/%0d%0a",
        b"/%",
        b"/%4",
        b"/%zz",
        b"/%+1",
        b"/%ff",
        b"/a#b",
        b"ftp://weir/a",
        b"http://weir",
        b"a/b",
        b"",
    ],
)
def test_target_that_climbs_or_is_malformed_is_refused(target: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        split_target(target)
    assert refused.value.status == 400


REQUESTS = st.lists(
    st.sampled_from(
        [
            b"GET /a HTTP/1.1\r\nHost: weir\r\n\r\n",
            b"HEAD /b?c=d HTTP/1.1\r\nHost: weir\r\nAccept: */*\r\n\r\n",
            b"OPTIONS * HTTP/1.1\r\nHost: weir\r\n\r\n",
            b"GET /c HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            b"\r\nGET /d HTTP/1.1\r\nHost: weir\r\n\r\n",
            b"GET /ws HTTP/1.1\r\nHost: weir\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            b"GET /wrong HTTP/1.1\r\n\r\n",
        ]
    ),
    max_size=6,
)


@given(REQUESTS, st.lists(st.integers(0, 400)))
def test_packet_boundaries_never_change_the_requests(requests: list[bytes], cuts: list[int]) -> None:
    data = b"".join(requests)
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    chunks = [data[a:b] for a, b in pairwise(edges)]
    assert parse_all(chunks) == parse_all([data])


@given(
    st.binary(max_size=40),
    st.sampled_from([b"%s", b"%s / HTTP/1.1", b"GET %s HTTP/1.1", b"GET / %s", b"GET /%s"]),
)
def test_request_with_the_headers_of_the_one_before_is_judged_like_a_first_one(
    junk: bytes, shape: bytes
) -> None:
    request = shape.replace(b"%s", junk.replace(b"\r", b"").replace(b"\n", b"")) + b"\r\nHost: weir\r\n\r\n"
    first, status = parse_all([request])
    second, status_of_second = parse_all([b"GET /before HTTP/1.1\r\nHost: weir\r\n\r\n", request])
    assert second[1:] == first
    assert (status_of_second is None) == (status is None)


def test_headers_are_not_mixed_up_between_requests() -> None:
    parser = RequestParser()
    requests = []
    for header in (b"A: 1\r\n", b"A: 1\r\n", b"B: 2\r\n", b"", b"A: 1\r\n"):
        parser.push(b"GET / HTTP/1.1\r\n" + HOST + header + b"\r\n")
        request = parser.next_request()
        assert request is not None
        requests.append(request.headers)
    host = {b"host": b"weir"}
    assert requests == [
        host | {b"a": b"1"},
        host | {b"a": b"1"},
        host | {b"b": b"2"},
        host,
        host | {b"a": b"1"},
    ]


@given(st.binary(max_size=300), st.sampled_from([b"", b"GET / HTTP/1.1\r\n"]))
def test_garbage_is_refused_or_waited_for_but_raises_nothing_else(garbage: bytes, start: bytes) -> None:
    parse_all([start + garbage])


@given(st.text(max_size=60).map(str.encode))
def test_no_target_gives_a_path_that_climbs(target: bytes) -> None:
    try:
        path, _ = split_target(b"/" + target)
    except RequestError:
        return
    assert path.startswith("/")
    assert ".." not in path.split("/")
    assert "\0" not in path
