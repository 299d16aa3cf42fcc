"""Pictures of emotes by id, where programs look for them: `/emotes/ID/FORMAT/THEME/SCALE`, as on Twitch.

An id stands for the same pictures for ever, so this only says which assets they are.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass, field

import trio
from quart import Response, redirect
from quart_trio import QuartTrio

from common.db import Executor
from common.queries.emotes import select_emote_images
from webapp.problems import ApiProblemError

CACHE = "public, max-age=3600"
"""An emote that was taken down must not be shown for ever."""
TRUST_S = 60.0
MAX_KNOWN = 10_000

_ID = re.compile(r"[1-9][0-9]{0,17}")
_SCALES = {"1.0": 0, "2.0": 1, "3.0": 2}
_FORMATS = frozenset({"static", "animated", "default"})
_THEMES = frozenset({"light", "dark"})


@dataclass(slots=True)
class KnownImages:
    """Names of the pictures of emotes that were asked for lately, and of ids that are none. Pure."""

    _kept: OrderedDict[int, tuple[float, list[str]]] = field(default_factory=OrderedDict)

    def find(self, emote_id: int, now: float) -> list[str] | None:
        """Give the names; `None`: ask the database."""
        found = self._kept.get(emote_id)
        if found is None or found[0] <= now:
            return None
        self._kept.move_to_end(emote_id)
        return found[1]

    def keep(self, emote_id: int, images: list[str], now: float) -> None:
        """Keep them for a while."""
        self._kept[emote_id] = (now + TRUST_S, images)
        self._kept.move_to_end(emote_id)
        if len(self._kept) > MAX_KNOWN:
            self._kept.popitem(last=False)


def picture_of(images: list[str], picture_format: str, scale: str) -> str | None:
    """Choose one of an emote's pictures; `None` when there is none like that. What does not move is shown still."""
    if picture_format not in _FORMATS or scale not in _SCALES or not images:
        return None
    moving = images[3:] if picture_format != "static" else []
    return (moving or images[:3])[_SCALES[scale]]


def add_emote_pictures(app: QuartTrio, db: Executor) -> None:
    """Serve `/emotes/...`."""
    known = KnownImages()

    async def find(emote_id: int) -> list[str]:
        await trio.lowlevel.checkpoint()
        found = known.find(emote_id, trio.current_time())
        if found is None:
            found = await select_emote_images(db, emote_id)
            known.keep(emote_id, found, trio.current_time())
        return found

    @app.get("/emotes/<emote_id>/<picture_format>/<theme>/<scale>")
    async def emote_picture(emote_id: str, picture_format: str, theme: str, scale: str) -> Response:
        await trio.lowlevel.checkpoint()
        images = await find(int(emote_id)) if _ID.fullmatch(emote_id) and theme in _THEMES else []
        name = picture_of(images, picture_format, scale)
        if name is None:
            raise ApiProblemError(404, "There is no such picture.")
        answer: Response = redirect(f"/assets/{name}")  # type: ignore[assignment]  # Quart's own, which its types do not say
        answer.headers["Cache-Control"] = CACHE
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return answer
