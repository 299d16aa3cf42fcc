"""Pictures as pages get them: where they are, and the ones asked for lately, in memory."""

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from http import HTTPStatus

import trio
from quart import Response, current_app, request
from quart_trio import QuartTrio

from common.db import Executor
from common.queries.assets import Asset, select_asset
from webapp.badge_pictures import shipped_assets
from webapp.problems import ApiProblemError
from webapp.public_urls import PublicUrl
from webapp.static_files import IMMUTABLE

MEMORY_BYTES = 32 * 1024 * 1024
TRUST_S = 60.0
"""How long a picture is served from memory without asking whether it is still there: it may have been taken down."""

_NAME = re.compile(r"([0-9a-f]{64})\.(?:webp|png|jpg)")
_WEB_URL = "WEIR_WEB_URL"


def asset_url(name: str) -> str:
    """Give the whole address of an asset, as whoever asks now calls this site. Within a request only."""
    return site_url(f"/assets/{name}")


def site_url(path: str) -> str:
    """Give the whole address of a path of this site, as whoever asks now calls it. Within a request only."""
    web: PublicUrl = current_app.config[_WEB_URL]
    return f"{web.for_host(request.host)}{path}"


def asset_url_or_empty(name: str | None) -> str:
    """As `asset_url`; '' where there is none, as Helix has it."""
    return "" if name is None else asset_url(name)


@dataclass(slots=True)
class AssetCache:
    """Pictures asked for lately: at most so many bytes, those longest unasked-for go first. Pure."""

    max_bytes: int = MEMORY_BYTES
    trust_s: float = TRUST_S
    size_bytes: int = 0
    _kept: OrderedDict[str, tuple[float, Asset]] = field(default_factory=OrderedDict)

    def get(self, name: str, now: float) -> Asset | None:
        """Give a picture, unless it is not here or was put here too long ago."""
        found = self._kept.get(name)
        if found is None:
            return None
        until, asset = found
        if until <= now:
            self._drop(name)
            return None
        self._kept.move_to_end(name)
        return asset

    def put(self, name: str, asset: Asset, now: float) -> None:
        """Keep a picture."""
        if name in self._kept:
            self._drop(name)
        self._kept[name] = (now + self.trust_s, asset)
        self.size_bytes += len(asset.data)
        while self.size_bytes > self.max_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, name: str) -> None:
        _, asset = self._kept.pop(name)
        self.size_bytes -= len(asset.data)


class AssetShelf:
    """Pictures from the database, through memory; asked for by many at once, one is fetched once."""

    def __init__(self, db: Executor, cache: AssetCache | None = None) -> None:
        self._db = db
        self._shipped = shipped_assets()
        self._cache = cache or AssetCache()
        self._coming: dict[str, trio.Event] = {}

    async def find(self, name: str) -> Asset | None:
        """Give a picture; `None` when there is none. Cancelling is safe. Raises `DatabaseError`."""
        await trio.lowlevel.checkpoint()
        if (shipped := self._shipped.get(name)) is not None:
            return shipped
        while (found := self._cache.get(name, trio.current_time())) is None:
            coming = self._coming.get(name)
            if coming is None:
                return await self._fetch(name)
            await coming.wait()  # and look again: who fetched it may have been cancelled
        return found

    async def _fetch(self, name: str) -> Asset | None:
        self._coming[name] = trio.Event()
        try:
            found = await select_asset(self._db, name)
            if found is not None:
                self._cache.put(name, found, trio.current_time())
            return found
        finally:
            self._coming.pop(name).set()


def add_assets(app: QuartTrio, db: Executor, web_url: PublicUrl) -> None:
    """Serve `/assets/NAME`, and have `asset_url` work."""
    app.config[_WEB_URL] = web_url
    shelf = AssetShelf(db)

    @app.get("/assets/<name>")
    async def asset(name: str) -> Response:
        await trio.lowlevel.checkpoint()
        match = _NAME.fullmatch(name)
        found = await shelf.find(name) if match else None
        if match is None or found is None:
            raise ApiProblemError(404, "There is no such picture.")
        return _answer(found, etag=match[1])


def _answer(asset: Asset, etag: str) -> Response:
    response = Response(asset.data, content_type=asset.content_type)
    response.set_etag(etag)
    response.headers["Cache-Control"] = IMMUTABLE
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # public, as the streams are
    response.headers["Access-Control-Allow-Origin"] = "*"
    if request.if_none_match.contains_weak(etag):
        response.status_code = HTTPStatus.NOT_MODIFIED
        response.set_data(b"")
        response.headers.pop("Content-Length", None)  # it would say how long the picture is (RFC 9110 8.6)
    return response
