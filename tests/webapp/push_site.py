"""A push service in small, and browsers that subscribe at it: they decrypt what they get, as real ones do."""

import base64
import contextlib
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import http_ece  # type: ignore[import-untyped]  # it has no types
import trio
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02  # type: ignore[import-untyped]  # it has no types


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class PushBrowser:
    """One browser's keys."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def p256dh(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, service_url: str) -> dict[str, Any]:
        """What `PushSubscription.toJSON()` gives."""
        keys = {"p256dh": base64url(self.p256dh), "auth": base64url(self.auth)}
        return {"endpoint": f"{service_url}/push/{self.name}", "expirationTime": None, "keys": keys}

    def open(self, body: bytes) -> dict[str, Any]:
        """Decrypt a message."""
        opened = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        message: dict[str, Any] = json.loads(opened)
        return message


@dataclass
class PushRequest:
    """What arrived for one browser."""

    name: str
    headers: dict[str, str]
    body: bytes


@dataclass
class PushService:
    """Takes messages; `status` says how it answers those for a browser. Notes each, and how often each topic came."""

    status: Callable[[str], int | str] = lambda _: 201
    """A status, or a whole head for one with headers of its own."""
    url: str = ""
    requests: list[PushRequest] = field(default_factory=list)
    topics: Counter[tuple[str, str]] = field(default_factory=Counter)
    arrived: trio.Event = field(default_factory=trio.Event)
    vapid_key: str = ""

    async def wait_for(self, count: int) -> list[PushRequest]:
        while len(self.requests) < count:
            self.arrived = trio.Event()
            await self.arrived.wait()
        return self.requests

    async def talk(self, stream: trio.SocketStream) -> None:
        buffer = b""
        with contextlib.suppress(trio.BrokenResourceError):
            async with stream:
                while True:
                    while b"\r\n\r\n" not in buffer:
                        data = await stream.receive_some()
                        if not data:
                            return
                        buffer += data
                    head, _, buffer = buffer.partition(b"\r\n\r\n")
                    first, *lines = head.decode().split("\r\n")
                    headers = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in lines}
                    while len(buffer) < int(headers["content-length"]):
                        buffer += await stream.receive_some()
                    body, buffer = (
                        buffer[: int(headers["content-length"])],
                        buffer[int(headers["content-length"]) :],
                    )
                    answer = self._take(first.split(" ")[1].rpartition("/")[2], headers, body)
                    await stream.send_all(answer.encode())

    def _take(self, name: str, headers: dict[str, str], body: bytes) -> str:
        status = self.status(name)
        self.requests.append(PushRequest(name, headers, body))
        if status == 201:
            self.topics[name, headers["topic"]] += 1
        self.arrived.set()
        head = status if isinstance(status, str) else f"{status} x"
        return f"HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n"

    def check_vapid(self, request: PushRequest) -> dict[str, Any]:
        """Verify who sends, as push services do; give the claims."""
        header = request.headers["authorization"]
        assert Vapid02.verify(header)
        parts = dict(part.split("=", 1) for part in header.removeprefix("vapid ").split(","))
        self.vapid_key = parts["k"]
        payload = parts["t"].split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
        split = urlsplit(self.url)
        assert claims["aud"] == f"{split.scheme}://{split.netloc}"
        return claims


@contextlib.asynccontextmanager
async def push_service(status: Callable[[str], int | str] = lambda _: 201) -> AsyncIterator[PushService]:
    """Run one for the duration of the block."""
    service = PushService(status)
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, service.talk, 0, host="127.0.0.1")
        [listener] = await nursery.start(serve)
        service.url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}"
        yield service
        nursery.cancel_scope.cancel()
