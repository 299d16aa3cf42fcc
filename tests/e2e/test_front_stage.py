"""What a chat in the page has beside its talk, in Chromium and on a real weir: pins, polls, raids, held messages, emotes, gifts."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import chromium, own_thread
from tests.e2e.front_site import (
    DESKTOP,
    PASSWORD,
    REFUSED,
    check_axe,
    context_of,
    enter,
    fill,
    is_in_chat,
    message,
    press,
    say,
)
from tests.e2e.harness import Weir, start_weir
from tests.webapp.pictures import png

pytestmark = pytest.mark.real

PEOPLE = ("boss", "anna", "ben", "vera", "carla")
ROOM = "/popout/anna/chat"
EMOTES = {"Wave": "", "Fan": "&tier=follower", "Gold": "&tier=1000"}


@pytest.fixture(scope="module")
def weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weir]:
    started = start_weir(tmp_path_factory.mktemp("stage") / "data")
    try:
        with ExitStack() as stack:
            clients = {login: stack.enter_context(signed_up(started, login)) for login in PEOPLE}
            upload_emotes(started, clients["anna"], clients["boss"])
        yield started
    finally:
        started.discard()


@contextmanager
def signed_up(weir: Weir, login: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=weir.web, timeout=60) as client:
        made = client.post("/api/users", json={"login": login, "password": PASSWORD})
        assert made.status_code == 201, made.text
        yield client


def upload_emotes(weir: Weir, anna: httpx.Client, boss: httpx.Client) -> None:
    """One for everybody, one for followers, one for subscribers; an administrator lets them pass."""
    assert weir.cli("user", "role", "boss", "admin").returncode == 0
    for code, tier in EMOTES.items():
        headers = {"Content-Type": "image/png"}
        made = anna.post(f"/api/channels/anna/emotes?code={code}{tier}", content=png(), headers=headers)
        assert made.status_code == 201, made.text
        verdict = boss.patch(f"/api/admin/emotes/{made.json()['data'][0]['id']}", json={"status": "approved"})
        assert verdict.status_code == 200, verdict.text


@contextmanager
def people(weir: Weir, *logins: str, path: str = ROOM) -> Iterator[list[Page]]:
    """Several people, each with a browser of their own, in the same chat."""
    with chromium() as browser, ExitStack() as stack:
        pages = []
        for login in logins:
            context = context_of(browser, weir.web, login, expected=(REFUSED,), viewport=DESKTOP)
            pages.append(stack.enter_context(context).new_page())
            enter(pages[-1], path)
        yield pages


def choose(page: Page, menu: str, item: str) -> None:
    press(page, menu)
    page.get_by_role("menuitem", name=item, exact=True).click()


def act_on(page: Page, text: str, act: str) -> None:
    """Point at a message, and press one of the buttons that appear."""
    message(page, text).hover()
    press(page, act)


@own_thread
def test_a_message_is_pinned_something_announced_and_a_poll_voted_in(weir: Weir) -> None:
    with people(weir, "anna", "ben", "vera") as (anna, ben, vera):
        say(ben, "tea is better")
        act_on(anna, "tea is better", "Pin")
        for page in (anna, ben, vera):
            expect(page.get_by_test_id("chat-pin")).to_contain_text("tea is better")
        expect(ben.get_by_test_id("chat-pin")).to_contain_text("Pinned by anna")
        press(ben.get_by_test_id("chat-pin"), "Close")
        expect(ben.get_by_test_id("chat-pin")).to_be_hidden()
        say(anna, "/announce tonight we settle it")
        for page in (anna, ben):
            expect(page.get_by_test_id("chat-notice")).to_contain_text("tonight we settle it")

        choose(anna, "Chat options", "Start a poll")
        form = anna.get_by_test_id("poll-form")
        check_axe(anna)
        fill(form, "Question", "Tea or coffee?")
        fill(form, "Answer 1", "Tea")
        fill(form, "Answer 2", "Coffee <b>!</b>")
        form.get_by_role("button", name="Start a poll").dblclick()
        expect(form).to_be_hidden()
        poll_of = {page: page.get_by_test_id("chat-poll") for page in (anna, ben, vera)}
        for box in poll_of.values():
            expect(box).to_contain_text("Tea or coffee?")
        check_axe(ben)
        poll_of[ben].get_by_role("button", name="Vote: Tea").dblclick()
        press(poll_of[vera], "Vote: Coffee <b>!</b>")
        for box in poll_of.values():
            expect(box).to_contain_text("2 votes")
        for page in (ben, vera):
            expect(poll_of[page].get_by_role("button")).to_have_count(0)
        enter(ben)
        expect(poll_of[ben].get_by_role("listitem").filter(has_text="Your vote")).to_contain_text("Tea")
        expect(poll_of[ben].get_by_role("button")).to_have_count(0)
        check_axe(ben)
        press(poll_of[anna], "End the poll")
        expect(poll_of[ben]).to_contain_text("This poll is over.")
        expect(poll_of[ben]).to_contain_text("50%")
        press(poll_of[ben], "Close")
        expect(poll_of[ben]).to_be_hidden()
        press(anna.get_by_test_id("chat-pin"), "Unpin")
        expect(vera.get_by_test_id("chat-pin")).to_be_hidden()


@own_thread
def test_a_raid_is_offered_and_who_wants_goes_along(weir: Weir) -> None:
    with people(weir, "anna", "ben", "vera", path="/anna") as (anna, ben, vera):
        say(anna, "/raid carla")
        for page in (ben, vera):
            expect(page.get_by_test_id("chat-raid")).to_contain_text("carla")
        check_axe(ben)
        press(ben, "Stay")
        press(anna, "Go now")
        press(vera, "Go along")
        vera.wait_for_url("**/carla")
        is_in_chat(vera)
        say(anna, "all gone?")
        expect(message(ben, "all gone?")).to_have_count(1)
        expect(ben.get_by_test_id("chat-raid")).to_have_count(0)
        expect(vera.get_by_test_id("chat-notice")).to_contain_text("anna")
        assert ben.url.endswith("/anna")

        enter(vera, ROOM)
        say(anna, "/raid carla")
        press(vera, "Go along")
        vera.wait_for_url("**/popout/carla/chat")
        press(anna, "Call it off")
        for page in (anna, ben):
            expect(page.get_by_test_id("chat-raid")).to_have_count(0)


@own_thread
def test_held_messages_wait_for_a_moderator_also_over_a_reload(weir: Weir) -> None:
    with people(weir, "anna", "vera", "ben") as (anna, vera, ben):
        say(anna, "/restrict vera")
        for text in ("may I say this?", "and this?"):
            say(vera, text)
            expect(vera.get_by_test_id("chat-refusal")).to_contain_text("The moderators look at your message")
        holds = anna.get_by_test_id("chat-hold")
        expect(holds).to_have_count(2)
        enter(anna)
        expect(holds).to_have_count(2)
        check_axe(anna)
        press(holds.filter(has_text="may I"), "Allow")
        press(holds.filter(has_text="and this"), "Deny")
        for page in (anna, vera, ben):
            expect(message(page, "may I say this?")).to_have_count(1)
        expect(holds.filter(has_text="and this")).to_contain_text("denied")
        expect(message(ben, "and this?")).to_have_count(0)
        say(anna, "/unmonitor vera")


@own_thread
def test_emotes_are_picked_completed_and_locked_until_somebody_gives_a_subscription(weir: Weir) -> None:
    with people(weir, "anna", "ben", path="/anna") as (anna, ben):
        press(ben, "Emotes")
        picker = ben.get_by_test_id("emote-picker")
        gold = picker.get_by_role("button", name="annaGold: Locked. For subscribers of tier 1 and above")
        expect(gold).to_be_visible()
        expect(picker.get_by_role("button", name="annaFan: Locked. For followers")).to_be_visible()
        check_axe(ben)
        gold.click(force=True)  # it says that it does nothing, and does nothing
        picker.get_by_role("button", name="annaWave", exact=True).click()
        field = ben.get_by_test_id("chat-input")
        expect(field).to_have_value("annaWave ")
        field.press("Enter")
        for page in (anna, ben):
            expect(emote(page, "annaWave")).to_have_count(1)
            assert emote(page, "annaWave").evaluate(
                "async image => (await image.decode(), image.naturalWidth)"
            )
        press(ben, "Emotes")
        press(ben, "Emotes")
        recent = picker.locator("section").filter(has_text="Recent")
        expect(recent.get_by_role("button", name="annaWave", exact=True)).to_be_visible()
        ben.keyboard.press("Escape")
        field.fill(":wav")
        expect(ben.get_by_role("option", name="annaWave")).to_be_visible()
        field.press("Tab")
        expect(field).to_have_value("annaWave ")
        field.fill("")

        choose(anna, "More", "Give a subscription")
        dialog = anna.get_by_role("dialog", name="Give a subscription")
        check_axe(anna)
        fill(dialog, "Login of that person", "nobody_at_all")
        press(dialog, "Give")
        expect(dialog.get_by_label("Login of that person")).to_have_attribute("aria-invalid", "true")
        fill(dialog, "Login of that person", "Ben")
        dialog.get_by_role("button", name="Give", exact=True).dblclick()
        expect(anna.get_by_text("One subscription was given.")).to_be_visible()
        expect(ben.get_by_test_id("chat-notice")).to_contain_text("ben")
        enter(ben, "/anna")
        press(ben, "Subscribed")
        dialog = ben.get_by_role("dialog", name="Subscribe to anna")
        expect(dialog).to_contain_text("A gift from anna.")
        check_axe(ben)
        ben.keyboard.press("Escape")
        press(ben, "Emotes")
        picker.get_by_role("button", name="annaGold", exact=True).click()
        ben.get_by_test_id("chat-input").press("Enter")
        expect(message(anna, "ben").get_by_role("img", name="annaGold")).to_have_count(1)

        message(anna, "ben").last.get_by_role("button", name="ben", exact=True).click()
        card = anna.get_by_test_id("user-card")
        expect(card).to_contain_text("Account made")
        check_axe(anna)
        press(card, "Time out for 10 s")
        expect(ben.get_by_text("You are timed out for another")).to_be_visible()
        expect(ben.get_by_text("You are timed out for another")).to_be_hidden()


def emote(page: Page, code: str) -> Locator:
    """Find an emote in what is said."""
    return page.get_by_test_id("chat-log").get_by_role("img", name=code)
