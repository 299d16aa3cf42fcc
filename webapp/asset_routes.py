"""Routes that take pictures: of people, of channels while they are offline, and of the panels below the player.

Whatever is sent is decoded and encoded anew by a child process (`webapp.image_press`), so what is stored and shown is only
its pixels, in a size of ours.
"""

import msgspec
import trio

from common.audit import write_down
from common.db import Database
from common.limits import ConnectionRate
from common.queries import channels, users
from common.queries.assets import NewAsset, upsert_asset
from common.queries.channels import ChannelUpdate
from common.rights import Right
from webapp.actors import Actors
from webapp.assets import asset_url
from webapp.channel_access import ChannelAccess, VisitedChannel
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing, UploadKind
from webapp.fields import Data, Login
from webapp.image_check import (
    AVATAR,
    FORMATS,
    MAX_PIXELS,
    MAX_SIDE,
    MAX_UPLOAD_BYTES,
    OFFLINE_IMAGE,
    PANEL_IMAGE,
    Fit,
    ImageRefusedError,
)
from webapp.image_press import ImagePress, ImagesBusyError
from webapp.problems import ApiProblemError

UPLOADS_PER_HOUR = 60
UPLOADS_AT_ONCE = 20
BUSY_RETRY_S = 3

PICTURE = UploadKind(
    tuple(FORMATS),
    MAX_UPLOAD_BYTES,
    f"A picture: at most {MAX_UPLOAD_BYTES // 1_048_576} MiB, {MAX_SIDE} pixels a side and {MAX_PIXELS // 1_000_000}"
    " million in all. Of an animation the first frame is taken.",
)


class Picture(msgspec.Struct, frozen=True):
    """A picture as it was stored."""

    name: str
    """What panels call it: `/assets/NAME`."""
    url: str
    width: int
    height: int


class ChannelPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose channel."""

    login: Login


class AssetRoutes:
    """Pictures that people upload."""

    def __init__(self, db: Database, access: ChannelAccess, actors: Actors, press: ImagePress) -> None:
        self._db = db
        self._access = access
        self._actors = actors
        self._press = press
        self._pace = ConnectionRate(per_s=UPLOADS_PER_HOUR / 3600, burst=UPLOADS_AT_ONCE)

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        own, channel = Access(scope="user:edit"), Access(scope="channel:manage:broadcast")
        return [
            Endpoint(
                method="PUT",
                route="/users/me/profile-image",
                tag="Pictures",
                summary=f"Show a picture of yourself, cut to {AVATAR.width} by {AVATAR.height} pixels.",
                handle=self._put_profile_image,
                answer=Data[Picture],
                access=own,
                upload=PICTURE,
            ),
            Endpoint(
                method="DELETE",
                route="/users/me/profile-image",
                tag="Pictures",
                summary="Show no picture of yourself.",
                handle=self._delete_profile_image,
                status=204,
                access=own,
            ),
            Endpoint(
                method="PUT",
                route="/channels/{login}/offline-image",
                tag="Pictures",
                summary="Show a picture while the channel is offline;"
                f" made smaller where it is larger than {OFFLINE_IMAGE.width} by {OFFLINE_IMAGE.height}.",
                handle=self._put_offline_image,
                answer=Data[Picture],
                access=channel,
                path=ChannelPath,
                upload=PICTURE,
            ),
            Endpoint(
                method="DELETE",
                route="/channels/{login}/offline-image",
                tag="Pictures",
                summary="Show no picture while the channel is offline.",
                handle=self._delete_offline_image,
                status=204,
                access=channel,
                path=ChannelPath,
            ),
            Endpoint(
                method="POST",
                route="/channels/{login}/panel-images",
                tag="Pictures",
                summary=f"Store a picture for a panel, {PANEL_IMAGE.width} pixels wide."
                " It goes after an hour unless a panel of some channel has its name by then.",
                handle=self._post_panel_image,
                answer=Data[Picture],
                status=201,
                access=channel,
                path=ChannelPath,
                upload=PICTURE,
            ),
        ]

    async def _put_profile_image(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        picture = await self._take(call, AVATAR)
        await users.update_profile_image(self._db, call.user_id, picture.name)
        return Answer(Data([picture]))

    async def _delete_profile_image(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        await users.update_profile_image(self._db, call.user_id, None)
        return Answer()

    async def _put_offline_image(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        picture = await self._take(call, OFFLINE_IMAGE)
        await self._show_offline(call, visited, picture.name)
        return Answer(Data([picture]))

    async def _delete_offline_image(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        await self._show_offline(call, visited, "")
        return Answer()

    async def _show_offline(
        self, call: Call[ChannelPath, Nothing, Nothing], visited: VisitedChannel, name: str
    ) -> None:
        """Set the picture, and say in the channel's log that somebody else than its owner did."""
        actor = await self._actors.of(call.caller)
        async with self._db.transaction() as transaction:
            await channels.update_channel(transaction, visited.id, ChannelUpdate(offline_image=name))
            if not visited.is_own:
                await write_down(
                    transaction,
                    actor,
                    "update_channel",
                    channel_id=visited.id,
                    details={"fields": ["offline_image"]},
                )

    async def _post_panel_image(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        await self._access.channel(call, call.path.login, Right.EDIT)
        return Answer(Data([await self._take(call, PANEL_IMAGE)]))

    async def _take(
        self, call: Call[Nothing, Nothing, Nothing] | Call[ChannelPath, Nothing, Nothing], fit: Fit
    ) -> Picture:
        """Read a picture, make ours of it, and store that; refuse it before it is read when there is no room."""
        await trio.lowlevel.checkpoint()
        if not self._pace.allow(f"user {call.user_id}", trio.current_time()):
            raise ApiProblemError(
                429, "Too many pictures; come back later.", retry_after_s=3600 // UPLOADS_PER_HOUR
            )
        try:
            with self._press.room(call.user_id):
                upload = await call.read_upload()
                pressed = await self._press.press(upload.content_type, upload.data, fit)
        except ImagesBusyError as error:
            raise ApiProblemError(503, str(error), retry_after_s=BUSY_RETRY_S) from None
        except ImageRefusedError as error:
            raise ApiProblemError(400, str(error)) from None
        asset = NewAsset("image/webp", pressed.width, pressed.height, pressed.data)
        name = await upsert_asset(self._db, asset)
        return Picture(name=name, url=asset_url(name), width=asset.width, height=asset.height)
