"""PostgreSQL goes away under load, cut off or frozen: media goes on, the API says so, and all recovers by itself."""

import json
import re
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from common.db import Database
from tests.e2e.backup_site import Site
from tests.e2e.harness import FFMPEG_NEW, WEIR, Encoder, Weir, get, log_in, part_numbers, poll, start_weir
from tests.e2e.postgres_site import OwnPostgres, own_postgres

pytestmark = pytest.mark.real

OUTAGE_S = 10.0
"""Longer than it takes to notice a server that only hangs (5 s between two questions), and the time a question gets (5 s)."""

HANG_S = 10.0
STALL_S = 5.0
"""Parts come every 0.33 s; one that had waited for the database would be late by the length of the outage."""


@dataclass
class Stage:
    """A site with two who stream, and the PostgreSQL under it."""

    postgres: OwnPostgres
    weir: Weir
    site: Site
    keys: dict[str, str]
    cookie: str


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    data = tmp_path_factory.mktemp("outage") / "data"
    with own_postgres() as postgres:
        weir = start_weir(data, WEIR_DATABASE_URL=postgres.url, WEIR_LOG_FORMAT="json")
        try:
            keys = {}
            for login in ("anna", "berta", "carla"):
                added = weir_cli(weir, "user", "add", login, "--password-stdin", stdin="correct horse\n")
                assert f"added user {login}" in added
                keys[login] = weir_cli(weir, "key", "create", login).strip()
            yield Stage(postgres, weir, Site(data, postgres.url), keys, log_in(weir, "anna", "correct horse"))
        finally:
            weir.stop()


def weir_cli(weir: Weir, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        [WEIR, *arguments],
        env=weir.environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@dataclass
class Answer:
    """What a request came to."""

    path: str
    status: int
    seconds: float
    retry_after: str | None
    text: str = ""


def ask(
    weir: Weir, path: str, body: dict[str, object] | None = None, headers: dict[str, str] | None = None
) -> Answer:
    request = urllib.request.Request(
        weir.web + path,
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json"} | (headers or {}),
    )
    began = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, found, text = answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, found, text = error.code, error.headers, error.read().decode()
    return Answer(path, status, time.monotonic() - began, found["Retry-After"], text)


@dataclass
class Load:
    """People who use the API all the time."""

    stage: Stage
    answers: list[Answer] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask one thing after the other until told to stop."""
        number = 0
        me = {"Cookie": self.stage.cookie}
        requests: list[tuple[str, dict[str, object] | None, dict[str, str] | None]] = [
            ("/api/streams", None, None),
            ("/api/users/me", None, me),
            ("/api/channels/anna", None, None),
            ("/api/channels/anna/keys", None, me),
            ("/api/search/channels?query=ann", None, None),
            ("/api/sessions", {"login": "carla", "password": "correct horse"}, None),
            ("/api/users/me", None, {"Cookie": "weir_session=of-nobody"}),
            ("/api/users/me", None, {"Authorization": "Bearer of-nobody"}),
        ]
        while not self._stop.is_set():
            self.answers.append(ask(self.stage.weir, *requests[number % len(requests)]))
            number += 1

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def load(stage: Stage) -> Iterator[list[Answer]]:
    """Three at once, for the block."""
    people = [Load(stage) for _ in range(3)]
    threads = [threading.Thread(target=one.run) for one in people]
    answers: list[Answer] = []
    for one in people:
        one.answers = answers
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        for one in people:
            one.stop()
        for thread in threads:
            thread.join()


class Player(threading.Thread):
    """Reads a live stream as players do, with blocking reloads and every part; notes what went wrong."""

    def __init__(self, weir: Weir, login: str) -> None:
        super().__init__()
        self.errors: list[str] = []
        self.parts: list[float] = []
        """When each part came."""
        self._base = f"{weir.hls}/hls/{login}/"
        self._over = threading.Event()

    def run(self) -> None:
        """Read until told to stop, or until something goes wrong."""
        try:
            self._read()
        except OSError as error:  # of a thread, only what is noted is heard
            self.errors.append(repr(error))

    def _read(self) -> None:
        status, text = get(self._base + "index.m3u8")
        name = next(
            line for line in text.splitlines() if line and not line.startswith("#") and "video" in line
        )
        playlist = self._base + name
        text = get(playlist)[1]
        newest = max(part_numbers(text), default=0)
        while not self._over.is_set():
            msn, part = _next(text)
            status, text = get(f"{playlist}?_HLS_msn={msn}&_HLS_part={part}")
            if status != 200:
                self.errors.append(f"playlist {status}")
                return
            for number in [n for n in part_numbers(text) if n > newest]:
                newest = number
                with urllib.request.urlopen(
                    f"{playlist.rpartition('/')[0]}/p{number}.m4s", timeout=15
                ) as answer:
                    answer.read()
                self.parts.append(time.monotonic())

    def stop(self) -> None:
        self._over.set()
        self.join()


@contextmanager
def playing(weir: Weir, login: str) -> Iterator[Player]:
    """Read the stream for the block, in which parts come."""
    player = Player(weir, login)
    player.start()
    try:
        poll("parts come", lambda: len(player.parts) > 3, 15)
        yield player
    finally:
        player.stop()


def _next(playlist: str) -> tuple[int, int]:
    """Sequence number and part that come next: that of the segment which has parts, but no file yet."""
    first = re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", playlist)
    assert first is not None
    whole = re.findall(r"^s\d+\.m4s$", playlist, re.MULTILINE)
    gaps = playlist.count("#EXT-X-SKIP")
    assert gaps == 0
    open_parts = part_numbers(re.split(r"^s\d+\.m4s$", playlist, flags=re.MULTILINE)[-1])
    return int(first[1]) + len(whole), len(open_parts)


def unknown_publisher(weir: Weir, key: str, clip: Path) -> tuple[int, str]:
    """Publish with a key that this server has not seen yet; exit code and what ffmpeg said."""
    command = [
        FFMPEG_NEW,
        "-v",
        "info",
        "-re",
        "-i",
        str(clip),
        "-c",
        "copy",
        "-f",
        "flv",
        f"{weir.rtmp}/{key}",
    ]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("kind", ["stopped", "frozen"])
def test_an_outage_stops_no_stream_and_leaves_no_trace(
    kind: str, stage: Stage, clip: Path, publish: Callable[..., Encoder]
) -> None:
    weir = stage.weir
    anna = publish(f"{weir.rtmp}/{stage.keys['anna']}")
    berta = publish(f"{weir.rtmp}/{stage.keys['berta']}")  # so that her key is known
    for login in ("anna", "berta"):
        poll(f"{login} is live", lambda login=login: playable(weir, login), 30)  # type: ignore[misc]
    berta.quit()
    poll("berta is off", lambda: not playable(weir, "berta"), 15)
    poll("that is written down", lambda: listed(weir) == {"anna"}, 30)  # with its event, before the outage
    began = stage.site.asked(lambda db: db.fetchval("select clock_timestamp()"))
    outage: AbstractContextManager[None] = getattr(stage.postgres, kind)()
    with playing(weir, "anna") as player, load(stage) as answers:
        with outage:
            start = time.monotonic()
            calm = len(answers)
            poll("the API says so", lambda: ask(weir, "/api/channels/anna").status == 503, 30)
            assert ask(weir, "/healthz").status == 503
            assert get(f"{weir.hls}/healthz")[0] == 200, "it can do its job: it receives"
            again = publish(f"{weir.rtmp}/{stage.keys['berta']}")
            status, said = unknown_publisher(weir, stage.keys["carla"], clip)
            assert status != 0
            assert "Server error" not in said, "no Denied: OBS would stop for good"
            poll("berta is live again, from what is known", lambda: playable(weir, "berta"), 20)
            poll("it lasts", lambda: time.monotonic() - start > OUTAGE_S, OUTAGE_S + 5)
            assert not player.errors
            assert anna.process.poll() is None
        poll("the API is back", lambda: ask(weir, "/api/channels/anna").status == 200, 30)
        poll("so is health", lambda: ask(weir, "/healthz").status == 200, 30)
        poll("both are listed", lambda: listed(weir) == {"anna", "berta"}, 30)
    check_answers(answers[calm:])
    assert not player.errors
    gaps = [later - earlier for earlier, later in zip(player.parts, player.parts[1:], strict=False)]
    assert max(gaps) < STALL_S
    assert anna.process.poll() is None
    assert again.process.poll() is None
    check_rows(stage, began)
    for encoder in (anna, again):
        encoder.quit()
    poll("both are off", lambda: listed(weir) == set(), 20)


def playable(weir: Weir, login: str) -> bool:
    return get(f"{weir.hls}/hls/{login}/index.m3u8")[0] == 200


def listed(weir: Weir) -> set[str]:
    return {stream["user_login"] for stream in json.loads(ask(weir, "/api/streams").text)["data"]}


def check_answers(answers: list[Answer]) -> None:
    """An API that is honest: what needs the database is 503 with a time to come back, in time, and nothing crashes."""
    refused = [answer for answer in answers if answer.status == 503]
    assert refused
    assert all(answer.retry_after for answer in refused)
    odd = [answer for answer in answers if answer.status not in {200, 201, 401, 503}]
    assert not odd, odd
    slow = [answer for answer in answers if answer.seconds > HANG_S]
    assert not slow, slow


def check_rows(stage: Stage, began: object) -> None:
    """One broadcast each, no more, all that happened meanwhile written down, and whoever is live has a claim."""

    async def look(db: Database) -> None:
        rows = await db.fetch(
            """
            select login, streams.id, streams.started_at > $1 as new,
                   (select count(*) from stream_sessions where stream_id = streams.id) as sessions,
                   (select session_id from channel_claims where channel_id = streams.channel_id)
                       in (select id from stream_sessions where stream_id = streams.id and ended_at is null) as claimed
            from streams join users on users.id = channel_id where ended_at is null order by login
            """,
            began,
        )
        assert [(row["login"], row["new"], row["sessions"]) for row in rows] == [
            ("anna", False, 1),
            ("berta", True, 1),
        ]
        assert all(row["claimed"] for row in rows)
        assert await db.fetchval("select count(*) from streams where end_reason = 'superseded'") == 0
        events = await db.fetch(
            """
            select login, type from outbox join users on users.id = channel_id
            where outbox.created_at > $1 and type like 'stream.%' order by outbox.id
            """,
            began,
        )
        assert [(row["login"], row["type"]) for row in events] == [("berta", "stream.online")]

    def settled() -> bool:
        try:
            stage.site.asked(look)
        except AssertionError as error:
            unsettled[:] = [str(error)]
            return False
        return True

    unsettled: list[str] = []
    try:
        poll("all is written down", settled, 20)
    except AssertionError as error:
        raise AssertionError(f"{error}: {unsettled}") from None
