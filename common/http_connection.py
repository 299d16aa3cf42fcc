"""One HTTP connection: requests in order, one answer at a time, and the ways it can end.

`_advance` decides without ever waiting and returns the step to wait for; everything `async` here is such a step. What
needs no step is served from wherever bytes or answers arrive: `_digest` runs in the hub's task, `_deliver` in that of
whoever held the request, and the connection's own task sleeps on.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from math import inf

import structlog
import trio

from common.http_file import ShortFileError, send_file
from common.http_parser import Request, RequestError, RequestParser
from common.http_pipe import READ_BYTES, Buffers, Pipe
from common.http_response import FileSlice, Held, Response, TakeOver, respond_text
from common.http_shared import Shared
from common.proxies import TrustedProxies

log = structlog.get_logger(__name__)

_ANSWERS_IN_A_ROW = 32
"""Pipelined requests that are answered before other tasks get their turn."""

_NOT_KEPT = (("Cache-Control", "no-store"), ("Access-Control-Allow-Origin", "*"))
_STOPPING = respond_text(503, "the server is stopping", (("Retry-After", "1"), *_NOT_KEPT), close=True)
_CRASHED = respond_text(500, "the server failed, and has logged why", _NOT_KEPT, close=True)
_TOO_LATE = respond_text(408, "the request head took too long", _NOT_KEPT, close=True)
_DELETED = respond_text(404, "this has just been deleted", _NOT_KEPT)

Step = Callable[[], Awaitable[object]]


class Connection:
    """Serves one stream until either side ends it. Its server looks at `due` and `idle`."""

    __slots__ = (
        "_address",
        "_ended",
        "_file",
        "_held",
        "_in_head",
        "_is_last",
        "_parser",
        "_pipe",
        "_proxies",
        "_request",
        "_response",
        "_rest",
        "_scope",
        "_shared",
        "_step",
        "_stream",
        "_watch",
        "due",
        "idle",
        "successor",
    )

    def __init__(
        self,
        stream: trio.abc.Stream,
        pipe: Pipe,
        address: str,
        shared: Shared,
        proxies: TrustedProxies | None = None,
    ) -> None:
        """`proxies`: only if the peer is a trusted proxy, whose headers name the client."""
        self._stream = stream
        self._pipe = pipe
        self._address = address
        self._shared = shared
        self._proxies = proxies
        self._parser = RequestParser()
        self._scope = trio.CancelScope()
        self._request: Request | None = None  # being answered; None before the first and after a refused one
        self._rest: Buffers = []  # what the kernel did not take of its answer
        self._file: tuple[bytes, FileSlice] | None = None  # its head and body, if that is on disk
        self._is_last = False  # its answer ends the connection, and says so
        self._held: Held | None = None
        self._response: Response | None = None  # what `_held` became
        self._watch = trio.CancelScope()  # while held: the waiting for the client's next bytes
        self._step: Step | None = None  # what `_digest` left to the task
        self._in_head = False  # a part of a request is here
        self._ended = False
        self.due = trio.current_time() + shared.limits.head_s
        """When to cut the connection, on Trio's clock."""
        self.idle = True
        """Waiting for the first byte of a request."""
        self.successor: TakeOver | None = None
        """After `run`: who has the stream from now on; `None`: nobody."""

    @property
    def unread(self) -> bytes:
        """What came behind the last request."""
        return self._parser.buffered

    async def run(self) -> None:
        """Serve until the connection ends; a peer that is gone is no error. The caller closes the stream, or gives it to
        the `successor` together with what is `unread`.
        """
        try:
            with self._counting_hang_ups(), self._scope:
                while True:
                    step, self._step = self._step, None
                    await (step or self._advance() or self._read)()
                    if self._ended:
                        break
        finally:
            self._pipe.detach()
            if self._held is not None:
                self._held.abandon()

    def expire(self) -> None:
        """End it: `due` has passed."""
        self._shared.stats.overdue += 1
        self.due = inf
        if self._in_head:
            self._request = None
            with suppress(trio.BrokenResourceError):
                self._start(_TOO_LATE)
        self._cancel("a deadline passed")

    def close_if_idle(self) -> None:
        """The server stops: end now if no request is under way; else after its answer."""
        if self.idle:
            self._cancel("the server stops")

    def _cancel(self, reason: str) -> None:
        self._ended = True  # what arrives until the task has noticed is too late
        self._scope.cancel(reason)

    def stop_waiting(self) -> None:
        """The server stops: whoever holds a request has had time to answer it."""
        if self._held is not None:
            self._held.abandon()
            self._deliver(_STOPPING)

    # Deciding: answer what can be answered without waiting.

    def _advance(self) -> Step | None:
        """`None`: wait for bytes."""
        if self._response is not None:
            response, self._response = self._response, None
            if (step := self._after_start(response)) is not None:
                return step
        for _ in range(_ANSWERS_IN_A_ROW):
            try:
                request = self._parser.next_request()
            except RequestError as error:
                return partial(self._refuse, error)
            if request is None:
                return self._prepare_to_read()
            if (step := self._take(request)) is not None:
                return step
        return trio.lowlevel.checkpoint

    def _take(self, request: Request) -> Step | None:
        self._in_head = False
        self._request = request
        request.address = self._address
        if self._proxies is not None:
            request.address = self._proxies.client_address(self._address, request.headers)
        try:
            answer = self._shared.handler(request)
        except Exception:
            self._shared.stats.crashes += 1
            log.exception("http_handler_crashed", path=request.path)
            answer = _CRASHED
        if isinstance(answer, Response):
            self._start(answer)
            return self._after_start(answer)
        if isinstance(answer, Held) and answer.response is not None:
            self._start(answer.response)
            return self._after_start(answer.response)
        self.due = inf  # whoever answers later bounds the wait
        if isinstance(answer, Held):
            self._keep(answer)
            return self._hold
        if isinstance(answer, TakeOver):
            return partial(self._hand_over, answer)
        return partial(self._settle, answer)

    def _after_start(self, response: Response) -> Step | None:
        if self._rest or self._file is not None:
            return partial(self._finish, response)
        if self._is_last:
            return self._leave
        self.due = self._shared.idle_due
        return None

    def _prepare_to_read(self) -> Step | None:
        if not self._parser.buffered:
            self.idle = True
            return self._leave if self._shared.stopping else None
        if not self._in_head:
            self._in_head = True
            self.due = trio.current_time() + self._shared.limits.head_s
        return None

    async def _read(self) -> None:
        await self._pipe.receive(self._digest)

    def _digest(self, data: bytes) -> bool:
        """Serve what arrived; True when the rest is for the task."""
        if not data or self._ended:
            self._ended = True
            return True
        self.idle = False
        self._parser.push(data)
        self._step = self._advance()
        return self._step is not None

    # Sending: `_start` never waits, and `_finish` sends what it left.

    def _start(self, response: Response) -> None:
        """Send what the kernel takes at once. A body on disk is left to `_finish`, head and all."""
        shared, request, body = self._shared, self._request, response.body
        shared.stats.statuses[response.status] += 1
        if request is None or not request.keep_alive or response.close or shared.stopping:
            self._is_last = True
            head = response.head + shared.last_tail
        else:
            self._is_last = False
            head = response.head + (shared.keep_tail_1_0 if request.is_http_1_0 else shared.keep_tail)
        if request is not None and request.method == "HEAD":
            self._rest = self._pipe.send_nowait([head], len(head))
        elif isinstance(body, FileSlice):
            self._file = (head, body)
        else:
            shared.stats.body_bytes += response.size_bytes
            self._rest = self._pipe.send_nowait([head, *body], len(head) + response.size_bytes)

    async def _finish(self, response: Response) -> None:
        self.due = self._shared.send_deadline(response)
        if self._file is not None:
            (head, body), self._file = self._file, None
            await self._send_file(head, body)
        else:
            await self._send_rest()
        if self._is_last:
            await self._leave()
        else:
            self.due = self._shared.idle_due

    async def _send_rest(self) -> None:
        await self._pipe.send(self._rest)
        self._rest = []

    async def _send_file(self, head: bytes, body: FileSlice) -> None:
        try:
            if await send_file(self._pipe, head, body, self._shared.disk):
                self._shared.stats.body_bytes += body.size_bytes
                return
        except ShortFileError:
            log.exception("file_is_shorter_than_announced")
            raise trio.BrokenResourceError from None  # closing early is the only way left to tell the client
        self._start(_DELETED)
        if self._rest:
            await self._send_rest()

    # Answers that come later.

    def _keep(self, held: Held) -> None:
        self._held = held
        held.attach(self._deliver)

    async def _hold(self) -> None:
        """Wait until the answer has been delivered, and notice when the client leaves before that."""
        if self._response is not None:  # in the moment that this task needed to begin
            await trio.lowlevel.checkpoint()
            return
        while True:
            with trio.CancelScope() as self._watch:
                if len(self._parser.buffered) < READ_BYTES:
                    await self._pipe.receive(self._digest_while_held)
                else:
                    await trio.sleep_forever()  # it has pipelined enough for now
            if self._ended or self._step is not None or self._response is not None:
                return

    def _digest_while_held(self, data: bytes) -> bool:
        if self._held is None:
            return self._digest(data)  # that was answered meanwhile: these are the next requests
        self._parser.push(data)
        self._ended = self._ended or not data
        return self._ended or len(self._parser.buffered) >= READ_BYTES

    def _deliver(self, response: Response) -> None:
        """Answer the held request, from another task. Wakes the connection's own only if something is left to do."""
        self._held = None
        self._response = response
        try:
            self._start(response)
        except trio.BrokenResourceError:
            self._shared.stats.hang_ups += 1
            self._cancel("the client is gone")
            return
        if self._parser.buffered or self._after_start(response) is not None:
            self._watch.cancel("answered")
        else:
            self.idle = True

    async def _settle(self, answer: Callable[[], Awaitable[Response]]) -> None:
        """Run a handler's async function as a task of its own, so that it can be cancelled when the client leaves."""
        held = Held(lambda _: None)
        self._keep(held)

        async def run() -> None:
            response = _CRASHED
            with self._reporting_crashes():
                response = await answer()
            held.answer(response)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(run)
            await self._hold()
            nursery.cancel_scope.cancel("answered, or nobody waits any more")

    async def _hand_over(self, answer: TakeOver) -> None:
        """End, and leave the rest to the caller: what takes over may go on for days, and needs nothing of us."""
        self._ended = True
        self.successor = answer
        await trio.lowlevel.checkpoint_if_cancelled()

    # Ways to end.

    async def _refuse(self, error: RequestError) -> None:
        self._request = None
        self._in_head = False
        allow = (("Allow", "GET, HEAD, OPTIONS"),) if error.status == 405 else ()
        headers = (*allow, *_NOT_KEPT)  # 404, 405 and 414 are kept by caches that are told nothing
        self._start(respond_text(error.status, error.reason, headers, close=True))
        self.due = trio.current_time() + self._shared.limits.send_grace_s
        if self._rest:
            await self._send_rest()
        await self._linger()

    async def _leave(self) -> None:
        if self._parser.buffered:
            await self._linger()
        else:
            self._ended = True
            await trio.lowlevel.checkpoint()

    async def _linger(self) -> None:
        """RFC 9112 9.6: closing with unread bytes resets the connection, and the client may never see the answer."""
        self._ended = True
        self.due = trio.current_time() + self._shared.limits.linger_s
        if isinstance(self._stream, trio.abc.HalfCloseableStream):
            await self._stream.send_eof()
        await self._pipe.receive(lambda data: not data)

    @contextmanager
    def _counting_hang_ups(self) -> Iterator[None]:
        """Viewers close tabs: counted, but not worth a line each."""
        try:
            yield
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            self._shared.stats.hang_ups += 1

    @contextmanager
    def _reporting_crashes(self) -> Iterator[None]:
        try:
            yield
        except* Exception:
            self._shared.stats.crashes += 1
            log.exception("http_handler_crashed", path=self._request.path if self._request else None)
