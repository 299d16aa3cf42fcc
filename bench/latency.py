"""How long after an encoder has sent a frame a waiting viewer holds the part with it.

`python -m bench.latency [--seconds 30] [--publishers 1,10]`

Publishers replay a recording and note when the last byte of each video frame was written. One viewer a channel does what
players do: a blocking playlist reload, then a GET of each new part. The frames in a part are known by their sizes, so
every frame is followed from one side to the other. A part can be cut only when the frame after its last one has come;
what is beyond that moment is the server's own time and the delivery.
"""

import argparse
import multiprocessing
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import cycle, islice
from multiprocessing.connection import Connection

import trio

from bench.flvfile import VIDEO_TAG, Clip, load_clip
from bench.hls_client import Client, join_uri
from bench.hls_reader import first_variant, read_playlist, sample_sizes
from bench.ingest import quantile
from bench.report import Cell, print_report
from bench.rtmp_load import Load, LoadError, Publisher, Target
from bench.rtmp_wire import cut
from bench.servers import Server, pin_generator, weir_server

_SLACK_MS = 20
"""Beyond PART-TARGET, at the 99th percentile (design: what fast means here)."""
_COLUMNS = (
    "publishers",
    "parts",
    "PART-TARGET ms",
    "frame p50",
    "p99",
    "max",
    f"p99 within +{_SLACK_MS}",
    "part p50",
    "p99",
    "max",
)
_NOTES = (
    "frame: from the last byte of each video frame at the publisher to its part in the hands of a waiting viewer, ms.",
    "part: from the last byte of the frame that completes a part; the server's own time and the delivery, ms.",
    "The server has one core, publishers and viewers another.",
)
_FLV_VIDEO_HEADER = 5
_STAGGER_S = 2.0
_APPEARS_S = 10.0
"""A channel has no playlist until its first media has come."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A part in the viewer's hands."""

    at: float
    """`time.monotonic()` after its last byte."""
    sizes: tuple[int, ...]
    """Of its video samples."""
    waited_for: bool
    """False for those that were there when the viewer came."""


@dataclass(slots=True)
class Viewing:
    """What one viewer saw."""

    part_target_s: float = 0.0
    parts: list[Seen] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Delays:
    """All in seconds."""

    part_target_s: float
    frames: list[float]
    """From the last byte of each frame to its part in the viewer's hands."""
    parts: list[float]
    """From the last byte of the frame that completes each part to the part in the viewer's hands."""


def match(viewing: Viewing, sent: list[float], sizes: Iterable[int]) -> Delays:
    """Follow each frame. `sent`: times of the frames in order; `sizes`: of all frames that may have been sent.

    Raises:
        ValueError: A part does not hold the frames that were sent next.
    """
    expected = iter(sizes)
    position = 0
    delays = Delays(viewing.part_target_s, [], [])
    for part in viewing.parts:
        if list(part.sizes) != list(islice(expected, len(part.sizes))):
            raise ValueError(f"frames {position} and following are not those that were sent")
        last = position + len(part.sizes)
        if part.waited_for and last < len(sent):
            delays.frames.extend(part.at - moment for moment in sent[position:last])
            delays.parts.append(part.at - sent[last])
        position = last
    return delays


def publish_all(targets: list[Target], seconds: float, pipe: Connection) -> None:
    """The publishers' process: tells when each is live, publishes, hands over the times of all frames, or an error."""
    pin_generator()
    load = Load()
    replay = cut(load_clip(), 4096)
    try:
        began = time.monotonic()
        for number, target in enumerate(targets):
            load.run(began + _STAGGER_S * number / len(targets))
            load.add(publisher := Publisher(target, replay, 4096, keep_times=True))
            load.wait_live(publisher)
            pipe.send(number)
        load.run(time.monotonic() + seconds)
        pipe.send([publisher.sent.video_times for publisher in load.publishers])
    except LoadError as error:
        pipe.send(str(error))
    finally:
        load.close()


async def watch(server: Server, login: str, viewing: Viewing) -> None:
    """Be a viewer of a channel until cancelled."""
    assert server.hls_port is not None
    async with await trio.open_tcp_stream(server.host, server.hls_port) as stream:
        stream.setsockopt(6, 1, 1)  # TCP_NODELAY
        client = Client(stream, f"{server.host}:{server.hls_port}")
        base = f"/hls/{login}/"
        path = join_uri(
            base, first_variant((await client.get(f"{base}index.m3u8", patience_s=_APPEARS_S)).decode())
        )
        query, seen = "", 0
        while True:
            playlist = read_playlist((await client.get(path + query)).decode())
            viewing.part_target_s = playlist.part_target_s
            for part in [part for part in playlist.parts if part.msn << 16 | part.index >= seen]:
                body = await client.get(join_uri(path, part.uri))
                viewing.parts.append(Seen(time.monotonic(), tuple(sample_sizes(body)), bool(query)))
                seen = (part.msn << 16 | part.index) + 1
            query = f"?_HLS_msn={playlist.next_msn}&_HLS_part={playlist.next_part}"


async def measure(server: Server, clip: Clip, publishers: int, seconds: float) -> list[Delays]:
    """Publish and watch; one `Delays` a channel."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    targets = [Target(server.host, server.rtmp_port, server.app, key) for key in server.keys[:publishers]]
    process = context.Process(target=publish_all, args=(targets, seconds, theirs), daemon=True)
    process.start()
    viewings = [Viewing() for _ in range(publishers)]
    try:
        async with trio.open_nursery() as nursery:
            while isinstance(message := await _receive(ours), int):
                nursery.start_soon(watch, server, f"bench{message}", viewings[message])
            nursery.cancel_scope.cancel("the publishers have finished")
    finally:
        process.join(10)
        process.kill()
    if isinstance(message, str):
        raise LoadError(message)
    sizes = [len(tag.body) - _FLV_VIDEO_HEADER for tag in clip.tags if tag.kind == VIDEO_TAG]
    return [match(viewing, sent, cycle(sizes)) for viewing, sent in zip(viewings, message, strict=True)]


async def _receive(pipe: Connection) -> int | str | list[list[float]]:
    message: int | str | list[list[float]] = await trio.to_thread.run_sync(pipe.recv)
    return message


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--publishers", default="1,10", help="numbers of publishers, one run each")
    arguments = parser.parse_args()
    pin_generator()
    clip = load_clip()
    rows = []
    for publishers in (int(text) for text in arguments.publishers.split(",")):
        with weir_server(publishers) as server:
            print(f"{publishers} publishers for {arguments.seconds:.0f} s ...", flush=True)
            rows.append(_row(publishers, trio.run(measure, server, clip, publishers, arguments.seconds)))
    print_report("bench.latency", _COLUMNS, rows, _NOTES)


def _row(publishers: int, channels: list[Delays]) -> list[Cell]:
    target_ms = channels[0].part_target_s * 1000
    frames = [delay * 1000 for delays in channels for delay in delays.frames]
    parts = [delay * 1000 for delays in channels for delay in delays.parts]
    p99 = quantile(frames, 0.99)
    verdict = "yes" if p99 <= target_ms + _SLACK_MS else "no"
    return [
        *(publishers, len(parts), target_ms, quantile(frames, 0.5), p99, max(frames), verdict),
        *(quantile(parts, 0.5), quantile(parts, 0.99), max(parts)),
    ]


if __name__ == "__main__":
    main()
