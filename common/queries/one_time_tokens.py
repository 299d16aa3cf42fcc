"""Links that work once: set-up, invitation, password reset, proof of an e-mail address. Stored as SHA-256 only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from common.db import Executor

Purpose = Literal["setup", "invite", "reset", "verify"]


@dataclass(frozen=True, slots=True)
class OneTimeToken:
    """What a link was made for."""

    user_id: int | None
    """Whom it is about; `None` for a set-up and an invitation."""
    email: str | None
    """The address that following the link proves; `None` for any other purpose."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """One that nobody has used yet."""

    token_hash: bytes
    created_at: datetime
    expires_at: datetime


async def insert_one_time_token(
    db: Executor,
    *,
    purpose: Purpose,
    token_hash: bytes,
    lifetime: timedelta,
    user_id: int | None = None,
    email: str | None = None,
) -> None:
    """Store a token, and forget those that are over. One of a purpose for a user: an earlier one stops working.

    Raises `ForeignKeyViolationError` when there is no such user.
    """
    await db.execute(
        """
        with gone as (
            delete from one_time_tokens
            where expires_at <= now() or (user_id = $3 and purpose = $2)
        )
        insert into one_time_tokens (token_hash, purpose, user_id, email, expires_at)
        values ($1, $2, $3, $4, now() + $5::interval)
        """,
        token_hash,
        purpose,
        user_id,
        email,
        lifetime,
    )


async def exists_one_time_token(db: Executor, *, purpose: Purpose, token_hash: bytes) -> bool:
    """Say whether a token would work, without using it up."""
    found: bool = await db.fetchval(
        """
        select exists (
            select from one_time_tokens where token_hash = $1 and purpose = $2 and expires_at > now()
        )
        """,
        token_hash,
        purpose,
    )
    return found


async def use_one_time_token(db: Executor, *, purpose: Purpose, token_hash: bytes) -> OneTimeToken | None:
    """Use a token up; `None` when it does not work (any more). Of two who try at once, one succeeds."""
    row = await db.fetchrow(
        """
        delete from one_time_tokens where token_hash = $1 and purpose = $2 and expires_at > now()
        returning user_id, email
        """,
        token_hash,
        purpose,
    )
    return OneTimeToken(**row) if row else None


async def select_invitations(
    db: Executor, *, limit: int, token_hash: bytes | None = None
) -> list[Invitation]:
    """List invitations that would work, the newest first; or the one with this hash."""
    rows = await db.fetch(
        """
        select token_hash, created_at, expires_at from one_time_tokens
        where purpose = 'invite' and expires_at > now() and ($1::bytea is null or token_hash = $1)
        order by created_at desc, token_hash limit $2
        """,
        token_hash,
        limit,
    )
    return [Invitation(**row) for row in rows]
