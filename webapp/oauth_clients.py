"""Which app speaks at the token endpoint, and how it proves it: a secret in the header or in the form, or none (RFC 6749 2.3)."""

import base64
import binascii
import hmac
import re
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

import trio

from common.credentials import secret_sha256
from common.db import Executor
from common.queries.oauth_apps import Client, select_client
from webapp.oauth_parameters import Parameters

_CLIENT_ID = re.compile("[a-z0-9]{30}")


class OAuthRefusalError(Exception):
    """Ends a request of an app.

    Args:
        error: one of RFC 6749 5.2.
        description: a sentence for the app's developer.
        status: of the answer.
        retry_after_s: when it may be tried again; `None`: it would be the same.

    """

    def __init__(
        self, error: str, description: str, *, status: int = 400, retry_after_s: int | None = None
    ) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request says of the app that sent it."""

    client_id: str
    secret: str | None = field(repr=False)


def read_credentials(authorization: str | None, parameters: Parameters) -> Credentials:
    """Read them from the Authorization header or the parameters. Raises `OAuthRefusalError`."""
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() == "basic":
        named, proof = _decode_basic(encoded.strip())
        if secret is not None or client_id not in {None, named}:
            raise OAuthRefusalError("invalid_request", "the app is named in two ways")
        return Credentials(named, proof or None)
    if client_id is None:
        raise OAuthRefusalError("invalid_request", "missing client id")
    return Credentials(client_id, secret)


async def find_client(db: Executor, client_id: str | None) -> Client | None:
    """Find an app; `None`: there is none, or whoever answers for it is suspended."""
    if client_id is None or _CLIENT_ID.fullmatch(client_id) is None:
        await trio.lowlevel.checkpoint()
        return None
    return await select_client(db, client_id)


async def authenticate(db: Executor, credentials: Credentials, *, named_is_enough: bool = False) -> Client:
    """Give the app if it is the one it says it is. Raises `OAuthRefusalError`, the same for whatever is wrong.

    `named_is_enough`: no secret is asked for, but one that is there must be right.
    """
    client = await find_client(db, credentials.client_id)
    unproven = named_is_enough and credentials.secret is None
    if client is None or not (unproven or _proves(credentials.secret, client.secret_hash)):
        raise OAuthRefusalError("invalid_client", "invalid client id or client secret", status=401)
    return client


def _proves(secret: str | None, secret_hash: bytes | None) -> bool:
    if secret is None or secret_hash is None:
        return secret is None and secret_hash is None  # a public client has none, and must not pretend
    return hmac.compare_digest(secret_sha256(secret), secret_hash)


def _decode_basic(encoded: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        text = ""
    client_id, colon, secret = text.partition(":")
    if not colon:
        raise OAuthRefusalError("invalid_client", "the Authorization header cannot be read", status=401)
    return unquote_plus(client_id), unquote_plus(secret)
