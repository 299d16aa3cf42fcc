"""The RTMP side of the media role: its listeners, its certificate, its limits from the configuration, its counters."""

from collections.abc import Iterable
from functools import partial
from urllib.parse import urlsplit

import trio

from common.config import Config
from common.ingest import Gate
from common.metrics import Sample
from common.proxies import TrustedProxies
from common.serving import ListenError, open_listeners
from common.tls import CertificateFiles
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.server import SecureListeners, serve_rtmp
from weir.addresses import bound_port, reachable_host
from weir.certificate import open_certificate
from weir.health import check_rtmp

RTMP_APP = "live"


class RtmpIngest:
    """Where encoders come in."""

    def __init__(self, config: Config, gate: Gate) -> None:
        self.port = config.rtmp_port
        """Of the plain listener; what 0 became, once `serve` has started."""
        self._config = config
        self._gate = gate
        self._stats = RtmpStats()
        self._certificate: CertificateFiles | None = None

    @property
    def loopback_url(self) -> str:
        """Where a child of this process publishes, without the key."""
        return f"rtmp://{reachable_host(self._config.host)}:{self.port}/{RTMP_APP}"

    async def prepare(self) -> None:
        """Read the certificate if there is to be TLS. Raises `TlsError` when it will not do."""
        self._certificate = await open_certificate(self._config, self._config.rtmps_port)

    async def run_background(self) -> None:
        """Follow renewals of the certificate, until cancelled."""
        if self._certificate is None:
            await trio.lowlevel.checkpoint()
            return
        await self._certificate.watch()

    async def serve(
        self,
        *,
        stop: trio.Event,
        drain_s: float,
        task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve encoders until `stop`; gives the lines that tell people the addresses. Raises `ListenError`."""
        config = self._config
        listeners = await open_listeners(config.host, config.rtmp_port, setting="WEIR_RTMP_PORT")
        try:
            secure = await self._open_secure()
        except ListenError:
            for listener in listeners:
                listener.socket.close()
            raise
        self.port = bound_port(listeners)
        async with trio.open_nursery() as nursery:
            await nursery.start(
                partial(
                    serve_rtmp,
                    listeners,
                    gate=self._gate,
                    limits=limits_from(config),
                    stats=self._stats,
                    stop=stop,
                    drain_s=drain_s,
                    secure=secure,
                    proxies=TrustedProxies(config.trusted_proxies),
                )
            )
            task_status.started(self._lines(secure))

    async def _open_secure(self) -> SecureListeners | None:
        config = self._config
        if config.rtmps_port is None or self._certificate is None:
            await trio.lowlevel.checkpoint()
            return None
        listeners = await open_listeners(config.host, config.rtmps_port, setting="WEIR_RTMPS_PORT")
        return SecureListeners(listeners, self._certificate.context)

    def _lines(self, secure: SecureListeners | None) -> list[str]:
        host, public = reachable_host(self._config.host), self._config.public_rtmp_url
        lines = [f"  Publish to    {public or f'rtmp://{host}:{self.port}'}/{RTMP_APP}"]
        if secure is not None:
            name = (public and urlsplit(public).hostname) or host
            lines.append(f"  with TLS      rtmps://{name}:{bound_port(secure.listeners)}/{RTMP_APP}")
        return lines

    async def probe(self) -> None:
        """Check that the receive path answers; raises when it does not."""
        if self._full:
            # We would be refused as well, and are at work: to be restarted for it would end every stream.
            await trio.lowlevel.checkpoint()
            return
        await check_rtmp(reachable_host(self._config.host), self.port)

    @property
    def _full(self) -> bool:
        stats, config = self._stats, self._config
        return (
            stats.unauthenticated >= config.rtmp_max_unauthenticated
            or stats.connections >= config.rtmp_max_connections
        )

    def samples(self) -> Iterable[Sample]:
        """Counters for /metrics."""
        stats = self._stats
        yield "weir_rtmp_connections", "Open RTMP connections", stats.connections
        yield "weir_rtmp_unauthenticated", "Of these, without an accepted publish", stats.unauthenticated
        yield "weir_rtmp_buffered_bytes", "Held of RTMP messages that are not whole", stats.buffered_bytes
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
        yield "weir_rtmp_too_fast_total", "Publishers ended for their bitrate", stats.too_fast_total
        yield (
            "weir_rtmp_undecodable_total",
            "RTMP messages and tags that were dropped",
            stats.undecodable_total,
        )
        if self._certificate is not None:
            yield (
                "weir_tls_certificate_expires_timestamp_seconds",
                "When the certificate for TLS expires",
                self._certificate.current.expires_at.timestamp(),
            )


def limits_from(config: Config) -> RtmpLimits:
    """The limits that the configuration sets, and the defaults of the rest."""
    return RtmpLimits(
        publish_s=config.rtmp_handshake_s,
        idle_s=config.rtmp_idle_s,
        stall_s=config.rtmp_stall_s,
        tick_publishers=config.rtmp_tick_publishers,
        max_connections=config.rtmp_max_connections,
        max_per_address=config.rtmp_max_per_address,
        max_unauthenticated=config.rtmp_max_unauthenticated,
        max_message_bytes=config.rtmp_max_message_bytes,
        max_chunk_streams=config.rtmp_max_chunk_streams,
        max_bitrate_bps=config.rtmp_max_bitrate_bps,
    )
