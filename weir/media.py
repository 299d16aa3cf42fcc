"""The media role: RTMP in, Low-Latency HLS out, and the live channels between them."""

import secrets
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
import trio

from common.backoff import Backoff
from common.config import Config
from common.db import Database
from common.http_shared import HttpLimits
from common.httpd import HttpServer
from common.ids import RANDOM_BITS, uuid7
from common.metrics import Metrics, Sample
from common.play_keys import PlayKeys
from common.proxies import TrustedProxies
from common.public_url import PublicUrl
from common.queries import media_nodes, streams
from common.serving import open_listeners
from hls.admission import Admission
from hls.audience import OwnPages, SeenViewers
from hls.directory import Directory
from hls.origin import Origin
from hls.spill import Spill, remove_leftovers
from hls.stream import HlsSettings, LiveStream
from weir.addresses import bound_port, reachable_host
from weir.control import follow_changes
from weir.doorkeeper import Doorkeeper
from weir.health import Health
from weir.journal import Journal
from weir.keys import SeenKeys
from weir.ledger import DatabaseLedger
from weir.live import LiveChannels
from weir.media_nodes import Heartbeat, NodeFinder
from weir.presence import CountWriter, ViewerCounts, viewer_limits
from weir.retention import keep_clean, remove_old_graphs, remove_old_health, remove_old_samples
from weir.rtmp_ingest import RtmpIngest
from weir.thumbnails import Thumbnails

log = structlog.get_logger(__name__)

DVR_DIR = "dvr"
LINGER_MARGIN_S = 60.0


def new_id() -> uuid.UUID:
    """Make a UUIDv7 of now."""
    return uuid7(time.time_ns() // 1_000_000, secrets.randbits(RANDOM_BITS))


class MediaRole:
    """Everything between an encoder and the viewers of one process."""

    def __init__(
        self,
        config: Config,
        db: Database,
        metrics: Metrics,
        counts: ViewerCounts,
        *,
        remarks: Callable[[], list[str]] = list,
    ) -> None:
        self.journal = Journal(db)
        self.hls_port = config.hls_port
        self.web_port = config.web_port
        """Of the pages, in the same process or as configured: they may ask for media with cookies."""
        self._config = config
        self._db = db
        self._spill = Spill(config.data_path / DVR_DIR, cap_bytes=config.hls_disk_bytes)
        self._directory = Directory(linger_s=config.hls_window_s + LINGER_MARGIN_S)
        self._ledger = DatabaseLedger(db, self.journal, node=config.node)
        keys = SeenKeys(Backoff(free=config.rtmp_wrong_keys))
        admission = Admission()
        self._play_keys = PlayKeys(db, use=admission.use_keys)
        self._doorkeeper = Doorkeeper(db, self._directory, keys)
        self._heart = Heartbeat(db, config.node)
        self._finder = NodeFinder(db, self._heart)
        self._thumbnails = Thumbnails(db)
        self._channels = LiveChannels(
            ledger=self._ledger,
            shelf=self._directory,
            new_stream=self._new_stream,
            new_id=new_id,
            grace_s=config.reconnect_grace_s,
            new_tap=self._thumbnails.tap,
            keys=keys,
            goes_on_air=self._doorkeeper.goes_on_air,
        )
        self._rtmp = RtmpIngest(config, self._channels)
        self._health = Health({"rtmp": self._rtmp.probe})
        viewers = SeenViewers(
            OwnPages(self._web_origin), ttl_s=config.viewer_ttl_s, limits=viewer_limits(config)
        )
        live_ids = self._directory.live_ids
        counts.add(lambda now: viewers.counts(now, live_ids()), lambda: viewers.refused)
        counts.host(live_ids)
        self._count_writer = CountWriter(
            db, counts, live_ids, ttl_s=config.viewer_ttl_s, with_chat=config.chat_history_days > 0
        )
        self._origin = Origin(
            self._directory,
            health=self._health.problems,
            metrics=metrics.render,
            metrics_token=config.metrics_token,
            admission=admission,
            web_origin=self._web_origin,
            elsewhere=self._finder,
            viewers=viewers,
            remarks=remarks,
        )
        self._http = HttpServer(
            self._origin,
            limits=HttpLimits(
                max_connections=config.hls_max_connections, max_per_address=config.hls_max_per_address
            ),
            proxies=TrustedProxies(config.trusted_proxies),
        )
        metrics.add_source(self._samples)
        metrics.add_source(self._rtmp.samples)
        metrics.add_source(lambda: self._http.samples("hls"))
        metrics.add_source(self._origin.samples)
        metrics.add_source(self._count_writer.samples)
        metrics.add_source(self._finder.samples)
        metrics.add_source(self._channels.samples)
        metrics.add_source(self._thumbnails.samples)
        metrics.add_source(self._channels.health.families)

    @property
    def loopback_rtmp_url(self) -> str:
        """Where a child of this process publishes, without the key."""
        return self._rtmp.loopback_url

    @property
    def rtmp_port(self) -> int:
        """Where encoders publish; what 0 became, once bound."""
        return self._rtmp.port

    async def prepare(self) -> None:
        """Read the certificate; clean up after a process of this node that died: its broadcasts, its files.

        Raises:
            TlsError: the certificate will not do.
        """
        await self._rtmp.prepare()
        ended = await streams.end_orphans(self._db, node=self._config.node, ended_at=datetime.now(UTC))
        if ended:
            log.info("ended_broadcasts_of_a_dead_process", count=len(ended))
        await trio.to_thread.run_sync(remove_leftovers, self._config.data_path / DVR_DIR)

    async def run_background(self) -> None:
        """Keep the clock of the streams and follow the database, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.journal.run)
            nursery.start_soon(self._spill.run)
            nursery.start_soon(self._thumbnails.run)
            nursery.start_soon(self._channels.run)
            nursery.start_soon(follow_changes, self._db, self._channels)
            nursery.start_soon(self._origin.run)
            nursery.start_soon(self._play_keys.keep_fresh)
            nursery.start_soon(self._doorkeeper.run)
            nursery.start_soon(self._heart.run)
            nursery.start_soon(self._finder.run)
            nursery.start_soon(
                keep_clean, "stream health", lambda: remove_old_health(self._db, datetime.now(UTC))
            )
            nursery.start_soon(self._count_writer.run)
            nursery.start_soon(keep_clean, "viewer samples", self._remove_old_samples)
            nursery.start_soon(keep_clean, "graphs", lambda: remove_old_graphs(self._db, datetime.now(UTC)))
            nursery.start_soon(self._rtmp.run_background)

    async def serve(
        self,
        *,
        stop: trio.Event,
        drain_s: float,
        task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve encoders and viewers until `stop`; gives the lines that tell people the addresses."""
        config = self._config
        hls = await open_listeners(config.host, config.hls_port, setting="WEIR_HLS_PORT")
        self.hls_port = bound_port(hls)
        async with trio.open_nursery() as nursery:
            lines = await nursery.start(partial(self._rtmp.serve, stop=stop, drain_s=drain_s))
            await nursery.start(partial(self._http.serve, hls, stop=stop, drain_s=drain_s))
            self._heart.is_at(
                hls_url=config.public_hls_url,
                hls_port=self.hls_port,
                rtmp_url=config.public_rtmp_url,
                rtmp_port=self.rtmp_port,
            )
            media = config.public_hls_url or f"http://{reachable_host(config.host)}:{self.hls_port}"
            task_status.started([*lines, f"  Media         {media}/hls/CHANNEL/index.m3u8"])

    async def _remove_old_samples(self) -> int:
        kept = timedelta(days=self._config.viewer_history_days)
        return await remove_old_samples(self._db, before=datetime.now(UTC) - kept)

    async def problems(self) -> list[str]:
        """One sentence for each thing that keeps media from doing its job."""
        return await self._health.problems()

    def stop(self) -> None:
        """End every broadcast; to be called when `stop` was set."""
        self._channels.stop()
        self._heart.stop()
        self.journal.append("node_stopped", partial(media_nodes.delete_node, node=self._config.node))

    def _web_origin(self, host: str) -> str:
        """Give the origin of the pages, for a request with this Host header."""
        return PublicUrl(self._config.public_web_url, "http", self.web_port).origin_for_host(host)

    def _new_stream(self, stream_id: uuid.UUID) -> LiveStream:
        settings = HlsSettings(window_s=self._config.hls_window_s)
        return LiveStream(str(stream_id), settings=settings, spill=self._spill, wall_clock_s=time.time)

    def _samples(self) -> Iterable[Sample]:
        yield "weir_journal_pending", "Database writes that wait", len(self.journal)
        yield "weir_journal_failed_total", "Database writes that failed for good", self.journal.stats.failed
        yield (
            "weir_journal_refused_total",
            "Database writes refused because too many wait",
            self.journal.stats.refused,
        )
        yield (
            "weir_health_skipped_total",
            "Readings of live streams not stored because too many writes wait",
            self._ledger.health_skipped,
        )
