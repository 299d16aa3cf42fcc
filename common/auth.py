"""Who is asking: a session cookie or a token becomes a `Principal`. Used by every role; one statement a look-up.

What was found is kept for half a minute and dropped at once when the database says that it changed (NOTIFY), so that a
revoked session or token stops working everywhere within a second, and a busy program costs no query a request.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import trio

from common.credentials import NewSecret, new_secret, secret_sha256
from common.db import ControlChange, Database, FullRecheck
from common.principals import Kind, Principal
from common.queries import access_tokens, sessions
from common.queries.sessions import Identity

SESSION_COOKIE = "weir_session"
SESSION_PREFIX = "weirs_"
TOKEN_PREFIX = "weirt_"  # noqa: S105 # how tokens begin, so that people and secret scanners recognise one

KEEP_S = 30.0
"""How long an answer is believed without asking again; a lost notification, or an outage, costs no more than this."""
MAX_KEPT = 10_000


def new_session_secret() -> NewSecret:
    """Make what a session cookie holds."""
    return new_secret(SESSION_PREFIX)


def new_token_secret() -> NewSecret:
    """Make an access token, a personal one or an app's."""
    return new_secret(TOKEN_PREFIX)


@dataclass(frozen=True, slots=True)
class _Kept:
    principal: Principal
    until: float
    app_owner_id: int | None


class Authenticator:
    """Looks secrets up. `keep_fresh` must run beside it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: OrderedDict[tuple[Kind, bytes], _Kept] = OrderedDict()
        self._changes = 0
        """Counts what was dropped: an answer from before a change must not be kept after it."""

    def __len__(self) -> int:
        """How many answers are kept."""
        return len(self._kept)

    def known(self, kind: Kind, text: str) -> bool:
        """Say whether looking this secret up would cost no query."""
        return self._find(kind, secret_sha256(text)) is not None

    async def session(self, text: str) -> Principal | None:
        """Say whose session this is; `None`: nobody's, or it is over. Raises `DatabaseUnavailableError`."""
        return await self._look_up("session", text, sessions.select_session_identity)

    async def token(self, text: str) -> Principal | None:
        """Say in whose name this token speaks; `None`: it is none. Raises `DatabaseUnavailableError`."""
        return await self._look_up("token", text, access_tokens.select_token_identity)

    async def keep_fresh(self) -> None:
        """Drop what changes elsewhere, for ever."""
        with self._db.subscribe() as feed:
            async for change in feed:
                self.forget(change)

    def forget(self, change: ControlChange | FullRecheck) -> None:
        """Drop what a change concerns."""
        if isinstance(change, FullRecheck):
            self._changes += 1
            self._kept.clear()
            return
        concerning: dict[str, Callable[[_Kept], bool]] = {
            "sessions": lambda kept: (
                kept.principal.kind == "session" and kept.principal.credential_id == change.id
            ),
            "access_tokens": lambda kept: (
                kept.principal.kind == "token" and kept.principal.credential_id == change.id
            ),
            "users": lambda kept: change.id in {kept.principal.user_id, kept.app_owner_id},
        }
        concerns = concerning.get(change.table)
        if concerns is not None:
            self._changes += 1
            for key in [key for key, kept in self._kept.items() if concerns(kept)]:
                del self._kept[key]

    async def _look_up(
        self, kind: Kind, text: str, select: Callable[[Database, bytes], Awaitable[Identity | None]]
    ) -> Principal | None:
        digest = secret_sha256(text)
        if (kept := self._find(kind, digest)) is not None:
            await trio.lowlevel.checkpoint_if_cancelled()
            return kept
        changes = self._changes
        identity = await select(self._db, digest)
        if identity is None:
            return None
        principal = _principal(identity)
        if changes == self._changes:
            self._keep((kind, digest), principal, identity.app_owner_id)
        return principal

    def _find(self, kind: Kind, digest: bytes) -> Principal | None:
        kept = self._kept.get((kind, digest))
        return kept.principal if kept is not None and trio.current_time() < kept.until else None

    def _keep(self, key: tuple[Kind, bytes], principal: Principal, app_owner_id: int | None) -> None:
        keep_s = KEEP_S
        if principal.expires_at is not None:
            keep_s = min(keep_s, (principal.expires_at - datetime.now(UTC)).total_seconds())
        self._kept[key] = _Kept(principal, trio.current_time() + keep_s, app_owner_id)
        self._kept.move_to_end(key)
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)


def _principal(identity: Identity) -> Principal:
    return Principal(
        kind="session" if identity.scopes is None else "token",
        user_id=identity.user_id,
        login=identity.login,
        display_name=identity.display_name,
        # What staff may do to others is no app's to borrow: people say yes to scopes, which name channels of theirs.
        site_role=""
        if identity.client_id
        else "admin"
        if identity.is_admin
        else "staff"
        if identity.is_staff
        else "",
        scopes=frozenset(identity.scopes or ()),
        credential_id=identity.credential_id,
        expires_at=identity.expires_at,
        client_id=identity.client_id,
    )
