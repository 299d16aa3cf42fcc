"""The site that `bench.api` asks, and what visitors of it ask for."""

import random
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import trio

from bench.api_load import Ask
from common.auth import SESSION_COOKIE, new_session_secret
from common.config import Config
from common.credentials import new_stream_key
from common.db import Database
from common.queries import sessions, stream_keys, streams
from weir.database import open_ready_for
from weir.seed import category_ids, write_seed
from weir.seed_plan import SeedPlan, SeedSize

VISITORS = 300
"""People who are logged in, and ask for what they follow."""

KEYS = 200
COMMON_WORDS = ["boss", "chess", "piano", "game", "retro", "fox"]

# In hundredths, of requests that are no search.
DIRECTORY, FURTHER, BY_CATEGORY, CHANNEL, FOLLOWED, CATEGORIES = 30, 10, 10, 25, 15, 10


@dataclass(frozen=True, slots=True)
class Site:
    """What is known of a seeded site, to ask for it."""

    users: int
    channels: list[str]
    """Logins of those who stream."""
    categories: list[int]
    cookies: list[str]
    """Of people who are logged in."""
    key_hashes: list[bytes]


async def prepare(data_dir: Path, size: SeedSize) -> Site:
    """Seed a data directory whose database is empty, and let people log in. Nobody else may serve it meanwhile."""
    async with open_ready_for(Config(data_dir=str(data_dir))) as db:
        if not await db.fetchval("select exists (select from users)"):
            known = await category_ids(db)
            plan = SeedPlan(size, seed=1, now=datetime.now(UTC), categories=len(known))
            await write_seed(db, plan, password_hash=None, force=False, progress=lambda *_: None)
        streaming = await db.fetch(
            "select id, login from channels join users using (id) where title <> '' order by id"
        )
        visitors = await db.fetch("select id from users order by id desc limit $1", VISITORS)
        return Site(
            users=await db.fetchval("select count(*) from users"),
            channels=[row["login"] for row in streaming],
            categories=await category_ids(db),
            cookies=[await _log_in(db, row["id"]) for row in visitors],
            key_hashes=[await _make_key(db, row["id"]) for row in streaming[:KEYS]],
        )


async def _log_in(db: Database, user_id: int) -> str:
    secret = new_session_secret()
    await sessions.insert_session(
        db,
        user_id=user_id,
        token_hash=secret.sha256,
        address="",
        user_agent="bench",
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )
    return f"{SESSION_COOKIE}={secret.text}"


async def _make_key(db: Database, channel_id: int) -> bytes:
    key = new_stream_key()
    await stream_keys.insert_key(
        db, channel_id=channel_id, label="bench", key_hash=key.sha256, last4=key.last4
    )
    return key.sha256


class Visitors:
    """Asks as visitors do: mostly the directory, a channel, what one follows; who turns a page has read the one before."""

    def __init__(self, site: Site, *, search_share: float) -> None:
        self.site = site
        """What there is to ask for."""
        self._search_share = search_share
        self._pick = random.Random(1)
        self._cursor = ""

    def ask(self) -> Ask:
        """Give the next request."""
        if self._pick.random() < self._search_share:
            return self._search()
        kinds = [self._directory, self._further, self._of_category, self._channel, self._followed, self._top]
        weights = [DIRECTORY, FURTHER, BY_CATEGORY, CHANNEL, FOLLOWED, CATEGORIES]
        return self._pick.choices(kinds, weights)[0]()

    def heard(self, name: str, body: object) -> None:
        """Remember where the directory goes on."""
        match name, body:
            case "directory", {"pagination": {"cursor": str(cursor)}}:
                self._cursor = cursor

    def _directory(self) -> Ask:
        return Ask("directory", "/api/streams")

    def _further(self) -> Ask:
        return (
            Ask("directory, next page", f"/api/streams?after={self._cursor}")
            if self._cursor
            else self._directory()
        )

    def _of_category(self) -> Ask:
        return Ask(
            "directory of a category", f"/api/streams?game_id={self._pick.choice(self.site.categories)}"
        )

    def _channel(self) -> Ask:
        return Ask("channel", f"/api/channels/{self._pick.choice(self.site.channels)}")

    def _followed(self) -> Ask:
        return Ask("follow list", "/api/users/me/follows", self._pick.choice(self.site.cookies))

    def _top(self) -> Ask:
        return Ask("categories", "/api/games/top")

    def _search(self) -> Ask:
        if self._pick.random() < 0.5:
            login = self._pick.choice(self.site.channels)
            return Ask(
                "search, a login as typed",
                f"/api/search/channels?query={login[: self._pick.randrange(3, len(login))]}",
            )
        return Ask(
            "search, a common word", f"/api/search/channels?query={quote(self._pick.choice(COMMON_WORDS))}"
        )


async def claim_keys(db: Database, site: Site, taken_s: list[float], *, per_s: float) -> None:
    """Authorise publishers for ever, one after the other at this rate; note how long the database's verdict took."""
    pick = random.Random(3)
    while True:
        begin = time.perf_counter()
        claimed = await streams.claim_with_key(
            db,
            key_hash=pick.choice(site.key_hashes),
            node="bench",
            session_id=uuid.uuid4(),
            claimed_at=datetime.now(UTC),
        )
        taken_s.append(time.perf_counter() - begin)
        assert claimed is not None
        assert claimed.fence is not None
        await trio.sleep(max(0.0, begin + 1 / per_s - time.perf_counter()))


async def forget(db: Database) -> None:
    """Take back what `prepare` made beside the seed, in a directory that is kept."""
    await db.execute("delete from sessions where user_agent = 'bench'")
    await db.execute("delete from stream_keys where label = 'bench'")
