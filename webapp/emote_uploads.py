"""Uploaded pictures on their way to becoming emotes and badges: paced, made anew in a child process, and stored as assets."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import trio

from common.db import Database, Executor
from common.limits import ConnectionRate
from common.queries.assets import NewAsset, upsert_asset
from common.queries.emotes import Status
from common.site_settings import CurrentSettings
from webapp.emote_archive import MAX_ARCHIVE_BYTES, MAX_ENTRIES, ArchiveRefusedError, Entry, unpack
from webapp.emote_check import (
    BADGE_SIDES,
    EMOTE_FORMATS,
    EMOTE_SIDES,
    MAX_DURATION_MS,
    MAX_EMOTE_SIDE,
    MAX_EMOTE_UPLOAD_BYTES,
    MAX_FRAMES,
)
from webapp.endpoint import Call, Upload, UploadKind
from webapp.image_check import ImageRefusedError
from webapp.image_press import ImagePress, ImagesBusyError, Scaled
from webapp.problems import ApiProblemError

UPLOADS_PER_HOUR = 60
UPLOADS_AT_ONCE = 30
ARCHIVES_PER_HOUR = 10
ARCHIVES_AT_ONCE = 3
ARCHIVE_S = 40.0
"""For the pictures of one archive. The answer must be there within a minute."""
BUSY_RETRY_S = 3
_MEBIBYTE = 1_048_576

EMOTE_UPLOAD = UploadKind(
    tuple(EMOTE_FORMATS),
    MAX_EMOTE_UPLOAD_BYTES,
    f"A picture: PNG, WebP, GIF or AVIF, at most {MAX_EMOTE_UPLOAD_BYTES // _MEBIBYTE} MiB and {MAX_EMOTE_SIDE} pixels a side;"
    f" if it moves, at most {MAX_FRAMES} frames and {MAX_DURATION_MS // 1000} seconds. It is fitted into a square.",
)
BADGE_UPLOAD = UploadKind(
    tuple(EMOTE_FORMATS),
    MAX_EMOTE_UPLOAD_BYTES,
    f"A picture: PNG, WebP, GIF or AVIF, at most {MAX_EMOTE_UPLOAD_BYTES // _MEBIBYTE} MiB and {MAX_EMOTE_SIDE} pixels a side."
    " It is fitted into a square; of an animation the first frame is taken.",
)
ARCHIVE_UPLOAD = UploadKind(
    ("application/zip", "application/x-zip-compressed"),
    MAX_ARCHIVE_BYTES,
    f"A plain ZIP of at most {MAX_ENTRIES} pictures and {MAX_ARCHIVE_BYTES // _MEBIBYTE} MiB, without folders. What a file is"
    " called before its dot is the code: `Love.png`.",
)

AnyCall = Call[Any, Any, Any]
T = TypeVar("T")


class EmoteUploads:
    """Takes pictures."""

    def __init__(self, db: Database, press: ImagePress, settings: CurrentSettings) -> None:
        self._db = db
        self._press = press
        self._settings = settings
        self._pace = ConnectionRate(per_s=UPLOADS_PER_HOUR / 3600, burst=UPLOADS_AT_ONCE)
        self._archive_pace = ConnectionRate(per_s=ARCHIVES_PER_HOUR / 3600, burst=ARCHIVES_AT_ONCE)

    @property
    def first_status(self) -> Status:
        """What a channel's new picture is: to be reviewed, where the site wants that."""
        return "pending" if self._settings.now.emote_review else "approved"

    async def take_emote(self, call: AnyCall) -> Scaled:
        """Read a request's picture and make an emote of it. Raises `ApiProblemError`."""
        return await self._take(call, lambda sent: self._emote(sent.content_type, sent.data))

    async def take_badge(self, call: AnyCall) -> Scaled:
        """Read a request's picture and make a badge of it. Raises `ApiProblemError`."""
        return await self._take(
            call, lambda sent: self._press.scale(sent.content_type, sent.data, BADGE_SIDES)
        )

    async def take_archive(
        self, call: AnyCall, keep: Callable[[Entry, Scaled], Awaitable[T]], refuse: Callable[[Entry, str], T]
    ) -> list[T]:
        """Read a request's archive, and have each picture made an emote of and kept; give what came of each.

        Raises `ApiProblemError` when the archive itself is refused; nothing is kept then. `keep` may raise it, too, about one
        picture, which is refused then.
        """
        await trio.lowlevel.checkpoint()
        self._check_pace(self._archive_pace, call.user_id)
        answers: list[T] = []
        with _reasons_told(), self._press.room(call.user_id):
            sent = await call.read_upload()
            entries = await trio.to_thread.run_sync(unpack, sent.data)
            with trio.move_on_after(ARCHIVE_S):
                for entry in entries:
                    try:
                        scaled = await self._emote(entry.content_type, entry.data)
                        with trio.CancelScope(shield=True):  # bounded by the time limit of statements
                            answers.append(await keep(entry, scaled))
                    except (ImageRefusedError, ApiProblemError) as error:
                        answers.append(refuse(entry, str(error)))
        late = "There was no time left for this one; send it again."
        return answers + [refuse(entry, late) for entry in entries[len(answers) :]]

    async def store(self, db: Executor, scaled: Scaled, *, sides: tuple[int, ...] = EMOTE_SIDES) -> list[str]:
        """Store the pictures of an emote or a badge; give their names in the order of `images` columns."""
        await trio.lowlevel.checkpoint()
        still = [
            NewAsset("image/png", side, side, data) for side, data in zip(sides, scaled.still, strict=True)
        ]
        moving = [NewAsset("image/webp", side, side, data) for side, data in zip(sides, scaled.moving)]  # noqa: B905  # it may not move
        return [await upsert_asset(db, asset) for asset in (*still, *moving)]

    async def _emote(self, content_type: str, data: bytes) -> Scaled:
        return await self._press.scale(content_type, data, EMOTE_SIDES, moving=True)

    async def _take(self, call: AnyCall, make: Callable[[Upload], Awaitable[Scaled]]) -> Scaled:
        await trio.lowlevel.checkpoint()
        self._check_pace(self._pace, call.user_id)
        with _reasons_told(), self._press.room(call.user_id):
            return await make(await call.read_upload())

    def _check_pace(self, pace: ConnectionRate, user_id: int) -> None:
        if not pace.allow(f"user {user_id}", trio.current_time()):
            raise ApiProblemError(
                429, "Too many pictures; come back later.", retry_after_s=3600 // UPLOADS_PER_HOUR
            )


@contextmanager
def _reasons_told() -> Iterator[None]:
    try:
        yield
    except ImagesBusyError as error:
        raise ApiProblemError(503, str(error), retry_after_s=BUSY_RETRY_S) from None
    except (ImageRefusedError, ArchiveRefusedError) as error:
        raise ApiProblemError(400, str(error)) from None
