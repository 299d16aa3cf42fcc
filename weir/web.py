"""The web role: pages and API over what the database says."""

from functools import partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import trio

from common.config import Config
from common.db import Database
from common.metrics import Metrics
from common.proxies import TrustedProxies
from common.serving import open_listeners
from webapp.app import create_app
from webapp.public_urls import PublicUrl, PublicUrls
from webapp.server import serve_web
from webapp.static_files import load_front_end
from weir.addresses import bound_port, reachable_host
from weir.health import Health, check_database
from weir.media import MediaRole
from weir.web_directory import DatabaseDirectory


class WebRole:
    """The control plane of one process."""

    def __init__(self, config: Config, db: Database, metrics: Metrics) -> None:
        self.url = ""
        """Where people find it; set once it is bound."""
        self._config = config
        self._db = db
        self._metrics = metrics
        self._health = Health({"database": partial(check_database, db)})

    async def serve(
        self,
        media: MediaRole | None,
        *,
        stop: trio.Event,
        drain_s: float,
        task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until `stop`; gives the line that tells people the address. `media`: in the same process, if it is."""
        config = self._config
        front_end = await trio.to_thread.run_sync(load_front_end, Path(str(files("webapp") / "static")))
        listeners = await open_listeners(config.host, config.web_port, setting="WEIR_WEB_PORT")
        port = bound_port(listeners)
        self.url = config.public_web_url or f"http://{reachable_host(config.host)}:{port}"
        app = create_app(
            directory=DatabaseDirectory(self._db),
            urls=PublicUrls(
                web=PublicUrl(config.public_web_url, "http", port),
                hls=PublicUrl(config.public_hls_url, "http", media.hls_port if media else config.hls_port),
                rtmp=PublicUrl(
                    config.public_rtmp_url, "rtmp", media.rtmp_port if media else config.rtmp_port
                ),
            ),
            front_end=front_end,
            metrics=self._metrics.render,
            metrics_token=config.metrics_token,
            health=self._problem,
            proxies=TrustedProxies(config.trusted_proxies),
            version=version("weir"),
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(serve_web, app, listeners, stop=stop, drain_s=drain_s))
            task_status.started([f"  Watch         {self.url}/"])

    async def _problem(self) -> str | None:
        return "; ".join(await self._health.problems()) or None
