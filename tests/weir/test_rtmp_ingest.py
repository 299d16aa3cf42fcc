"""The RTMP side of the media role: what it prints, what it counts, and why it does not start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from common.config import Config
from common.serving import ListenError, open_listeners
from common.tls import TlsError
from rtmp.limits import RtmpLimits
from tests.rtmp.client import C0C1
from tests.rtmp.recorder import RecordingGate
from weir.rtmp_ingest import RtmpIngest, limits_from

HERE = Path(__file__).parents[1] / "common" / "certificates"


def config(cert: str = "localhost", key: str | None = None, **settings: Any) -> Config:
    files = {"tls_cert": str(HERE / f"{cert}.pem"), "tls_key": str(HERE / f"{key or cert}.key")}
    return Config(**{"rtmp_port": 0, "rtmps_port": 0, **files, **settings})


@asynccontextmanager
async def serving(settings: Config) -> AsyncIterator[tuple[RtmpIngest, list[str]]]:
    ingest, stop = RtmpIngest(settings, RecordingGate()), trio.Event()
    with trio.fail_after(30):
        await ingest.prepare()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ingest.run_background)
            async with trio.open_nursery() as server:
                lines = await server.start(partial(ingest.serve, stop=stop, drain_s=1))
                yield ingest, lines
                stop.set()
            nursery.cancel_scope.cancel()


async def test_addresses_of_both_listeners_are_printed() -> None:
    async with serving(config()) as (ingest, (plain, secure)):
        assert plain == f"  Publish to    rtmp://127.0.0.1:{ingest.port}/live"
        assert secure.startswith("  with TLS      rtmps://127.0.0.1:")
        await ingest.probe()
        samples = {name: value for name, _, value in ingest.samples()}
        assert samples["weir_rtmp_connections_total"] >= 1
        assert samples["weir_tls_certificate_expires_timestamp_seconds"] > 4e9


async def test_server_full_of_strangers_is_well() -> None:
    async with (
        serving(config(rtmp_max_unauthenticated=1)) as (ingest, _),
        await trio.open_tcp_stream("127.0.0.1", ingest.port) as stranger,
    ):
        await stranger.send_all(C0C1)
        await stranger.receive_some()
        await ingest.probe()
        assert {name: value for name, _, value in ingest.samples()}["weir_rtmp_refused_total"] == 0


async def test_name_in_the_tls_address_is_the_public_one() -> None:
    async with serving(config(public_rtmp_url="rtmp://live.example.org:1935")) as (_, lines):
        assert lines[0].endswith("rtmp://live.example.org:1935/live")
        assert lines[1].startswith("  with TLS      rtmps://live.example.org:")


async def test_without_a_port_for_it_there_is_no_tls() -> None:
    async with serving(config("none", rtmps_port=None)) as (ingest, lines):
        assert len(lines) == 1
        assert not [name for name, _, _ in ingest.samples() if "tls" in name]


@pytest.mark.parametrize(
    ("cert", "key", "sentence"),
    [
        ("expired", None, "expired on 2020-04-01: renew it"),
        ("localhost", "renewed", "is not the key of"),
        ("none", None, "cannot be read"),
    ],
)
async def test_server_does_not_start_with_a_certificate_that_nobody_accepts(
    cert: str, key: str | None, sentence: str
) -> None:
    with pytest.raises(TlsError, match=sentence):
        await RtmpIngest(config(cert, key), RecordingGate()).prepare()


async def test_taken_port_is_named() -> None:
    (taken,) = await open_listeners("127.0.0.1", 0)
    async with taken:
        settings = config(rtmps_port=taken.socket.getsockname()[1])
        with pytest.RaisesGroup(
            pytest.RaisesExc(ListenError, match="set WEIR_RTMPS_PORT"), flatten_subgroups=True
        ):
            async with serving(settings):
                pass


def test_every_limit_with_a_setting_is_taken_from_it() -> None:
    chosen: dict[str, Any] = {
        "rtmp_handshake_s": 1.0, "rtmp_idle_s": 2.0, "rtmp_stall_s": 3.0, "rtmp_tick_publishers": 4,
        "rtmp_max_connections": 5, "rtmp_max_per_address": 6, "rtmp_max_unauthenticated": 7,
        "rtmp_max_message_bytes": 65_536, "rtmp_max_chunk_streams": 9, "rtmp_max_bitrate_bps": 100_000,
    }  # fmt: skip
    limits = limits_from(Config(**chosen))
    changed = {
        field.name
        for field in fields(limits)
        if getattr(limits, field.name) != getattr(RtmpLimits(), field.name)
    }
    assert changed == {name.removeprefix("rtmp_").replace("handshake_s", "publish_s") for name in chosen}


def test_defaults_of_the_configuration_are_those_of_the_server() -> None:
    assert limits_from(Config()) == RtmpLimits()
