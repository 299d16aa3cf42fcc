"""The media role: RTMP in, Low-Latency HLS out, and the live channels between them."""

import secrets
import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

import structlog
import trio

from common.config import Config
from common.db import Database
from common.http_shared import HttpLimits
from common.httpd import HttpServer
from common.ids import RANDOM_BITS, uuid7
from common.metrics import Metrics, Sample
from common.proxies import TrustedProxies
from common.queries import streams
from common.serving import open_listeners
from hls.directory import Directory
from hls.origin import Origin
from hls.spill import Spill, remove_leftovers
from hls.stream import HlsSettings, LiveStream
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.server import serve_rtmp
from weir.addresses import bound_port, reachable_host
from weir.control import follow_changes
from weir.health import Health, check_rtmp
from weir.journal import Journal
from weir.ledger import DatabaseLedger
from weir.live import LiveChannels

log = structlog.get_logger(__name__)

DVR_DIR = "dvr"
RTMP_APP = "live"
LINGER_MARGIN_S = 60.0


def new_id() -> uuid.UUID:
    """Make a UUIDv7 of now."""
    return uuid7(time.time_ns() // 1_000_000, secrets.randbits(RANDOM_BITS))


class MediaRole:
    """Everything between an encoder and the viewers of one process."""

    def __init__(self, config: Config, db: Database, metrics: Metrics) -> None:
        self.journal = Journal(db)
        self.rtmp_port = config.rtmp_port
        self.hls_port = config.hls_port
        self._config = config
        self._db = db
        self._spill = Spill(config.data_path / DVR_DIR, cap_bytes=config.hls_disk_bytes)
        self._directory = Directory(linger_s=config.hls_window_s + LINGER_MARGIN_S)
        self._rtmp_stats = RtmpStats()
        self._channels = LiveChannels(
            ledger=DatabaseLedger(db, self.journal, node=config.node),
            shelf=self._directory,
            new_stream=self._new_stream,
            new_id=new_id,
            grace_s=config.reconnect_grace_s,
        )
        self._health = Health({"rtmp": self._probe_rtmp})
        self._origin = Origin(
            self._directory,
            health=self._health.problems,
            metrics=metrics.render,
            metrics_token=config.metrics_token,
        )
        self._http = HttpServer(
            self._origin,
            limits=HttpLimits(
                max_connections=config.hls_max_connections, max_per_address=config.hls_max_per_address
            ),
            proxies=TrustedProxies(config.trusted_proxies),
        )
        metrics.add_source(self._samples)
        metrics.add_source(lambda: self._http.samples("hls"))
        metrics.add_source(self._origin.samples)
        metrics.add_source(self._channels.samples)

    @property
    def loopback_rtmp_url(self) -> str:
        """Where a child of this process publishes, without the key."""
        return f"rtmp://{reachable_host(self._config.host)}:{self.rtmp_port}/{RTMP_APP}"

    async def prepare(self) -> None:
        """Clean up after a process of this node that died: its broadcasts in the database, its files."""
        ended = await streams.end_orphans(self._db, node=self._config.node, ended_at=datetime.now(UTC))
        if ended:
            log.info("ended_broadcasts_of_a_dead_process", count=len(ended))
        await trio.to_thread.run_sync(remove_leftovers, self._config.data_path / DVR_DIR)

    async def run_background(self) -> None:
        """Keep the clock of the streams and follow the database, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.journal.run)
            nursery.start_soon(self._spill.run)
            nursery.start_soon(self._channels.run)
            nursery.start_soon(follow_changes, self._db, self._channels)
            nursery.start_soon(self._origin.run)

    async def serve(
        self,
        *,
        stop: trio.Event,
        drain_s: float,
        task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve encoders and viewers until `stop`; gives the lines that tell people the addresses."""
        config = self._config
        rtmp = await open_listeners(config.host, config.rtmp_port, setting="WEIR_RTMP_PORT")
        hls = await open_listeners(config.host, config.hls_port, setting="WEIR_HLS_PORT")
        self.rtmp_port, self.hls_port = bound_port(rtmp), bound_port(hls)
        async with trio.open_nursery() as nursery:
            await nursery.start(
                partial(
                    serve_rtmp,
                    rtmp,
                    gate=self._channels,
                    limits=self._rtmp_limits(),
                    stats=self._rtmp_stats,
                    stop=stop,
                    drain_s=drain_s,
                )
            )
            await nursery.start(partial(self._http.serve, hls, stop=stop, drain_s=drain_s))
            host = reachable_host(config.host)
            task_status.started(
                [
                    f"  Publish to    {config.public_rtmp_url or f'rtmp://{host}:{self.rtmp_port}'}/{RTMP_APP}",
                    f"  Media         {config.public_hls_url or f'http://{host}:{self.hls_port}'}/hls/CHANNEL/index.m3u8",
                ]
            )

    def stop(self) -> None:
        """End every broadcast; to be called when `stop` was set."""
        self._channels.stop()

    def _new_stream(self, stream_id: uuid.UUID) -> LiveStream:
        settings = HlsSettings(window_s=self._config.hls_window_s)
        return LiveStream(str(stream_id), settings=settings, spill=self._spill, wall_clock_s=time.time)

    def _rtmp_limits(self) -> RtmpLimits:
        config = self._config
        return RtmpLimits(
            publish_s=config.rtmp_handshake_s,
            idle_s=config.rtmp_idle_s,
            tick_publishers=config.rtmp_tick_publishers,
            max_connections=config.rtmp_max_connections,
            max_per_address=config.rtmp_max_per_address,
            max_unauthenticated=config.rtmp_max_unauthenticated,
        )

    async def _probe_rtmp(self) -> None:
        await check_rtmp(reachable_host(self._config.host), self.rtmp_port)

    def _samples(self) -> Iterable[Sample]:
        stats = self._rtmp_stats
        yield "weir_rtmp_connections", "Open RTMP connections", stats.connections
        yield "weir_rtmp_connections_total", "RTMP connections accepted", stats.connections_total
        yield "weir_rtmp_refused_total", "RTMP connections over a cap", stats.refused_total
        yield "weir_rtmp_received_bytes_total", "Bytes received from encoders", stats.received_bytes_total
        yield (
            "weir_rtmp_protocol_errors_total",
            "RTMP connections that broke the protocol",
            stats.protocol_errors_total,
        )
        yield (
            "weir_rtmp_timeouts_total",
            "RTMP connections that were too slow or silent",
            stats.timeouts_total,
        )
        yield (
            "weir_rtmp_undecodable_total",
            "RTMP messages and tags that were dropped",
            stats.undecodable_total,
        )
        yield "weir_journal_pending", "Database writes that wait", len(self.journal)
        yield "weir_journal_failed_total", "Database writes that failed for good", self.journal.stats.failed
        yield (
            "weir_journal_refused_total",
            "Database writes refused because too many wait",
            self.journal.stats.refused,
        )
