"""Routes about raids; names are those of Helix `raids`."""

import msgspec

from common import raids
from common.db import Database
from common.queries import raids as stored
from common.rights import Right
from common.stage_limits import MinViewers, RaidsFrom
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, IdText, Timestamp, rfc3339
from webapp.moderation_bans import id_of
from webapp.room_acts import done, moderator_of, place_of


class Raid(msgspec.Struct, frozen=True):
    """A raid that waits to go."""

    id: str
    to_broadcaster_id: IdText
    to_broadcaster_login: str
    to_broadcaster_name: str
    viewers: int
    created_at: Timestamp
    goes_at: Timestamp
    """When it goes, if nobody calls it off."""


class NewRaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to."""

    to_broadcaster_id: IdText


class RaidSettings(msgspec.Struct, frozen=True):
    """Which raids a channel takes."""

    raids_from: RaidsFrom
    """`followed`: from channels that its owner follows."""
    raids_min_viewers: MinViewers


class RaidFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How they are set to the knowledge of who changes them; what is left out is not looked at."""

    raids_from: RaidsFrom | None = None
    raids_min_viewers: MinViewers | None = None


class RaidSettingsChange(RaidFacts, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to change; what is left out stays as it is."""

    was: RaidFacts | None = None
    """If they are otherwise by now, nothing is changed, and the answer is 409 with the reason `stale`."""


class RaidRoutes:
    """Raids."""

    def __init__(self, db: Database, access: ChannelAccess, actors: Actors) -> None:
        self._db = db
        self._access = access
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        raid, settings = "/channels/{login}/raids", "/channels/{login}/raids/settings"
        manage = Access(scope="channel:manage:raids")
        return [
            Endpoint(
                method="POST",
                route=raid,
                tag="Chat",
                summary="Call up a raid: in 90 seconds the viewers of a channel that you moderate are led to another.",
                handle=self._start,
                answer=Data[Raid],
                access=manage,
                path=ChannelPath,
                body=NewRaid,
                problems=(409, 422),
            ),
            Endpoint(
                method="DELETE",
                route=raid,
                tag="Chat",
                summary="Call the raid off.",
                handle=self._cancel,
                status=204,
                access=manage,
                path=ChannelPath,
            ),
            Endpoint(
                method="POST",
                route=f"{raid}/now",
                tag="Chat",
                summary="Have the raid go at once.",
                handle=self._hurry,
                status=204,
                access=manage,
                path=ChannelPath,
            ),
            Endpoint(
                method="GET",
                route=settings,
                tag="Chat",
                summary="Which raids a channel that you moderate takes.",
                handle=self._show,
                answer=Data[RaidSettings],
                access=Access(scope="moderator:read:chat_settings"),
                path=ChannelPath,
            ),
            Endpoint(
                method="PATCH",
                route=settings,
                tag="Chat",
                summary="Choose which raids a channel that you moderate takes.",
                handle=self._set,
                answer=Data[RaidSettings],
                access=Access(scope="moderator:manage:chat_settings"),
                path=ChannelPath,
                body=RaidSettingsChange,
                problems=(409,),
            ),
        ]

    async def _start(self, call: Call[ChannelPath, Nothing, NewRaid]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator, target_id = await moderator_of(self._actors, call), id_of(call.body.to_broadcaster_id)
        raid = done(await raids.start_raid(self._db, moderator, place_of(visited), target_id))
        shown = Raid(
            id=str(raid.id),
            to_broadcaster_id=str(raid.to_id),
            to_broadcaster_login=raid.to_login,
            to_broadcaster_name=raid.to_name,
            viewers=raid.viewer_count,
            created_at=rfc3339(raid.created_at),
            goes_at=rfc3339(raid.goes_at),
        )
        return Answer(Data([shown]))

    async def _cancel(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator = await moderator_of(self._actors, call)
        done(await raids.cancel_raid(self._db, moderator, place_of(visited)))
        return Answer()

    async def _hurry(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator = await moderator_of(self._actors, call)
        done(await raids.hurry_raid(self._db, moderator, place_of(visited)))
        return Answer()

    async def _show(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        return _settings(await stored.select_raid_settings(self._db, visited.id))

    async def _set(self, call: Call[ChannelPath, Nothing, RaidSettingsChange]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator, wanted = await moderator_of(self._actors, call), call.body
        changed = await raids.set_raids(
            self._db,
            moderator,
            place_of(visited),
            raids_from=wanted.raids_from,
            min_viewers=wanted.raids_min_viewers,
            was=None if wanted.was is None else msgspec.to_builtins(wanted.was),
        )
        return _settings(done(changed))


def _settings(found: tuple[str, int]) -> Answer:
    return Answer(
        Data([msgspec.convert({"raids_from": found[0], "raids_min_viewers": found[1]}, RaidSettings)])
    )
