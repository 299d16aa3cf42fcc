"""A site that looks as if people used it, to take pictures of: channels that really stream, viewers, chat, a pin and a poll."""

import http.client
import io
import itertools
import json
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio
from PIL import Image, ImageDraw
from trio_websocket import WebSocketConnection, open_websocket_url

from tests.e2e import scenes
from tests.e2e.harness import FFMPEG_NEW, Weir, poll, start_weir

PASSWORD = "correct horse battery"
ADMIN = "site_admin"
VIEWER = "robin_looks"
SETTINGS = {"WEIR_VIEWERS_PER_ADDRESS": "1000"}
ANSWER_S = 20
RENEW_S = 25
"""Who is silent for 45 s watches no longer."""


@dataclass(frozen=True)
class Act:
    """A channel that streams while the pictures are taken."""

    name: str
    title: str
    category: str
    tags: tuple[str, ...]
    language: str
    scene: scenes.Scene
    colour: str
    viewers: int

    @property
    def login(self) -> str:
        return self.name.lower()


ACTS = (
    Act("Night_Drive", "Synthwave until sunrise, requests open", "Music", ("Synthwave", "Chill", "Requests"), "en",
        scenes.road, "#b3387f", 128),
    Act("Gambit_Gwen", "Rapid ladder: 2100 tonight or I eat a pawn", "Chess", ("Learning", "Rapid"), "en",
        scenes.chess, "#779556", 86),
    Act("Ferrum", "Writing a chat server from scratch, day 12", "Software and Game Development", ("Python", "Trio"), "en",
        scenes.editor, "#33658a", 61),
    Act("PixelPaula", "Any% again. Record pace? Surely.", "Platformers", ("Speedrun", "NoMicro"), "en",
        scenes.platformer, "#e4405f", 44),
    Act("DJ_Kreisel", "Nur Vinyl, live aus dem Keller", "DJ Sets", ("Vinyl", "House", "Berlin"), "de",
        scenes.decks, "#5a529c", 31),
    Act("Olive_Paints", "Mountains at dusk, oil on canvas", "Art", ("Painting", "Cozy"), "en",
        scenes.painting, "#2f5d62", 24),
    Act("Tea_with_Theo", "Thé du matin et vos questions", "Just Talking", ("Chat", "Morning"), "fr",
        scenes.talk, "#6d7f6b", 12),
    Act("Deep_Field", "A galaxy, one star at a time", "Science and Technology", ("Space", "Simulation"), "en",
        scenes.galaxy, "#3d5a98", 7),
)  # fmt: skip
STAR = ACTS[0]
"""Whose page is shown."""
PEOPLE = {VIEWER: "#3FA7D6", "Mika": "#FF7F50", "tante_erna": "#C77DFF", "jules_99": "", "Bo_Katz": "#5FBF77"}
"""Who only watch and talk, and the colours of their names."""
PANELS = (
    (
        "About",
        "Four hours of analogue synths, one road.\n\nNo talking over the intro. **Requests** in chat, one an hour.",
    ),
    ("Schedule", "- Tuesday and Thursday, 21:00\n- Saturday, 22:00 until sunrise"),
    ("Gear", "Two old synths, a drum machine, and far too many cables."),
)
CHAT = (
    ("tante_erna", "good evening everybody weirWave", None),
    ("Mika", "that bass line weirLove", None),
    ("Gambit_Gwen", "first time catching this live, lovely", None),
    ("jules_99", "what synth is that? sounds like tape", None),
    (STAR.name, "it is tape! everything runs through an old four-track before it gets to you", 3),
    ("Bo_Katz", "weirHype weirHype weirHype", None),
    ("Ferrum", "coding to this right now, thank you", None),
    (VIEWER, "I could listen all night", None),
    ("Mika", "@robin_looks same, work tomorrow can wait", None),
    ("tante_erna", "remember to drink some water weirLaugh", None),
    ("jules_99", "can we have the one with the long intro again?", None),
    (STAR.name, "@jules_99 after this one. Vote in the poll for what comes after it!", 10),
    ("Bo_Katz", "voted weirLove", None),
    ("Olive_Paints", "painting the sunset from this stream tomorrow, so you know", None),
    ("Gambit_Gwen", "yes please weirWave", 13),
    (VIEWER, "the sun never sets on this road", None),
)
PINNED = 4
POLL = ("What comes next?", ("Night train", "Neon rain", "Last exit"))
VOTES = {"Mika": 2, "tante_erna": 2, "jules_99": 1, "Bo_Katz": 2, "Ferrum": 3, "Gambit_Gwen": 1}


@dataclass
class Site:
    """The weir, and who is logged in where."""

    weir: Weir
    cookies: dict[str, str] = field(default_factory=dict)

    def call(self, login: str, method: str, path: str, body: object = None) -> Any:
        """Ask the API; bytes are sent as a PNG."""
        is_picture = isinstance(body, bytes)
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        kind = "image/png" if is_picture else "application/json"
        headers = {"Cookie": self.cookies.get(login, ""), "Content-Type": kind, "Origin": self.weir.web}
        request = urllib.request.Request(f"{self.weir.web}/api{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def streams(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.call("", "GET", "/streams?first=100")["data"]
        return rows

    def add(self, name: str) -> None:
        """Make an account; who makes one is logged in."""
        body = json.dumps({"login": name, "password": PASSWORD}).encode()
        request = urllib.request.Request(
            f"{self.weir.web}/api/users", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.cookies[name.lower()] = str(answer.headers["Set-Cookie"]).partition(";")[0]


@contextmanager
def shown_site(scratch: Path, films: Path) -> Iterator[Site]:
    """Start it; `films`: a directory where the streams are kept for the next time, which takes a minute to make them."""
    files = [scenes.kept_film(act.scene, films) for act in ACTS]
    with ExitStack() as stack:
        weir = start_weir(scratch / "data", **SETTINGS)
        stack.callback(weir.discard)
        site = Site(weir)
        site.add(ADMIN)
        weir.cli("user", "role", ADMIN, "admin")
        for act, film in zip(ACTS, files, strict=True):
            stack.enter_context(_streaming(site, act, film))
        _populate(site)
        poll("all are live", lambda: len(site.streams()) == len(ACTS), 60)
        poll("thumbnails", lambda: all("thumbnail_url" in row for row in site.streams()), 90)
        stack.enter_context(_watched(site))
        trio.run(_talk, site)
        yield site


@contextmanager
def _streaming(site: Site, act: Act, film: Path) -> Iterator[None]:
    """Make the account and its channel, and publish."""
    site.add(act.name)
    site.call(act.login, "PUT", "/users/me/profile-image", portrait(act))
    found = site.call("", "GET", f"/search/categories?query={urllib.parse.quote(act.category)}")["data"]
    game = next((row["id"] for row in found if row["name"] == act.category), None)
    panels = [{"title": title, "text": text} for title, text in PANELS]
    change = {
        "title": act.title,
        "tags": list(act.tags),
        "broadcaster_language": act.language,
        "panels": panels,
    }
    site.call(act.login, "PATCH", f"/channels/{act.login}", change | ({"game_id": game} if game else {}))
    site.call(
        act.login, "PATCH", "/users/me", {"description": f"{act.name} streams most evenings, and means it."}
    )
    made = site.call(act.login, "POST", f"/channels/{act.login}/keys", {"label": "Studio"})
    key = made["data"][0]["stream_key"]
    encoder = subprocess.Popen(
        [FFMPEG_NEW, "-v", "error", "-re", "-stream_loop", "-1", "-i", film, "-c", "copy", "-f", "flv", f"{site.weir.rtmp}/{key}"],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        encoder.kill()
        encoder.wait()


def portrait(act: Act) -> bytes:
    """Draw a picture of somebody: a shape on their colour."""
    picture = Image.new("RGB", (300, 300), act.colour)
    draw = ImageDraw.Draw(picture)
    rest = sum(act.login.encode())
    for ring in range(3):
        box = (60 + ring * 30, 60 + ring * 30, 240 - ring * 30, 240 - ring * 30)
        shapes = (
            lambda box=box: draw.ellipse(box, outline="white", width=12),
            lambda box=box: draw.rounded_rectangle(box, 30, outline="white", width=12),
            lambda box=box, ring=ring: draw.regular_polygon(
                (150, 150, 110 - ring * 36), 3 + rest % 4, outline="white", width=12
            ),
        )
        shapes[rest % len(shapes)]()
    return png(picture)


def png(picture: Image.Image) -> bytes:
    encoded = io.BytesIO()
    picture.save(encoded, "PNG")
    return encoded.getvalue()


def emotes() -> dict[str, Image.Image]:
    """Draw the emotes of the site."""
    drawn = {
        code: Image.new("RGBA", (112, 112)) for code in ("weirLove", "weirWave", "weirHype", "weirLaugh")
    }
    draw = ImageDraw.Draw(drawn["weirLove"])
    draw.ellipse((10, 16, 60, 66), fill="#ff3d71")
    draw.ellipse((52, 16, 102, 66), fill="#ff3d71")
    draw.polygon([(14, 54), (98, 54), (56, 104)], fill="#ff3d71")
    draw = ImageDraw.Draw(drawn["weirWave"])
    for number, colour in enumerate(("#62d2bd", "#2f9e8a")):
        draw.arc((4, 20 + number * 34, 58, 74 + number * 34), 180, 360, fill=colour, width=16)
        draw.arc((50, 20 + number * 34, 106, 74 + number * 34), 0, 180, fill=colour, width=16)
    draw = ImageDraw.Draw(drawn["weirHype"])
    draw.polygon(
        [(62, 2), (18, 64), (52, 64), (40, 110), (96, 42), (60, 42)],
        fill="#ffc93c",
        outline="#d18f00",
        width=4,
    )
    draw = ImageDraw.Draw(drawn["weirLaugh"])
    draw.ellipse((4, 4, 108, 108), fill="#ffd35c")
    draw.pieslice((24, 36, 88, 96), 0, 180, fill="#5b2b1a")
    for x in (28, 66):
        draw.arc((x, 30, x + 20, 50), 180, 360, fill="#5b2b1a", width=6)
    return drawn


def _populate(site: Site) -> None:
    """Viewers, whom they follow, emotes, and who is what in the room that is shown."""
    for code, picture in emotes().items():
        site.call(ADMIN, "POST", f"/admin/emotes?code={code}", png(picture))
    for name in PEOPLE:
        site.add(name)
    for login, act in itertools.product(site.cookies, ACTS):
        if login != act.login and (login != VIEWER or act in {ACTS[0], ACTS[2], ACTS[5]}):
            site.call(login, "PUT", f"/channels/{act.login}/followers/me", {})
    site.call(VIEWER, "PUT", "/channels/streamer/followers/me", {})
    site.call(STAR.login, "PUT", f"/channels/{STAR.login}/moderators/tante_erna")
    site.call(STAR.login, "PUT", f"/channels/{STAR.login}/vips/ferrum")
    for login, months in (("mika", "7"), ("bo_katz", "1"), (VIEWER, "3")):
        site.weir.cli("subscription", "grant", STAR.login, login, "--months", months)


@contextmanager
def _watched(site: Site) -> Iterator[None]:
    """Have pages say that they play, as many as each act has viewers, for as long as it lasts."""
    over = threading.Event()
    signs = [
        (f"/api/streams/{row['id']}/presence", json.dumps({"id": f"{row['user_id']:0>12}{number:0>8}"}))
        for row in site.streams()
        for number in range(next(act.viewers for act in ACTS if act.login == row["user_login"]))
    ]
    host = urllib.parse.urlsplit(site.weir.web).netloc

    def say() -> None:
        line = http.client.HTTPConnection(host, timeout=30)
        for path, sign in signs:
            line.request("POST", path, sign, {"Content-Type": "application/json"})
            line.getresponse().read()
        line.close()

    def go_on() -> None:
        while not over.wait(RENEW_S):
            say()

    say()
    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


async def _talk(site: Site) -> None:
    """Have people talk in the room, pin what one of them said, and vote."""
    url = site.call("", "GET", "/site")["urls"]["chat"] + "/ws"
    names = dict.fromkeys((*(speaker for speaker, *_ in CHAT), *VOTES))
    room = {"channel": STAR.login}
    async with trio.open_nursery() as nursery:
        members = {name: await _enter(nursery, url, site, name.lower()) for name in names}
        for name in names:
            if PEOPLE.get(name):
                await _ask(members[name], room | {"type": "send", "text": f"/color {PEOPLE[name]}"})
        said: list[str] = []
        for speaker, text, answers in CHAT:
            reply = {} if answers is None else {"reply_parent_message_id": said[answers]}
            await trio.sleep(0.3)  # nobody may say more than one thing a second
            answer = await _ask(members[speaker], room | {"type": "send", "text": text} | reply)
            said.append(answer["message_id"])
        pin = room | {"type": "pin_message", "message_id": said[PINNED]}
        await _ask(members[STAR.name], pin)
        title, choices = POLL
        wish = {"title": title, "choices": [{"title": choice} for choice in choices], "duration": 1800}
        begun = await trio.to_thread.run_sync(
            site.call, STAR.login, "POST", f"/channels/{STAR.login}/polls", wish
        )
        ballot = room | {"type": "vote", "poll_id": begun["data"][0]["id"]}
        for name, choice in VOTES.items():
            await _ask(members[name], ballot | {"choice_id": str(choice)})
        nursery.cancel_scope.cancel()


async def _enter(nursery: trio.Nursery, url: str, site: Site, login: str) -> WebSocketConnection:
    """Join the room as somebody."""

    async def stay(task_status: trio.TaskStatus[WebSocketConnection]) -> None:
        headers = [(b"Cookie", site.cookies[login].encode()), (b"Origin", site.weir.web.encode())]
        async with open_websocket_url(url, extra_headers=headers) as socket:
            task_status.started(socket)
            await trio.sleep_forever()

    socket: WebSocketConnection = await nursery.start(stay)
    await _ask(socket, {"type": "join", "channel": STAR.login})
    return socket


async def _ask(socket: WebSocketConnection, request: Mapping[str, object]) -> dict[str, Any]:
    """Send a request and give its answer, which must not be a refusal."""
    with trio.fail_after(ANSWER_S):
        await socket.send_message(json.dumps({**request, "id": "1"}))
        while True:
            frame = json.loads(await socket.get_message())
            if frame["metadata"]["message_type"] == "response":
                answer: dict[str, Any] = frame["payload"]
                assert answer["ok"], (request, answer)
                return answer
