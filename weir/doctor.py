"""`weir doctor`, without its output: every check there is, in the order they are shown."""

import datetime as dt
from pathlib import Path

from common.config import Config
from weir.doctor_database import examine_database
from weir.doctor_host import (
    check_clock,
    check_codecs,
    check_data_dir,
    check_descriptors,
    check_disk,
    check_front_end,
    check_python,
)
from weir.doctor_network import check_port, check_public_urls, server_pid
from weir.doctor_redis import examine_redis
from weir.doctor_tls import check_certificate
from weir.findings import Finding

_STATIC = Path(__file__).parent.parent / "webapp" / "static"


async def examine(config: Config) -> list[Finding]:
    """Run every check. Changes nothing, but starts an embedded database that exists and does not run, for a moment."""
    database = await examine_database(config)
    now = dt.datetime.now(dt.UTC)
    return [
        check_python(),
        check_codecs(),
        check_front_end(_STATIC),
        check_data_dir(config.data_path),
        check_disk(config.data_path),
        *database.findings,
        *await examine_redis(config.redis_url),
        check_clock(now, database.skew_s),
        *_ports(config),
        *_certificate(config, now),
        *check_public_urls(config.host, _public_urls(config)),
        check_descriptors(
            config.hls_max_connections + config.rtmp_max_connections + config.chat_max_connections
        ),
    ]


def _ports(config: Config) -> list[Finding]:
    holder = server_pid(config.data_path)
    ports = {
        "rtmp": config.rtmp_port,
        "rtmps": config.rtmps_port,
        "web": config.web_port,
        "hls": config.hls_port,
        "chat": config.chat_port,
        "irc": config.irc_port,
        "ircs": config.ircs_port,
    }
    return [
        check_port(name, f"WEIR_{name.upper()}_PORT", config.host, port, holder)
        for name, port in ports.items()
        if port is not None
    ]


def _certificate(config: Config, now: dt.datetime) -> list[Finding]:
    if config.rtmps_port is None and config.ircs_port is None:
        return []
    public_rtmp_url = None if config.rtmps_port is None else config.public_rtmp_url
    return [check_certificate(config.tls_cert, config.tls_key, public_rtmp_url, now)]


def _public_urls(config: Config) -> dict[str, str | None]:
    return {"web": config.public_web_url, "hls": config.public_hls_url, "rtmp": config.public_rtmp_url}
