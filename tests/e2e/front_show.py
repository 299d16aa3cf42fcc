"""What the tests of the watch page share: a weir with a channel that is live, whose parts can go and come back."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from playwright.sync_api import Page

from bench.slow_line import unused_port
from tests.e2e.backup_site import Site
from tests.e2e.front_site import PASSWORD
from tests.e2e.harness import Encoder, Weir, get, poll, start_encoder, start_weir
from tests.e2e.postgres_site import own_postgres
from tests.valkey_site import running_valkey

START_S = 60
"""For the first picture, on a busy machine."""
BACK_S = 90
"""For the first picture after the server was started again."""
PLAYS = "() => window.__weir?.state === 'playing' && document.querySelector('video').currentTime > 1"
FOLLOWS_LIVE = """() => window.__weir.state === 'playing' && window.__weir.following && window.__weir.margin_s !== null
    && window.__weir.margin_s - window.__weir.target_s < 0.5 && window.__weir.latency_s < 4"""
"""It plays within half a second of where the player wants to be."""


@dataclass
class Show:
    """A server whose channel `anna` is live."""

    weir: Weir
    key: str
    owner: httpx.Client
    clip: Path
    encoder: Encoder
    open: ExitStack

    @property
    def page(self) -> str:
        return f"{self.weir.web}/anna"

    def publish(self) -> None:
        self.encoder = start_encoder(f"{self.weir.rtmp}/{self.key}", self.clip)

    def restart(self) -> None:
        """Stop the server and start it again: the same ports, the same data."""
        ports = {name: value for name, value in self.weir.environment.items() if name.endswith("_PORT")}
        assert self.weir.stop() == 0
        self.weir = start_weir(Path(self.weir.environment["WEIR_DATA_DIR"]), **ports)

    def stop(self) -> None:
        """Whatever runs now: both are started again in a test."""
        self.encoder.kill()
        self.weir.discard()

    def set(self, **changes: object) -> None:
        answer = self.owner.patch("/api/channels/anna", json=changes)
        assert answer.status_code == 200, answer.text

    def person(self, login: str) -> httpx.Client:
        """Sign somebody up."""
        client = self.open.enter_context(httpx.Client(base_url=self.weir.web, timeout=30))
        answer = client.post("/api/users", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return client


@contextmanager
def live_show(directory: Path, clip: Path) -> Iterator[Show]:
    """Start it all on ports that it can be started on again."""
    ports = {f"WEIR_{name}_PORT": str(unused_port()) for name in ("RTMP", "WEB", "HLS", "CHAT")}
    with ExitStack() as stack:
        weir = start_weir(directory / "data", **ports)
        stack.callback(weir.discard)
        owner = stack.enter_context(httpx.Client(base_url=weir.web, timeout=30))
        key = make_channel(owner)
        show = Show(weir, key, owner, clip, start_encoder(f"{weir.rtmp}/{key}", clip), stack)
        stack.callback(show.stop)
        show.set(title="Building a dam", tags=["english", "crafts"], broadcaster_language="en")
        poll("live", lambda: get(f"{weir.hls}/hls/anna/index.m3u8")[0] == 200)
        yield show


def make_channel(owner: httpx.Client) -> str:
    """Sign `anna` up; give the key of her channel."""
    made = owner.post("/api/users", json={"login": "anna", "password": PASSWORD})
    assert made.status_code == 201, made.text
    key: str = owner.post("/api/channels/anna/keys", json={}).json()["data"][0]["stream_key"]
    return key


@dataclass
class Roles:
    """A site whose roles run in processes of their own, each of which can be stopped and started again at its ports."""

    start_role: Callable[[str], Weir]
    running: dict[str, Weir] = field(default_factory=dict)

    @property
    def web(self) -> str:
        return self.running["web"].web

    def start(self, role: str) -> None:
        self.running[role] = self.start_role(role)

    def stop(self, role: str) -> None:
        assert self.running.pop(role).stop() == 0

    def stop_all(self) -> None:
        for weir in self.running.values():
            weir.stop()


@contextmanager
def separate_roles(directory: Path, *roles: str) -> Iterator[Roles]:
    """Start some of `web`, `chat` and `media` on one database and one Valkey."""
    ports = {name: unused_port() for name in ("WEB", "CHAT", "HLS", "RTMP")}
    with own_postgres() as postgres, running_valkey() as valkey:
        Site(directory / "shell", postgres.url).done("migrate")
        shared = {
            "WEIR_REDIS_URL": valkey.url,
            "WEIR_DATABASE_URL": postgres.url,
            "WEIR_DRAIN_S": "2",
            "WEIR_PUBLIC_WEB_URL": f"http://127.0.0.1:{ports['WEB']}",
            "WEIR_PUBLIC_HLS_URL": f"http://127.0.0.1:{ports['HLS']}",
            "WEIR_PUBLIC_CHAT_URL": f"ws://127.0.0.1:{ports['CHAT']}",
        }
        shared |= {f"WEIR_{name}_PORT": str(port) for name, port in ports.items()}

        def start_role(role: str) -> Weir:
            return start_weir(directory / role, f"serve {role}", WEIR_NODE=f"{role}-1", **shared)

        site = Roles(start_role)
        try:
            for role in roles:
                site.start(role)
            yield site
        finally:
            site.stop_all()


def watch(page: Page, url: str) -> None:
    """Open a page with a player, and wait until it plays."""
    page.goto(url)
    plays(page)


def plays(page: Page) -> None:
    """Wait for the first second of video."""
    page.wait_for_function(PLAYS, timeout=START_S * 1000)


def follows_live(page: Page, within_s: int = START_S) -> None:
    """Wait until it plays what happens now, as late as the player wants to be and no more than half a second later."""
    page.wait_for_function(FOLLOWS_LIVE, timeout=within_s * 1000)


def seconds_at(page: Page) -> float:
    """Say where the video is."""
    return float(page.evaluate("() => document.querySelector('video').currentTime"))


def goes_on(page: Page) -> None:
    """Wait until the video has moved by a second."""
    page.wait_for_function(
        "before => document.querySelector('video').currentTime > before + 1", arg=seconds_at(page)
    )


def go_back(page: Page) -> None:
    """Play the oldest that there is, once that is 20 s ago."""
    # Buttons and bar go when nobody moves: hidden ones can be read, and come when somebody does.
    slider = page.get_by_role("slider", name="Position in the stream", include_hidden=True)
    poll("enough to go back to", lambda: float(slider.get_attribute("min") or 0) < -20, 60)
    page.get_by_test_id("player").hover()
    box = slider.bounding_box()
    assert box is not None
    slider.click(position={"x": 2, "y": box["height"] / 2})
    page.wait_for_function("() => !window.__weir.following && window.__weir.latency_s > 12")
    goes_on(page)
