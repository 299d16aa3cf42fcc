"""Can this process do its job? Probed, not assumed: an encoder's first bytes are sent to our own port."""

import ssl
from collections.abc import Awaitable, Callable

import trio

from common.db import Database, DatabaseError

PROBE_S = 2.0
KEEP_S = 5.0
"""How long an answer is good: health checks of several balancers must not become load."""
C0_C1_BYTES = 1 + 1536


_TRUSTING = ssl.create_default_context()
"""For connections to ourselves: the certificate is for the name by which others know us, and `weir doctor` looks at it."""
_TRUSTING.check_hostname = False
_TRUSTING.verify_mode = ssl.CERT_NONE


class Health:
    """The named checks of one process; each raises when it fails."""

    def __init__(self, checks: dict[str, Callable[[], Awaitable[None]]]) -> None:
        self._checks = checks
        self._problems: list[str] = []
        self._good_until = float("-inf")
        self._asking = trio.Lock()

    async def problems(self) -> list[str]:
        """One sentence for each check that fails now; empty when all is well."""
        async with self._asking:
            if trio.current_time() >= self._good_until:
                self._problems = [text for name in self._checks if (text := await self._ask(name))]
                self._good_until = trio.current_time() + KEEP_S
        return self._problems

    async def _ask(self, name: str) -> str | None:
        await trio.lowlevel.checkpoint()
        try:
            with trio.fail_after(PROBE_S):
                await self._checks[name]()
        except trio.TooSlowError:
            return f"{name}: no answer within {PROBE_S:g} s"
        except (OSError, DatabaseError, trio.BrokenResourceError) as error:
            return f"{name}: {error}"
        return None


async def check_rtmp(host: str, port: int) -> None:
    """Start an RTMP handshake with ourselves: S0 and S1 must come back."""
    stream = await trio.open_tcp_stream("127.0.0.1" if host in {"0.0.0.0", "::"} else host, port)  # noqa: S104  # compared
    async with stream:
        await stream.send_all(b"\x03" + bytes(C0_C1_BYTES - 1))
        if not await stream.receive_some(1):
            raise trio.BrokenResourceError("the RTMP listener hung up")


async def check_irc(host: str, port: int, *, with_tls: bool = False) -> None:
    """Ask our own IRC port for a PONG, which comes all the way through a connection's task."""
    stream: trio.abc.Stream
    stream = await trio.open_tcp_stream("127.0.0.1" if host in {"0.0.0.0", "::"} else host, port)  # noqa: S104  # compared
    if with_tls:
        stream = trio.SSLStream(stream, _TRUSTING, https_compatible=True)
    async with stream:
        await stream.send_all(b"PING\r\n")
        if not bytes(await stream.receive_some(100)).startswith(b"PONG"):
            raise trio.BrokenResourceError("the IRC listener hung up")


async def check_database(db: Database) -> None:
    """Ask the database for nothing."""
    await db.execute("select 1")
