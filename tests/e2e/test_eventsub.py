"""EventSub with a library that nobody here wrote (@twurple/eventsub-ws), and with a webhook that checks signatures as docs say."""

import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.e2e.harness import Weir, make_clip, poll, start_encoder, start_weir

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
WAIT_S = 30.0
PASSWORD = "correct horse battery"
SECRET = "a secret of mine"
SCOPES = (
    "user:read:chat",
    "moderator:read:followers",
    "channel:moderate",
    "channel:read:subscriptions",
    "chat:read",
    "chat:edit",
)


class Program:
    """A program in Node, and what it tells."""

    def __init__(self, user_id: str, token: str, web_port: int) -> None:
        self._process = subprocess.Popen(
            ["node", str(ROOT / "tests" / "clients" / "eventsub.mjs"), user_id, token],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TWURPLE_MOCK_API_PORT": str(web_port)},
        )
        self.told: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.told.append(json.loads(line))

    def find(self, kind: str, **fields: object) -> None:
        """Wait until it tells something."""

        def found() -> bool:
            return any(one["kind"] == kind and one.items() >= fields.items() for one in self.told)

        poll(f"{kind} {fields} in {self.told}", found, WAIT_S)

    def count(self, kind: str) -> int:
        return sum(one["kind"] == kind for one in self.told)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._thread.join(WAIT_S)


class Hook:
    """A webhook. It believes what is signed, by the code of the docs, and keeps that."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.refused = 0
        self.is_broken = False
        """It answers 503 for as long as this says so."""
        verify = documented_check()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.is_broken or not verify(dict(self.headers.items()), body):
                    hook.refused += not hook.is_broken
                    self.send_response(503 if hook.is_broken else 403)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                kind, payload = self.headers["Twitch-Eventsub-Message-Type"], json.loads(body)
                hook.messages.append((kind, payload))
                answer = payload.get("challenge", "").encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def find(self, kind: str, type_: str, **fields: object) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            for message_kind, payload in self.messages:
                if message_kind == kind and payload["subscription"]["type"] == type_:
                    event: dict[str, Any] = payload.get("event", payload)
                    if event.items() >= fields.items():
                        return event
            return None

        poll(f"{kind} {type_} {fields} in {self.messages}", found, WAIT_S)
        event = found()
        assert event is not None
        return event

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(WAIT_S)


def documented_check() -> Callable[[dict[str, str], bytes], bool]:
    """Run the example of docs/eventsub.md."""
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "eventsub.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # our own page
    check: Callable[[dict[str, str], bytes], bool] = names["is_genuine"]
    return check


@pytest.fixture(scope="module")
def weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weir]:
    weir = start_weir(tmp_path_factory.mktemp("eventsub") / "data", WEIR_EGRESS_ALLOW="127.0.0.0/8")
    try:
        for login in ("anna", "ben", "cleo"):
            made = httpx.post(f"{weir.web}/api/users", json={"login": login, "password": PASSWORD})
            assert made.status_code == 201, made.text
        yield weir
    finally:
        weir.discard()


@contextmanager
def logged_in(weir: Weir, login: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=weir.web) as client:
        assert client.post("/api/sessions", json={"login": login, "password": PASSWORD}).status_code == 201
        yield client


def token(weir: Weir, login: str, *scopes: str) -> str:
    options = [word for scope in scopes or SCOPES for word in ("--scope", scope)]
    made = weir.cli("token", "create", login, *options)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def id_of(weir: Weir, login: str) -> str:
    [user] = httpx.get(f"{weir.web}/api/users", params={"login": login}).json()["data"]
    found: str = user["id"]
    return found


def say(weir: Weir, login: str, *texts: str) -> None:
    """Say something in anna's room, over IRC."""
    [line] = [line for line in weir.lines if line.strip().startswith("Chat ")]
    port = int(re.findall(r"IRC at [\w.]+:(\d+)", line)[0])
    bearer = token(weir, login)  # takes its time, which a connection that says nothing does not get
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as irc, irc.makefile("rw") as lines:
        lines.write(f"PASS oauth:{bearer}\r\nNICK {login}\r\nJOIN #anna\r\n")
        lines.flush()
        while " 366 " not in (found := lines.readline()):
            assert found
        for text in texts:
            lines.write(f"PRIVMSG #anna :{text}\r\n")
        lines.write("PING :end\r\n")
        lines.flush()
        while "PONG" not in (found := lines.readline()):
            assert found


def test_twurple_hears_of_what_happens(weir: Weir, tmp_path: Path) -> None:
    anna_id, web_port = id_of(weir, "anna"), urlsplit(weir.web).port
    assert web_port is not None
    program = Program(anna_id, token(weir, "anna"), web_port)
    try:
        poll("fourteen subscriptions", lambda: program.count("subscribed") == 14, WAIT_S)
        with logged_in(weir, "ben") as ben:
            assert ben.put("/api/channels/anna/followers/me", json={}).status_code in {200, 201, 204}
        program.find("follow", login="ben")
        with logged_in(weir, "anna") as anna:
            assert anna.patch("/api/channels/anna", json={"title": "Tea"}).status_code == 200
            program.find("update", title="Tea")
            say(weir, "ben", "hello @anna")
            program.find("message", login="ben", text="hello @anna")
            say(weir, "anna", "/timeout ben 600 too loud")
            program.find("ban", login="ben", reason="too loud", permanent=False, moderator="anna")
            program.find("moderate", action="timeout", login="ben")
            program.find("cleared", login="ben")
            say(weir, "anna", "/unban ben")
            program.find("unban", login="ben")
            supporters = "/api/channels/anna/subscriptions"
            granted = anna.post(f"{supporters}/grants", json={"user_login": "ben", "tier": "2000"})
            assert granted.status_code == 201, granted.text
            program.find("subscription", login="ben", tier="2000")
            assert anna.delete(f"{supporters}/grants/ben").status_code == 204
            program.find("subscription over", login="ben")
            given = anna.post(f"{supporters}/gifts", json={"user_login": "cleo", "tier": "1000"})
            assert given.status_code == 201, given.text
            program.find("gift", login="anna", amount=1, tier="1000")
            raid = {"to_broadcaster_id": id_of(weir, "cleo")}
            called = anna.post("/api/channels/anna/raids", json=raid)
            assert called.status_code == 200, called.text
            assert anna.post("/api/channels/anna/raids/now", json={}).status_code == 204
            program.find("moderate", action="raid", login="cleo")
            program.find("raid", **{"from": "anna", "to": "cleo", "viewers": 0})
        key = weir.cli("key", "create", "anna").stdout.strip()
        encoder = start_encoder(f"{weir.rtmp}/{key}", make_clip(tmp_path / "clip.mp4", 20))
        try:
            program.find("online", type="live")
        finally:
            encoder.quit()
        program.find("offline")
    finally:
        program.close()


def subscribe(weir: Weir, bearer: str, hook: Hook, type_: str, version: str, **condition: str) -> str:
    asked = httpx.post(
        f"{weir.web}/api/eventsub/subscriptions",
        headers={"Authorization": f"Bearer {bearer}"},
        json={
            "type": type_,
            "version": version,
            "condition": condition,
            "transport": {"method": "webhook", "callback": hook.url, "secret": SECRET},
        },
    )
    assert asked.status_code == 202, asked.text
    [subscription] = asked.json()["data"]
    assert subscription["status"] == "webhook_callback_verification_pending"
    hook.find("webhook_callback_verification", type_)
    found: str = subscription["id"]
    return found


def status_of(weir: Weir, bearer: str, subscription_id: str) -> str:
    answer = httpx.get(
        f"{weir.web}/api/eventsub/subscriptions",
        headers={"Authorization": f"Bearer {bearer}"},
        params={"subscription_id": subscription_id},
    )
    found: str = answer.json()["data"][0]["status"]
    return found


def test_a_webhook_is_challenged_told_and_let_go(weir: Weir) -> None:
    anna_id, bearer = id_of(weir, "anna"), token(weir, "anna")
    hook = Hook()
    try:
        whose = {"broadcaster_user_id": anna_id}
        update = subscribe(weir, bearer, hook, "channel.update", "2", **whose)
        follow = subscribe(weir, bearer, hook, "channel.follow", "2", **whose, moderator_user_id=anna_id)
        chat = subscribe(weir, bearer, hook, "channel.chat.message", "1", **whose, user_id=anna_id)
        for one in (update, follow, chat):
            poll("enabled", lambda one=one: status_of(weir, bearer, one) == "enabled", WAIT_S)  # type: ignore[misc]
        with logged_in(weir, "anna") as anna, logged_in(weir, "cleo") as cleo:
            assert anna.patch("/api/channels/anna", json={"title": "Cake"}).status_code == 200
            assert cleo.put("/api/channels/anna/followers/me", json={}).status_code in {200, 201, 204}
        hook.find("notification", "channel.update", title="Cake", broadcaster_user_login="anna")
        hook.find("notification", "channel.follow", user_login="cleo")
        say(weir, "cleo", "is there cake?")
        said = hook.find("notification", "channel.chat.message", chatter_user_login="cleo")
        assert said["message"]["text"] == "is there cake?"
        assert hook.refused == 0, "each was signed as the docs say, and none came twice"

        gone = httpx.delete(f"{weir.web}/api/tokens/current", headers={"Authorization": f"Bearer {bearer}"})
        assert gone.status_code == 204
        revoked = hook.find("revocation", "channel.update")
        assert revoked["subscription"]["status"] == "authorization_revoked"
    finally:
        hook.close()
