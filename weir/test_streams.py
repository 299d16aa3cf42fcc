"""Test pictures that people start from the pages: children of this web process that publish over real RTMP.

A row in the database keeps them to one a channel over all nodes, and whoever revokes the row's key ends the picture,
wherever its child runs. A child that dies is not started again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import structlog
import trio

from common.credentials import new_stream_key
from common.db import Database, DatabaseError
from common.errors import leaves
from common.queries import stream_holds, stream_keys, streams, test_streams
from common.queries.test_streams import TestStream
from webapp.test_stream_routes import CannotShowError, CannotShowNowError
from weir.demo import KEY_LABEL, REVOKE_S
from weir.testpicture_orders import Orders
from weir.testpicture_task import TestPictureError, run_test_picture

log = structlog.get_logger(__name__)

START_S = 20.0
"""How long a child may take to be accepted: it loads libraries, and the machine may be busy."""
STOP_S = 10.0
TIDY_EVERY_S = 60.0
CROWDED = "As many test pictures as this server can show run already; try again in some minutes."
SHOWN = "This channel shows the test picture already."
LIVE = "This channel is live already; end that first."
STOPPING = "The server is starting or stopping; try again in a moment."
CRASHED = "The test picture could not be started."
SLOW = "The test picture did not get on air in time; try again in a moment."


@dataclass(eq=False, slots=True)
class _Start:
    """What became of one start."""

    decided: trio.Event = field(default_factory=trio.Event)
    shown: TestStream | None = None
    refusal: Exception | None = None

    def refuse(self, error: Exception) -> None:
        """Note why not, unless there was a reason before."""
        self.refusal = self.refusal or error

    def accept(self, stream: TestStream) -> None:
        """Say that it is on air."""
        self.shown = stream
        self.decided.set()

    def over(self) -> None:
        """Say that nothing more will come of it, and nothing of it is left."""
        self.refuse(CannotShowNowError(STOPPING))
        self.decided.set()


@dataclass(eq=False, slots=True)
class _Child:
    scope: trio.CancelScope
    ended: trio.Event = field(default_factory=trio.Event)


class TestStreams:
    """`webapp.test_stream_routes.TestPictures` with children of this process. `serve` must run beside it."""

    __test__ = False  # its name makes pytest curious

    def __init__(
        self, db: Database, rtmp_url: Callable[[], str], *, node: str, most: int, duration_s: float
    ) -> None:
        """Make one that shows nothing yet.

        Args:
            db: where keys are made.
            rtmp_url: gives where to publish, without the key; asked when it is needed, as ports come late.
            node: names this process in the database.
            most: test pictures that this process shows at once.
            duration_s: how long each lasts at most, in seconds.

        """
        self._db = db
        self._rtmp_url = rtmp_url
        self._node = node
        self._most = most
        self._duration_s = duration_s
        self._nursery: trio.Nursery | None = None
        self._running = 0
        self._children: dict[int, _Child] = {}

    @property
    def running(self) -> int:
        """How many this process shows, or is about to."""
        return self._running

    async def serve(
        self, stop: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Revoke what a process of this name left behind, then show what is asked for until `stop`; all of it ends then."""
        await _quietly(partial(test_streams.end_test_streams_of_node, self._db, self._node))
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            nursery.start_soon(self._keep_tidy)
            task_status.started()
            try:
                await stop.wait()
            finally:
                self._nursery = None
            nursery.cancel_scope.cancel("stopping")

    async def start(self, channel_id: int) -> TestStream:
        """Show the test picture on a channel; see the protocol. Cancelling leaves it running."""
        await trio.lowlevel.checkpoint()
        if self._nursery is None:
            raise CannotShowNowError(STOPPING)
        if self._running >= self._most:
            raise CannotShowNowError(CROWDED)
        start = _Start()
        self._running += 1
        self._nursery.start_soon(self._show, channel_id, start)
        with trio.move_on_after(START_S):
            await start.decided.wait()
        if not start.decided.is_set():
            await self.stop(channel_id)
            raise CannotShowNowError(SLOW)
        if start.shown is None:
            assert start.refusal is not None  # it is over
            raise start.refusal
        return start.shown

    async def stop(self, channel_id: int) -> bool:
        """End the test picture of a channel, on whichever node it runs; see the protocol."""
        child = self._children.get(channel_id)
        if child is None:
            return await test_streams.end_test_stream(self._db, channel_id)
        child.scope.cancel("somebody ended it")
        with trio.move_on_after(STOP_S):
            await child.ended.wait()
        return True

    async def current(self, channel_id: int) -> TestStream | None:
        """Say what a channel shows; see the protocol."""
        return await test_streams.select_test_stream(self._db, channel_id)

    async def _show(self, channel_id: int, start: _Start) -> None:
        """Run one test picture from its key to its end."""
        try:
            await self._show_with_key(channel_id, start)
        finally:
            self._running -= 1
            start.over()

    async def _show_with_key(self, channel_id: int, start: _Start) -> None:
        await trio.lowlevel.checkpoint()
        key = new_stream_key()
        try:
            stream = await self._note(channel_id, key.sha256, key.last4)
        except (CannotShowError, DatabaseError) as error:
            start.refuse(error)
            return
        child = _Child(trio.CancelScope(deadline=trio.current_time() + self._duration_s))
        self._children[channel_id] = child
        try:
            with child.scope:
                await self._publish(f"{self._rtmp_url()}/{key.text}", stream, start)
        finally:
            del self._children[channel_id]
            with trio.move_on_after(REVOKE_S, shield=True):
                await _quietly(partial(test_streams.end_test_stream_of_key, self._db, stream.key_id))
            child.ended.set()

    async def _note(self, channel_id: int, key_hash: bytes, last4: str) -> TestStream:
        """Make the key and the row that says so. Raises `CannotShowError`."""
        if channel_id in self._children:
            raise CannotShowError(SHOWN)
        async with self._db.transaction() as transaction:
            standing = await stream_holds.select_standing(transaction, channel_id)
            if standing is None or standing.hold is not None:
                raise CannotShowError(
                    "There is no such channel." if standing is None else standing.hold or ""
                )
            if await streams.select_open_stream(transaction, channel_id) is not None:
                raise CannotShowError(LIVE)
            key_id = await stream_keys.insert_key(
                transaction, channel_id=channel_id, label=KEY_LABEL, key_hash=key_hash, last4=last4
            )
            shown = await test_streams.insert_test_stream(
                transaction,
                channel_id=channel_id,
                key_id=key_id,
                node=self._node,
                duration_s=self._duration_s,
            )
            if shown is None:
                raise CannotShowError(SHOWN)
        return shown

    async def _publish(self, url: str, stream: TestStream, start: _Start) -> None:
        """Have a child publish until it ends."""
        await trio.lowlevel.checkpoint()
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(run_test_picture, Orders(url=url))
                start.accept(stream)
        except* TestPictureError as group:
            reason = str(leaves(group)[0])
            log.info("test_picture_ended_early", channel=stream.channel_id, reason=reason)
            start.refuse(CannotShowNowError(f"The test picture did not get on air: {reason}"))
        except* Exception as group:  # noqa: BLE001 # no more processes, say: no picture takes the server down
            # Without its traceback: that shows the orders, with the key.
            log.error("test_picture_crashed", channel=stream.channel_id, error=str(leaves(group)[0]))  # noqa: TRY400 # as said
            start.refuse(CannotShowNowError(CRASHED))

    async def _keep_tidy(self) -> None:
        while True:
            await trio.sleep(TIDY_EVERY_S)
            await _quietly(partial(test_streams.end_old_test_streams, self._db))


async def _quietly(work: Callable[[], Awaitable[object]]) -> None:
    """Do what is done again later when the database is away."""
    await trio.lowlevel.checkpoint()
    try:
        await work()
    except DatabaseError as error:
        log.info("test_streams_wait", error=str(error))
