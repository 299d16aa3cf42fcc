"""Routes about the settings of a channel's chat; names, units and limits are those of Helix `chat/settings`."""

from typing import Any, cast

import msgspec
from msgspec import UNSET, UnsetType

from common.automatic_settings import AUTOMATIC, AutomaticSettings
from common.chat_settings import change_settings
from common.chat_settings_change import ChatSettingsChange, Linkers, Minutes, Spared, SubscriberWait
from common.db import Database
from common.queries import channels
from common.queries.channels import ChatSettings as Settings
from common.rights import Right
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess, ChannelPath, VisitedChannel
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, IdText
from webapp.room_acts import done, moderator_of, place_of


class ChatSettings(AutomaticSettings, frozen=True, kw_only=True, omit_defaults=True):
    """How a channel's chat is set. Times are null while what they are for is off.

    Only moderators are told of its delay, and how it moderates itself.
    """

    broadcaster_id: IdText
    emote_mode: bool
    follower_mode: bool
    follower_mode_duration: int | None
    """Minutes."""
    slow_mode: bool
    slow_mode_wait_time: int | None
    """Seconds."""
    subscriber_mode: bool
    unique_chat_mode: bool
    subscriber_slow_mode_wait_time: SubscriberWait | None
    """Null: subscribers wait as long as others."""
    verified_email_mode: bool
    """Whether one needs an e-mail address that was proved one's own; only where this site sends e-mail."""
    account_age_minimum: Minutes
    """Minutes that an account must be old."""
    verification_spares: Spared
    """For whom the two above do not count, beside those who stand above them."""
    links_from: Linkers
    """Who may write links, beside those who stand above them."""
    non_moderator_chat_delay: bool | UnsetType = UNSET
    """Whether moderators see messages earlier."""
    non_moderator_chat_delay_duration: int | UnsetType | None = UNSET
    """Seconds."""


class SettingsWish(ChatSettingsChange, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to change, and what it is to the knowledge of who changes it."""

    was: ChatSettingsChange | UnsetType = UNSET
    """If one of these is otherwise by now, nothing is changed, and the answer is 409 with the reason `stale`."""

    def wanted(self) -> dict[str, Any]:
        """Give what is to change, by name."""
        return {name: value for name, value in super().wanted().items() if name != "was"}


class ChatSettingsRoutes:
    """Settings of chats."""

    def __init__(self, db: Database, access: ChannelAccess, actors: Actors) -> None:
        self._db = db
        self._access = access
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/channels/{login}/chat/settings",
                tag="Chat",
                summary="How the chat of a channel is set.",
                handle=self._show,
                answer=Data[ChatSettings],
                path=ChannelPath,
            ),
            Endpoint(
                method="PATCH",
                route="/channels/{login}/chat/settings",
                tag="Chat",
                summary="Set the chat of a channel that you moderate.",
                handle=self._change,
                answer=Data[ChatSettings],
                access=Access(scope="moderator:manage:chat_settings"),
                path=ChannelPath,
                body=SettingsWish,
                problems=(409,),
            ),
        ]

    async def _show(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        return _answer(visited, await channels.select_chat_settings(self._db, visited.id))

    async def _change(self, call: Call[ChannelPath, Nothing, SettingsWish]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator = await moderator_of(self._actors, call)
        body = call.body
        was = body.was.wanted() if isinstance(body.was, ChatSettingsChange) else None
        changed = done(await change_settings(self._db, moderator, place_of(visited), body.wanted(), was))
        return _answer(visited, changed.after)


def _answer(visited: VisitedChannel, settings: Settings) -> Answer:
    shown = ChatSettings(
        broadcaster_id=str(visited.id),
        emote_mode=settings.emote_mode,
        follower_mode=settings.follower_mode,
        follower_mode_duration=settings.follower_mode_duration if settings.follower_mode else None,
        slow_mode=settings.slow_mode,
        slow_mode_wait_time=settings.slow_mode_wait_time if settings.slow_mode else None,
        subscriber_mode=settings.subscriber_mode,
        unique_chat_mode=settings.unique_chat_mode,
        subscriber_slow_mode_wait_time=settings.subscriber_slow_mode_wait_time,
        verified_email_mode=settings.verified_email_mode,
        account_age_minimum=settings.account_age_minimum,
        verification_spares=cast(Spared, settings.verification_spares),
        links_from=cast(Linkers, settings.links_from),
    )
    if _sees_all(visited):
        delay_s = settings.non_moderator_chat_delay_duration
        shown = msgspec.structs.replace(
            shown,
            non_moderator_chat_delay=settings.non_moderator_chat_delay,
            non_moderator_chat_delay_duration=delay_s if settings.non_moderator_chat_delay else None,
            **{name: getattr(settings, name) for name in AUTOMATIC},
        )
    return Answer(Data([shown]))


def _sees_all(visited: VisitedChannel) -> bool:
    """Whether the caller moderates here, and the token, if it is one, may know what moderators do."""
    return visited.may(Right.MODERATE) and any(
        visited.principal.has_scope(f"moderator:{verb}:chat_settings") for verb in ("read", "manage")
    )
