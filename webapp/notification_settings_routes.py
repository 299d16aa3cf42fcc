"""Routes about what somebody wants to be told, and how."""

from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from common.db import Database, ForeignKeyViolationError
from common.queries import notification_settings
from common.queries.notification_settings import NotificationSettings, Ways
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data
from webapp.problems import ApiProblemError

T = TypeVar("T")


class WaysShown(msgspec.Struct, frozen=True):
    """How to be told."""

    site: bool
    """In the list on the site."""
    push: bool
    """In the browsers that have subscribed."""
    mail: bool
    """By e-mail, to a confirmed address, where the site sends e-mail."""


class SettingsShown(msgspec.Struct, frozen=True):
    """What to be told. Which channels: `notify` of each follow."""

    live: WaysShown
    """Channels that go live."""
    personal: WaysShown
    """What concerns oneself, such as a gift."""


class WaysChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    site: bool | UnsetType = UNSET
    push: bool | UnsetType = UNSET
    mail: bool | UnsetType = UNSET


class NotificationSettingsChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    live: WaysChange = WaysChange()
    personal: WaysChange = WaysChange()


class NotificationSettingsRoutes:
    """Settings of notices."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/users/me/notification-settings",
                tag="Notices",
                summary="What you want to be told, and how.",
                handle=self._show,
                answer=Data[SettingsShown],
                access=SESSION_ONLY,
            ),
            Endpoint(
                method="PATCH",
                route="/users/me/notification-settings",
                tag="Notices",
                summary="Change what you are told, and how.",
                handle=self._change,
                answer=Data[SettingsShown],
                access=SESSION_ONLY,
                body=NotificationSettingsChange,
                problems=(404,),
            ),
        ]

    async def _show(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        return Answer(Data([_shown(await notification_settings.select_settings(self._db, call.user_id))]))

    async def _change(self, call: Call[Nothing, Nothing, NotificationSettingsChange]) -> Answer:
        try:
            async with self._db.transaction() as transaction:
                before = await notification_settings.select_settings(transaction, call.user_id)
                wanted = NotificationSettings(
                    live=_changed(before.live, call.body.live),
                    personal=_changed(before.personal, call.body.personal),
                )
                await notification_settings.upsert_settings(transaction, call.user_id, wanted)
        except ForeignKeyViolationError:
            raise ApiProblemError(404, "The account is gone.") from None
        return Answer(Data([_shown(wanted)]))


def _changed(before: Ways, change: WaysChange) -> Ways:
    return Ways(
        site=_or(change.site, before.site),
        push=_or(change.push, before.push),
        mail=_or(change.mail, before.mail),
    )


def _or(wanted: T | UnsetType, before: T) -> T:
    return before if isinstance(wanted, UnsetType) else wanted


def _shown(settings: NotificationSettings) -> SettingsShown:
    live, personal = settings.live, settings.personal
    return SettingsShown(
        live=WaysShown(site=live.site, push=live.push, mail=live.mail),
        personal=WaysShown(site=personal.site, push=personal.push, mail=personal.mail),
    )
