"""The load generator's publishers are accepted, keep pace and repeat the recording without a jump."""

import time
from functools import partial

import pytest
import trio

from bench.flvfile import AUDIO_TAG, Clip, Tag
from bench.rtmp_load import Load, LoadError, Publisher, Target
from bench.rtmp_wire import Replay, cut
from common.ingest import Accepted, PublishRequest, Rejected, StreamMetadata, Verdict
from common.media import MediaConfig, Packet, Track
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.server import serve_rtmp

PERIOD_MS = 200
AUDIO_HEADER = Tag(AUDIO_TAG, 0, b"\xaf\x00\x11\x90")


class Recording:
    """A publication that keeps its packets."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.scope = trio.CancelScope()
        self.end_reason: str | None = None
        self.clean: bool | None = None

    def handle(self, item: MediaConfig | Packet | StreamMetadata) -> None:
        if isinstance(item, Packet):
            self.packets.append(item)

    async def end(self, *, clean: bool) -> None:
        await trio.lowlevel.checkpoint()
        self.clean = clean


class Gate:
    """Admits the keys `good1`, `good2` and so on."""

    def __init__(self) -> None:
        self.recordings: dict[str, Recording] = {}

    async def admit(self, request: PublishRequest) -> Verdict:
        await trio.lowlevel.checkpoint()
        if not request.key.startswith("good"):
            return Rejected("No.")
        self.recordings[request.key] = Recording()
        return Accepted(self.recordings[request.key])


def sound() -> Replay:
    """Ten AAC frames, 20 ms apart."""
    tags = tuple(Tag(AUDIO_TAG, ms, b"\xaf\x01" + bytes([ms])) for ms in range(0, PERIOD_MS, 20))
    return cut(
        Clip(b"\x02\x00\x0aonMetaData\x08\x00\x00\x00\x00\x00\x00\x09", (AUDIO_HEADER,), tags, PERIOD_MS),
        4096,
    )


def publish(port: int, keys: list[str], seconds: float) -> list[Publisher]:
    load = Load()
    try:
        for key in keys:
            load.add(publisher := Publisher(Target("127.0.0.1", port, "live", key), sound(), 4096))
            load.wait_live(publisher)
        load.run(time.monotonic() + seconds)
        load.leave(load.publishers[-1])
        return list(load.publishers)
    finally:
        load.close()


async def serve_and_publish(gate: Gate, keys: list[str], seconds: float) -> list[Publisher]:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port, stop = listeners[0].socket.getsockname()[1], trio.Event()
    serve = partial(
        serve_rtmp, listeners, gate=gate, limits=RtmpLimits(), stats=RtmpStats(), stop=stop, drain_s=5
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(serve)
        try:
            return await trio.to_thread.run_sync(publish, port, keys, seconds)
        finally:
            stop.set()


@pytest.mark.real
async def test_frames_arrive_whole_in_pace_and_time_goes_on_over_the_seams() -> None:
    gate = Gate()
    publishers = await serve_and_publish(gate, ["good1", "good2", "good3"], 1.0)
    assert len(publishers) == 2
    for publisher in publishers:
        assert publisher.sent.accept_s is not None
        assert publisher.sent.error is None
    for recording in gate.recordings.values():
        dts = [packet.dts // 90 for packet in recording.packets]
        assert len(dts) >= 40
        assert dts == list(range(dts[0], dts[0] + 20 * len(dts), 20))
        assert {packet.track for packet in recording.packets} == {Track.AUDIO}
        assert [packet.data[0] for packet in recording.packets[:12]] == [*range(0, 200, 20), 0, 20]
        assert recording.clean is True


@pytest.mark.real
async def test_a_refused_publisher_is_an_error() -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(LoadError, match="Denied"), flatten_subgroups=True):
        await serve_and_publish(Gate(), ["good1", "bad"], 0.1)
