"""Web Push messages: encryption (RFC 8291), who we are (VAPID, RFC 8292), and the headers of RFC 8030. Sends nothing."""

import base64
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02, VapidException  # type: ignore[import-untyped]  # it has no types
from pywebpush import WebPusher  # type: ignore[import-untyped]  # it has no types

from common.errors import WeirError
from common.queries.push import PushTarget

TOKEN_S = 12 * 3600
"""How long a push service may take us for who we say (at most 24 hours, RFC 8292 2); renewed at half of it."""
MAX_AUDIENCES = 1000
"""Push services whose tokens are kept."""
_ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class PushKeyError(WeirError):
    """Keys, or an endpoint, of a browser that are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushMessage:
    """What a browser's service worker is told, as JSON."""

    id: str
    """The same at every try, and as `id` in the list of notices: whoever has shown it need not do so again."""
    type: str
    title: str
    body: str
    url: str
    """Where a click leads: a path of this site."""
    tag: str
    """Of the notification: a later one with the same takes the place of the earlier."""


@dataclass(frozen=True, slots=True)
class SealedPush:
    """A request to a push service."""

    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class VapidSigner:
    """Says who sends, to push services. Not for several threads.

    Args:
        secret: 32 random bytes; they make the key.
        contact: a `mailto:` or `https:` address at which push services find whoever runs this site.

    """

    def __init__(self, secret: bytes, *, contact: str) -> None:
        number = int.from_bytes(secret) % (_ORDER_OF_P256 - 1) + 1
        self._key = ec.derive_private_key(number, ec.SECP256R1())
        self._vapid = Vapid02(self._key, conf={"no-strict": True})  # else addresses with a port are refused
        self._contact = contact
        self._tokens: OrderedDict[str, tuple[int, str]] = OrderedDict()

    @property
    def public_key(self) -> str:
        """What browsers subscribe with: `applicationServerKey`, in base64url."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).decode().rstrip("=")

    def authorization(self, endpoint: str, *, now: int) -> str:
        """Give the Authorization header for an endpoint. `now`: Unix time, in seconds.

        Raises `PushKeyError` for an endpoint whose host the library does not take.
        """
        parts = urlsplit(endpoint)
        audience = f"{parts.scheme}://{parts.netloc}"
        expires, header = self._tokens.get(audience, (0, ""))
        if expires - now < TOKEN_S // 2:
            expires = now + TOKEN_S
            try:
                signed = self._vapid.sign({"aud": audience, "exp": expires, "sub": self._contact})
            except VapidException:
                raise PushKeyError("The endpoint is not at a host with a name.") from None
            header = str(signed["Authorization"])
            self._tokens[audience] = (expires, header)
            if len(self._tokens) > MAX_AUDIENCES:
                self._tokens.popitem(last=False)
        return header


def seal(
    signer: VapidSigner,
    target: PushTarget,
    message: PushMessage,
    *,
    message_id: uuid.UUID,
    ttl_s: int,
    urgent: bool,
    now: int,
) -> SealedPush:
    """Encrypt a message for one browser.

    Args:
        signer: who sends.
        target: whose keys it is encrypted with.
        message: what is told; its JSON must not be longer than 3.8 KB, which is what push services take.
        message_id: of the delivery; messages of the same take each other's place at the push service (Topic).
        ttl_s: how long the push service keeps it for a browser that is not there.
        urgent: whether a telephone is to be woken for it.
        now: Unix time, in seconds.

    Raises:
        PushKeyError: the browser's keys are not a point of the curve, or its endpoint cannot be signed for.

    """
    keys = {"p256dh": base64.urlsafe_b64encode(target.p256dh), "auth": base64.urlsafe_b64encode(target.auth)}
    try:
        encoded = WebPusher({"endpoint": target.endpoint, "keys": keys}).encode(msgspec.json.encode(message))
    except ValueError as error:
        raise PushKeyError("The keys of the browser are not valid.") from error
    return SealedPush(
        {
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(ttl_s),
            "Urgency": "high" if urgent else "normal",
            "Topic": base64.urlsafe_b64encode(message_id.bytes).decode().rstrip("="),
            "Authorization": signer.authorization(target.endpoint, now=now),
        },
        encoded["body"],
    )


def check_keys(p256dh: bytes, auth: bytes) -> None:
    """Raise `PushKeyError` for keys that nothing could be encrypted with."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)
    except ValueError:
        raise PushKeyError("`p256dh` is not a public key of P-256.") from None
    if len(p256dh) != 65 or len(auth) != 16:
        raise PushKeyError("`p256dh` has 65 bytes, and `auth` 16.")
