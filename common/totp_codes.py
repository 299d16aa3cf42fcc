"""Time-based one-time codes (RFC 6238 over RFC 4226) and the recovery codes beside them. Pure: the caller passes the clock.

SHA-1, 30 seconds and 6 digits are what every authenticator app takes; some ignore other settings in silence.
"""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

SECRET_BYTES = 20
"""As long as SHA-1's output (RFC 4226, section 4, R6)."""
STEP_S = 30
DIGITS = 6
DRIFT_STEPS = 1
"""Steps that a phone's clock may be off, and the time somebody takes to type (RFC 6238, section 5.2)."""
RECOVERY_CODES = 10

_RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_LENGTH = 20
"""99 random bits: nothing to guess, so one round of SHA-256 will do to store them."""


def new_totp_secret() -> bytes:
    """Make a secret."""
    return secrets.token_bytes(SECRET_BYTES)


def totp_code(secret: bytes, step: int) -> str:
    """Give the code of a time step (seconds since 1970, over `STEP_S`)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching_step(secret: bytes, code: str, now: float) -> int | None:
    """Say which step near `now` (seconds since 1970) a code belongs to; `None`: to none. Spaces do not matter."""
    given = "".join(code.split()).encode()
    around = int(now) // STEP_S
    matching = [
        step
        for step in range(max(0, around - DRIFT_STEPS), around + DRIFT_STEPS + 1)
        if hmac.compare_digest(totp_code(secret, step).encode(), given)
    ]
    return matching[-1] if matching else None


def provisioning_uri(secret: bytes, *, login: str, site: str) -> str:
    """Give what the QR code for an authenticator app holds."""
    query = urlencode({"secret": secret_text(secret), "issuer": site}, quote_via=quote)
    return f"otpauth://totp/{quote(site, safe='')}:{quote(login, safe='')}?{query}"


def secret_text(secret: bytes) -> str:
    """Write a secret the way people type it into an app: base 32."""
    return base64.b32encode(secret).decode()


def new_recovery_code() -> str:
    """Make a code for the day the phone is gone: letters and digits nobody mixes up, in groups of five."""
    letters = "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_RECOVERY_LENGTH))
    return "-".join(letters[start : start + 5] for start in range(0, _RECOVERY_LENGTH, 5))


def plain_recovery_code(typed: str) -> str:
    """Give a recovery code without what people add when they type it; this is what is hashed."""
    return "".join(letter for letter in typed.lower() if letter in _RECOVERY_ALPHABET)
