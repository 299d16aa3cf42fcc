"""The web role: pages and API over what the database says."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import trio

from common.auth import Authenticator
from common.background import running
from common.bus import Bus
from common.config import Config
from common.db import Database, DatabaseError
from common.egress import EgressClient
from common.metrics import Metrics
from common.play_keys import PlayKeys
from common.proxies import TrustedProxies
from common.serving import open_listeners
from common.site_settings import CurrentSettings, SiteSettings
from webapp.app import create_app
from webapp.eventsub import EventSub
from webapp.mail import Post, SmtpSettings
from webapp.media_places import MediaPlaces
from webapp.page_viewers import PageViewers
from webapp.play_routes import PlayRoutes
from webapp.public_urls import PublicUrl, PublicUrls
from webapp.server import serve_web
from webapp.static_files import load_front_end
from weir.addresses import bound_port, reachable_host
from weir.chat import ChatRole
from weir.chat_events import ChatEvents
from weir.health import Health, check_database
from weir.media import MediaRole
from weir.outbox import WEBHOOK_LIMITS, notice_parts, outbox_worker
from weir.presence import ViewerCounts, viewer_limits
from weir.retention import (
    ASSETS_EVERY_S,
    keep_clean,
    remove_deleted_emotes,
    remove_old_deliveries,
    remove_old_events,
    remove_old_notices,
    remove_stale_authorizations,
    remove_unused_assets,
)
from weir.rtmp_ingest import RTMP_APP
from weir.shop import make_shop
from weir.test_streams import TestStreams


class WebRole:
    """The control plane of one process."""

    def __init__(
        self,
        config: Config,
        db: Database,
        metrics: Metrics,
        counts: ViewerCounts,
        *,
        remarks: Callable[[], list[str]] = list,
        bus: Bus | None = None,
    ) -> None:
        self.url = ""
        """Where people find it; set once it is bound."""
        self._config = config
        self._db = db
        self._metrics = metrics
        self._remarks = remarks
        self._bus = bus
        self._health = Health({"database": partial(check_database, db)})
        self._viewers = PageViewers(ttl_s=config.viewer_ttl_s, limits=viewer_limits(config))
        counts.add(self._viewers.counts, lambda: self._viewers.refused)
        counts.tell(self._viewers.learn)

    async def serve(
        self,
        media: MediaRole | None,
        chat: ChatRole | None = None,
        *,
        stop: trio.Event,
        drain_s: float,
        task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until `stop`; gives the line that tells people the address. `media`, `chat`: in the same process, if they are."""
        config = self._config
        front_end = await trio.to_thread.run_sync(load_front_end, Path(str(files("webapp") / "static")))
        listeners = await open_listeners(config.host, config.web_port, setting="WEIR_WEB_PORT")
        port = bound_port(listeners)
        if media is not None:
            media.web_port = port
        if chat is not None:
            chat.web_port = port
        self.url = config.public_web_url or f"http://{reachable_host(config.host)}:{port}"
        auth = Authenticator(self._db)
        post = _post(config)
        settings = CurrentSettings(self._db, SiteSettings(registration=config.registration))
        with suppress(DatabaseError):  # it is read when the database is there
            await settings.refresh()
        test_streams = TestStreams(
            self._db,
            partial(_rtmp_url, config, media),
            node=config.node,
            most=config.test_streams,
            duration_s=config.test_stream_s,
        )
        hls = PublicUrl(config.public_hls_url, "http", media.hls_port if media else config.hls_port)
        places, play_keys = MediaPlaces(self._db, hls), PlayKeys(self._db)
        shop, shop_tasks = make_shop(config, self._db)
        webhooks = EgressClient(notice_parts(config).policy, WEBHOOK_LIMITS)
        eventsub = EventSub(self._db, webhooks)
        self._metrics.add_source(eventsub.samples)
        app = create_app(
            database=self._db,
            auth=auth,
            urls=PublicUrls(
                web=PublicUrl(config.public_web_url, "http", port),
                hls=hls,
                rtmp=PublicUrl(
                    config.public_rtmp_url, "rtmp", media.rtmp_port if media else config.rtmp_port
                ),
                chat=PublicUrl(config.public_chat_url, "ws", chat.port if chat else config.chat_port),
            ),
            front_end=front_end,
            metrics=self._metrics.render,
            metrics_token=config.metrics_token,
            health=self._problem,
            proxies=TrustedProxies(config.trusted_proxies),
            version=version("weir"),
            viewers=self._viewers,
            remarks=self._remarks,
            post=post,
            settings=settings,
            test_pictures=test_streams,
            places=places,
            play=PlayRoutes(
                self._db,
                play_keys,
                places,
                ticket_s=config.play_ticket_s,
                cookie_domain=config.play_cookie_domain,
            ),
            shop=shop,
            notices=notice_parts(config),
            eventsub=eventsub,
            bus=self._bus,
        )
        tasks: list[Callable[[], Awaitable[object]]] = [
            auth.keep_fresh,
            partial(keep_clean, "authorizations", partial(remove_stale_authorizations, self._db)),
            partial(keep_clean, "pictures", partial(remove_unused_assets, self._db), every_s=ASSETS_EVERY_S),
            partial(keep_clean, "emotes", partial(remove_deleted_emotes, self._db)),
            partial(keep_clean, "deliveries", partial(remove_old_deliveries, self._db)),
            partial(keep_clean, "notices", lambda: remove_old_notices(self._db, datetime.now(UTC))),
            partial(keep_clean, "events", lambda: remove_old_events(self._db, datetime.now(UTC))),
        ]
        tasks += [places.keep_fresh, play_keys.keep_fresh]
        tasks += [settings.keep_fresh, partial(test_streams.serve, stop)]
        tasks += shop_tasks
        if post is not None:
            tasks.append(post.deliver)
        tasks.append(eventsub.serve)
        if self._bus is not None:
            tasks.append(ChatEvents(self._db, self._bus, eventsub).serve)
        with webhooks, outbox_worker(self._db, config, post, webhooks) as worker:
            self._metrics.add_source(worker.samples)
            async with running(*tasks, worker.serve), trio.open_nursery() as nursery:
                nursery.start_soon(partial(worker.stop_sending, when=stop, within_s=drain_s))
                nursery.start_soon(eventsub.leave, stop)
                await nursery.start(partial(serve_web, app, listeners, stop=stop, drain_s=drain_s))
                task_status.started([f"  Watch         {self.url}/"])

    async def problems(self) -> list[str]:
        """One sentence for each thing that keeps the web from doing its job."""
        return await self._health.problems()

    async def _problem(self) -> str | None:
        return "; ".join(await self.problems()) or None


def _rtmp_url(config: Config, media: MediaRole | None) -> str:
    """Where children of this process publish, without the key."""
    if media is not None:
        return media.loopback_rtmp_url
    address = config.public_rtmp_url or f"rtmp://{reachable_host(config.host)}:{config.rtmp_port}"
    return f"{address.rstrip('/')}/{RTMP_APP}"


def _post(config: Config) -> Post | None:
    if config.smtp_host is None or config.smtp_from is None:
        return None
    return Post(
        SmtpSettings(
            host=config.smtp_host,
            port=config.smtp_port,
            security=config.smtp_security,
            user=config.smtp_user,
            password=config.smtp_password,
            sender=config.smtp_from,
        )
    )
