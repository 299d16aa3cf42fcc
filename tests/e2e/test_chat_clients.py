"""Chat with clients that nobody here wrote: tmi.js, twurple, Python's `irc`, a plain socket, and a page in Chromium."""

import json
import os
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
import irc.client
import pytest
from playwright.sync_api import Page

from tests.browser import chromium, own_thread
from tests.e2e.harness import Weir, poll, start_weir

pytestmark = pytest.mark.real

CLIENTS = Path(__file__).parents[1] / "clients"
WAIT_S = 30.0
PASSWORD = "correct horse battery"
BOTS = ("tmi_bot", "twurple_bot", "irc_bot", "socket_bot")
OPEN_CHAT = """async url => {
    window.heard = [];
    window.socket = new WebSocket(url + "/ws");
    socket.onmessage = message => heard.push(JSON.parse(message.data));
    await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
    socket.send(JSON.stringify({type: "join", id: "join", channel: "anna"}));
}"""


class Bot(Protocol):
    """A client in the room."""

    login: str

    def say(self, text: str) -> None:
        """Say something in the room."""

    def messages(self) -> list[tuple[str, str]]:
        """Give what was heard of others so far: login and text."""


class Line:
    """A bot of ours in Node, driven by lines of JSON."""

    def __init__(self, login: str, script: str, port: int, token: str, web_port: int) -> None:
        self.login = login
        self._process = subprocess.Popen(
            ["node", str(CLIENTS / script), str(port), token],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TWURPLE_MOCK_API_PORT": str(web_port)},
        )
        self.heard: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                if line.endswith("\n"):  # the last one is cut off where it is killed while it writes
                    self.heard.append(json.loads(line))

    def act(self, act: str, argument: str = "") -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"act": act, "argument": argument}) + "\n")
        self._process.stdin.flush()

    def say(self, text: str) -> None:
        self.act("say", text)

    def messages(self) -> list[tuple[str, str]]:
        return [
            (one["login"], one["text"])
            for one in self.heard
            if one["kind"] == "message" and not one.get("self")
        ]

    def find(self, kind: str, **fields: object) -> dict[str, Any]:
        """Wait for something it tells."""

        def matching() -> dict[str, Any] | None:
            return next(
                (one for one in self.heard if one["kind"] == kind and one.items() >= fields.items()), None
            )

        poll(f"{self.login} tells {kind} {fields} in {self.heard}", lambda: matching() is not None, WAIT_S)
        found = matching()
        assert found is not None
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()


class IrcBot:
    """Python's `irc`, in a thread."""

    login = "irc_bot"

    def __init__(self, port: int, token: str) -> None:
        self._reactor = irc.client.Reactor()
        self._connection = self._reactor.server()
        self._heard: list[tuple[str, str]] = []
        self._stop = threading.Event()
        self._outgoing: queue.Queue[str] = queue.Queue()
        self.joined = threading.Event()
        self._connection.add_global_handler("welcome", lambda connection, _event: connection.join("#anna"))
        self._connection.add_global_handler("endofnames", lambda _connection, _event: self.joined.set())
        self._connection.add_global_handler("pubmsg", self._on_message)
        self._connection.connect("127.0.0.1", port, self.login, password=f"oauth:{token}")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _on_message(self, _connection: Any, event: Any) -> None:
        self._heard.append((event.source.nick, event.arguments[0]))

    def _run(self) -> None:
        while not self._stop.is_set():
            while not self._outgoing.empty():
                self._connection.privmsg("#anna", self._outgoing.get())
            self._reactor.process_once(timeout=0.05)
        self._connection.close()

    def say(self, text: str) -> None:
        self._outgoing.put(text)

    def messages(self) -> list[tuple[str, str]]:
        return list(self._heard)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(WAIT_S)


class SocketBot:
    """Nothing but a socket."""

    login = "socket_bot"

    def __init__(self, port: int, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self.lines: list[str] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.send(f"PASS oauth:{token}", f"NICK {self.login}", "CAP REQ :twitch.tv/commands", "JOIN #anna")

    def send(self, *lines: str) -> None:
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def _read(self) -> None:
        with self._socket.makefile("rb") as lines:
            try:
                for line in lines:
                    self.lines.append(line.decode().removesuffix("\r\n"))
            except OSError:
                pass

    def say(self, text: str) -> None:
        self.send(f"PRIVMSG #anna :{text}")

    def messages(self) -> list[tuple[str, str]]:
        said = (line.partition(" PRIVMSG #anna :") for line in self.lines)
        return [(head[1:].partition("!")[0], text) for head, found, text in said if found]

    def find(self, part: str) -> None:
        poll(f"{part!r} in {self.lines}", lambda: any(part in line for line in self.lines), WAIT_S)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(WAIT_S)
        self._socket.close()


class BrowserPage:
    """A page of the site, logged in by its cookie."""

    login = "anna"

    def __init__(self, page: Page, web: str, chat: str) -> None:
        self._page = page
        page.goto(f"{web}/anna")
        status = page.evaluate(
            "async body => (await fetch('/api/sessions', {method: 'POST', body: JSON.stringify(body),"
            " headers: {'Content-Type': 'application/json'}})).status",
            {"login": "anna", "password": PASSWORD},
        )
        assert status == 201
        page.evaluate(OPEN_CHAT, chat)
        page.wait_for_function("heard.some(one => one.payload.request_id === 'join' && one.payload.ok)")

    def say(self, text: str) -> None:
        self._page.evaluate(
            "text => socket.send(JSON.stringify({type: 'send', id: text, channel: 'anna', text}))", text
        )

    def events(self, kind: str) -> list[dict[str, Any]]:
        heard = self._page.evaluate("heard")
        return [one["payload"]["event"] for one in heard if one["metadata"].get("subscription_type") == kind]

    def messages(self) -> list[tuple[str, str]]:
        return [
            (one["chatter_user_login"], one["message"]["text"])
            for one in self.events("channel.chat.message")
            if one["chatter_user_login"] != self.login
        ]

    def welcome(self) -> dict[str, Any]:
        found: dict[str, Any] = self._page.evaluate("heard[0].payload.session")
        return found


@pytest.fixture(scope="module")
def weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weir]:
    weir = start_weir(tmp_path_factory.mktemp("chat") / "data")
    try:
        made = httpx.post(f"{weir.web}/api/users", json={"login": "anna", "password": PASSWORD})
        assert made.status_code == 201, made.text
        for login in BOTS:
            assert weir.cli("user", "add", login).returncode == 0
        yield weir
    finally:
        weir.discard()


def ports(weir: Weir) -> tuple[int, int, int]:
    """Ports of chat, IRC and web."""
    [line] = [line for line in weir.lines if line.strip().startswith("Chat ")]
    words = line.split()
    web = urlsplit(weir.web).port
    assert web is not None
    return int(words[1].split(":")[2].split("/")[0]), int(words[-1].split(":")[1]), web


def token(weir: Weir, login: str) -> str:
    made = weir.cli("token", "create", login, "--scope", "chat:read", "--scope", "chat:edit")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@contextmanager
def bots(weir: Weir) -> Iterator[tuple[Line, Line, IrcBot, SocketBot]]:
    chat_port, irc_port, web_port = ports(weir)
    with ExitStack() as stack:
        tmi = Line("tmi_bot", "tmi.cjs", chat_port, token(weir, "tmi_bot"), web_port)
        stack.callback(tmi.close)
        twurple = Line("twurple_bot", "twurple.mjs", chat_port, token(weir, "twurple_bot"), web_port)
        stack.callback(twurple.close)
        python = IrcBot(irc_port, token(weir, "irc_bot"))
        stack.callback(python.close)
        plain = SocketBot(irc_port, token(weir, "socket_bot"))
        stack.callback(plain.close)
        tmi.find("joined", login="tmi_bot")
        twurple.find("joined", login="twurple_bot")
        assert python.joined.wait(WAIT_S)
        plain.find("ROOMSTATE #anna")
        yield tmi, twurple, python, plain


def within(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


@own_thread
def test_four_bots_and_a_page_hold_a_conversation(weir: Weir) -> None:
    with bots(weir) as (tmi, twurple, python, plain), chromium() as browser:
        chat_port, _, _ = ports(weir)
        page = BrowserPage(browser.new_page(), weir.web, f"ws://127.0.0.1:{chat_port}")
        assert page.welcome()["user"]["login"] == "anna"
        everybody: list[Bot] = [tmi, twurple, python, plain, page]
        said: list[tuple[str, str]] = []
        for number, bot in enumerate(everybody):
            text = f"{number}: hello 👋 from {bot.login}"
            bot.say(text)
            said.append((bot.login, text))
            for other in everybody:
                expected = [one for one in said if one[0] != other.login]
                within(
                    lambda other=other, expected=expected: other.messages() == expected,  # type: ignore[misc]
                    lambda other=other, expected=expected: (
                        f"{other.login}: {other.messages()}, not {expected}"
                    ),  # type: ignore[misc]
                )

        make_moderator(weir, "tmi_bot")
        # Not its promises: tmi.js gives them 0.6 s, which is too little for a machine that does everything at once.
        tmi.act("timeout", "socket_bot")
        twurple.find("timeout", login="socket_bot", seconds=60)
        plain.find("CLEARCHAT #anna :socket_bot")
        within(
            lambda: len(page.events("channel.chat.clear_user_messages")) == 1,
            lambda: "the page heard nothing",
        )
        plain.say("but")
        plain.find("You are banned from talking in anna for")
        tmi.act("unban", "socket_bot")
        within(lambda: len(page.events("channel.unban")) == 1, lambda: "nobody was told")
        tmi.act("ping")
        tmi.find("done", act="ping")
        tmi.act("action", "waves")
        twurple.find("action", login="tmi_bot", text="waves")


def make_moderator(weir: Weir, login: str) -> None:
    with httpx.Client(base_url=weir.web) as owner:
        assert owner.post("/api/sessions", json={"login": "anna", "password": PASSWORD}).status_code == 201
        assert owner.put(f"/api/channels/anna/moderators/{login}").status_code in {200, 204}


def test_twurple_is_told_why_a_message_was_not_said(weir: Weir) -> None:
    with bots(weir) as (_, twurple, _, _):
        twurple.say("the same")
        twurple.say("the same")  # twurple itself waits long enough not to be too fast
        twurple.find("refused", reason="msg_duplicate")
