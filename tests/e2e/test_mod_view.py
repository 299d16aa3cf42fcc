"""Moderation in the page: two moderators of one channel and somebody who writes, in Chromium, on a real weir."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, WebSocketRoute, expect

from tests.browser import chromium, own_thread
from tests.e2e.front_site import PASSWORD, PHONE, REFUSED, check_axe, context_of
from tests.e2e.harness import start_weir

pytestmark = pytest.mark.real

WIDE = {"width": 1440, "height": 900}
LOGGED_OUT = ("WebSocket connection to",)
"""What Chromium writes where a chat is hung up on, since its session is over."""
HOLDS_PAGE = 100
HOLDS = 500


@dataclass
class Town:
    """The site, its people, and what they may do over the API."""

    web: str
    people: dict[str, httpx.Client]
    ids: dict[str, str]

    def watch(self, login: str, status: str) -> None:
        """Have what somebody writes wait, or not."""
        path = "/api/channels/anna/moderation/suspicious-users"
        if status:
            body = {"user_id": self.ids[login], "status": status}
            self.people["anna"].post(path, json=body).raise_for_status()
        else:
            self.people["anna"].delete(path, params={"user_id": self.ids[login]})

    def free(self, login: str) -> None:
        path = "/api/channels/anna/moderation/bans"
        self.people["anna"].delete(path, params={"user_id": self.ids[login]})

    def moderates(self, login: str, *, still: bool) -> None:
        path = f"/api/channels/anna/moderators/{login}"
        self.people["anna"].request("PUT" if still else "DELETE", path).raise_for_status()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    weir = start_weir(tmp_path_factory.mktemp("town") / "data")
    with ExitStack() as stack:
        stack.callback(weir.discard)
        people, ids = {}, {}
        for login in ("anna", "mia", "ben"):
            client = stack.enter_context(httpx.Client(base_url=weir.web, timeout=30))
            answer = client.post("/api/users", json={"login": login, "password": PASSWORD})
            answer.raise_for_status()
            people[login] = client
            ids[login] = client.get("/api/users", params={"login": login}).json()["data"][0]["id"]
        found = Town(weir.web, people, ids)
        found.moderates("mia", still=True)
        yield found


@contextmanager
def page_of(browser: Browser, town: Town, login: str, locale: str = "en-GB") -> Iterator[Page]:
    """A window of somebody's; refusals are part of the story."""
    with context_of(
        browser, town.web, expected=(REFUSED, *LOGGED_OUT), locale=locale, viewport=WIDE
    ) as context:
        context.request.post("/api/sessions", data={"login": login, "password": PASSWORD})
        yield context.new_page()


@contextmanager
def three(town: Town) -> Iterator[tuple[Page, Page, Page]]:
    """Anna and Mia moderate, Ben writes."""
    town.free("ben")
    with chromium() as browser, ExitStack() as stack:
        anna, mia, ben = (
            stack.enter_context(page_of(browser, town, login)) for login in ("anna", "mia", "ben")
        )
        for page in (anna, mia):
            moderate(page)
        ben.goto("/popout/anna/chat")
        is_joined(ben)
        yield anna, mia, ben


def moderate(page: Page, path: str = "/moderator/anna") -> None:
    page.goto(path)
    is_joined(page)


def is_joined(page: Page) -> None:
    expect(page.get_by_test_id("chat")).to_have_attribute("data-state", "joined")


def say(page: Page, text: str) -> None:
    """Write and send, again where that was too fast."""
    field, sending = page.get_by_test_id("chat-input"), page.get_by_test_id("chat-send")
    field.fill(text)
    for _attempt in range(5):
        expect(sending).to_have_text("Send")
        field.press("Enter")
        expect(sending).not_to_have_attribute("aria-busy", "true")
        if field.input_value() == "":
            return
    raise AssertionError(page.get_by_test_id("chat-refusal").text_content())


def said(page: Page, text: str) -> Locator:
    return page.get_by_test_id("chat-message").filter(has_text=text)


def held(page: Page, text: str) -> Locator:
    return page.get_by_test_id("mod-hold").filter(has_text=text)


def deeds(page: Page, text: str) -> Locator:
    return page.get_by_test_id("mod-deed").filter(has_text=text)


def hold_one(town: Town, ben: Page, text: str) -> None:
    """Have something wait. That it was said is not told, only that moderators look at it."""
    town.watch("ben", "RESTRICTED")
    field, sending = ben.get_by_test_id("chat-input"), ben.get_by_test_id("chat-send")
    for _attempt in range(5):
        expect(sending).to_have_text("Send")  # not too soon after what was said before
        field.fill(text)
        field.press("Enter")
        expect(ben.get_by_test_id("chat-refusal")).to_be_visible()
        if "moderators look at your message" in ben.get_by_test_id("chat-refusal").inner_text():
            return
    raise AssertionError(ben.get_by_test_id("chat-refusal").text_content())


@own_thread
def test_two_moderators_share_queue_acts_and_log(town: Town) -> None:
    with three(town) as (anna, mia, ben):
        hold_one(town, ben, "may I say this")
        for page in (anna, mia):
            expect(held(page, "may I say this")).to_have_attribute("data-status", "waiting")
            check_axe(page)
        held(anna, "may I say this").get_by_role("button", name="Allow").click()
        expect(held(mia, "may I say this")).to_contain_text("Allowed by anna")
        expect(said(ben, "may I say this")).to_have_count(1)
        for page in (anna, mia):
            expect(deeds(page, "allowed a message of ben")).to_contain_text("may I say this")

        town.watch("ben", "")
        said(mia, "may I say this").hover()
        mia.get_by_role("button", name="Time out", exact=True).click()
        mia.get_by_role("button", name="Time out for 1 min", exact=True).click()
        expect(ben.get_by_text("You are timed out for another")).to_be_visible()
        expect(deeds(anna, "timed ben out for 1 min")).to_contain_text("mia")
        expect(mia.get_by_test_id("mod-said")).to_contain_text("ben is timed out for 1 min.")
        mia.get_by_test_id("mod-said").get_by_role("button", name="Undo").click()
        expect(ben.get_by_text("You are timed out for another")).to_be_hidden()
        for page in (anna, mia):
            expect(deeds(page, "ended the timeout of ben")).to_have_count(1)
            expect(page.get_by_role("button", name="Undo: timed ben out")).to_have_count(0)
        say(ben, "thank you")
        expect(said(anna, "thank you")).to_have_count(1)

        anna.get_by_test_id("mod-shield").get_by_role("switch", name="Shield").click()
        expect(mia.get_by_test_id("mod-shield")).to_have_attribute("data-active", "true")
        expect(mia.get_by_test_id("mod-shield")).to_contain_text("Slow mode, 10 s")
        anna.keyboard.press("z")
        expect(mia.get_by_test_id("mod-shield")).to_have_attribute("data-active", "false")


@own_thread
def test_the_second_of_two_moderators_sees_what_the_first_decided(town: Town) -> None:
    def hold_back(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(
            lambda message: None if "automod.message.update" in str(message) else socket.send(message)
        )

    with three(town) as (anna, mia, ben):
        anna.route_web_socket("**/ws", hold_back)  # a line on which what others decide comes late
        moderate(anna)
        hold_one(town, ben, "at the same time")
        expect(held(anna, "at the same time")).to_have_attribute("data-status", "waiting")
        held(mia, "at the same time").get_by_role("button", name="Deny").click()
        expect(held(mia, "at the same time")).to_contain_text("Denied by mia")
        held(anna, "at the same time").get_by_role("button", name="Allow").click()
        expect(anna.get_by_test_id("mod-said")).to_have_text("Denied by mia")
        expect(held(anna, "at the same time")).to_contain_text("Denied by mia")
        town.watch("ben", "")


def go_up_to(page: Page, text: str) -> None:
    """Choose lines upwards till one has this text; the focus follows when the line is drawn."""
    chosen = page.locator("[role=log] [data-key]:focus-within")
    for _line in range(6):
        before = chosen.get_attribute("data-key") if chosen.count() else ""
        page.keyboard.press("k")
        page.wait_for_function(
            """before => {
                const line = document.activeElement.closest("[role=log] [data-key]");
                return line !== null && line.dataset.key !== before;
            }""",
            arg=before,
        )
        if text in chosen.inner_text():
            return
    raise AssertionError(f"no line with {text!r} among the last six")


@own_thread
def test_a_moderator_needs_no_mouse(town: Town) -> None:
    with three(town) as (anna, _mia, ben):
        say(ben, "first of two")
        say(ben, "second of two")
        expect(said(anna, "second of two")).to_have_count(1)
        hold_one(town, ben, "let me through")
        expect(held(anna, "let me through")).to_have_attribute("data-status", "waiting")
        keys = anna.keyboard
        keys.press("q")
        expect(anna.locator("[data-pane=queue] [data-keys]")).to_be_focused()
        keys.press("j")
        expect(held(anna, "let me through")).to_be_focused()
        keys.press("a")
        expect(said(ben, "let me through")).to_have_count(1)
        town.watch("ben", "")

        keys.press("c")
        expect(anna.get_by_test_id("chat-log")).to_be_focused()
        go_up_to(anna, "second of two")
        keys.press("Delete")
        expect(said(ben, "second of two")).to_have_count(0)
        go_up_to(anna, "first of two")
        keys.press("3")
        expect(ben.get_by_text("You are timed out for another")).to_be_visible()
        keys.press("z")
        expect(ben.get_by_text("You are timed out for another")).to_be_hidden()
        keys.press("u")
        expect(anna.get_by_test_id("mod-person")).to_contain_text("ben")
        expect(anna.get_by_test_id("mod-history")).to_contain_text("first of two")
        expect(anna.get_by_test_id("mod-past")).to_contain_text("timed ben out for 10 min")

        keys.press("?")
        dialog = anna.get_by_test_id("mod-keys")
        dialog.get_by_role("button", name="Ban: b. Change").press("Enter")
        keys.press("x")
        expect(dialog.get_by_role("button", name="Ban: x. Change")).to_be_visible()
        check_axe(anna)
        keys.press("Escape")
        expect(dialog).to_be_hidden()
        keys.press("c")
        expect(anna.get_by_test_id("chat-log")).to_be_focused()
        keys.press("End")  # the line that was chosen before is chosen still
        go_up_to(anna, "first of two")
        keys.press("b")
        keys.press("x")
        expect(ben.get_by_text("You are banned from this chat.")).to_be_visible()
        moderate(anna)
        anna.get_by_role("button", name="Keys").click()
        expect(dialog.get_by_role("button", name="Ban: x. Change")).to_be_visible()


@own_thread
def test_panes_stay_where_somebody_put_them(town: Town) -> None:
    def columns(page: Page) -> list[list[str]]:
        found: list[list[str]] = page.evaluate(
            """() => [...document.querySelectorAll("[data-column]")].map(
                column => [...column.querySelectorAll("[data-pane]")].map(pane => pane.dataset.pane))"""
        )
        return found

    with chromium() as browser, page_of(browser, town, "mia") as mia:
        moderate(mia)
        assert columns(mia) == [["queue", "shield"], ["chat"], ["log", "requests"], ["person", "people"]]
        handle = mia.get_by_role("button", name="Drag to move: What was done")
        handle.focus()
        mia.keyboard.press("ArrowLeft")
        expect(handle).to_be_focused()
        assert columns(mia)[1:3] == [["log", "chat"], ["requests"]]
        mia.get_by_role("button", name="Move or hide: Shield and rules").click()
        mia.get_by_role("menuitem", name="Hide").click()
        expect(mia.get_by_test_id("mod-pane-shield")).to_have_count(0)

        target = mia.get_by_test_id("mod-pane-people").bounding_box()
        assert target is not None
        mia.get_by_role("button", name="Drag to move: Held messages").hover()
        mia.mouse.down()
        mia.mouse.move(target["x"] + 50, target["y"] + target["height"] - 10, steps=4)
        mia.mouse.up()
        put = [["log", "chat"], ["requests"], ["person", "people", "queue"]]
        assert columns(mia) == put
        border = mia.get_by_role("separator", name="Border between What was done, Chat and Requests")
        before = int(border.get_attribute("aria-valuenow") or 0)
        border.press("ArrowRight")
        expect(border).to_have_attribute("aria-valuenow", str(before + 5))
        moderate(mia)
        assert columns(mia) == put
        expect(border).to_have_attribute("aria-valuenow", str(before + 5))
        check_axe(mia)
        mia.get_by_role("button", name="Panes").click()
        mia.get_by_role("menuitem", name="As it was at first").click()
        expect(mia.get_by_test_id("mod-pane-shield")).to_be_visible()


@own_thread
def test_who_is_no_moderator_any_more_is_told_so(town: Town) -> None:
    with chromium() as browser, ExitStack() as stack:
        mia = stack.enter_context(page_of(browser, town, "mia", "de-DE"))
        ben = stack.enter_context(page_of(browser, town, "ben"))
        moderate(mia)
        check_axe(mia)
        ben.goto("/moderator/anna")
        expect(ben.get_by_test_id("mod-barred")).to_contain_text("You do not moderate anna")
        check_axe(ben)
        town.moderates("mia", still=False)
        mia.get_by_test_id("mod-shield").get_by_role("switch", name="Schild").click()
        expect(mia.get_by_test_id("mod-barred")).to_contain_text("Du moderierst anna nicht mehr")
        check_axe(mia)
        town.moderates("mia", still=True)
        mia.get_by_role("button", name="Noch einmal nachsehen").click()
        is_joined(mia)
        mia.context.request.delete("/api/sessions/current")
        mia.get_by_test_id("mod-shield").get_by_role("switch", name="Schild").click()
        expect(mia.get_by_test_id("mod-barred")).to_contain_text("Sitzung")


@own_thread
def test_the_dock_answers_requests_and_notes_are_shared(town: Town) -> None:
    with three(town) as (anna, mia, ben):
        bans = "/api/channels/anna/moderation/bans"
        body = {"data": {"user_id": town.ids["ben"], "reason": "rude"}}
        town.people["anna"].post(bans, json=body).raise_for_status()
        ben.get_by_role("button", name="Ask to be unbanned").click()
        ben.get_by_label("Why should you be unbanned?").fill("I am sorry")
        ben.get_by_role("button", name="Ask to be unbanned").last.click()

        mia.set_viewport_size(PHONE)
        mia.goto("/popout/anna/moderation")
        mia.get_by_role("tab", name="Requests to be unbanned").click()
        expect(mia.get_by_test_id("mod-request")).to_contain_text("I am sorry")
        check_axe(mia)
        mia.get_by_test_id("mod-request").get_by_role("button", name="ben", exact=True).click()
        expect(mia.get_by_test_id("mod-facts")).to_contain_text("Banned: rude")
        anna.get_by_test_id("mod-request").get_by_role("button", name="Unban ben").click()
        expect(ben.get_by_text("You are banned from this chat.")).to_be_hidden()
        expect(mia.get_by_test_id("mod-facts")).not_to_contain_text("Banned: rude")

        anna.get_by_role("textbox", name="Name of an account").fill("ben")
        anna.get_by_role("button", name="Find").click()
        for page in (anna, mia):
            expect(page.get_by_test_id("mod-notes").get_by_role("textbox")).to_be_visible()
            page.get_by_test_id("mod-notes").get_by_role("textbox").fill(
                f"seen {'by anna' if page is anna else 'by mia'}"
            )
        anna.get_by_role("button", name="Save").click()
        expect(anna.get_by_test_id("mod-notes")).to_contain_text("The notes are saved.")
        mia.get_by_role("button", name="Save").click()
        expect(mia.get_by_test_id("mod-notes-clash")).to_contain_text("seen by anna")
        check_axe(mia)
        mia.get_by_role("button", name="Keep both").click()
        mia.get_by_role("button", name="Save").click()
        expect(mia.get_by_test_id("mod-notes")).to_contain_text("The notes are saved.")
        expect(mia.get_by_test_id("mod-notes").get_by_role("textbox")).to_have_value(
            "seen by anna\nseen by mia"
        )


@own_thread
def test_five_hundred_held_messages_are_few_elements(town: Town) -> None:
    def answer(route: Route) -> None:
        after = int(httpx.URL(route.request.url).params.get("after", "0"))
        rows = [one_hold(number) for number in range(after, after + HOLDS_PAGE)]
        more = {"cursor": str(after + HOLDS_PAGE)} if after + HOLDS_PAGE < HOLDS else {}
        route.fulfill(content_type="application/json", body=json.dumps({"data": rows, "pagination": more}))

    with chromium() as browser, page_of(browser, town, "anna") as anna:
        anna.route("**/moderation/holds?*", answer)
        moderate(anna)
        expect(anna.get_by_test_id("mod-waiting")).to_have_text("500 messages wait")
        drawn = anna.get_by_test_id("mod-hold")
        assert 0 < drawn.count() < 40
        anna.get_by_role("list", name="Held messages").evaluate(
            "list => { list.scrollTop = list.scrollHeight }"
        )
        expect(held(anna, "number 499.")).to_be_visible()
        assert drawn.count() < 40


def one_hold(number: int) -> dict[str, str]:
    return {
        "message_id": f"01a00000-0000-7000-8000-{number:012}",
        "user_id": "1",
        "user_login": "ben",
        "user_name": "ben",
        "message": f"number {number}. " + "word " * (number % 40),
        "held_for": "automod",
        "category": "caps",
        "held_at": "2026-11-23T06:00:00Z",
        "expires_at": "2099-11-23T06:05:00Z",
    }
