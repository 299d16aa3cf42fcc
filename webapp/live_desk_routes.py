"""Routes about all that is live, for the staff of the site: listed or not, with how it does, and the key that it comes with."""

import uuid
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from common.audit import Target, write_down
from common.db import Database
from common.queries import operations, stream_keys
from common.queries.operations import OnAir
from common.rights import Right
from webapp.actors import Actors, require_site_right
from webapp.admin_routes import Prefix
from webapp.assets import asset_url
from webapp.cursors import Cursors
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import DEFAULT_PAGE, CursorText, IdText, Page, PageSize, Timestamp, rfc3339
from webapp.problems import ApiProblemError


class OnAirQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which broadcasts."""

    login: Prefix | None = None
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class OnAirKey(msgspec.Struct, frozen=True):
    """The key that a broadcast is published with."""

    id: IdText
    label: str
    last4: str


class StaffStream(msgspec.Struct, frozen=True, kw_only=True):
    """One live broadcast as the staff sees it."""

    id: uuid.UUID
    user_id: IdText
    user_login: str
    user_name: str
    title: str
    game_name: str
    visibility: str
    is_mature: bool
    viewer_count: int
    started_at: Timestamp
    node: str
    """The media node that has it."""
    video_codec: str | None
    """RFC 6381, as `audio_codec`."""
    audio_codec: str | None
    width: int | None
    height: int | None
    encoder: str | None
    reconnects: int
    health: Literal["good", "ok", "bad", "noData"] | None
    """`None` before the first reading, as what follows."""
    bitrate_kbps: float | None
    fps: float | None
    keyframe_interval_s: float | None
    issues: list[str]
    """What the streamer is told now, in sentences, the worst first."""
    key: OnAirKey | None
    """`None` where it is gone or revoked."""
    thumbnail_url: str | UnsetType = UNSET


class OnAirPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which broadcast."""

    id: uuid.UUID


class LiveDeskRoutes:
    """What is live."""

    def __init__(self, db: Database, cursors: Cursors, actors: Actors) -> None:
        self._db = db
        self._cursors = cursors
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/admin/streams",
                tag="Administration",
                summary="For staff: all that is live, listed or not, the most watched first.",
                handle=self._list,
                answer=Page[StaffStream],
                access=SESSION_ONLY,
                query=OnAirQuery,
            ),
            Endpoint(
                method="DELETE",
                route="/admin/streams/{id}/key",
                tag="Administration",
                summary="For administrators: revoke the key of a live broadcast, which ends within a second.",
                handle=self._revoke,
                status=204,
                access=SESSION_ONLY,
                path=OnAirPath,
                problems=(409,),
            ),
        ]

    async def _list(self, call: Call[Nothing, OnAirQuery, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.SEE_REPORTS)
        query = call.query
        prefix = (query.login or "").lower()
        name = f"on air {prefix}"
        place = await self._cursors.place(name, query.after, tuple[int, uuid.UUID])
        found = await operations.select_on_air(self._db, limit=query.first + 1, prefix=prefix, behind=place)
        more = await self._cursors.more(name, query.first, found, lambda row: [row.viewer_count, str(row.id)])
        return Answer(Page([_staff_stream(row) for row in found[: query.first]], more))

    async def _revoke(self, call: Call[OnAirPath, Nothing, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.MANAGE_SITE)
        actor = await self._actors.of(call.caller)
        async with self._db.transaction() as transaction:
            found = await operations.select_key_on_air(transaction, call.path.id)
            if found is None:
                raise ApiProblemError(404, "No broadcast that is live has this id.")
            channel_id, key_id = found
            if key_id is None or not await stream_keys.revoke_key(
                transaction, channel_id=channel_id, key_id=key_id
            ):
                raise ApiProblemError(409, "The key of this broadcast is gone already.")
            await write_down(
                transaction,
                actor,
                "revoke_key",
                target=Target("key", str(key_id)),
                channel_id=channel_id,
            )
        return Answer()


def _staff_stream(row: OnAir) -> StaffStream:
    return StaffStream(
        id=row.id,
        user_id=str(row.channel_id),
        user_login=row.login,
        user_name=row.display_name,
        title=row.title,
        game_name=row.category_name or "",
        visibility=row.visibility,
        is_mature=row.is_mature,
        viewer_count=row.viewer_count,
        started_at=rfc3339(row.started_at),
        node=row.node,
        video_codec=row.video_codec,
        audio_codec=row.audio_codec,
        width=row.width,
        height=row.height,
        encoder=row.encoder,
        reconnects=row.reconnects,
        health=msgspec.convert(row.health, Literal["good", "ok", "bad", "noData"] | None),
        bitrate_kbps=row.kbps,
        fps=row.fps,
        keyframe_interval_s=row.keyframe_interval_s,
        issues=row.issues,
        key=None
        if row.key_id is None
        else OnAirKey(str(row.key_id), row.key_label or "", row.key_last4 or ""),
        thumbnail_url=UNSET if row.thumbnail is None else asset_url(row.thumbnail),
    )
