"""What tests of the pages share: browsers whose pages must be faultless, axe, and what people do on every page."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

PASSWORD = "correct horse battery"
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
HANDHELD: dict[str, Any] = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
"""Options of the context of a phone."""
PATIENCE_MS = 30_000
"""For a busy machine: 5 s are little where several tests share two cores."""
REFUSED = "Failed to load resource: the server responded with a status of 4"
"""What Chromium writes of every answer that is a refusal; where one is part of the story, it is no fault."""
BUSY = "Failed to load resource: the server responded with a status of 503"
"""A machine that is too busy answers so after some seconds, and the page asks again: no fault of the page."""
AWAY = ("Failed to load resource: net::", "WebSocket connection to")
"""What Chromium writes of a server that is not there; where one is stopped, it is no fault."""
FRONTEND = Path(__file__).parents[2] / "webapp" / "frontend"
_AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def context_of(
    browser: Browser, web: str, login: str | None = None, *, expected: tuple[str, ...] = (), **options: Any
) -> Iterator[BrowserContext]:
    """A browser of somebody's own; nothing on its pages may throw, break the policy, ask with a dialog, or write to the console.

    Args:
        browser: it is a profile of this one.
        web: address of the site.
        login: who is logged in; `None`: nobody.
        expected: beginnings or parts of what the console may say.
        options: of the context.

    """
    context = browser.new_context(base_url=web, **({"locale": "en-GB"} | options))
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    faults: list[str] = []

    def hear(kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not any(part in text for part in (BUSY, *expected)):
            faults.append(text)

    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("console", lambda message: hear(message.type, message.text))
    context.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
    if login is not None:
        log_in(context, login)
    yield context
    context.close()
    assert faults == [], faults


def sign_up(context: BrowserContext, login: str) -> None:
    """Make an account without the page, and be logged in as it."""
    answer = context.request.post("/api/users", data={"login": login, "password": PASSWORD})
    assert answer.status == 201, answer.text()


def log_in(context: BrowserContext, login: str) -> None:
    """Be logged in without the page."""
    answer = context.request.post("/api/sessions", data={"login": login, "password": PASSWORD})
    assert answer.status == 201, answer.text()


def check_axe(page: Page) -> None:
    """Have axe look at the page as it is, once it is drawn: every page has a heading."""
    page.locator("h1").first.wait_for(state="attached")
    page.evaluate(_AXE.read_text())
    found = page.evaluate("async () => (await axe.run()).violations")
    told = [(fault["id"], [node["html"][:200] for node in fault["nodes"]]) for fault in found]
    assert told == [], f"{page.url}: {told}"


def check_width(page: Page) -> None:
    """Nothing sticks out at the side."""
    width = page.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1], page.url


def fill(page: Page | Locator, label: str, text: str) -> None:
    """Type into the field of that name."""
    page.get_by_label(label, exact=True).fill(text)


def press(page: Page | Locator, name: str) -> None:
    """Click the button of that name."""
    page.get_by_role("button", name=name, exact=True).click()


def is_logged_in(page: Page) -> None:
    """Wait until the page knows somebody."""
    expect(page.get_by_role("button", name="Account", exact=True)).to_be_visible()


# Chat ------------------------------------------------------------------------------------------------------------------------


def is_in_chat(page: Page) -> None:
    """Wait until the page reads the room."""
    expect(page.get_by_test_id("chat")).to_have_attribute("data-state", "joined")


def enter(page: Page, path: str = "/popout/anna/chat") -> None:
    """Open a page with a chat, and wait for it."""
    page.goto(path)
    is_in_chat(page)


def messages(page: Page) -> Locator:
    """Find all messages that are drawn."""
    return page.get_by_test_id("chat-message")


def message(page: Page, text: str) -> Locator:
    """Find the messages in which something is said."""
    return messages(page).filter(has_text=text)


def say(page: Page, text: str) -> None:
    """Write and send; who is too fast sends what was kept again, when that is possible."""
    field, sending = page.get_by_test_id("chat-input"), page.get_by_test_id("chat-send")
    field.fill(text)
    for _attempt in range(5):
        expect(sending).to_have_text("Send")
        field.press("Enter")
        expect(sending).not_to_have_attribute("aria-busy", "true")
        if field.input_value() == "":
            return
    raise AssertionError(page.get_by_test_id("chat-refusal").text_content())
