"""Routes about the test picture: a moving picture with a clock and a tone, to see one's channel live without an encoder.

Who runs it is not known here: the process that starts encoders hands it in as a `TestPictures`.
"""

from typing import ClassVar, Protocol

import msgspec
import trio

from common.errors import WeirError
from common.queries.test_streams import TestStream
from common.rights import Right
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Timestamp, rfc3339
from webapp.problems import ApiProblemError

_MANAGE = Access(scope="channel:manage:broadcast")
RETRY_AFTER_S = 30


class CannotShowError(WeirError):
    """The channel cannot show the test picture as things are; the text says why."""


class CannotShowNowError(WeirError):
    """The server cannot show one more test picture at the moment; the text says why."""


class TestPictures(Protocol):
    """Shows test pictures, whichever node each runs on."""

    async def start(self, channel_id: int) -> TestStream:
        """Show one; returns when the media node has accepted it. Raises `CannotShowError`, `CannotShowNowError`."""

    async def stop(self, channel_id: int) -> bool:
        """End the one that a channel shows; `False` when it shows none."""

    async def current(self, channel_id: int) -> TestStream | None:
        """Give the one that a channel shows; `None` when it shows none."""


class NoTestPictures:
    """`TestPictures` of a process that starts no encoders."""

    async def start(self, _channel_id: int) -> TestStream:
        """Refuse."""
        await trio.lowlevel.checkpoint()
        raise CannotShowNowError("This server shows no test pictures.")

    async def stop(self, _channel_id: int) -> bool:
        """Find none."""
        await trio.lowlevel.checkpoint()
        return False

    async def current(self, _channel_id: int) -> TestStream | None:
        """Find none."""
        await trio.lowlevel.checkpoint()
        return None


class TestStreamState(msgspec.Struct, frozen=True):
    """Whether a channel shows the test picture."""

    __test__: ClassVar = False  # as above

    is_running: bool
    started_at: Timestamp | None = None
    ends_at: Timestamp | None = None
    """When it ends by itself."""


class TestStreamRoutes:
    """The test picture."""

    __test__ = False  # as above

    def __init__(self, access: ChannelAccess, streams: TestPictures) -> None:
        self._access = access
        self._streams = streams

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/channels/{login}/test-stream",
                tag="Streams",
                summary="For owner and editors: whether the channel shows the test picture, and until when.",
                handle=self._show,
                answer=Data[TestStreamState],
                access=_MANAGE,
                path=ChannelPath,
            ),
            Endpoint(
                method="POST",
                route="/channels/{login}/test-stream",
                tag="Streams",
                summary="For owner and editors: go live with the test picture. It ends by itself after some minutes.",
                handle=self._start,
                answer=Data[TestStreamState],
                status=201,
                access=_MANAGE,
                path=ChannelPath,
                problems=(409,),
            ),
            Endpoint(
                method="DELETE",
                route="/channels/{login}/test-stream",
                tag="Streams",
                summary="For owner and editors: end the test picture.",
                handle=self._stop,
                status=204,
                access=_MANAGE,
                path=ChannelPath,
            ),
        ]

    async def _show(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        found = await self._streams.current(visited.id)
        return Answer(Data([TestStreamState(is_running=False) if found is None else _state(found)]))

    async def _start(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        try:
            started = await self._streams.start(visited.id)
        except CannotShowError as error:
            raise ApiProblemError(409, str(error)) from None
        except CannotShowNowError as error:
            raise ApiProblemError(503, str(error), retry_after_s=RETRY_AFTER_S) from None
        return Answer(Data([_state(started)]))

    async def _stop(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        if not await self._streams.stop(visited.id):
            raise ApiProblemError(404, "This channel shows no test picture.")
        return Answer()


def _state(stream: TestStream) -> TestStreamState:
    return TestStreamState(
        is_running=True, started_at=rfc3339(stream.started_at), ends_at=rfc3339(stream.ends_at)
    )
