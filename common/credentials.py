"""Secrets: made, hashed and verified. Nothing here is ever logged, and no secret is stored as it is.

Keys and tokens are 256 random bits, so one round of SHA-256 is enough to store them: there is nothing to guess.
Passwords are what people choose, so they get argon2id.
"""

import hashlib
import secrets
from dataclasses import dataclass, field

import argon2
import trio

from common.errors import WeirError

STREAM_KEY_PREFIX = "live_"
"""As Twitch's keys begin: people, and secret scanners, recognise one."""

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
"""No character that an RTMP client, a chat library, a shell or a URL changes: encoders cut keys at `?` and `&`, some at `-`,
and tmi.js puts tokens into lower case, as Twitch's have no other."""

_SECRET_BITS = 256
SECRET_LENGTH = 50
"""Digits of base 36 that hold 256 bits; behind the prefix."""

_HASHING_THREADS = trio.CapacityLimiter(2)
"""A hash takes 64 MB and a core for 0.1 to 0.2 s; logins queue rather than take the machine from the live streams."""

MAX_WAITING = 32
"""Hashes that may wait for a thread, some seconds' worth; beyond it whoever asks is told to come back."""

_hasher = argon2.PasswordHasher()  # argon2id with the parameters of RFC 9106, low-memory profile


class HashingBusyError(WeirError):
    """Too many passwords are being hashed at the moment."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret at the only moment it is known."""

    text: str = field(repr=False)
    """To be shown to its owner, once."""
    sha256: bytes = field(repr=False)
    """To be stored, and looked up by."""
    last4: str
    """To be shown later, so that owners can tell their keys apart."""


def new_secret(prefix: str) -> NewSecret:
    """Make a secret of 256 random bits: `prefix` and letters and digits."""
    number = secrets.randbits(_SECRET_BITS)
    digits = []
    for _ in range(SECRET_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    text = prefix + "".join(digits)
    return NewSecret(text, secret_sha256(text), text[-4:])


def new_stream_key() -> NewSecret:
    """Make a stream key."""
    return new_secret(STREAM_KEY_PREFIX)


def secret_sha256(text: str) -> bytes:
    """Give what is stored of a secret. Any text a client may send will do; it is hashed as UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


async def hash_password(password: str) -> str:
    """Give the argon2id hash to store. In a thread; cancelling waits for it. Raises `HashingBusyError`."""
    _refuse_crowd()
    return await trio.to_thread.run_sync(_hasher.hash, password, limiter=_HASHING_THREADS)


async def verify_password(password: str, stored: str | None) -> bool:
    """Say whether `password` is the one of a hash. `None`, an account without password, takes as long and says no.

    Raises `HashingBusyError`.
    """
    if stored is None:
        await hash_password(password)
        return False
    _refuse_crowd()
    return await trio.to_thread.run_sync(_verify, stored, password, limiter=_HASHING_THREADS)


def _refuse_crowd() -> None:
    if _HASHING_THREADS.statistics().tasks_waiting >= MAX_WAITING:
        raise HashingBusyError("too many passwords are being checked at the moment")


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
