"""PROXY headers of both versions: whole, in pieces, with what follows them, and broken."""

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.proxy_protocol import (
    ProxyHeader,
    ProxyProtocolError,
    may_be_proxy_header,
    parse_proxy_header,
)

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def v2(block: bytes, *, command: int = 0x21, family: int = 0x11) -> bytes:
    return SIGNATURE + bytes([command, family]) + len(block).to_bytes(2, "big") + block


def v2_tcp(source: str, destination: str = "198.51.100.1", extensions: bytes = b"") -> bytes:
    ends = [ipaddress.ip_address(end).packed for end in (source, destination)]
    family = 0x11 if len(ends[0]) == 4 else 0x21
    return v2(b"".join(ends) + struct.pack("!HH", 50_000, 1935) + extensions, family=family)


HEADERS = [
    pytest.param(b"PROXY TCP4 203.0.113.5 198.51.100.1 50000 1935\r\n", "203.0.113.5", id="v1"),
    pytest.param(b"PROXY TCP6 2001:db8::5 2001:db8::1 50000 1935\r\n", "2001:db8::5", id="v1 IPv6"),
    pytest.param(b"PROXY TCP6 ::ffff:203.0.113.5 ::1 1 1\r\n", "203.0.113.5", id="v1 IPv4 in IPv6"),
    pytest.param(b"PROXY UNKNOWN\r\n", None, id="v1 unknown"),
    pytest.param(
        b"PROXY UNKNOWN " + b"f" * 39 + b" " + b"f" * 39 + b" 65535 65535\r\n", None, id="v1 longest"
    ),
    pytest.param(v2_tcp("203.0.113.5"), "203.0.113.5", id="v2"),
    pytest.param(v2_tcp("2001:db8::5", "2001:db8::1"), "2001:db8::5", id="v2 IPv6"),
    pytest.param(v2_tcp("203.0.113.5", extensions=b"\x04\x00\x02ab"), "203.0.113.5", id="v2 extensions"),
    pytest.param(v2(b"", command=0x20, family=0), None, id="v2 health check"),
    pytest.param(v2(bytes(12), command=0x20), None, id="v2 health check with addresses"),
    pytest.param(v2(b"", family=0), None, id="v2 unspecified"),
    pytest.param(v2(bytes(216), family=0x31), None, id="v2 UNIX socket"),
    pytest.param(v2(bytes(12), family=0x12), None, id="v2 UDP"),
]


@pytest.mark.parametrize(("header", "address"), HEADERS)
def test_header_is_read_whole_and_what_follows_is_left(header: bytes, address: str | None) -> None:
    expected = ProxyHeader(address, len(header))
    assert parse_proxy_header(header) == expected
    assert parse_proxy_header(header + b"\x03" * 5000) == expected
    assert parse_proxy_header(header + header) == expected


@pytest.mark.parametrize(("header", "address"), HEADERS)
def test_header_in_pieces_asks_for_more(header: bytes, address: str | None) -> None:
    for cut in range(1, len(header)):
        assert may_be_proxy_header(header[:cut])
        assert parse_proxy_header(header[:cut]) is None, (cut, address)


@pytest.mark.parametrize(
    "broken",
    [
        b"PX",
        b"POST / HTTP/1.1\r\n",
        b"PROXY TCP4 203.0.113.5 198.51.100.1 50000\r\n",
        b"PROXY TCP4 203.0.113.5 198.51.100.1 50000 1935 1\r\n",
        b"PROXY TCP4 203.0.113.5 198.51.100.1 50000 65536\r\n",
        b"PROXY TCP4 203.0.113.5 198.51.100.1 -1 1935\r\n",
        b"PROXY TCP4 2001:db8::5 198.51.100.1 1 1\r\n",
        b"PROXY TCP4 203.0.113.5 host 1 1\r\n",
        b"PROXY TCP6 fe80::1%eth0 ::1 1 1\r\n",
        b"PROXY TCP5 203.0.113.5 198.51.100.1 1 1\r\n",
        b"PROXY TCP4  203.0.113.5 198.51.100.1 1 1\r\n",
        b"PROXY TCP4 203.0.113.\xb2 198.51.100.1 1 1\r\n",
        b"PROXY UNKNOWNX\r\n",
        b"PROXY \r\n",
        b"PROXY " + b"A" * 101,
        b"PROXY " + b"A" * 5000 + b"\r\n",
        b"\r\n\r\n\x00\r\nQUIX",
        v2(b"", command=0x22),
        v2(b"", command=0x11),
        v2(bytes(11)),
        v2(bytes(35), family=0x21),
        v2(bytes(4081)),
        v2(bytes(65_535))[:16],
    ],
)
def test_broken_header_is_refused(broken: bytes) -> None:
    with pytest.raises(ProxyProtocolError):
        parse_proxy_header(broken)


@pytest.mark.parametrize(
    "first", [b"\x03", b"\x06", b"\x16", b"GET /", b"PASS oauth:x", b"PING\r\n", b"\r\nGET /"]
)
def test_rtmp_tls_http_and_irc_do_not_begin_like_a_header(first: bytes) -> None:
    assert not may_be_proxy_header(first)


@given(
    st.sampled_from([b"", b"P", b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21\x11"]),
    st.binary(max_size=300),
)
def test_garbage_raises_nothing_else_and_never_asks_for_more_than_4_kib(start: bytes, rest: bytes) -> None:
    data = start + rest
    try:
        header = parse_proxy_header(data)
        complete = parse_proxy_header(data + bytes(4096))
    except ProxyProtocolError:
        return
    assert complete is not None
    assert header is None or header == complete


@given(st.ip_addresses(), st.ip_addresses(v=4), st.integers(0, 65535))
def test_every_address_comes_through_in_both_versions(
    source: ipaddress.IPv4Address | ipaddress.IPv6Address, other: ipaddress.IPv4Address, port: int
) -> None:
    mapped = source.ipv4_mapped if isinstance(source, ipaddress.IPv6Address) else None
    there = str(other) if source.version == 4 else "::1"
    v1 = f"PROXY TCP{source.version} {source} {there} {port} 1935\r\n".encode()
    for header in (v1, v2_tcp(str(source), there)):
        parsed = parse_proxy_header(header)
        assert parsed is not None
        assert parsed.address == str(mapped or source)
