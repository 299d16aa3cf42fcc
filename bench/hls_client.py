"""What a viewer of a benchmark needs of HTTP: one kept connection, GETs one after the other."""

import trio

_READ_BYTES = 262_144
_OK, _NOT_FOUND = 200, 404


class Client:
    """HTTP/1.1 GETs, one after the other on one connection."""

    def __init__(self, stream: trio.SocketStream, host: str) -> None:
        self._stream, self._host = stream, host
        self._buffer = b""

    async def get(self, path: str, *, patience_s: float = 0.0) -> bytes:
        """Give the body. Raises RuntimeError for any status but 200, for 404 only after `patience_s` of asking again."""
        deadline = trio.current_time() + patience_s
        while True:
            status, body = await self._get(path)
            if status == _OK:
                return body
            if status != _NOT_FOUND or trio.current_time() >= deadline:
                raise RuntimeError(f"{path}: {status} {body[:100]!r}")
            await trio.sleep(0.05)

    async def _get(self, path: str) -> tuple[int, bytes]:
        await self._stream.send_all(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())
        while b"\r\n\r\n" not in self._buffer:
            await self._receive()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").lower().split("\r\n")
        size = next(int(line.partition(":")[2]) for line in lines if line.startswith("content-length:"))
        while len(self._buffer) < size:
            await self._receive()
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return int(lines[0].split()[1]), body

    async def _receive(self) -> None:
        data = await self._stream.receive_some(_READ_BYTES)
        if not data:
            raise RuntimeError("the server hung up")
        self._buffer += data


def join_uri(base: str, uri: str) -> str:
    """Resolve a playlist's URI, a path or a name beside the playlist, against the path `base`."""
    return uri if uri.startswith("/") else base.rpartition("/")[0] + "/" + uri
