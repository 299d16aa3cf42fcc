"""Settings of the site that its administrators change while it runs: one struct, the same for every web process.

The configuration gives the defaults; what is stored wins. Every process hears of a change (NOTIFY) and reads again.
"""

from typing import Annotated, Any, Literal, get_type_hints

import msgspec
import structlog
import trio
from msgspec import Meta

from common.db import Change, Database, DatabaseError, Executor, FullRecheck
from common.queries.administration import select_settings

log = structlog.get_logger(__name__)

TABLE = "site_settings"

Registration = Literal["open", "invite", "closed"]


class SiteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set. Texts are plain: pages show them as they are."""

    name: Annotated[str, Meta(min_length=1, max_length=50)] = "weir"
    description: Annotated[str, Meta(max_length=500)] = ""
    registration: Registration = "open"
    """Who may make an account: everybody, people with an invitation, or nobody."""
    emote_review: bool = True
    """Whether emotes and badges of channels are seen only once the staff approved them."""
    announcement: Annotated[str, Meta(max_length=500)] = ""
    """Shown on every page; '' for none."""
    rules: Annotated[str, Meta(max_length=10_000)] = ""
    terms: Annotated[str, Meta(max_length=10_000)] = ""


_TYPES = get_type_hints(SiteSettings, include_extras=True)


def merge(defaults: SiteSettings, stored: dict[str, Any]) -> SiteSettings:
    """Lay what is stored over the defaults. What another version of weir stored and we do not understand is left out."""
    known: dict[str, Any] = {}
    for name, value in stored.items():
        if name not in _TYPES:
            continue
        try:
            known[name] = msgspec.convert(value, _TYPES[name])
        except msgspec.ValidationError as error:
            log.warning("site_setting_left_out", name=name, error=str(error))
    return msgspec.structs.replace(defaults, **known)


class CurrentSettings:
    """The settings of now. `keep_fresh` must run beside it; before it has read them, the defaults count."""

    def __init__(self, db: Database, defaults: SiteSettings | None = None) -> None:
        self._db = db
        self._defaults = defaults or SiteSettings()
        self._current = self._defaults
        self._reads = 0
        self._newest_read = 0

    @property
    def now(self) -> SiteSettings:
        """As last read, within a second of every change."""
        return self._current

    async def refresh(self) -> SiteSettings:
        """Read them again, and give them. Raises `DatabaseError`; they stay as they are then.

        Of two reads at once the one that began later counts, whichever ends first.
        """
        self._reads += 1
        read = self._reads
        found = merge(self._defaults, await select_settings(self._db))
        if read > self._newest_read:
            self._newest_read, self._current = read, found
        return found

    async def read(self, db: Executor) -> SiteSettings:
        """Give what a transaction sees, and keep nothing of it: it may not come to pass. Raises `DatabaseError`."""
        return merge(self._defaults, await select_settings(db))

    async def keep_fresh(self) -> None:
        """Follow changes, for ever."""
        await trio.lowlevel.checkpoint()
        with self._db.subscribe() as feed:
            async for change in feed:
                await self.heed(change)

    async def heed(self, change: Change) -> None:
        """Read again if a change concerns settings. While the database is away nothing changes: afterwards we are told again."""
        await trio.lowlevel.checkpoint()
        if isinstance(change, FullRecheck) or change.table == TABLE:
            try:
                await self.refresh()
            except DatabaseError as error:
                log.info("site_settings_wait", error=str(error))
