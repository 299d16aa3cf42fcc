"""Two web and two media processes on one PostgreSQL and one Valkey are one site: who owns what at the seams, line by line.

Each test holds one line of the contract between the roles; what a line says stands in its test's name. In one process all of
this would be true by accident: nothing here may go by way of a process's own memory.
"""

import io
import re
import subprocess
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from common.db import Database, latest_version
from common.queries import streams, users
from tests.e2e.backup_site import Site
from tests.e2e.harness import WEIR, Encoder, Weir, poll, start_encoder, start_weir
from tests.e2e.postgres_site import OwnPostgres, own_postgres
from tests.valkey_site import Valkey, free_port, running_valkey

pytestmark = pytest.mark.real

PASSWORD = "correct horse"
AT_ONCE_S = 1.0
"""How soon media acts on a control change, by the contract."""
PATIENCE_S = 15.0
TTL_S = 9
"""Of viewer counts: a fifth of what is usual."""


def told(answer: httpx.Response) -> dict[str, Any]:
    """What an answer tells: its only item, or its first."""
    found: dict[str, Any] = answer.json()["data"][0]
    return found


@dataclass
class Person:
    """Somebody with an account, and a browser that is logged in at one web node and takes its cookies everywhere."""

    login: str
    browser: httpx.Client

    def ask(self, method: str, url: str, body: object = None, **headers: str) -> httpx.Response:
        """Ask any of the nodes."""
        return self.browser.request(method, url, json=body, headers=headers)

    def key(self, web: Weir) -> tuple[str, str]:
        """Make a stream key; its id, and itself."""
        made = self.ask("POST", f"{web.web}/api/channels/{self.login}/keys", {"label": "test"})
        assert made.status_code == 201, made.text
        found = told(made)
        return found["id"], found["stream_key"]


@dataclass
class Nodes:
    """The site."""

    postgres: OwnPostgres
    valkey: Valkey
    web: list[Weir]
    media: list[Weir]
    site: Site
    clip: Path
    late: Future[tuple[int, str]]
    """What becomes of a role whose database is never migrated."""
    _stack: ExitStack = field(default_factory=ExitStack)

    def person(self, at: int = 0) -> Person:
        """Sign up at one of the web nodes."""
        login = f"p{uuid.uuid4().hex[:12]}"
        browser = self._stack.enter_context(httpx.Client(timeout=20))
        made = browser.post(f"{self.web[at].web}/api/users", json={"login": login, "password": PASSWORD})
        assert made.status_code == 201, made.text
        return Person(login, browser)

    @contextmanager
    def live(self, person: Person, at: int) -> Iterator[Encoder]:
        """Have somebody publish to one of the media nodes, and be live for the block."""
        _, key = person.key(self.web[0])
        encoder = start_encoder(f"{self.media[at].rtmp}/{key}", self.clip)
        try:
            channel = f"{self.web[0].web}/api/channels/{person.login}"
            poll("live", lambda: told(httpx.get(channel, timeout=20))["is_live"], PATIENCE_S)
            poll("to be played", lambda: fetch(self.media[at], person.login).status_code != 404, PATIENCE_S)
            yield encoder
        finally:
            encoder.kill()

    def asked(self, statement: str, *arguments: object) -> Any:
        """What the database says."""
        return self.site.asked(lambda db: db.fetchval(statement, *arguments))

    def close(self) -> None:
        self._stack.close()


def fetch(media: Weir, login: str, **headers: str) -> httpx.Response:
    """Ask a media node for a channel, and follow nobody."""
    return httpx.get(f"{media.hls}/hls/{login}/index.m3u8", headers=headers, timeout=20)


def stream_of(web: Weir, login: str) -> dict[str, Any]:
    """The channel's entry in the list of what is live, {} without one."""
    data = httpx.get(f"{web.web}/api/streams", params={"user_login": login}, timeout=20).json()["data"]
    found: dict[str, Any] = data[0] if data else {}
    return found


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[Nodes]:
    path = tmp_path_factory.mktemp("contract")
    web_ports = free_port(), free_port()
    with (
        own_postgres() as postgres,
        running_valkey() as valkey,
        ThreadPoolExecutor(6) as pool,
        ExitStack() as stack,
    ):
        site = Site(path / "shell", postgres.url)
        site.asked(lambda db: db.execute("create database empty"))
        shared = {
            "WEIR_REDIS_URL": valkey.url,
            "WEIR_PUBLIC_WEB_URL": f"http://127.0.0.1:{web_ports[0]}",
            "WEIR_VIEWER_TTL_S": str(TTL_S),
            "WEIR_RECONNECT_GRACE_S": "2",
        }
        empty = postgres.url.replace("/postgres?", "/empty?")
        late = pool.submit(never_migrated, Site(path / "late", empty), valkey.url)
        site.done("migrate")
        shared["WEIR_DATABASE_URL"] = postgres.url
        starting = [
            pool.submit(
                start_weir,
                path / f"{role}-{number}",
                f"serve {role}",
                WEIR_NODE=f"{role}-{number}",
                **shared,
                **own,
            )
            for number in (0, 1)
            for role, own in (
                ("media", {}),
                ("web", {"WEIR_WEB_PORT": str(web_ports[number])} | proxied(trusted=number == 0)),
            )
        ]
        started = [one.result() for one in starting]
        for weir in started:
            stack.callback(weir.stop)
        for web, port in zip(started[1::2], web_ports, strict=True):
            web.lines.insert(
                0, f"http://127.0.0.1:{port}/"
            )  # it prints the address of the site, which is the first's
        made = Nodes(postgres, valkey, started[1::2], started[0::2], site, clip, late)
        stack.callback(made.close)
        yield made


def never_migrated(site: Site, redis_url: str) -> tuple[int, str]:
    """Start a role on an empty database; exit code and what it said."""
    environment = site.environment | {"WEIR_REDIS_URL": redis_url, "WEIR_WEB_PORT": "0"}
    done = subprocess.run(
        [WEIR, "serve", "web"], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stderr


def proxied(*, trusted: bool) -> dict[str, str]:
    return {"WEIR_TRUSTED_PROXIES": "127.0.0.1"} if trusted else {}


# Truth is PostgreSQL ---------------------------------------------------------------------------------------------------------


def test_losing_redis_loses_no_account_setting_or_broadcast(nodes: Nodes) -> None:
    anna = nodes.person()
    with nodes.live(anna, at=0) as encoder:
        nodes.valkey.stop()
        try:
            for web in nodes.web:
                assert anna.ask("GET", f"{web.web}/api/users/me").status_code == 200
                assert stream_of(web, anna.login)
            assert anna.ask(
                "PATCH", f"{nodes.web[0].web}/api/channels/{anna.login}", {"title": "Still here"}
            ).is_success
            assert stream_of(nodes.web[1], anna.login)["title"] == "Still here"
            assert fetch(nodes.media[0], anna.login).status_code == 200
            assert nodes.person(at=1).login
            assert encoder.process.poll() is None
        finally:
            nodes.valkey.start()


# Control changes -------------------------------------------------------------------------------------------------------------


def test_a_key_revoked_on_one_web_node_ends_the_publisher_on_a_media_node_within_a_second(
    nodes: Nodes,
) -> None:
    anna = nodes.person()
    key_id, key = anna.key(nodes.web[0])
    encoder = start_encoder(f"{nodes.media[1].rtmp}/{key}", nodes.clip)
    try:
        poll("live", lambda: stream_of(nodes.web[1], anna.login), PATIENCE_S)
        revoked = anna.ask("DELETE", f"{nodes.web[0].web}/api/channels/{anna.login}/keys/{key_id}")
        assert revoked.is_success, revoked.text
        poll("the encoder has left", lambda: encoder.process.poll() is not None, PATIENCE_S)
    finally:
        encoder.kill()
    poll("off", lambda: not stream_of(nodes.web[1], anna.login), PATIENCE_S)
    took = nodes.asked(
        """
        select extract(epoch from ended_at - revoked_at)::float from streams
        join stream_keys on stream_keys.channel_id = streams.channel_id where stream_keys.id = $1
        """,
        int(key_id),
    )
    assert took < AT_ONCE_S


def test_a_session_that_ends_on_one_web_node_has_ended_on_the_other(nodes: Nodes) -> None:
    anna = nodes.person()
    there = f"{nodes.web[1].web}/api/users/me"
    assert anna.ask("GET", there).status_code == 200
    cookie = anna.browser.cookies["weir_session"]
    assert anna.ask("DELETE", f"{nodes.web[0].web}/api/sessions/current").is_success
    poll(
        "refused there",
        lambda: httpx.get(there, headers={"Cookie": f"weir_session={cookie}"}, timeout=20).status_code == 401,
        PATIENCE_S,
    )


def test_a_token_revoked_in_the_shell_is_refused_by_every_web_node(nodes: Nodes) -> None:
    anna = nodes.person()
    token = nodes.site.done("token", "create", anna.login, "--scope", "user:read:email").strip()
    urls = [f"{web.web}/api/tokens/current" for web in nodes.web]
    proof = {"Authorization": f"Bearer {token}"}
    found = [httpx.get(url, headers=proof, timeout=20) for url in urls]
    assert [one.status_code for one in found] == [200, 200]
    token_id = told(anna.ask("GET", f"{nodes.web[0].web}/api/tokens"))["id"]
    nodes.site.done("token", "revoke", anna.login, token_id)
    poll(
        "refused by both",
        lambda: {httpx.get(url, headers=proof, timeout=20).status_code for url in urls} == {401},
        PATIENCE_S,
    )


def test_a_role_given_on_one_web_node_holds_on_the_other_and_ends_there_too(nodes: Nodes) -> None:
    anna, berta = nodes.person(0), nodes.person(1)
    channel = f"{nodes.web[1].web}/api/channels/{anna.login}"
    role = f"{nodes.web[0].web}/api/channels/{anna.login}/editors/{berta.login}"
    assert berta.ask("PATCH", channel, {"title": "By Berta"}).status_code == 403
    assert anna.ask("PUT", role).is_success
    poll("she edits", lambda: berta.ask("PATCH", channel, {"title": "By Berta"}).is_success, PATIENCE_S)
    assert told(httpx.get(f"{nodes.web[0].web}/api/channels/{anna.login}", timeout=20))["title"] == "By Berta"
    assert anna.ask("DELETE", role).is_success
    poll("not any more", lambda: berta.ask("PATCH", channel, {"title": "x"}).status_code == 403, PATIENCE_S)


def test_an_account_suspended_in_the_shell_goes_off_the_air_on_its_media_node(nodes: Nodes) -> None:
    anna = nodes.person()
    with nodes.live(anna, at=1) as encoder:
        nodes.site.done("user", "suspend", anna.login, "--reason", "A test.")
        poll("the encoder has left", lambda: encoder.process.poll() is not None, PATIENCE_S)
        poll("off", lambda: not stream_of(nodes.web[0], anna.login), PATIENCE_S)
    poll(
        "out of both web nodes",
        lambda: all(anna.ask("GET", f"{web.web}/api/users/me").status_code != 200 for web in nodes.web),
        PATIENCE_S,
    )


def test_a_title_changed_while_live_is_on_every_node(nodes: Nodes) -> None:
    anna = nodes.person()
    with nodes.live(anna, at=0):
        changed = anna.ask("PATCH", f"{nodes.web[1].web}/api/channels/{anna.login}", {"title": "Now this"})
        assert changed.is_success, changed.text
        assert [stream_of(web, anna.login)["title"] for web in nodes.web] == ["Now this"] * 2


# Identity --------------------------------------------------------------------------------------------------------------------


def test_one_session_and_one_token_are_the_same_person_everywhere(nodes: Nodes) -> None:
    anna = nodes.person(at=1)
    made = anna.ask("POST", f"{nodes.web[0].web}/api/tokens", {"label": "x", "scopes": ["user:read:email"]})
    assert made.status_code == 201, made.text
    proof = {"Authorization": f"Bearer {told(made)['access_token']}"}
    for web in nodes.web:
        assert told(anna.ask("GET", f"{web.web}/api/users/me"))["login"] == anna.login
        shown = told(httpx.get(f"{web.web}/api/tokens/current", headers=proof, timeout=20))
        assert shown["login"] == anna.login
        assert shown["scopes"] == ["user:read:email"]


def test_no_secret_is_stored_as_it_is(nodes: Nodes) -> None:
    anna = nodes.person()
    _, key = anna.key(nodes.web[0])
    made = anna.ask("POST", f"{nodes.web[0].web}/api/tokens", {"label": "x", "scopes": ["user:read:email"]})
    token = told(made)["access_token"]
    cookie = anna.browser.cookies["weir_session"]

    async def search(db: Database) -> list[str]:
        tables = await db.fetch(
            "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
        found = []
        for table in tables:
            for secret in (PASSWORD, key, token, cookie):
                hit = f'select exists (select from "{table["relname"]}" as t where strpos(t::text, $1) > 0)'
                if await db.fetchval(hit, secret):
                    found.append(f"{table['relname']}: {secret}")
        return found

    assert nodes.site.asked(search) == []


# Cookies and origins ---------------------------------------------------------------------------------------------------------


def test_public_media_is_for_pages_everywhere_and_for_caches_and_without_cookies(nodes: Nodes) -> None:
    anna = nodes.person()
    with nodes.live(anna, at=0):
        answer = fetch(nodes.media[0], anna.login, Origin="https://elsewhere.example")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "private" not in answer.headers["Cache-Control"]


def test_a_ticket_from_a_web_node_opens_media_to_its_viewer_on_the_pages_of_the_site_alone(
    nodes: Nodes,
) -> None:
    anna, berta, carla = nodes.person(0), nodes.person(1), nodes.person(0)
    assert anna.ask(
        "PATCH", f"{nodes.web[0].web}/api/channels/{anna.login}", {"visibility": "followers"}
    ).is_success
    with nodes.live(anna, at=1):
        playlist = f"{nodes.media[1].hls}/hls/{anna.login}/index.m3u8"
        ticket = f"{nodes.web[1].web}/api/channels/{anna.login}/play-ticket"
        assert berta.ask("PUT", f"{nodes.web[0].web}/api/channels/{anna.login}/followers/me", {}).is_success
        given = berta.ask("POST", ticket, {})
        assert given.status_code == 200, given.text
        cookies = [line for line in given.headers.get_list("set-cookie") if f"Path=/hls/{anna.login}" in line]
        assert len(cookies) == 1
        assert "HttpOnly" in cookies[0]
        assert "SameSite=" in cookies[0]
        pages = f"http://127.0.0.1:{nodes.web[0].web.rpartition(':')[2]}"
        played = berta.ask("GET", playlist, Origin=pages)
        assert played.status_code == 200, played.text
        assert played.headers["Access-Control-Allow-Origin"] == pages
        assert "Origin" in played.headers["Vary"]
        assert "private" in played.headers["Cache-Control"]
        assert carla.ask("POST", ticket, {}).status_code == 403
        assert carla.ask("GET", playlist).status_code in {401, 403}
        assert httpx.get(playlist, timeout=20).status_code in {401, 403}
        media = next(line for line in played.text.splitlines() if line and not line.startswith("#"))
        guessed = f"{playlist.rpartition('/')[0]}/{media}"
        assert httpx.get(guessed, timeout=20).status_code in {401, 403}, (
            "nor by an address that somebody guessed"
        )


def test_the_policy_of_pages_names_every_media_node(nodes: Nodes) -> None:
    for web in nodes.web:

        def policy(web: Weir = web) -> dict[str, str]:
            text = httpx.get(f"{web.web}/", timeout=20).headers["Content-Security-Policy"]
            return {name: rest for name, _, rest in (part.strip().partition(" ") for part in text.split(";"))}

        poll(
            "both nodes",
            lambda: all(media.hls in policy()["connect-src"] for media in nodes.media),
            PATIENCE_S,
        )
        assert "blob:" in policy()["media-src"]
        assert "'self'" in policy()["worker-src"]
        assert "'unsafe-inline'" not in policy().get("script-src", "")


def test_a_page_of_another_site_changes_nothing(nodes: Nodes) -> None:
    anna = nodes.person()
    for web in nodes.web:
        url = f"{web.web}/api/channels/{anna.login}"
        assert anna.ask("PATCH", url, {"title": "x"}, Origin="https://elsewhere.example").status_code == 403
        assert anna.ask("PATCH", url, {"title": "x"}, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert anna.ask("PATCH", url, {"title": "y"}, Origin=nodes.web[0].web).is_success
    cookie = nodes.person().browser.cookies.jar
    assert all(
        not one.secure and one.has_nonstandard_attr("HttpOnly")
        for one in cookie
        if one.name == "weir_session"
    )


# Viewer counts ---------------------------------------------------------------------------------------------------------------


def test_viewers_add_up_over_pages_of_both_web_nodes_and_players_of_the_media_node(nodes: Nodes) -> None:
    anna = nodes.person()
    with nodes.live(anna, at=1), watching(nodes, anna.login):
        stream_id = stream_of(nodes.web[0], anna.login)["id"]
        pages = [(web, uuid.uuid4().hex) for web in nodes.web]

        def seen() -> bool:
            for web, page in pages:
                said = httpx.post(
                    f"{web.web}/api/streams/{stream_id}/presence", json={"id": page}, timeout=20
                )
                assert said.status_code == 200, said.text
            return [stream_of(web, anna.login)["viewer_count"] for web in nodes.web] == [3, 3]

        poll("two pages and a player", seen, 40)


@contextmanager
def watching(nodes: Nodes, login: str) -> Iterator[None]:
    """A player that is not our page, at the media node that has the channel."""
    playlist = f"{nodes.media[1].hls}/hls/{login}/index.m3u8"
    over = threading.Event()

    def play() -> None:
        with httpx.Client(timeout=20, headers={"User-Agent": "a player"}) as player:
            while not over.wait(0.5):
                with suppress(
                    httpx.TransportError
                ):  # a busy node is asked again; who fails for long is missed
                    text = player.get(playlist).text
                    for line in [line for line in text.splitlines() if line and not line.startswith("#")]:
                        player.get(f"{playlist.rpartition('/')[0]}/{line}")

    thread = threading.Thread(target=play)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


# Going live ------------------------------------------------------------------------------------------------------------------


def test_a_broadcast_and_its_event_are_written_in_one_transaction(nodes: Nodes) -> None:
    anna = nodes.person()
    with nodes.live(anna, at=0):
        told = "select count(*) from outbox where type = 'stream.online' and event ->> 'id' = $1"
        assert nodes.asked(told, stream_of(nodes.web[1], anna.login)["id"]) == 1

    async def undone(db: Database) -> int:
        user = await users.select_user_by_login(db, anna.login)
        assert user is not None
        stream_id = uuid.uuid4()
        with pytest.raises(KeyError):  # noqa: PT012 # undone by it
            async with db.transaction() as transaction:
                await streams.open_stream(
                    transaction,
                    stream_id=stream_id,
                    channel_id=user.id,
                    node="media-0",
                    title="",
                    started_at=datetime.now(UTC),
                )
                assert await transaction.fetchval(told, str(stream_id)) == 1
                raise KeyError
        return int(await db.fetchval(told, str(stream_id)))

    assert nodes.site.asked(undone) == 0


def test_events_carry_the_names_of_eventsub_wherever_they_are_read(nodes: Nodes) -> None:
    anna = nodes.person()
    with nodes.live(anna, at=0):
        assert anna.ask("PATCH", f"{nodes.web[0].web}/api/channels/{anna.login}", {"title": "New"}).is_success
    poll("off", lambda: not stream_of(nodes.web[0], anna.login), 40)
    for web in nodes.web:
        found = anna.ask("GET", f"{web.web}/api/channels/{anna.login}/events").json()["data"]
        assert [event["type"] for event in found] == ["stream.offline", "channel.update", "stream.online"]
        assert {event["event"]["broadcaster_user_login"] for event in found} == {anna.login}


# Emotes, avatars, thumbnails -------------------------------------------------------------------------------------------------


def test_a_picture_taken_by_one_web_node_is_served_by_the_other_for_ever(nodes: Nodes) -> None:
    anna = nodes.person()
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 30)).save(picture, "PNG")
    taken = anna.browser.put(
        f"{nodes.web[0].web}/api/users/me/profile-image",
        content=picture.getvalue(),
        headers={"Content-Type": "image/png"},
    )
    assert taken.is_success, taken.text
    found = told(httpx.get(f"{nodes.web[1].web}/api/users?login={anna.login}", timeout=20))
    path = urlsplit(found["profile_image_url"]).path
    assert path.startswith("/assets/")
    shown = httpx.get(nodes.web[1].web + path, timeout=20)
    assert shown.status_code == 200
    assert shown.headers["Content-Type"].startswith("image/")
    assert "immutable" in shown.headers["Cache-Control"]


# Migrations ------------------------------------------------------------------------------------------------------------------


def test_processes_that_migrate_at_once_do_it_once(nodes: Nodes) -> None:
    nodes.site.asked(lambda db: db.execute("create database fresh"))
    fresh = Site(nodes.site.data_path, nodes.postgres.url.replace("/postgres?", "/fresh?"))
    with ThreadPoolExecutor(2) as pool:
        said = [one.result() for one in [pool.submit(fresh.done, "migrate") for _ in range(2)]]
    listed = [match[1] for text in said if (match := re.search(r"applied migrations: ([\d, ]+)", text))]
    numbers = [int(number) for text in listed for number in text.split(",")]
    assert sorted(numbers) == list(range(1, latest_version() + 1))
    assert fresh.asked(lambda db: db.fetchval("select count(*) from schema_migrations")) == len(numbers)


# Proxies ---------------------------------------------------------------------------------------------------------------------


def test_a_forwarded_address_is_believed_only_where_the_proxy_is_trusted(nodes: Nodes) -> None:
    anna = nodes.person()
    seen = []
    for web in nodes.web:
        with httpx.Client(timeout=20, headers={"X-Forwarded-For": "203.0.113.7"}) as browser:
            body = {"login": anna.login, "password": PASSWORD}
            assert browser.post(f"{web.web}/api/sessions", json=body).is_success
            sessions = browser.get(f"{web.web}/api/sessions").json()["data"]
            seen.append(next(one for one in sessions if one["current"])["network"])
    assert seen[0].startswith("203.0.113.")
    assert seen[1].startswith("127.")


# Several processes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "variable"), [("web", "WEIR_WEB_PORT"), ("media", "WEIR_HLS_PORT")])
def test_a_port_is_never_shared_in_silence(nodes: Nodes, role: str, variable: str, tmp_path: Path) -> None:
    there = nodes.web[0].web if role == "web" else nodes.media[0].hls
    environment = nodes.media[0].environment | {
        "WEIR_DATA_DIR": str(tmp_path / "data"),
        "WEIR_NODE": "another",
        variable: there.rpartition(":")[2],
    }
    done = subprocess.run(
        [WEIR, "serve", role], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert variable in done.stderr
    assert "Traceback" not in done.stderr


def test_a_viewer_at_the_wrong_media_node_is_sent_to_the_right_one(nodes: Nodes) -> None:
    anna = nodes.person()
    with nodes.live(anna, at=1):

        def sent() -> httpx.Response | None:
            answer = fetch(nodes.media[0], anna.login)
            return answer if answer.status_code == 307 else None

        answer = poll("307", sent, PATIENCE_S)
        assert isinstance(answer, httpx.Response)
        assert answer.headers["Location"].startswith(nodes.media[1].hls)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        followed = httpx.get(str(answer.url), follow_redirects=True, timeout=20)
        assert followed.status_code == 200
        assert "#EXTM3U" in followed.text
        channel = httpx.get(f"{nodes.web[0].web}/api/channels/{anna.login}", timeout=20)
        assert channel.status_code == 200
        assert fetch(nodes.media[0], "nobody_at_all").status_code == 404


def test_the_newest_publisher_wins_over_nodes(nodes: Nodes) -> None:
    anna = nodes.person()
    with nodes.live(anna, at=0) as first, nodes.live(anna, at=1) as second:
        poll("the first has left", lambda: first.process.poll() is not None, PATIENCE_S)
        assert second.process.poll() is None
        poll("sent on", lambda: fetch(nodes.media[0], anna.login).status_code == 307, PATIENCE_S)


# At the end, because it takes as long as all of the above --------------------------------------------------------------------


def test_a_role_waits_for_whoever_migrates_and_then_says_what_to_run(nodes: Nodes) -> None:
    status, said = nodes.late.result(60)
    assert status == 1
    assert "run `weir migrate`" in said
