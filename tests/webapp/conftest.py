"""Fixtures of the web role's tests: a directory in memory, a tiny front end, the application."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from quart_trio import QuartTrio

from webapp.app import create_app
from webapp.directory import ChannelInfo, DirectoryUnavailableError, LiveStream
from webapp.public_urls import PublicUrl, PublicUrls
from webapp.static_files import load_front_end


@dataclass
class MemoryDirectory:
    """A `LiveDirectory` that remembers what it was asked."""

    channels: dict[str, ChannelInfo] = field(default_factory=dict)
    away: bool = False
    broken: bool = False
    asked: list[tuple[tuple[str, ...], int]] = field(default_factory=list)

    def add(self, login: str, *, live: bool = True, title: str = "", started: datetime | None = None) -> None:
        user_id = str(1000 + len(self.channels))
        stream = LiveStream(
            id=f"0192-{login}",
            user_id=user_id,
            user_login=login,
            user_name=login.capitalize(),
            title=title,
            started_at=started or datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC),
        )
        self.channels[login] = ChannelInfo(
            user_id, login, login.capitalize(), title, stream if live else None
        )

    async def live_streams(self, *, logins: Sequence[str], limit: int) -> Sequence[LiveStream]:
        self._check()
        self.asked.append((tuple(logins), limit))
        streams = [channel.live for channel in self.channels.values() if channel.live]
        return [stream for stream in streams if not logins or stream.user_login in logins][:limit]

    async def channel(self, login: str) -> ChannelInfo | None:
        self._check()
        return self.channels.get(login)

    def _check(self) -> None:
        if self.away:
            raise DirectoryUnavailableError("The database is away; try again in a moment.")
        if self.broken:
            raise ZeroDivisionError


def local_urls(*, hls: str | None = None) -> PublicUrls:
    return PublicUrls(
        web=PublicUrl(None, "http", 8080),
        hls=PublicUrl(hls, "http", 8081),
        rtmp=PublicUrl(None, "rtmp", 1935),
    )


@pytest.fixture
def directory() -> MemoryDirectory:
    return MemoryDirectory()


@pytest.fixture
def static_dir(tmp_path: Path) -> Path:
    """What a build leaves behind, in small."""
    (tmp_path / "assets").mkdir()
    (tmp_path / ".vite").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>weir</title>" + "<p></p>" * 100)
    (tmp_path / "assets" / "index-abc123.js").write_text("let a = 1;" * 200)
    (tmp_path / "assets" / "tiny-abc123.js").write_text("1")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / ".vite" / "manifest.json").write_text("{}")
    (tmp_path / ".built").touch()
    return tmp_path


@pytest.fixture
def app_factory(directory: MemoryDirectory, static_dir: Path) -> Callable[..., QuartTrio]:
    def build(*, hls: str | None = None, **arguments: object) -> QuartTrio:
        return create_app(
            directory=directory,
            urls=local_urls(hls=hls),
            front_end=load_front_end(static_dir),
            metrics=lambda: b"weir_up 1\n",
            version="1.2.3",
            **arguments,  # type: ignore[arg-type]  # keyword arguments of create_app
        )

    return build


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio]) -> QuartTrio:
    return app_factory()
