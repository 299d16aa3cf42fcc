"""Who did what, on its way into the audit log: written in the transaction of the deed, or not at all."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal

import trio

from common.db import Executor
from common.ids import RANDOM_BITS, uuid7_at
from common.queries.administration import AuditEntry, insert_audit_entry
from common.queries.site_secrets import obtain_site_secret

ActorKind = Literal["user", "staff", "api", "shell", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something."""

    kind: ActorKind
    """`api`: a program with a person's token."""
    user_id: int | None = None
    """`None`: the shell, or the system itself."""
    address_hash: bytes | None = None
    """See `AddressHashes`."""


SHELL = Actor("shell")
SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True)
class Target:
    """What a deed was done to."""

    type: str
    """`user`, `channel`, `stream`, `report` and the like."""
    id: str


async def write_down(
    db: Executor,
    actor: Actor,
    action: str,
    *,
    target: Target | None = None,
    channel_id: int | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Add a deed to the log; `db` is the transaction of the deed. `channel_id`: whose own log it is in, too."""
    await insert_audit_entry(
        db,
        AuditEntry(
            id=uuid7_at(
                time.time_ns(), secrets.randbits(RANDOM_BITS)
            ),  # deeds that follow each other are listed so
            actor_id=actor.user_id,
            actor_kind=actor.kind,
            action=action,
            channel_id=channel_id,
            target_type=None if target is None else target.type,
            target_id=None if target is None else target.id,
            details=details or {},
            address_hash=actor.address_hash,
        ),
    )


class AddressHashes:
    """Turns addresses into what the log keeps of them: equal ones can be told to be equal, and that is all.

    With a key of the site: of four billion addresses a plain hash is soon undone. The key is fetched when first needed.
    """

    def __init__(self, db: Executor) -> None:
        self._db = db
        self._key: bytes | None = None

    async def of(self, address: str) -> bytes:
        """Give the 32 bytes for an address. Raises `DatabaseUnavailableError` when the key is not there yet."""
        if self._key is not None:
            await trio.lowlevel.checkpoint()
        else:
            self._key = await obtain_site_secret(self._db, "addresses")
        return hmac.digest(self._key, address.encode(), hashlib.sha256)
