"""Writes the corpora: small files with what real encoders send, one folder a target. `python -m tests.fuzz.make_corpus`.

The files are kept in version control: searches start from them, and `make test` replays them. Run this after a new client
or codec was added; it overwrites what it made before and leaves other files alone.
"""

import hashlib
import hmac
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import imageio_ffmpeg
import trio

from rtmp.chunks import ChunkReader, RawMessage
from rtmp.feed import Feed
from rtmp.session import ServerSession, State
from tests.common.test_proxy_protocol import HEADERS
from tests.fuzz.targets import join_records
from tests.rtmp.client import C0C1
from tests.rtmp.encoders import encode, ffmpeg, gstreamer
from tests.rtmp.sequences import SEQUENCES
from tests.rtmp.test_amf import READ_ONLY, VALUES
from tests.rtmp.test_chunks import VECTORS
from tests.rtmp.test_tags import AUDIO, VIDEO
from tests.rtmp.test_vectors import CONTROL

CORPUS = Path(__file__).parent / "corpus"
HANDSHAKE_BYTES = 3073
MAX_BYTES = 1500

Corpus = dict[str, bytes]


def handshakes() -> Corpus:
    found = {"plain": C0C1, "ffmpeg": b"\x03" + bytes.fromhex("00000000 09007c02"), "http": b"GET / HTTP/1.1"}
    found |= {"tls": bytes.fromhex("16030100"), "rtmpe": b"\x06"}
    for base in (8, 772):
        c1 = bytearray(bytes(4) + bytes([9, 0, 124, 2]) + bytes(range(256)) * 5 + bytes(248))
        where = sum(c1[base : base + 4]) % 728 + base + 4
        key = b"Genuine Adobe Flash Player 001"
        c1[where : where + 32] = hmac.new(key, c1[:where] + c1[where + 32 :], hashlib.sha256).digest()
        found[f"digest-{base}"] = b"\x03" + bytes(c1)
    return found


def messages_of(whole: bytes) -> Iterator[RawMessage]:
    feed = Feed()
    feed.push(whole[HANDSHAKE_BYTES:])
    reader = ChunkReader(feed, max_message_bytes=1 << 20)
    while (raw := reader.next_message()) is not None:
        yield raw


def from_sequences() -> dict[str, Corpus]:
    found: dict[str, Corpus] = {
        "chunks": {},
        "amf": {},
        "messages": {},
        "tags": {},
        "session": {},
        "publisher": {},
    }
    for name, client in SEQUENCES.items():
        body = client.body if len(client.body) <= MAX_BYTES else client.body[:MAX_BYTES]
        found["session"][name] = client.opening[HANDSHAKE_BYTES:] + body + client.good_bye
        if body:
            found["publisher"][name] = body + client.good_bye
        tags = []
        for index, raw in enumerate(messages_of(client.whole)):
            if raw.type_id in {8, 9}:
                tags.append((raw.type_id == 9, raw.payload[:200]))
            elif len(raw.payload) <= MAX_BYTES:
                found["messages"][f"{name} {index}"] = bytes([raw.type_id]) + raw.payload
                if raw.type_id in {18, 20}:
                    found["amf"][f"{name} {index}"] = raw.payload
        if tags:
            found["tags"][name] = join_records(tags)
    return found


CODECS = {
    "h264 aac": ("libx264", "aac"),
    "hevc opus": ("libx265", "libopus"),
    "av1 flac": ("libsvtav1", "flac"),
    "vp9 ac3": ("libvpx-vp9", "ac3"),
    "sorenson eac3": ("flv", "eac3"),
    "h264 mp3": ("libx264", "libmp3lame"),
}


def tags_of_flv(data: bytes) -> list[tuple[bool, bytes]]:
    position, found = 13, []
    while position + 11 <= len(data):
        size = int.from_bytes(data[position + 1 : position + 4], "big")
        if data[position] in {8, 9}:
            found.append((data[position] == 9, data[position + 11 : position + 11 + size]))
        position += 11 + size + 4
    return found


def from_encoders() -> Corpus:
    """A few tags of every codec, small, as ffmpeg writes them."""
    found = {}
    for name, (video, audio) in CODECS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.flv"
            command = [
                imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-nostdin",
                "-f", "lavfi", "-i", "color=c=gray:s=64x64:r=10", "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo",
                "-t", "0.3", "-pix_fmt", "yuv420p", "-bitexact", "-c:v", video, "-c:a", audio, "-ac", "2",
                *(["-ar", "44100"] if audio == "libmp3lame" else []), str(path),
            ]  # fmt: skip
            subprocess.run(command, check=True)
            records = [
                (is_video, body) for is_video, body in tags_of_flv(path.read_bytes()) if len(body) < 1200
            ]
        # The headers and the first frames of both.
        found[f"ffmpeg {name}"] = join_records(records[:8])
    return found


RECORDED_BYTES = 4000


def recordings() -> Corpus:
    """What real programs say behind the handshake, as far as it fits."""
    tiny = ("-s", "64x64", "-t", "0.2")
    return {
        "recorded ffmpeg 5.1": record(lambda url: encode(ffmpeg("installed"), url, *tiny)),
        "recorded ffmpeg 9.0": record(lambda url: encode(ffmpeg("bundled"), url, *tiny)),
        "recorded ffmpeg 9.0 hevc opus": record(
            lambda url: encode(ffmpeg("bundled"), url, *tiny, "-c:v", "libx265", "-c:a", "libopus")
        ),
        "recorded gstreamer": record(gstreamer),
    }


def record(command: Callable[[str], list[str]]) -> bytes:
    said = bytearray()

    async def listen(stream: trio.SocketStream) -> None:
        session = ServerSession()
        async for data in stream:
            said.extend(data)
            session.receive_data(bytes(data))
            if session.state is State.DECIDING:
                session.accept()
            await stream.send_all(session.data_to_send())

    async def publish() -> None:
        async with trio.open_nursery() as nursery:
            (listener,) = await nursery.start(partial(trio.serve_tcp, listen, 0, host="127.0.0.1"))
            port = listener.socket.getsockname()[1]
            await trio.run_process(command(f"rtmp://127.0.0.1:{port}/live/KEY"))
            nursery.cancel_scope.cancel()

    trio.run(publish)
    return bytes(said[HANDSHAKE_BYTES:][:RECORDED_BYTES])


def all_corpora() -> dict[str, Corpus]:
    found = from_sequences() | {"handshake": handshakes()}
    found["proxy"] = {
        str(case.id): header for case in HEADERS for header in case.values[:1] if isinstance(header, bytes)
    }
    found["chunks"] |= {name: data for name, (data, _) in VECTORS.items()}
    found["amf"] |= {name: data for name, (data, _) in (VALUES | READ_ONLY).items() if len(data) <= MAX_BYTES}
    found["messages"] |= {
        name: bytes([raw.type_id]) + raw.payload
        for name, (data, _) in CONTROL.items()
        for raw in messages_of(bytes(HANDSHAKE_BYTES) + bytes.fromhex(data))
    }
    found["tags"] |= {"video heads": join_records([(True, body) for body, _ in VIDEO.values()])}
    found["tags"] |= {"audio heads": join_records([(False, body) for body, _ in AUDIO.values()])}
    found["tags"] |= from_encoders()
    found["session"] |= recordings()
    return found


def write_corpora() -> None:
    """One file for every different content; names say where it is from."""
    for target, corpus in all_corpora().items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        kept = {path.read_bytes() for path in folder.iterdir()}
        for name, data in corpus.items():
            if data not in kept:
                kept.add(data)
                slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
                (folder / f"{slug}.bin").write_bytes(data)
        print(f"{target}: {len(list(folder.iterdir()))} files, {sum(map(len, kept))} bytes")


if __name__ == "__main__":
    write_corpora()
