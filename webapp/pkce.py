"""Proof Key for Code Exchange (RFC 7636): who comes with a code must know what its challenge was made from. Pure.

Only S256. With `plain` whoever sees the request, say in a browser's history, has the verifier.
"""

import base64
import hashlib
import hmac
import re

METHOD = "S256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def is_challenge(text: str) -> bool:
    """Say whether this can be an S256 challenge: 32 bytes in base64url."""
    return _CHALLENGE.fullmatch(text) is not None


def challenge_of(verifier: str) -> str:
    """Give the challenge of a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def proves(verifier: str | None, challenge: str | None) -> bool:
    """Say whether the verifier is right for the challenge of the code.

    A verifier for a code without challenge is wrong, too: somebody took the challenge out on its way (RFC 9700 4.8.2).
    """
    if challenge is None or verifier is None:
        return challenge is verifier
    return _VERIFIER.fullmatch(verifier) is not None and hmac.compare_digest(
        challenge_of(verifier), challenge
    )
