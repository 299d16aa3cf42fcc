"""The dashboard's other pages in Chromium, as people use them, and all in German; one site serves them all, so one file."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from common.embedded_pg import cluster_status
from tests.browser import chromium, own_thread
from tests.e2e.front_site import (
    FRONTEND,
    HANDHELD,
    PASSWORD,
    REFUSED,
    check_axe,
    check_width,
    context_of,
    fill,
    log_in,
    press,
    sign_up,
)
from tests.e2e.front_texts import EnglishTexts
from tests.e2e.harness import Encoder, Weir, poll, start_weir
from tests.e2e.test_eventsub import SECRET, Hook
from weir.pg_tools import find_tools, libpq_environment

pytestmark = pytest.mark.real

PICTURE = FRONTEND / "public" / "icon-192.png"
NO_PICTURE = FRONTEND / "public" / "favicon.svg"
PAGES = (
    "stream", "live", "streams", "activity", "chat", "automod", "terms", "emotes", "badges", "roles", "channel",
    "panels", "subscribers", "keys", "developer",
)  # fmt: skip
LONGEST = "w" * 25
"""As long, and as wide, as a login can be."""
WIDE = "W" * 60
DRAWN = """() => document.querySelector('[class*="skeleton"], [class*="spinner"]') === null"""
LAST_TRY = 11
"""Of the twelve that a webhook gets, over some hours: what was tried as often is tried once more."""


@pytest.fixture(scope="module")
def weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weir]:
    data = tmp_path_factory.mktemp("pages") / "data"
    started = start_weir(data, WEIR_EGRESS_ALLOW="127.0.0.0/8", WEIR_RECONNECT_GRACE_S="2")
    yield started
    started.discard()


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What calls itself a picture and is none."""
    file = tmp_path_factory.mktemp("pictures") / "broken.png"
    file.write_bytes(b"\x89PNG no picture")
    return file


def somebody(browser: Browser, weir: Weir, **options: Any) -> AbstractContextManager[BrowserContext]:
    """A browser of somebody who is refused things now and then: part of the story."""
    return context_of(browser, weir.web, expected=(REFUSED,), **options)


def open_page(context: BrowserContext, login: str, name: str, heading: str) -> Page:
    page = context.new_page()
    page.goto(f"/dashboard/{login}/{name}")
    expect(page.get_by_role("heading", level=1, name=heading, exact=True)).to_be_visible()
    return page


def asked(context: BrowserContext, method: str, path: str, body: object = None, *, status: int = 0) -> Any:
    """Ask the API without the page; bytes are a picture."""
    headers = {"Content-Type": "image/png"} if isinstance(body, bytes) else {}
    answer = context.request.fetch(f"/api{path}", method=method, data=body, headers=headers)
    assert answer.status == status if status else answer.ok, (method, path, answer.status, answer.text())
    return answer.json() if answer.body() else None


def channel_of(context: BrowserContext, login: str) -> dict[str, Any]:
    found: dict[str, Any] = asked(context, "GET", f"/channels/{login}")["data"][0]
    return found


def rows(page: Page, name: str) -> Locator:
    return page.get_by_test_id(name).get_by_role("listitem")


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def shown(page: Page | Locator, label: str) -> str:
    """Give a text that is shown once."""
    field = page.get_by_role("textbox", name=label, exact=True)
    expect(field).not_to_have_value("")
    return field.input_value()


@own_thread
def test_a_key_is_shown_once_replaced_and_revoked(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as context:
        sign_up(context, "keeper")
        page = open_page(context, "keeper", "keys", "Stream keys")
        expect(page.get_by_text("There are no keys.")).to_be_visible()
        check_axe(page)
        fill(page, "What it is for", WIDE)
        page.get_by_role("button", name="Make key", exact=True).dblclick()
        first = shown(page, "Stream key")
        check_axe(page)
        page.reload()
        expect(rows(page, "keys")).to_have_count(1)
        expect(rows(page, "keys")).to_contain_text(first[-4:])
        assert first not in page.content(), "it was shown once"
        press(page, f"Replace {WIDE}")
        check_axe(page)
        press(dialog(page), "Replace")
        assert shown(dialog(page), "Stream key") != first
        press(dialog(page), "Done")
        expect(rows(page, "keys")).to_have_count(2)
        press(page, f"Revoke {WIDE}")
        press(dialog(page), "Revoke")
        expect(page.get_by_text("revoked", exact=True)).to_have_count(2)
        check_axe(page)
        for _ in range(20):
            asked(context, "POST", "/channels/keeper/keys", {})
        fill(page, "What it is for", "one more")
        press(page, "Make key")
        expect(page.get_by_text("A channel has at most 20 keys; revoke one first.")).to_be_visible()
        expect(page.get_by_label("What it is for", exact=True)).to_have_value("one more")


@own_thread
def test_a_developer_makes_a_token_and_an_app(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as context:
        sign_up(context, "developer")
        page = open_page(context, "developer", "developer", "For developers")
        tokens, apps = section(page, "Tokens for programs"), section(page, "OAuth apps")
        press(tokens, "New token")
        fill(tokens, "What it is for", WIDE)
        press(tokens, "Make token")
        expect(tokens.get_by_text("Choose at least one thing.")).to_be_visible()
        tokens.get_by_role("checkbox").first.check()
        press(tokens, "Make token")
        token = shown(tokens, "Token")
        check_axe(page)
        press(tokens, "Done")
        bearer = {"Authorization": f"Bearer {token}"}
        validate = f"{weir.web}/oauth2/validate"
        with context_of(browser, weir.web) as program:
            assert program.request.get(validate, headers=bearer).status == 200
            press(tokens, f"Revoke {WIDE}")
            expect(tokens.get_by_text("There are no tokens.")).to_be_visible()
            assert program.request.get(validate, headers=bearer).status == 401

            press(apps, "New app")
            fill(apps, "Name", WIDE)
            fill(apps, "Redirect addresses, one a line", "http://example.org/back")
            press(apps, "Make app")
            expect(
                apps.get_by_role("alert").filter(has_text="http is for the user's own machine")
            ).to_be_visible()
            page.reload()
            press(apps, "New app")
            expect(apps.get_by_label("Name", exact=True)).to_have_value(WIDE)
            addresses = apps.get_by_label("Redirect addresses, one a line")
            expect(addresses).to_have_value("http://example.org/back")
            addresses.fill("http://localhost:3000/back\nhttps://example.org/" + "back" * 100)
            press(apps, "Make app")
            client_id, secret = shown(apps, "Client ID"), shown(apps, "Client secret")
            check_axe(page)

            def token_for(password: str) -> int:
                form: dict[str, str | float | bool] = {
                    "grant_type": "client_credentials",
                    "client_id": client_id,
                    "client_secret": password,
                }
                return program.request.post("/oauth2/token", form=form).status

            assert token_for(secret) == 200
            press(apps, "Done")
            press(apps, f"New secret for {WIDE}")
            check_axe(page)
            press(dialog(page), "New secret")
            fresh = shown(dialog(page), "Client secret")
            press(dialog(page), "Done")
            assert (token_for(secret), token_for(fresh)) == (401, 200)
            press(apps, f"Change {WIDE}")
            fill(dialog(page), "Name", "Overlay")
            press(dialog(page), "Save")
            press(apps, "Remove Overlay")
            press(dialog(page), "Remove")
            expect(apps.get_by_text("You have no apps.")).to_be_visible()
            assert token_for(fresh) == 401


@own_thread
def test_a_webhook_is_told_and_what_it_missed_is_sent_again(weir: Weir) -> None:
    with closing(Hook()) as hook, chromium() as browser, somebody(browser, weir) as context:
        sign_up(context, "hooked")
        page = open_page(context, "hooked", "developer", "For developers")
        section(page, "Webhooks").get_by_label("Event", exact=True).select_option("channel.update")
        fill(page, "Address", "example.org/hook")
        fill(page, "Secret", "short")
        press(page, "Make webhook")
        expect(page.get_by_text("Write an address that begins with https://.")).to_be_visible()
        expect(page.get_by_text("A secret has 10 to 100 plain characters.")).to_be_visible()
        fill(page, "Address", "http://10.0.0.1/hook")
        fill(page, "Secret", SECRET)
        press(page, "Make webhook")
        expect(page.get_by_text("The host is not on the public internet.")).to_be_visible()
        check_axe(page)
        fill(page, "Address", hook.url)
        press(page, "Make webhook")
        expect(rows(page, "webhooks")).to_have_attribute("data-status", "enabled", timeout=60_000)
        expect(rows(page, "webhooks")).to_contain_text("works")

        asked(context, "PATCH", "/channels/hooked", {"title": "One"})
        hook.find("notification", "channel.update", title="One")
        press(page, "What was sent for channel.update")
        log = rows(page, "deliveries")
        expect(log).to_have_attribute("data-status", "sent")
        log.get_by_text("What it said").click()
        expect(log).to_contain_text('"title": "One"')
        check_axe(page)
        hook.is_broken = True
        asked(context, "PATCH", "/channels/hooked", {"title": "Two"})
        expect(log).to_have_count(2)
        expect(log.first).to_contain_text("The receiver answered 503.")
        let_the_last_try_come(weir)
        expect(log.first).to_have_attribute("data-status", "dead", timeout=60_000)
        check_axe(page)
        hook.is_broken = False
        log.first.get_by_role("button", name="Send again").dblclick()
        expect(log.first).to_have_attribute("data-status", "sent", timeout=60_000)
        hook.find("notification", "channel.update", title="Two")
        assert hook.refused == 0, "each was signed with the secret that was typed"
        page.keyboard.press("Escape")
        press(page, "Remove the webhook for channel.update")
        expect(page.get_by_text("There are no webhooks.")).to_be_visible()


def let_the_last_try_come(weir: Weir) -> None:
    """Let hours go by in which something was tried again and again."""
    status = cluster_status(Path(weir.environment["WEIR_DATA_DIR"]))
    assert status is not None
    assert status.dsn is not None
    statement = f"update deliveries set attempts = {LAST_TRY}, due_at = now() where finished_at is null"
    psql = [find_tools(18).program("psql"), "-XqAt", "-c", statement]
    subprocess.run(psql, env=libpq_environment(status.dsn, "test"), check=True, timeout=30)


@own_thread
def test_subscriptions_are_given_and_taken_back(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as owner, somebody(browser, weir) as editor:
        sign_up(owner, "patron")
        for login in (LONGEST[:-1] + "a", "subscribed", "fan_one", "fan_two"):
            with context_of(browser, weir.web) as other:
                sign_up(other, login)
        sign_up(editor, "patrons_editor")
        asked(owner, "PUT", "/channels/patron/editors/patrons_editor")
        page = open_page(owner, "patron", "subscribers", "Subscribers")
        expect(page.get_by_text("Nobody subscribes yet.")).to_be_visible()
        check_axe(page)
        weir.cli("subscription", "grant", "patron", LONGEST[:-1] + "a", "--tier", "3", "--forever")
        weir.cli("subscription", "grant", "patron", "subscribed", "--months", "3")
        page.reload()
        expect(page.get_by_text("2 in all, 7 points")).to_be_visible()
        expect(rows(page, "subscribers").filter(has_text=LONGEST[:-1])).to_contain_text(
            "until it is taken back"
        )
        check_axe(page)

        form = section(page, "Give a subscription without money")
        fill(form, "Login", "nobody_there")
        press(form, "Give")
        expect(form.get_by_text("There is nobody called nobody_there.")).to_be_visible()
        expect(form.get_by_label("Login", exact=True)).to_have_value("nobody_there")
        fill(form, "Login", "@fan_one")
        form.get_by_label("Tier", exact=True).select_option("2000")
        form.get_by_role("button", name="Give", exact=True).dblclick()
        expect(rows(page, "subscribers").filter(has_text="fan_one")).to_contain_text("Tier 2")
        press(page, "Take back subscribed's subscription")
        expect(rows(page, "subscribers")).to_have_count(2)

        press(page, "Give a gift")
        fill(dialog(page), "Login of that person", "fan_one")
        press(dialog(page), "Give")
        expect(dialog(page).get_by_role("alert").filter(has_text="subscribe")).to_be_visible()
        fill(dialog(page), "Login of that person", "fan_two")
        check_axe(page)
        press(dialog(page), "Give")
        expect(rows(page, "subscribers").filter(has_text="fan_two")).to_contain_text("gift by patron")

        theirs = open_page(editor, "patron", "subscribers", "Subscribers")
        expect(rows(theirs, "subscribers")).to_have_count(3)
        expect(theirs.get_by_role("button", name="Take back")).to_have_count(0)


@own_thread
def test_panels_keep_what_was_typed_whatever_is_refused(weir: Weir, broken: Path) -> None:
    with chromium() as browser, somebody(browser, weir) as owner, somebody(browser, weir) as editor:
        sign_up(owner, "painter")
        sign_up(editor, "painters_editor")
        asked(owner, "PUT", "/channels/painter/editors/painters_editor")
        page = open_page(owner, "painter", "panels", "Panels")

        def panel(number: int) -> Locator:
            return page.get_by_role("group", name=f"Panel {number}", exact=True)

        press(page, "Add a panel")
        fill(panel(1), "Title", WIDE)
        fill(panel(1), "Text", "w" * 2000)
        press(page, "Add a panel")
        fill(panel(2), "Title", "Schedule")
        fill(panel(2), "Link", "javascript:alert(1)")
        press(page, "Save")
        expect(page.get_by_text("A link begins with https://.")).to_be_visible()
        expect(panel(2).get_by_label("Link", exact=True)).to_be_focused()
        fill(panel(2), "Link", "https://example.org/" + "w" * 400)
        panel(1).get_by_test_id("picture").set_input_files(NO_PICTURE)
        expect(panel(1).get_by_text("This is no PNG, JPEG, WebP or GIF.")).to_be_visible()
        panel(1).get_by_test_id("picture").set_input_files(broken)
        expect(panel(1).get_by_role("alert").last).not_to_be_empty()
        expect(panel(1).get_by_label("Title", exact=True)).to_have_value(WIDE)
        panel(1).get_by_test_id("picture").set_input_files(PICTURE)
        expect(panel(1).get_by_role("img")).to_be_visible()
        press(page, "Move panel 2 up")
        expect(page.get_by_role("button", name="Move panel 1 up")).to_be_focused()
        check_axe(page)
        page.reload()
        expect(page.get_by_text("What you had typed before is back.")).to_be_visible()
        press(page, "Save")
        expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
        saved = channel_of(owner, "painter")["panels"]
        assert [(one["title"], len(one["text"]), one["image"] is None) for one in saved] == [
            ("Schedule", 0, True),
            (WIDE, 2000, False),
        ]

        theirs = open_page(editor, "painter", "panels", "Panels")
        fill(theirs.get_by_role("group", name="Panel 1", exact=True), "Title", "Every Friday")
        press(theirs, "Save")
        expect(theirs.get_by_text("Saved.", exact=True)).to_be_visible()
        press(page, "Remove panel 2")
        expect(page.get_by_role("button", name="Add a panel")).to_be_focused()
        press(page, "Save")
        expect(page.get_by_test_id("others")).to_contain_text("they chose “Every Friday")
        assert len(channel_of(owner, "painter")["panels"]) == 2, "nothing was overwritten unseen"
        check_axe(page)
        press(page, "Keep mine: Panels")
        fill(panel(1), "Title", "Every Saturday")

        owner.clear_cookies()
        panel(1).get_by_test_id("picture").set_input_files(PICTURE)
        expect(page.get_by_role("heading", name="Log in to go on")).to_be_visible()
        fill(dialog(page), "Password", PASSWORD)
        press(dialog(page), "Log in")
        expect(dialog(page)).to_have_count(0)
        expect(panel(1).get_by_label("Title", exact=True)).to_have_value("Every Saturday")
        press(page, "Save")
        poll(
            "the panels",
            lambda: [one["title"] for one in channel_of(owner, "painter")["panels"]] == ["Every Saturday"],
        )
        page.goto("/painter")
        expect(page.get_by_role("heading", name="Every Saturday")).to_be_visible()


@own_thread
def test_a_channel_is_closed_warned_of_and_pictured(weir: Weir, broken: Path) -> None:
    with chromium() as browser, somebody(browser, weir) as owner, somebody(browser, weir) as editor:
        sign_up(owner, "closer")
        sign_up(editor, "closers_editor")
        asked(owner, "PUT", "/channels/closer/editors/closers_editor")
        page = open_page(owner, "closer", "channel", "Channel settings")
        watched = page.get_by_label("Watched by")
        access = section(page, "Who may watch")
        watched.select_option("password")
        fill(access, "Password of the channel", "short")
        press(access, "Save")
        expect(access.get_by_text("A password has 8 to 200 characters.")).to_be_visible()
        check_axe(page)
        fill(access, "Password of the channel", PASSWORD)
        press(access, "Save")
        poll("it is closed", lambda: channel_of(owner, "closer")["visibility"] == "password")

        watched.select_option("subs")
        asked(owner, "PATCH", "/channels/closer", {"visibility": "followers"})
        press(access, "Save")
        expect(access.get_by_role("alert").filter(has_text="Now it says: followers only.")).to_be_visible()
        expect(watched).to_have_value("subs")
        assert channel_of(owner, "closer")["visibility"] == "followers"
        check_axe(page)
        press(access, "Save")
        poll("ours counts", lambda: channel_of(owner, "closer")["visibility"] == "subs")

        theirs = open_page(editor, "closer", "channel", "Channel settings")
        expect(theirs.get_by_text("Only the owner says who may watch.")).to_be_visible()
        theirs.get_by_label("Gambling").check()
        theirs.get_by_label("Only for adults").check()
        press(theirs, "Save")
        expect(theirs.get_by_text("Saved.", exact=True)).to_be_visible()
        page.get_by_label("Violence and gore").check()
        press(page.get_by_role("form", name="What viewers are warned of"), "Save")
        expect(page.get_by_test_id("others")).to_contain_text(
            "they chose “Gambling”, you “Violence and gore”"
        )
        expect(page.get_by_label("Only for adults")).to_be_checked()
        check_axe(page)
        press(page, "Take theirs: Labels")
        expect(page.get_by_label("Gambling")).to_be_checked()

        offline = section(page, "Picture while offline")
        offline.get_by_test_id("picture").set_input_files(broken)
        expect(offline.get_by_role("alert").last).not_to_be_empty()
        offline.get_by_test_id("picture").set_input_files(PICTURE)
        expect(offline.get_by_role("img")).to_be_visible()
        check_axe(page)
        press(offline, "Remove the picture")
        expect(offline.get_by_role("img")).to_have_count(0)
        assert channel_of(owner, "closer")["offline_image_url"] == ""


@pytest.fixture(scope="module")
def crowded(weir: Weir) -> str:
    """A channel that has of everything, all of it as long as it may be; gives its key."""
    others = [f"{letter * 24}{number}" for letter in "WM" for number in range(2)]
    keys: list[str] = []

    @own_thread
    def make() -> None:
        with chromium() as browser, context_of(browser, weir.web) as owner:
            for login in others:
                with context_of(browser, weir.web) as other:
                    sign_up(other, login.lower())
                    asked(other, "PATCH", "/users/me", {"display_name": login})
            sign_up(owner, LONGEST)
            asked(owner, "PATCH", "/users/me", {"display_name": LONGEST.upper()})
            keys.append(furnish(weir, browser, owner, [login.lower() for login in others]))

    make()
    return keys[0]


def furnish(weir: Weir, browser: Browser, owner: BrowserContext, others: list[str]) -> str:
    """Fill every list of the dashboard; give a key."""
    here = f"/channels/{LONGEST}"
    panels = [{"title": WIDE, "text": "w" * 2000, "link": "https://example.org/" + "w" * 400}] * 3
    asked(owner, "PATCH", here, {"title": "W" * 140, "tags": ["w" * 25, "m" * 25], "panels": panels})
    for role, login in zip(("moderators", "editors", "vips"), others, strict=False):
        asked(owner, "PUT", f"{here}/{role}/{login}")
    for login in others:
        assert weir.cli("subscription", "grant", LONGEST, login).returncode == 0
    with context_of(browser, weir.web, others[-1]) as follower:
        asked(follower, "PUT", f"{here}/followers/me", {})
    asked(owner, "POST", f"{here}/blocked-terms", {"text": "w" * 100})
    picture = PICTURE.read_bytes()
    asked(owner, "POST", f"{here}/emotes?code=Wwwwwwwwwww", picture)
    asked(owner, "PUT", f"{here}/badges/subscriber/6", picture)
    asked(owner, "POST", "/tokens", {"label": "W" * 100, "scopes": ["chat:read", "chat:edit"]})
    asked(owner, "POST", "/apps", {"name": WIDE, "redirect_uris": ["https://example.org/" + "w" * 400]})
    me = channel_of(owner, LONGEST)["broadcaster_id"]
    hook = {"method": "webhook", "callback": "http://127.0.0.1:9/" + "w" * 900, "secret": SECRET}
    wish = {
        "type": "channel.update",
        "version": "2",
        "condition": {"broadcaster_user_id": me},
        "transport": hook,
    }
    asked(owner, "POST", "/eventsub/subscriptions", wish)
    key: str = asked(owner, "POST", f"{here}/keys", {"label": "W" * 100})["data"][0]["stream_key"]
    return key


def goes_live(context: BrowserContext) -> None:
    poll("live", lambda: channel_of(context, LONGEST)["is_live"], 60)


def drawn(page: Page, path: str) -> None:
    page.goto(path)
    page.locator("h1").first.wait_for(state="attached")
    page.wait_for_function(DRAWN)


@own_thread
def test_every_page_of_a_crowded_channel_is_accessible(
    weir: Weir, crowded: str, publish: Callable[..., Encoder]
) -> None:
    encoder = publish(f"{weir.rtmp}/{crowded}")
    with chromium() as browser, context_of(browser, weir.web, LONGEST) as context:
        goes_live(context)
        page = context.new_page()
        for name in PAGES:
            drawn(page, f"/dashboard/{LONGEST}/{name}")
            check_axe(page)
            check_width(page)
            assert EnglishTexts().seen_on(page), "what finds English on German pages finds it here"
        encoder.quit()


GERMAN_BUTTONS = {
    "keys": ("ersetzen", "widerrufen"),
    "developer": ("Neues Token", "Neue App", "Was geschickt wurde: channel.update"),
    "subscribers": ("Schenken",),
    "emotes": ("ändern",),
}
"""What shows more of a page: parts of names."""


@own_thread
def test_every_page_is_german_on_a_phone_in_light(
    weir: Weir, crowded: str, publish: Callable[..., Encoder]
) -> None:
    english = EnglishTexts()
    assert english.count > 1000
    encoder = publish(f"{weir.rtmp}/{crowded}")
    options = HANDHELD | {"locale": "de-DE"}
    with chromium() as browser, context_of(browser, weir.web, **options) as context:
        log_in(context, LONGEST)
        goes_live(context)
        page = context.new_page()
        page.goto("/settings/appearance")
        page.evaluate("() => localStorage.setItem('weir-theme', 'light')")
        left: dict[str, list[str]] = {}

        def look(path: str) -> None:
            check_width(page)
            if found := english.seen_on(page):
                left[path] = found

        docks = [f"/popout/{LONGEST}/{name}" for name in ("activity", "health", "moderation", "chat")]
        for path in (*(f"/dashboard/{LONGEST}/{name}" for name in PAGES), f"/moderator/{LONGEST}", *docks):
            drawn(page, path)
            look(path)
            check_axe(page)
            for part in GERMAN_BUTTONS.get(path.rpartition("/")[2], ()):
                page.get_by_role("button", name=part).first.click()
                look(f"{path} {part}")
                page.keyboard.press("Escape")
        encoder.quit()
        assert left == {}
