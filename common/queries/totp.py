"""The second factor of accounts: secrets of time-based codes, and recovery codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.db import Executor


@dataclass(frozen=True, slots=True)
class Totp:
    """The secret of one account."""

    secret: bytes
    confirmed_at: datetime | None
    """`None`: offered; its owner did not show yet that an app has it."""


async def offer_totp(db: Executor, user_id: int, secret: bytes) -> bool:
    """Store a secret to be confirmed, instead of one that was not; `False`: the account has a confirmed one."""
    return (
        await db.execute(
            """
            insert into user_totp (user_id, secret) values ($1, $2)
            on conflict (user_id) do update set secret = excluded.secret, last_step = 0
            where user_totp.confirmed_at is null
            """,
            user_id,
            secret,
        )
        == 1
    )


async def select_totp(db: Executor, user_id: int) -> Totp | None:
    """Give the secret of an account, confirmed or not."""
    row = await db.fetchrow("select secret, confirmed_at from user_totp where user_id = $1", user_id)
    return Totp(**row) if row else None


async def count_recovery_codes(db: Executor, user_id: int) -> int | None:
    """Say how many recovery codes an account has left; `None`: it is not asked for codes."""
    count: int | None = await db.fetchval(
        """
        select (select count(*) from recovery_codes where user_id = $1)
        from user_totp where user_id = $1 and confirmed_at is not null
        """,
        user_id,
    )
    return count


async def use_totp_step(db: Executor, user_id: int, step: int) -> bool:
    """Note that the code of a time step was used; `False`: it, or a later one, was used before."""
    return (
        await db.execute(
            "update user_totp set last_step = $2 where user_id = $1 and last_step < $2", user_id, step
        )
        == 1
    )


async def confirm_totp(db: Executor, user_id: int, secret: bytes, code_hashes: Sequence[bytes]) -> bool:
    """Ask for codes from now on, and store new recovery codes; `False`: the secret is another one, or confirmed."""
    return (
        await db.execute(
            """
            with confirmed as (
                update user_totp set confirmed_at = now()
                where user_id = $1 and secret = $2 and confirmed_at is null returning user_id
            )
            insert into recovery_codes (user_id, code_hash)
            select user_id, unnest($3::bytea[]) from confirmed
            """,
            user_id,
            secret,
            code_hashes,
        )
        > 0
    )


async def use_recovery_code(db: Executor, user_id: int, code_hash: bytes) -> bool:
    """Use a recovery code up; `False` when the account has no such one."""
    return (
        await db.execute(
            "delete from recovery_codes where user_id = $1 and code_hash = $2", user_id, code_hash
        )
        == 1
    )


async def delete_totp(db: Executor, user_id: int) -> bool:
    """Ask for codes no more; `False` when the account was not asked."""
    return (
        await db.execute(
            """
            with codes as (delete from recovery_codes where user_id = $1)
            delete from user_totp where user_id = $1
            """,
            user_id,
        )
        == 1
    )
