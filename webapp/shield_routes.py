"""Routes about a channel's shield mode: one switch for when a chat is attacked. Names are those of Helix `shield_mode`."""

import msgspec
from msgspec import UNSET, UnsetType

from common.chat_settings import preset_of, set_shield_preset, switch_shield
from common.chat_settings_change import ChatSettingsChange
from common.db import Database
from common.queries import chat_rules
from common.queries.chat_rules import Shield
from common.rights import Right
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess, ChannelPath, VisitedChannel
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Timestamp, rfc3339_or_none
from webapp.room_acts import done, moderator_of, place_of


class ShieldPreset(ChatSettingsChange, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What shield mode sets; what is left out it leaves alone."""


class ShieldMode(msgspec.Struct, frozen=True):
    """A channel's shield mode."""

    is_active: bool
    moderator_id: str
    """Who switched it last; '': nobody yet, or an account that is gone."""
    moderator_login: str
    moderator_name: str
    last_changed_at: Timestamp | None
    preset: ShieldPreset


class ShieldChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The switch, the preset, or both."""

    is_active: bool | UnsetType = UNSET
    preset: ShieldPreset | UnsetType = UNSET
    """Takes the place of the preset there was; counts from the next time that the switch is turned on."""
    preset_was: ShieldPreset | UnsetType = UNSET
    """If the preset is otherwise by now, nothing is changed, and the answer is 409 with the reason `stale`."""


class ShieldRoutes:
    """Shield mode."""

    def __init__(self, db: Database, access: ChannelAccess, actors: Actors) -> None:
        self._db = db
        self._access = access
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        route = "/channels/{login}/shield-mode"
        return [
            Endpoint(
                method="GET",
                route=route,
                tag="Chat",
                summary="Whether the shield of a channel that you moderate is up, and what it sets.",
                handle=self._show,
                answer=Data[ShieldMode],
                access=Access(scope="moderator:read:shield_mode"),
                path=ChannelPath,
            ),
            Endpoint(
                method="PUT",
                route=route,
                tag="Chat",
                summary="Raise or lower the shield of a channel that you moderate, or choose what it sets.",
                handle=self._change,
                answer=Data[ShieldMode],
                access=Access(scope="moderator:manage:shield_mode"),
                path=ChannelPath,
                body=ShieldChange,
                problems=(409,),
            ),
        ]

    async def _show(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        return await self._answer(visited)

    async def _change(self, call: Call[ChannelPath, Nothing, ShieldChange]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator, place = await moderator_of(self._actors, call), place_of(visited)
        if isinstance(call.body.preset, ShieldPreset):
            was = call.body.preset_was.wanted() if isinstance(call.body.preset_was, ShieldPreset) else None
            done(await set_shield_preset(self._db, moderator, place, call.body.preset.wanted(), was))
        if isinstance(call.body.is_active, bool):
            done(await switch_shield(self._db, moderator, place, is_active=call.body.is_active))
        return await self._answer(visited)

    async def _answer(self, visited: VisitedChannel) -> Answer:
        return Answer(Data([_shown(await chat_rules.select_shield(self._db, visited.id))]))


def _shown(shield: Shield) -> ShieldMode:
    preset = msgspec.convert(preset_of(shield), ShieldPreset)
    return ShieldMode(
        is_active=shield.is_active,
        moderator_id="" if shield.user_id is None else str(shield.user_id),
        moderator_login=shield.user_login,
        moderator_name=shield.user_name,
        last_changed_at=rfc3339_or_none(shield.changed_at),
        preset=preset,
    )
