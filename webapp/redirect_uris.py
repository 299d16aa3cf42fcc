"""Where the answer to a request for authorization may be sent: addresses that an app registered, compared letter by letter.

An address that two programs read differently is how codes are stolen, so what could be is refused when it is registered:
user names, fragments, dots that climb, other letters than ASCII, wildcards (RFC 9700 4.1). Pure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlencode

MAX_LENGTH = 500

_URI = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[::1\]|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<rest>(?P<path>(?:/(?:[A-Za-z0-9._~!$&'()+,;=:@-]|%[0-9A-Fa-f]{2})*)*)"
    r"(?:\?(?P<query>(?:[A-Za-z0-9._~!$&'()+,;=:@/?-]|%[0-9A-Fa-f]{2})*))?)"
)
"""RFC 3986 without user names, fragments, capitals in names, and `*`, which people would take for a wildcard."""

_LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})
_OURS = frozenset({"code", "state", "error", "error_description", "error_uri", "iss"})
"""Parameters that the answer adds; a registered one of the same name would be there twice."""


class InvalidRedirectUriError(ValueError):
    """No answer may be sent there; the text says why."""


@dataclass(frozen=True, slots=True)
class _Parts:
    scheme: str
    host: str
    port: int | None
    rest: str
    """Path and query, as they are written."""
    path: str
    query: str

    @property
    def any_port(self) -> bool:
        """Whether the port does not count: programs on the user's machine take a free one (RFC 8252 7.3)."""
        return self.scheme == "http" and self.host in _LOOPBACK


def check_redirect_uri(uri: str) -> str:
    """Give an address back that an app may register.

    Raises `InvalidRedirectUriError` for any other.
    """
    parts = _parse(uri)
    if parts is None:
        raise InvalidRedirectUriError(
            "a redirect URI is https://HOST/PATH, of plain ASCII, without user name, fragment or *"
        )
    if parts.scheme == "http" and not parts.any_port:
        raise InvalidRedirectUriError(
            "http is for the user's own machine only: http://127.0.0.1, http://[::1] or http://localhost"
        )
    if {".", ".."} & set(unquote(parts.path).replace("\\", "/").split("/")):
        raise InvalidRedirectUriError("a redirect URI has no . or .. in its path")
    if any(unquote(pair.partition("=")[0]) in _OURS for pair in parts.query.split("&")):
        raise InvalidRedirectUriError(
            "a redirect URI must not have the parameters of the answer: code, state, error, iss"
        )
    return uri


def is_registered(uri: str, registered: Sequence[str]) -> bool:
    """Say whether an answer may be sent to `uri`: it is one of these, but for the port on the user's own machine."""
    if uri in registered:
        return True
    parts = _parse(uri)
    if parts is None or not parts.any_port:
        return False
    return any(
        (known.scheme, known.host, known.rest) == (parts.scheme, parts.host, parts.rest)
        for known in map(_parse, registered)
        if known is not None
    )


def is_loopback_uri(uri: str) -> bool:
    """Say whether the answer goes to a program on the user's own machine: to any program that listens there."""
    parts = _parse(uri)
    return parts is not None and parts.any_port


def shown_target(uri: str) -> str:
    """Give the part of an address that people should look at before they say yes: `https://app.example`."""
    parts = _parse(uri)
    assert parts is not None  # it is registered
    return f"{parts.scheme}://{parts.host}" + ("" if parts.port is None else f":{parts.port}")


def with_parameters(uri: str, parameters: Mapping[str, str]) -> str:
    """Give the address with these parameters behind those it has (RFC 6749 4.1.2)."""
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(parameters)}"


def _parse(uri: str) -> _Parts | None:
    match = _URI.fullmatch(uri) if len(uri) <= MAX_LENGTH else None
    if match is None:
        return None
    port = None if match["port"] is None else int(match["port"])
    if port is not None and port > 65535:
        return None
    return _Parts(match["scheme"], match["host"], port, match["rest"], match["path"], match["query"] or "")
