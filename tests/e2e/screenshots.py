"""Pictures of the pages, with live data: `python -m tests.e2e.screenshots DIRECTORY [PAGE …]` (or `make screenshots`).

Starts a weir of its own with channels that really stream, accounts, follows, viewers and chat, and goes through the pages in
Chromium: dark and light, on a desktop and on a phone. To be looked at; nothing is compared. `--docs` makes the pictures of
docs/pictures anew. A new page is a line in PAGES.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import chromium
from tests.e2e.shown_site import ADMIN, STAR, VIEWER, Site, shown_site

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
WIDTH_IN_DOCS = {"desktop": 1200, "phone": 390}
SETTLE_MS = 700
"""For pictures, and what moves into its place."""
WAIT_MS = 20_000
SHOWN = """() => document.querySelector('[class*="skeleton"]') === null && [...document.images].every(
  (image) => image.complete || !image.checkVisibility() || image.getBoundingClientRect().top > innerHeight)"""
"""Nothing of the page is waited for, no picture that is seen either."""


def play(page: Page) -> None:
    """Wait until the player shows something, and for its controls to go."""
    page.locator('[data-testid="player"][data-state="playing"]').wait_for(timeout=WAIT_MS)
    page.wait_for_timeout(3500)


def talk(page: Page) -> None:
    """Wait for the lines of the chat."""
    page.get_by_test_id("chat-message").first.wait_for(timeout=WAIT_MS)


def watch(page: Page) -> None:
    talk(page)
    play(page)


def pick_emotes(page: Page) -> None:
    watch(page)
    page.get_by_role("button", name="Emotes").click()


def look_somebody_up(page: Page) -> None:
    talk(page)
    page.get_by_role("button", name="Mika").last.click()


def open_quality(page: Page) -> None:
    play(page)
    page.mouse.move(500, 300)
    page.get_by_role("button", name="Settings").first.click()


def let_graphs_grow(page: Page) -> None:
    page.wait_for_timeout(4000)


def open_menu(page: Page) -> None:
    page.get_by_role("button", name="Menu").click()


@dataclass(frozen=True)
class Shot:
    """A page to take pictures of."""

    name: str
    path: str
    who: str | None = VIEWER
    """Who is logged in; `None`: nobody."""
    then: Callable[[Page], None] | None = None
    """What to do on it first."""
    sizes: Sequence[str] = ("desktop", "phone")
    themes: Sequence[str] = ("dark", "light")


ALL_THEMES = ("dark", "light", "contrast")
PAGES = (
    Shot("home", "/", themes=ALL_THEMES),
    Shot("home-nobody", "/", None, themes=("dark",)),
    Shot("browse", "/directory"),
    Shot("live", "/directory/live", None),
    Shot("category", "/directory/category/{music}"),
    Shot("following", "/directory/following"),
    Shot("search", "/search?q=pa", None),
    Shot("search-nothing", "/search?q=qqqq", None, themes=("dark",)),
    Shot("menu", "/", then=open_menu, sizes=("phone",), themes=("dark",)),
    Shot("watch", f"/{STAR.login}", then=watch, themes=ALL_THEMES),
    Shot("watch-nobody", f"/{STAR.login}", None, then=watch, themes=("dark",)),
    Shot("watch-emotes", f"/{STAR.login}", then=pick_emotes, themes=("dark",)),
    Shot("watch-somebody", f"/{STAR.login}", then=look_somebody_up, themes=("dark",)),
    Shot("watch-quality", f"/{STAR.login}", then=open_quality, sizes=("desktop",), themes=("dark",)),
    Shot("offline", "/streamer"),
    Shot("popout-chat", f"/popout/{STAR.login}/chat", then=talk),
    Shot("embed", f"/embed/{STAR.login}", None, then=play, themes=("dark",)),
    Shot("login", "/login", None),
    Shot("signup", "/signup", None),
    Shot("settings", "/settings/profile"),
    Shot("settings-security", "/settings/security"),
    Shot("settings-notifications", "/settings/notifications"),
    Shot("settings-appearance", "/settings/appearance", themes=("dark",)),
    Shot("settings-data", "/settings/data", themes=("dark",)),
    Shot("not-found", "/no/such/page", None),
    Shot("go-live", f"/dashboard/{STAR.login}/live", STAR.login),
    Shot("stream-manager", f"/dashboard/{STAR.login}/stream", STAR.login, then=let_graphs_grow),
    Shot("streams", f"/dashboard/{STAR.login}/streams", STAR.login, themes=("dark",)),
    Shot("activity", f"/dashboard/{STAR.login}/activity", STAR.login, themes=("dark",)),
    Shot("chat-rules", f"/dashboard/{STAR.login}/chat", STAR.login, themes=("dark",)),
    Shot("automod", f"/dashboard/{STAR.login}/automod", STAR.login, themes=("dark",)),
    Shot("emotes", f"/dashboard/{STAR.login}/emotes", STAR.login, themes=("dark",)),
    Shot("terms", f"/dashboard/{STAR.login}/terms", STAR.login, themes=("dark",)),
    Shot("badges", f"/dashboard/{STAR.login}/badges", STAR.login, themes=("dark",)),
    Shot("channel", f"/dashboard/{STAR.login}/channel", STAR.login, themes=("dark",)),
    Shot("roles", f"/dashboard/{STAR.login}/roles", STAR.login, themes=("dark",)),
    Shot("panels", f"/dashboard/{STAR.login}/panels", STAR.login, themes=("dark",)),
    Shot("keys", f"/dashboard/{STAR.login}/keys", STAR.login, themes=("dark",)),
    Shot("developer", f"/dashboard/{STAR.login}/developer", STAR.login, themes=("dark",)),
    Shot("subscribers", f"/dashboard/{STAR.login}/subscribers", STAR.login, themes=("dark",)),
    Shot("dock-health", f"/popout/{STAR.login}/health", STAR.login, themes=("dark",)),
    Shot("mod-view", f"/moderator/{STAR.login}", STAR.login, then=talk),
    Shot("admin", "/admin", ADMIN),
    Shot("admin-live", "/admin/live", ADMIN),
    Shot("admin-users", "/admin/users", ADMIN, themes=("dark",)),
    Shot("admin-settings", "/admin/settings", ADMIN, themes=("dark",)),
    Shot("admin-nodes", "/admin/nodes", ADMIN, themes=("dark",)),
)
DOCS = {
    "home": ("home", "desktop", "dark"),
    "watch": ("watch", "desktop", "dark"),
    "watch-light": ("watch", "desktop", "light"),
    "watch-phone": ("watch", "phone", "dark"),
    "chat": ("watch-emotes", "desktop", "dark"),
    "settings": ("settings", "desktop", "light"),
    "go-live": ("go-live", "desktop", "dark"),
    "stream-manager": ("stream-manager", "desktop", "dark"),
    "mod-view": ("mod-view", "desktop", "dark"),
    "admin": ("admin-live", "desktop", "light"),
}
"""Of which picture each one in docs/pictures is made."""
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
        "device_scale_factor": 2,
    },
}


@dataclass(frozen=True)
class Wish:
    """Which pictures; nothing: all."""

    pages: Sequence[str] = ()
    sizes: Sequence[str] = ()
    themes: Sequence[str] = ()

    def wants(self, shot: Shot, size: str, theme: str) -> bool:
        return (
            (not self.pages or shot.name in self.pages)
            and size in (self.sizes or shot.sizes)
            and theme in (self.themes or shot.themes)
        )


def take(browser: Browser, site: Site, out: Path, wish: Wish) -> None:
    """Take the pictures that are wanted."""
    music = next(row["game_id"] for row in site.streams() if row["user_login"] == STAR.login)
    for size, options in SIZES.items():
        for theme in ALL_THEMES:
            for who in dict.fromkeys(shot.who for shot in PAGES):
                shots = [shot for shot in PAGES if shot.who == who and wish.wants(shot, size, theme)]
                if shots:
                    context = browser.new_context(base_url=site.weir.web, locale="en-GB", **options)
                    context.add_init_script(f"localStorage.setItem('weir-theme', '{theme}')")
                    log_in_as(context, site, who)
                    for shot in shots:
                        file = out / f"{shot.name}-{size}-{theme}.png"
                        shoot(context, shot.path.format(music=music), shot.then, file)
                    context.close()


def log_in_as(context: BrowserContext, site: Site, who: str | None) -> None:
    if who is not None:
        name, _, value = site.cookies[who].partition("=")
        context.add_cookies([{"name": name, "value": value, "url": site.weir.web}])


def shoot(context: BrowserContext, path: str, then: Callable[[Page], None] | None, file: Path) -> None:
    page = context.new_page()
    page.goto(path)
    page.get_by_role("main").wait_for(timeout=WAIT_MS)
    page.wait_for_load_state("load")
    if then is None:
        page.wait_for_load_state("networkidle")
    else:
        then(page)
    page.wait_for_timeout(SETTLE_MS)
    page.wait_for_function(SHOWN, timeout=WAIT_MS)
    page.screenshot(path=file)
    print(file, flush=True)
    page.close()


def write_for_docs(out: Path) -> None:
    """Make the pictures of the documents, small enough to come along with the code."""
    PICTURES.mkdir(exist_ok=True)
    for name, (page, size, theme) in DOCS.items():
        with Image.open(out / f"{page}-{size}-{theme}.png") as picture:
            picture.thumbnail((WIDTH_IN_DOCS[size], 10_000), Image.Resampling.LANCZOS)
            picture.convert("RGB").save(PICTURES / f"{name}.webp", quality=82, method=6)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=Path)
    parser.add_argument(
        "pages", nargs="*", help=f"of {', '.join(shot.name for shot in PAGES)}; without any, all"
    )
    parser.add_argument("--size", action="append", choices=SIZES, default=[])
    parser.add_argument("--theme", action="append", choices=ALL_THEMES, default=[])
    parser.add_argument("--docs", action="store_true", help="the pictures of docs/pictures")
    arguments = parser.parse_args()
    out: Path = arguments.directory
    out.mkdir(parents=True, exist_ok=True)
    wish = Wish(arguments.pages, arguments.size, arguments.theme)
    if arguments.docs:
        pages, sizes, themes = (sorted(set(parts)) for parts in zip(*DOCS.values(), strict=True))
        wish = Wish(pages, sizes, themes)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        site = stack.enter_context(shown_site(scratch, out / ".films"))
        asyncio.set_event_loop_policy(
            asyncio.DefaultEventLoopPolicy()
        )  # trio-asyncio has replaced it (tests.browser)
        take(stack.enter_context(chromium()), site, out, wish)
    if arguments.docs:
        write_for_docs(out)


if __name__ == "__main__":
    main()
