"""The PROXY protocol, versions 1 and 2: what a TCP proxy says about its client before the client's first byte. Pure.

Source: "The PROXY protocol, versions 1 & 2", HAProxy. A header begins with `P` or a carriage return, and neither RTMP (3),
TLS (0x16) nor HTTP or IRC commands with a proxy in front begin so: whether there is one shows in the first byte.
"""

import ipaddress
import re
import struct
from dataclasses import dataclass

_V1_START = b"PROXY "
_V1_MAX_BYTES = 107
"""The longest line of version 1, with its end."""
_V1_ENDS = re.compile(
    r"(?P<family>TCP[46]) (?P<source>[^ %]+) (?P<destination>[^ %]+) (?P<from_port>[0-9]{1,5}) (?P<to_port>[0-9]{1,5})"
)
"""Behind `PROXY `. Zones (`%eth0`) have no place in it."""
_V2_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_V2_FIXED = struct.Struct("!12sBBH")
_V2_MAX_BYTES = 4096
"""Far above what proxies send; the length field allows 64 KiB, mostly of extensions that are skipped here."""
_V2_VERSION = 2
_LOCAL, _PROXY = 0, 1
_V2_SOURCE_BYTES = {0x11: 4, 0x21: 16}
"""Length of an address by family and transport: TCP over IPv4, TCP over IPv6. Others carry no address for us."""
_MAX_PORT = 65535


class ProxyProtocolError(Exception):
    """What should be a PROXY header is none, or came from somebody who may not send one: close the connection."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """One whole header."""

    address: str | None
    """The client's textual IP address; `None` when the proxy speaks for itself (a health check) or does not know it."""
    size: int
    """Bytes that the header took."""


def may_be_proxy_header(data: bytes) -> bool:
    """Tell whether a connection that begins with `data`, at least one byte, begins with a PROXY header, as far as that shows.

    IRC begins with `PASS` or `PING`, too, and a blank line is allowed before HTTP.
    """
    return any(data[: len(start)] == start[: len(data)] for start in (_V1_START, _V2_SIGNATURE))


def parse_proxy_header(data: bytes) -> ProxyHeader | None:
    """Read the header at the beginning of `data`; `None` when more bytes are needed, at most 4 KiB in all.

    Raises:
        ProxyProtocolError: it is malformed, too long or of an unknown version.
    """
    return _parse_v1(data) if data[:1] == b"P" else _parse_v2(data)


def _parse_v1(data: bytes) -> ProxyHeader | None:
    if data[: len(_V1_START)] != _V1_START[: len(data)]:
        raise ProxyProtocolError("malformed PROXY header")
    end = data.find(b"\r\n", 0, _V1_MAX_BYTES)
    if end < 0:
        if len(data) >= _V1_MAX_BYTES:
            raise ProxyProtocolError("PROXY header without an end")
        return None
    return ProxyHeader(_v1_address(data[len(_V1_START) : end]), end + 2)


def _v1_address(line: bytes) -> str | None:
    if line == b"UNKNOWN" or line.startswith(b"UNKNOWN "):
        return None
    match = _V1_ENDS.fullmatch(line.decode("latin-1"))
    if match is None or max(int(match["from_port"]), int(match["to_port"])) > _MAX_PORT:
        raise ProxyProtocolError("malformed PROXY header")
    try:
        _v1_ip(match["family"], match["destination"])
        return _textual(_v1_ip(match["family"], match["source"]))
    except ValueError:
        raise ProxyProtocolError("malformed PROXY header") from None


def _v1_ip(family: str, text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    ip = ipaddress.ip_address(text)
    if family != f"TCP{ip.version}":
        raise ValueError("address of another family")
    return ip


def _parse_v2(data: bytes) -> ProxyHeader | None:
    if data[: len(_V2_SIGNATURE)] != _V2_SIGNATURE[: len(data)]:
        raise ProxyProtocolError("malformed PROXY header")
    if len(data) < _V2_FIXED.size:
        return None
    _, version_command, family, length = _V2_FIXED.unpack_from(data)
    size = _V2_FIXED.size + length
    if version_command >> 4 != _V2_VERSION or version_command & 0x0F not in {_LOCAL, _PROXY}:
        raise ProxyProtocolError(f"PROXY header of unknown version and command {version_command:#04x}")
    if size > _V2_MAX_BYTES:
        raise ProxyProtocolError(f"PROXY header of {size} bytes, limit {_V2_MAX_BYTES}")
    if len(data) < size:
        return None
    if version_command & 0x0F == _LOCAL:
        return ProxyHeader(None, size)
    return ProxyHeader(_v2_address(family, data[_V2_FIXED.size : size]), size)


def _v2_address(family: int, block: bytes) -> str | None:
    width = _V2_SOURCE_BYTES.get(family)
    if width is None:
        return None
    if len(block) < 2 * width + 4:
        raise ProxyProtocolError("PROXY header too short for its addresses")
    return _textual(ipaddress.ip_address(block[:width]))


def _textual(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return str(mapped or ip)
