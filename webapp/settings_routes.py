"""Routes about the settings of the site, which its administrators change while it runs."""

from typing import Annotated, Any, ClassVar

import msgspec
import trio
from msgspec import UNSET, Meta, UnsetType

from common.audit import write_down
from common.db import Database, Executor
from common.queries import administration
from common.rights import Right
from common.site_settings import CurrentSettings, Registration, SiteSettings
from common.staleness import STALE, changed_since, stale_message
from webapp.actors import Actors, require_site_right
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data
from webapp.problems import ApiProblemError
from webapp.texts import check_text

_KEPT_OF_A_TEXT = 200
"""Characters of a new text that the audit log keeps."""


class Terms(msgspec.Struct, frozen=True):
    """What holds on this site, in the words of those who run it; plain text, '' for none."""

    rules: str
    terms: str


class SettingsFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The settings to the knowledge of who changes them; what is left out is not looked at."""

    name: Annotated[str, Meta(min_length=1, max_length=50)] | UnsetType | None = UNSET
    description: Annotated[str, Meta(max_length=500)] | UnsetType | None = UNSET
    registration: Registration | UnsetType | None = UNSET
    """Its default is `registration` of the configuration."""
    emote_review: bool | UnsetType | None = UNSET
    announcement: Annotated[str, Meta(max_length=500)] | UnsetType | None = UNSET
    rules: Annotated[str, Meta(max_length=10_000)] | UnsetType | None = UNSET
    terms: Annotated[str, Meta(max_length=10_000)] | UnsetType | None = UNSET


class SettingsChange(SettingsFacts, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Settings to change; what is left out stays, and `null` gives a setting its default back."""

    multi_line: ClassVar[frozenset[str]] = frozenset({"rules", "terms"})

    was: SettingsFacts | UnsetType = UNSET
    """If one of these is otherwise by now, nothing is changed, and the answer is 409 with the reason `stale`."""


class SettingsRoutes:
    """Settings."""

    def __init__(self, db: Database, settings: CurrentSettings, actors: Actors) -> None:
        self._db = db
        self._settings = settings
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/site/terms",
                tag="Site",
                summary="Rules and terms of this site.",
                handle=self._terms,
                answer=Data[Terms],
            ),
            Endpoint(
                method="GET",
                route="/admin/settings",
                tag="Administration",
                summary="For administrators: the settings of the site.",
                handle=self._show,
                answer=Data[SiteSettings],
                access=SESSION_ONLY,
            ),
            Endpoint(
                method="PATCH",
                route="/admin/settings",
                tag="Administration",
                summary="For administrators: change settings. They count everywhere within a second.",
                handle=self._change,
                answer=Data[SiteSettings],
                access=SESSION_ONLY,
                body=SettingsChange,
                problems=(409,),
            ),
        ]

    async def _terms(self, _call: Call[Nothing, Nothing, Nothing]) -> Answer:
        await trio.lowlevel.checkpoint()
        settings = self._settings.now
        return Answer(Data([Terms(settings.rules, settings.terms)]))

    async def _show(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.MANAGE_SITE)
        return Answer(Data([await self._settings.refresh()]))

    async def _change(self, call: Call[Nothing, Nothing, SettingsChange]) -> Answer:
        require_site_right(call.caller.principal, Right.MANAGE_SITE)
        changes = _changes(call.body)
        actor = await self._actors.of(call.caller)
        if changes:
            async with self._db.transaction() as transaction:
                await administration.lock_settings(transaction)
                if call.body.was is not UNSET:
                    await self._check_unchanged(transaction, call.body.was)
                for name, value in changes.items():
                    if value is None:
                        await administration.delete_setting(transaction, name)
                    else:
                        await administration.upsert_setting(transaction, name, value)
                await write_down(transaction, actor, "site_settings", details=_in_short(changes))
        return Answer(Data([await self._settings.refresh()]))

    async def _check_unchanged(self, transaction: Executor, was: SettingsFacts) -> None:
        now = msgspec.structs.asdict(await self._settings.read(transaction))
        if names := changed_since(_given(was), now):
            raise ApiProblemError(409, stale_message(names), reason=STALE)


def _changes(body: SettingsChange) -> dict[str, Any]:
    changes = _given(body)
    for name, value in changes.items():
        if isinstance(value, str):
            check_text(name, value, lines=name in SettingsChange.multi_line)
    return changes


def _given(facts: SettingsFacts) -> dict[str, Any]:
    """Give the settings that were sent."""
    return {
        name: value
        for name, value in msgspec.structs.asdict(facts).items()
        if value is not UNSET and name != "was"
    }


def _in_short(changes: dict[str, Any]) -> dict[str, Any]:
    """Give what the log keeps: it has an upper size, and terms are published anyway."""
    return {
        name: value[:_KEPT_OF_A_TEXT] if isinstance(value, str) else value for name, value in changes.items()
    }
