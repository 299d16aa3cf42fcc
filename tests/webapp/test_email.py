"""E-mail: letters over a real SMTP conversation, links that prove an address, resets of forgotten passwords."""

import email
import email.policy
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from functools import partial

import pytest
import trio
from quart_trio import QuartTrio

from common.db import Database
from tests.webapp.conftest import local_urls
from tests.webapp.test_accounts import PASSWORD, Browser
from webapp.mail import Letter, Post, SmtpSettings, compose
from webapp.public_urls import PublicUrl, PublicUrls

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

PATIENCE_S = 30


class Postbox:
    """Speaks enough SMTP to take letters; refuses the first `refusals` conversations."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self._in, self.letters = trio.open_memory_channel[EmailMessage](10)

    async def talk(self, stream: trio.SocketStream) -> None:
        async with stream:
            if self.refusals:
                self.refusals -= 1
                await stream.send_all(b"421 come back later\r\n")
                return
            await stream.send_all(b"220 postbox\r\n")
            received = b""
            while not received.endswith(b"QUIT\r\n"):
                if received.endswith(b"DATA\r\n"):
                    await stream.send_all(b"354 go on\r\n")
                    data = b""
                    while not data.endswith(b"\r\n.\r\n"):
                        data += await stream.receive_some()
                    parsed = email.message_from_bytes(data[:-5], policy=email.policy.default)
                    assert isinstance(parsed, EmailMessage)
                    await self._in.send(parsed)
                if received:
                    await stream.send_all(b"250 ok\r\n")
                received = bytes(await stream.receive_some()).upper()
                if not received:
                    return
            await stream.send_all(b"221 bye\r\n")

    async def link(self, purpose: str) -> str:
        """Wait for a letter; give the token of its link."""
        letter = await self.letters.receive()
        found = re.search(rf"https://live\.example/{purpose}\?token=(\w+)", letter.get_content())
        assert found, letter.get_content()
        return found[1]


def settings(port: int) -> SmtpSettings:
    return SmtpSettings("127.0.0.1", port, "none", None, None, "weir@live.example")


@asynccontextmanager
async def delivering(postbox: Postbox) -> AsyncIterator[Post]:
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            serve = partial(trio.serve_tcp, postbox.talk, 0, host="127.0.0.1")
            [listener] = await nursery.start(serve)
            post = Post(settings(listener.socket.getsockname()[1]))
            nursery.start_soon(post.deliver)
            yield post
            nursery.cancel_scope.cancel()


@pytest.fixture
def build(app_factory: Callable[..., QuartTrio], database: Database) -> Callable[[Post], QuartTrio]:
    known = local_urls()
    urls = PublicUrls(web=PublicUrl("https://live.example", "http", 1), hls=known.hls, rtmp=known.rtmp)
    return lambda post: app_factory(database=database, urls=urls, post=post)


async def test_an_address_is_proven_by_its_link_and_then_resets_a_password(
    build: Callable[[Post], QuartTrio],
) -> None:
    postbox = Postbox()
    async with delivering(postbox) as post:
        app = build(post)
        assert (await Browser(app).ask("GET", "/api/site"))[1]["features"]["mail"] is True
        browser = Browser(app, Host="evil.example")
        await browser.sign_up("anna", email="anna@example.org")
        token = await postbox.link("verify")
        assert (await app.test_client().get(f"/verify?token={token}")).status_code == 200
        assert (await browser.ask("GET", "/api/users/me"))[1]["data"][0]["email_verified"] is False
        assert (await browser.ask("POST", "/api/email-verifications", {"token": token}))[0] == 204
        assert (await browser.ask("POST", "/api/email-verifications", {"token": token}))[0] == 403
        assert (await browser.ask("GET", "/api/users/me"))[1]["data"][0]["email_verified"] is True

        forgetful = Browser(app, Host="evil.example")  # which must not appear in the link
        for login in ("nobody_here", "ANNA"):
            answer = await forgetful.ask("POST", "/api/password-resets/requests", {"login": login})
            assert answer == (204, None)
        token = await postbox.link("reset")
        reset = {"token": token, "password": "battery staple"}
        assert (await forgetful.ask("POST", "/api/password-resets", reset))[0] == 204
        assert (await forgetful.log_in(password="battery staple"))[0] == 201


async def test_an_address_that_was_changed_meanwhile_is_not_proven(
    build: Callable[[Post], QuartTrio],
) -> None:
    postbox = Postbox()
    async with delivering(postbox) as post:
        browser = Browser(build(post))
        await browser.sign_up("anna", email="first@example.org")
        token = await postbox.link("verify")
        change = {"password": "wrong horse", "email": None}
        assert (await browser.ask("PUT", "/api/users/me/email", change))[0] == 403
        change["password"] = PASSWORD
        assert (await browser.ask("PUT", "/api/users/me/email", change))[0] == 204
        assert (await browser.ask("POST", "/api/email-verifications", {"token": token}))[0] == 403


async def test_an_address_that_is_not_proven_gets_no_reset(
    build: Callable[[Post], QuartTrio], database: Database
) -> None:
    postbox = Postbox()
    async with delivering(postbox) as post:
        browser = Browser(build(post))
        await browser.sign_up("anna", email="victim@example.org")
        await postbox.link("verify")
        await browser.ask("POST", "/api/password-resets/requests", {"login": "anna"})
        written = trio.Event()

        async def after_it() -> Letter | None:
            await trio.lowlevel.checkpoint()
            written.set()
            return None

        post.offer(after_it)
        await written.wait()
        assert await database.fetchval("select count(*) from one_time_tokens where purpose = 'reset'") == 0


async def test_letters_are_bounded_by_account_and_by_address(build: Callable[[Post], QuartTrio]) -> None:
    postbox = Postbox()
    async with delivering(postbox) as post:
        browser = Browser(build(post), "10.0.0.7", Origin="https://live.example")
        ask = partial(browser.ask, "POST", "/api/password-resets/requests", {"login": "anna"})
        assert [(await ask())[0] for _ in range(7)] == [204] * 5 + [429] * 2


async def test_a_server_that_is_away_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.mail.PAUSES_S", (0.0, 0.0))
    postbox = Postbox(refusals=2)

    async def write() -> Letter:
        await trio.lowlevel.checkpoint()
        return Letter("anna@example.org", "Grüße", "Hello, wörld\n.\nend\n")

    async def fail() -> Letter:
        await trio.lowlevel.checkpoint()
        raise ZeroDivisionError

    async with delivering(postbox) as post:
        post.offer(fail)
        post.offer(write)
        letter = await postbox.letters.receive()
    assert (letter["To"], letter["From"], letter["Subject"]) == (
        "anna@example.org",
        "weir@live.example",
        "Grüße",
    )


def test_letters_that_wait_are_bounded() -> None:
    async def nothing() -> None:
        await trio.lowlevel.checkpoint()

    post = Post(settings(1))
    offered = [post.offer(nothing) for _ in range(102)]
    assert offered == [True] * 100 + [False] * 2


@pytest.mark.parametrize("to", ["a@b.c\r\nBcc: d@e.f", "a@b.c, d@e.f", "", "a@b.c>\n\nspam"])
def test_no_letter_goes_where_it_should_not(to: str) -> None:
    with pytest.raises(Exception, match=r"."):  # the library has several for this
        compose("weir@live.example", Letter(to, "x", "y"))


def test_no_header_is_written_through_a_subject() -> None:
    with pytest.raises(ValueError, match=r"newline|linefeed"):
        compose("weir@live.example", Letter("a@b.c", "x\r\nBcc: d@e.f", "y"))
