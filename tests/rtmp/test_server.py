"""The Trio driver on memory streams and a clock that jumps: deadlines, verdicts, endings (one driver, so one file)."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import pytest
import structlog
import trio
import trio.testing

from common.media import Packet, VideoConfig
from rtmp.connection import handle_connection
from rtmp.errors import RemoteProtocolError
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.messages import Message
from tests.rtmp.client import (
    C0C1,
    HANDSHAKE,
    chunks,
    command,
    connect,
    control,
    greeting,
    message,
    metadata,
    nal,
    read_replies,
    statuses,
    video_config,
    video_frame,
)
from tests.rtmp.recorder import UNKNOWN_KEY, RecordingGate

MEDIA = message(video_config()) + message(video_frame(), time=40)
GOOD_BYE = command("FCUnpublish", 6, None, "KEY") + command("deleteStream", 7, None, 1)


class Visit:
    """One connection to the server, seen from the encoder."""

    def __init__(self, **limits: Any) -> None:
        self.gate = RecordingGate()
        self.stats = RtmpStats()
        self.limits = RtmpLimits(**limits)
        self.encoder, self.ours = trio.testing.memory_stream_pair()
        self.stream: trio.abc.Stream = self.ours
        self.error: Exception | None = None
        self.done = trio.Event()
        self.scope = trio.CancelScope()

    async def serve(self) -> None:
        with self.scope:
            try:
                await handle_connection(
                    self.stream, gate=self.gate, address="192.0.2.1", limits=self.limits, stats=self.stats
                )
            except (RemoteProtocolError, trio.TooSlowError, trio.BrokenResourceError) as error:
                self.error = error
        await self.stream.aclose()
        self.done.set()

    async def read_to_the_end(self) -> list[Message]:
        data = b""
        while piece := await self.encoder.receive_some():
            data += piece
        return read_replies(data)


@asynccontextmanager
async def visit(**limits: Any) -> AsyncIterator[Visit]:
    guest = Visit(**limits)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(guest.serve)
        yield guest
        nursery.cancel_scope.cancel()


# -- the usual way -------------------------------------------------------------------------------------------------


async def test_publisher_comes_sends_and_leaves(autojump_clock: trio.testing.MockClock) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting() + MEDIA + GOOD_BYE)
        await guest.encoder.send_eof()
        (start,) = statuses(await guest.read_to_the_end())
        await guest.done.wait()
    assert start["code"] == "NetStream.Publish.Start"
    (request,) = guest.gate.requests
    assert (request.app, request.key, request.address, request.encoder) == (
        "live", "KEY", "192.0.2.1", "Test/1.0",
    )  # fmt: skip
    (publication,) = guest.gate.publications
    assert [type(item) for item in publication.items] == [VideoConfig, Packet]
    assert publication.ended == [True]
    assert guest.error is None
    stats = guest.stats
    assert (stats.accepted_total, stats.publishers, stats.unauthenticated) == (1, 0, 0)


async def test_nothing_is_promised_before_the_verdict(autojump_clock: trio.testing.MockClock) -> None:
    async with visit() as guest:
        guest.gate.thinks_s = 3
        await guest.encoder.send_all(greeting())
        with trio.move_on_after(2.9):
            await guest.read_to_the_end()
        assert guest.gate.publications == []
        assert guest.stats.unauthenticated == 1


async def test_good_bye_ends_the_broadcast_although_the_encoder_stays(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting() + MEDIA + GOOD_BYE)
        await guest.done.wait()
    assert trio.current_time() == pytest.approx(1)
    assert guest.gate.publications[0].ended == [True]


async def reset() -> None:
    raise trio.BrokenResourceError("connection reset by peer")


@pytest.mark.parametrize("how", ["eof", "reset"])
async def test_encoder_that_vanishes_leaves_uncleanly(
    how: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting() + MEDIA)
        publication = await guest.gate.wait_publication()
        if how == "eof":
            await guest.encoder.aclose()
        else:
            guest.ours.receive_stream.receive_some_hook = reset
            await guest.encoder.send_all(b"\x04")
        await publication.over.wait()
    assert publication.ended == [False]


async def test_many_frames_arrive_in_order(autojump_clock: trio.testing.MockClock) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting() + MEDIA)
        for time in range(80, 8000, 40):
            await guest.encoder.send_all(message(video_frame(), time=time))
        await guest.encoder.send_all(GOOD_BYE)
        await guest.done.wait()
    packets = guest.gate.publications[0].of(Packet)
    assert [packet.dts for packet in packets] == [time * 90 for time in range(40, 8000, 40)]


# -- verdicts --------------------------------------------------------------------------------------------------------


async def test_rejected_encoder_is_told_why_and_closed_within_a_second(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting("WRONG"))
        (status,) = statuses(await guest.read_to_the_end())
    assert trio.current_time() == pytest.approx(1)
    assert status == {
        "stream_id": 1,
        "level": "error",
        "code": "NetStream.Publish.Denied",
        "description": UNKNOWN_KEY,
    }
    assert (guest.stats.rejected_total, guest.stats.accepted_total) == (1, 0)


async def test_rejected_encoder_that_leaves_is_let_go_at_once(autojump_clock: trio.testing.MockClock) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting("WRONG") + message(video_frame()) * 50)
        await guest.encoder.send_eof()
        await guest.done.wait()
    assert trio.current_time() == 0
    assert guest.error is None


async def test_without_a_verdict_the_connection_closes_without_denied(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting("AWAY"))
        assert statuses(await guest.read_to_the_end()) == []
    assert trio.current_time() == 0
    assert guest.stats.unavailable_total == 1


async def test_platform_that_thinks_too_long_has_no_verdict(autojump_clock: trio.testing.MockClock) -> None:
    async with visit(verdict_s=5) as guest:
        guest.gate.thinks_s = 60
        await guest.encoder.send_all(greeting())
        assert statuses(await guest.read_to_the_end()) == []
    assert trio.current_time() == pytest.approx(5)
    assert guest.stats.unavailable_total == 1
    assert guest.gate.publications == []


# -- the platform ends it ----------------------------------------------------------------------------------------------


async def test_revoked_publisher_is_told_why(autojump_clock: trio.testing.MockClock) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting() + MEDIA)
        publication = await guest.gate.wait_publication()
        publication.revoke("Your stream key was revoked.")
        _, end = statuses(await guest.read_to_the_end())
    assert (end["level"], end["description"]) == ("error", "Your stream key was revoked.")
    assert end["stream_id"] == 1
    assert publication.ended == [False]
    assert guest.error is None


async def test_publisher_that_was_revoked_before_it_started(autojump_clock: trio.testing.MockClock) -> None:
    async with visit() as guest:

        async def admit_and_revoke(request: Any, admit: Any = guest.gate.admit) -> Any:
            verdict = await admit(request)
            verdict.publication.revoke("Taken over.")
            return verdict

        guest.gate.admit = admit_and_revoke  # type: ignore[method-assign]
        await guest.encoder.send_all(greeting())
        await guest.done.wait()
    assert guest.gate.publications[0].ended == [False]


async def test_publication_is_ended_before_the_encoder_is_told(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting() + MEDIA)
        publication = await guest.gate.wait_publication()
        publication.ending_takes_s = 2
        publication.revoke("Taken over by another encoder.")
        assert len(statuses(await guest.read_to_the_end())) == 2
        assert publication.over.is_set()


@pytest.mark.parametrize("ending_takes_s", [0, 3, 1000])
async def test_stopping_server_lets_the_publication_end_under_a_deadline(
    ending_takes_s: float, autojump_clock: trio.testing.MockClock
) -> None:
    async with visit(end_s=10) as guest:
        await guest.encoder.send_all(greeting() + MEDIA)
        publication = await guest.gate.wait_publication()
        publication.ending_takes_s = ending_takes_s
        started = trio.current_time()
        guest.scope.cancel()
        await guest.done.wait()
    assert publication.ended == [False]
    assert trio.current_time() - started == pytest.approx(min(ending_takes_s, 10))
    assert publication.over.is_set() == (ending_takes_s < 10)


async def test_violation_ends_the_publication_uncleanly(autojump_clock: trio.testing.MockClock) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting() + MEDIA + chunks(bytes(9_000_000))[0])
        await guest.done.wait()
    assert isinstance(guest.error, RemoteProtocolError)
    assert guest.gate.publications[0].ended == [False]
    assert len(guest.gate.publications[0].items) == 2
    assert guest.stats.protocol_errors_total == 1


async def test_violation_in_what_was_sent_before_the_verdict(autojump_clock: trio.testing.MockClock) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting() + message(b"a", fmt=3, csid=50))
        await guest.done.wait()
    assert isinstance(guest.error, RemoteProtocolError)
    assert guest.gate.publications[0].ended == [False]


async def test_bug_in_the_platform_still_ends_the_publication() -> None:
    with pytest.RaisesGroup(ZeroDivisionError):
        async with visit() as guest:

            async def admit(request: Any, admit: Any = guest.gate.admit) -> Any:
                verdict = await admit(request)
                verdict.publication.handle = lambda _: 1 // 0
                return verdict

            guest.gate.admit = admit  # type: ignore[method-assign]
            await guest.encoder.send_all(greeting() + MEDIA)
            await guest.done.wait()
    assert guest.gate.publications[0].ended == [False]


# -- deadlines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opening", [b"", C0C1[:700], C0C1, HANDSHAKE, HANDSHAKE + connect()])
async def test_encoder_that_does_not_publish_is_dropped_after_10_s(
    opening: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async with visit() as guest:
        if opening:
            await guest.encoder.send_all(opening)
        await guest.done.wait()
    assert trio.current_time() == pytest.approx(10)
    assert isinstance(guest.error, trio.TooSlowError)
    assert guest.stats.timeouts_total == 1


async def test_one_byte_at_a_time_does_not_stretch_the_10_s(autojump_clock: trio.testing.MockClock) -> None:
    async def drip(guest: Visit) -> None:
        with trio.CancelScope() as scope:
            while not guest.done.is_set():
                try:
                    await guest.encoder.send_all(b"\x03")
                except trio.BrokenResourceError:
                    scope.cancel()
                await trio.sleep(0.5)

    async with visit() as guest, trio.open_nursery() as nursery:
        nursery.start_soon(partial(drip, guest))
        await guest.done.wait()
        assert trio.current_time() == pytest.approx(10)
    assert isinstance(guest.error, trio.TooSlowError)


async def test_idle_publisher_is_dropped_after_15_s(autojump_clock: trio.testing.MockClock) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting() + MEDIA)
        publication = await guest.gate.wait_publication()
        started = trio.current_time()
        await guest.done.wait()
    assert 15 <= trio.current_time() - started <= 15.5
    assert isinstance(guest.error, trio.TooSlowError)
    assert publication.ended == [False]


async def test_any_byte_is_a_sign_of_life(autojump_clock: trio.testing.MockClock) -> None:
    async with visit(stall_s=1000) as guest:
        await guest.encoder.send_all(greeting() + MEDIA)
        for byte in message(video_frame(), time=80):
            await trio.sleep(14.9)
            await guest.encoder.send_all(bytes([byte]))
        await trio.testing.wait_all_tasks_blocked()
        assert guest.stats.publishers == 1
        assert len(guest.gate.publications[0].of(Packet)) == 2


@pytest.mark.parametrize(
    "kept_busy",
    [
        pytest.param(chunks(bytes(100_000))[0], id="inside a message"),
        pytest.param(control(3, bytes(4)), id="acknowledgements"),
        pytest.param(control(2, (4).to_bytes(4, "big")), id="aborts"),
        pytest.param(message(metadata({"a": 1}), type_id=18), id="metadata"),
    ],
)
async def test_publisher_that_sends_bytes_but_no_media_is_dropped_after_60_s(
    kept_busy: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting() + MEDIA)
        started = trio.current_time()
        with trio.move_on_after(1000), suppress(trio.BrokenResourceError):
            for byte in itertools.cycle(kept_busy):
                await guest.encoder.send_all(bytes([byte]))
                await trio.sleep(0.5)
        await guest.done.wait()
    assert 60 <= trio.current_time() - started <= 62
    assert "no whole audio or video message for 60 s" in str(guest.error)
    assert guest.gate.publications[0].ended == [False]
    assert guest.stats.buffered_bytes == 0


async def test_slow_key_frame_is_waited_for(autojump_clock: trio.testing.MockClock) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting() + MEDIA)
        for chunk in chunks(video_frame(nal(55 * 128)), time=80):
            await guest.encoder.send_all(chunk)
            await trio.sleep(1)
        assert len(guest.gate.publications[0].of(Packet)) == 2
        assert guest.stats.buffered_bytes == 0


async def test_bytes_of_unfinished_messages_are_counted_and_forgotten_with_their_connection(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(greeting() + MEDIA + b"".join(chunks(bytes(10_000))[:5]))
        await trio.testing.wait_all_tasks_blocked()
        assert guest.stats.buffered_bytes == 5 * 128
        await guest.encoder.aclose()
        await guest.done.wait()
        assert guest.stats.buffered_bytes == 0


async def test_publisher_above_the_bitrate_limit_is_warned_then_ended_with_a_sentence(
    autojump_clock: trio.testing.MockClock,
) -> None:
    frame = video_frame(nal(125_000))
    with structlog.testing.capture_logs() as lines:
        async with visit(max_bitrate_bps=1_000_000) as guest:
            await guest.encoder.send_all(greeting() + MEDIA)
            for time in itertools.count(1000, 500):
                if guest.done.is_set():
                    break
                with suppress(trio.BrokenResourceError):
                    await guest.encoder.send_all(message(frame, time=time))
                await trio.sleep(0.5)
            _, end = statuses(await guest.read_to_the_end())
    assert [line["event"] for line in lines].count("publisher_too_fast") == 1
    assert end["level"] == "error"
    assert end["description"] == (
        "Your encoder sends 2.0 Mbit/s, and this server takes 1: lower the bitrate in its output settings."
    )
    assert trio.current_time() == pytest.approx(16, abs=1)
    assert guest.stats.too_fast_total == 1
    assert guest.gate.publications[0].ended == [False]
    assert guest.error is None


async def test_encoder_that_does_not_read_is_dropped(autojump_clock: trio.testing.MockClock) -> None:
    guest = Visit(send_s=5)
    encoder, guest.stream = trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(guest.serve)
        await encoder.send_all(C0C1)
        await guest.done.wait()
    assert trio.current_time() == pytest.approx(5)
    assert isinstance(guest.error, trio.TooSlowError)
    assert "does not read" in str(guest.error)


async def test_last_words_to_an_encoder_that_does_not_read_are_bounded(
    autojump_clock: trio.testing.MockClock,
) -> None:
    guest = Visit(farewell_s=1)
    encoder, guest.stream = trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(guest.serve)
        async with trio.open_nursery() as reading:
            reading.start_soon(encoder.send_all, greeting())
            data = b""
            while b"Publish.Start" not in data:
                data += await encoder.receive_some()
        await encoder.send_all(MEDIA)
        publication = await guest.gate.wait_publication()
        started = trio.current_time()
        publication.revoke("Your stream key was revoked.")
        await guest.done.wait()
    assert trio.current_time() - started == pytest.approx(1)
    assert publication.ended == [False]


# -- strangers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", HANDSHAKE + b"\xff" * 3000, bytes(100_000)]
)
async def test_garbage_is_a_protocol_error(garbage: bytes, autojump_clock: trio.testing.MockClock) -> None:
    async with visit() as guest:
        await guest.encoder.send_all(garbage)
        await guest.done.wait()
    assert isinstance(guest.error, RemoteProtocolError)
    assert trio.current_time() == 0
    assert (guest.stats.protocol_errors_total, guest.stats.unauthenticated) == (1, 0)


@pytest.mark.parametrize("how", ["eof", "reset"])
async def test_port_scan_is_not_an_error(how: str, autojump_clock: trio.testing.MockClock) -> None:
    async with visit() as guest:
        if how == "reset":
            guest.ours.receive_stream.receive_some_hook = reset
        await guest.encoder.aclose()
        await guest.done.wait()
    assert guest.error is None
