"""Fixtures of the web role's tests: a tiny front end, a database or none, the application."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import argon2
import pytest
from quart_trio import QuartTrio

from common.auth import Authenticator, new_session_secret
from common.db import Database, DatabaseUnavailableError, Transaction
from common.ids import RANDOM_BITS, uuid7
from common.queries import channels, sessions, streams, users
from common.queries.channels import ChannelUpdate
from webapp.app import create_app
from webapp.public_urls import PublicUrl, PublicUrls
from webapp.static_files import load_front_end


class AbsentDatabase(Database):
    """A database that is away, for tests that need none."""

    def __init__(self) -> None:
        self._feeds = set()

    async def _call(self, method: str, query: str, args: tuple[object, ...]) -> Any:
        raise DatabaseUnavailableError("away")


class FlakyDatabase(AbsentDatabase):
    """A database that is away while a test says so."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db = db
        self.away = False

    async def _call(self, method: LiteralString, query: LiteralString, args: tuple[object, ...]) -> Any:
        if self.away:
            return await super()._call(method, query, args)
        return await self._db._call(method, query, args)

    @contextlib.asynccontextmanager
    async def transaction(self, *, statement_timeout_s: float | None = None) -> AsyncIterator[Transaction]:
        if self.away:
            raise DatabaseUnavailableError("away")
        async with self._db.transaction(statement_timeout_s=statement_timeout_s) as transaction:
            yield transaction


def local_urls(*, hls: str | None = None) -> PublicUrls:
    return PublicUrls(
        web=PublicUrl(None, "http", 8080),
        hls=PublicUrl(hls, "http", 8081),
        rtmp=PublicUrl(None, "rtmp", 1935),
    )


@pytest.fixture
def static_dir(tmp_path: Path) -> Path:
    """What a build leaves behind, in small."""
    (tmp_path / "assets").mkdir()
    (tmp_path / ".vite").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>weir</title>" + "<p></p>" * 100)
    (tmp_path / "watch.html").write_text("<!doctype html><title>watch</title>")
    (tmp_path / "assets" / "index-abc123.js").write_text("let a = 1;" * 200)
    (tmp_path / "assets" / "tiny-abc123.js").write_text("1")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / ".vite" / "manifest.json").write_text("{}")
    (tmp_path / ".built").touch()
    return tmp_path


@pytest.fixture
def app_factory(static_dir: Path) -> Callable[..., QuartTrio]:
    def build(
        *,
        hls: str | None = None,
        database: Database | None = None,
        urls: PublicUrls | None = None,
        **arguments: object,
    ) -> QuartTrio:
        database = database or AbsentDatabase()
        return create_app(
            database=database,
            auth=Authenticator(database),
            urls=urls or local_urls(hls=hls),
            front_end=load_front_end(static_dir),
            metrics=lambda: b"weir_up 1\n",
            version="1.2.3",
            **arguments,  # type: ignore[arg-type]  # keyword arguments of create_app
        )

    return build


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio]) -> QuartTrio:
    return app_factory()


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords in a millisecond: what a hash costs is tested elsewhere."""
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("common.credentials._hasher", cheap)


async def put_channel(
    db: Database, login: str, *, live: bool = True, title: str = "", started: datetime | None = None
) -> int:
    """Make a channel, or change the one there is, and have it be live or not; gives its id."""
    user = await users.select_user_by_login(db, login)
    if user is None:
        user = await users.insert_user_with_channel(db, login=login, display_name=login.capitalize())
    await channels.update_channel(db, user.id, ChannelUpdate(title=title))
    now = datetime.now(UTC)
    on_air = await streams.select_open_stream(db, user.id)
    if on_air and not live:
        await streams.end_stream(db, stream_id=on_air.id, ended_at=now, reason="unpublished")
    if live and not on_air:
        stream_id = uuid7(int(now.timestamp() * 1000), secrets.randbits(RANDOM_BITS))
        await streams.open_stream(
            db,
            stream_id=stream_id,
            channel_id=user.id,
            node="test",
            title=title,
            started_at=started or now,
        )
    return user.id


async def session_of(db: Database, user_id: int) -> str:
    """Log somebody in; gives what the cookie holds."""
    secret = new_session_secret()
    await sessions.insert_session(
        db,
        user_id=user_id,
        token_hash=secret.sha256,
        address="",
        user_agent="",
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )
    return secret.text
