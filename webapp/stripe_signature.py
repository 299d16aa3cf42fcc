"""Whether a webhook comes from Stripe: the header `Stripe-Signature`, after https://docs.stripe.com/webhooks#verify-manually. Pure."""

import hashlib
import hmac

TOLERANCE_S = 300
"""How far a signature's time may be from ours. As in Stripe's libraries."""
MAX_DIGITS = 12
"""Of a time."""
MAX_SIGNATURES = 16
"""While a secret is rolled there are two."""


def is_signed(header: str, body: bytes, secret: str, now_s: float) -> bool:
    """Say whether one of the header's `v1` signatures is of this body and its time, made with our secret, and of late.

    `t=TIME,v1=HEX,v1=HEX,v0=...`: the signed text is TIME, a dot and the body. Every signature is compared in constant time.
    """
    times: list[str] = []
    signatures: list[str] = []
    for item in header.split(","):
        name, _, value = item.strip().partition("=")
        if name == "t":
            times.append(value)
        elif name == "v1":
            signatures.append(value)
    if not secret or len(times) != 1 or len(signatures) > MAX_SIGNATURES:
        return False
    (time,) = times
    if not (time.isascii() and time.isdigit() and len(time) <= MAX_DIGITS):
        return False
    if abs(now_s - int(time)) > TOLERANCE_S:
        return False
    expected = sign(body, secret, int(time))
    found = False
    for signature in signatures:
        found |= hmac.compare_digest(signature.encode(), expected.encode())
    return found


def sign(body: bytes, secret: str, time_s: int) -> str:
    """Make the signature of a body at a Unix time."""
    return hmac.digest(secret.encode(), b"%d." % time_s + body, hashlib.sha256).hex()
