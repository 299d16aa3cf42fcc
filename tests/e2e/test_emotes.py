"""An emote from its upload to chat: over HTTP, reviewed, said over IRC, heard by tmi.js, a socket and a page in Chromium."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser import chromium, own_thread
from tests.e2e.harness import Weir, poll, start_weir
from tests.e2e.test_chat_clients import (
    PASSWORD,
    BrowserPage,
    Line,
    SocketBot,
    make_moderator,
    ports,
    token,
)
from tests.webapp.test_emote_child import animation

pytestmark = pytest.mark.real

LOAD = """async url => {
    const bitmap = await createImageBitmap(await (await fetch(url)).blob());
    return [bitmap.width, bitmap.height];
}"""


@contextmanager
def session(weir: Weir, login: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=weir.web, timeout=60) as client:
        answer = client.post("/api/sessions", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        yield client


def upload(client: httpx.Client, code: str) -> Any:
    answer = client.post(
        f"/api/channels/anna/emotes?code={code}",
        content=animation("GIF"),
        headers={"Content-Type": "image/gif"},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["data"][0]


@own_thread
def test_an_emote_is_uploaded_reviewed_said_and_seen(tmp_path: Path) -> None:
    weir = start_weir(tmp_path / "data")
    try:
        for login in ("anna", "boss"):
            made = httpx.post(f"{weir.web}/api/users", json={"login": login, "password": PASSWORD})
            assert made.status_code == 201, made.text
        assert weir.cli("user", "role", "boss", "admin").returncode == 0
        for login in ("tmi_bot", "socket_bot"):
            assert weir.cli("user", "add", login).returncode == 0
        make_moderator(weir, "socket_bot")
        chat_port, irc_port, web_port = ports(weir)
        with session(weir, "anna") as anna, session(weir, "boss") as boss, chromium() as browser:
            emote = upload(anna, "Wave")
            tmi = Line("tmi_bot", "tmi.cjs", chat_port, token(weir, "tmi_bot"), web_port)
            plain = SocketBot(irc_port, token(weir, "socket_bot"))
            page = BrowserPage(browser.new_page(), weir.web, f"ws://127.0.0.1:{chat_port}")
            try:
                tmi.find("joined", login="tmi_bot")
                plain.find("ROOMSTATE #anna")
                page.say("annaWave unseen")
                assert tmi.find("message", text="annaWave unseen")["emotes"] is None
                verdict = boss.patch(f"/api/admin/emotes/{emote['id']}", json={"status": "approved"})
                assert verdict.status_code == 200, verdict.text

                said = iter(range(100))

                def is_heard() -> bool:
                    """Say it again and again, which moderators may: what is approved is known within a second or so."""
                    number = next(said)
                    plain.say(f"𝄞 annaWave 👋 {number}")
                    found = tmi.find("message", text=f"𝄞 annaWave 👋 {number}")
                    return bool(found["emotes"] == {emote["id"]: ["2-9"]})

                poll("the emote is known in chat", is_heard, 60)
            finally:
                plain.close()
                tmi.close()
            last: Any = page.events("channel.chat.message")[-1]["message"]["fragments"]
            assert [piece["type"] for piece in last] == ["text", "emote", "text"]
            assert last[1]["emote"]["id"] == emote["id"]
            template = httpx.get(f"{weir.web}/api/channels/anna/emotes").json()["template"]
            for kind in last[1]["emote"]["format"]:
                url = template
                for name, value in (
                    ("id", emote["id"]),
                    ("format", kind),
                    ("theme_mode", "dark"),
                    ("scale", "3.0"),
                ):
                    url = url.replace(f"{{{{{name}}}}}", value)
                assert page._page.evaluate(LOAD, url) == [112, 112]
    finally:
        weir.discard()
