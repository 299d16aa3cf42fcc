"""Refresh tokens that follow from one authorization: each works until the next was fetched, and a stolen one ends them all.

A token is `CHAIN` + `TAIL`. The chain is a secret that all of them share and only its hash is stored, so a copy of the database
makes no token. The tail is a keyed hash of the chain and of how often it was refreshed, so a stolen token does not make the
next one. Hence nothing is stored a token: the count says which is the one of now, every earlier one is known for what
it is, however old, and a client that asks twice at once gets the same next token twice. Pure.
"""

import base64
import hashlib
import hmac
from enum import Enum

from common.credentials import SECRET_LENGTH, NewSecret, new_secret

PREFIX = "weirr_"
_CHAIN_LENGTH = len(PREFIX) + SECRET_LENGTH
_TAIL_LENGTH = 43


class Age(Enum):
    """Which token of its chain one is."""

    CURRENT = "the one of now"
    PREVIOUS = "the one before"
    OTHER = "an older one, or none"


def new_chain() -> NewSecret:
    """Begin a chain."""
    return new_secret(PREFIX)


def refresh_token(key: bytes, chain: str, turn: int) -> str:
    """Give the token of a chain that was refreshed `turn` times. `key`: of the site."""
    return chain + _tail(key, chain, turn)


def split_refresh_token(token: str) -> tuple[str, str] | None:
    """Give chain and tail; `None`: this cannot be a refresh token."""
    if len(token) != _CHAIN_LENGTH + _TAIL_LENGTH or not token.startswith(PREFIX) or not token.isascii():
        return None
    return token[:_CHAIN_LENGTH], token[_CHAIN_LENGTH:]


def age_of(key: bytes, chain: str, tail: str, turn: int) -> Age:
    """Say which token of a chain that was refreshed `turn` times has this tail."""
    if hmac.compare_digest(tail, _tail(key, chain, turn)):
        return Age.CURRENT
    if turn > 0 and hmac.compare_digest(tail, _tail(key, chain, turn - 1)):
        return Age.PREVIOUS
    return Age.OTHER


def _tail(key: bytes, chain: str, turn: int) -> str:
    digest = hmac.digest(key, f"{chain}\0{turn}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
