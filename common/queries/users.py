"""Accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from common.db import Executor


@dataclass(frozen=True, slots=True)
class User:
    """One account. Its channel has the same id."""

    id: int
    login: str
    display_name: str
    is_admin: bool
    suspended_at: datetime | None
    created_at: datetime
    is_staff: bool = False
    email: str | None = None
    email_verified_at: datetime | None = None
    description: str = ""
    """What its owner says of themselves; to be shown as text."""
    profile_image: str | None = None
    """Name of an asset."""
    is_bot: bool = False
    """Whether a program says what it writes; only its owner knows."""
    chat_color: str = ""
    """Of their name in chat, `#RRGGBB`; '': never chosen."""


@dataclass(frozen=True, slots=True)
class LoginRecord:
    """What decides whether somebody may log in."""

    id: int
    login: str
    display_name: str
    password_hash: str | None
    """argon2id; `None`: no password opens this account."""
    suspended_at: datetime | None
    has_totp: bool
    """Whether a code is asked for, too."""


_COLUMNS: LiteralString = """
id, login, display_name, is_admin, suspended_at, created_at, is_staff, email, email_verified_at, description,
profile_image, is_bot, chat_color
"""


async def insert_user_with_channel(
    db: Executor,
    *,
    login: str,
    display_name: str,
    password_hash: str | None = None,
    is_admin: bool = False,
    email: str | None = None,
) -> User:
    """Make an account and its channel. Raises `UniqueViolationError` when the login is taken."""
    row = await db.fetchrow(
        f"""
        with made as (
            insert into users (login, display_name, password_hash, is_admin, email)
            values ($1, $2, $3, $4, $5)
            returning {_COLUMNS}
        ), its_channel as (
            insert into channels (id, user_id) select id, id from made
        )
        select * from made
        """,  # noqa: S608 # constants
        login,
        display_name,
        password_hash,
        is_admin,
        email,
    )
    assert row is not None  # it was inserted, or an error was raised
    return User(**row)


async def select_user_by_login(db: Executor, login: str) -> User | None:
    """Find an account, whatever case `login` is written in."""
    row = await db.fetchrow(
        f"""
        select {_COLUMNS}
        from users where lower(login) = lower($1)
        """,  # noqa: S608 # constants
        login,
    )
    return User(**row) if row else None


async def select_user(db: Executor, user_id: int) -> User | None:
    """Find an account by its id."""
    row = await db.fetchrow(f"select {_COLUMNS} from users where id = $1", user_id)  # noqa: S608 # constants
    return User(**row) if row else None


async def select_users_among(db: Executor, *, ids: Sequence[int], logins: Sequence[str]) -> list[User]:
    """Find the accounts with one of these ids or logins (lower case) that are not suspended, by id."""
    rows = await db.fetch(
        f"""
        select {_COLUMNS}
        from users
        where (id = any($1::bigint[]) or lower(login) = any($2::text[])) and suspended_at is null
        order by id
        """,  # noqa: S608 # constants
        ids,
        logins,
    )
    return [User(**row) for row in rows]


async def select_login_record(db: Executor, login: str) -> LoginRecord | None:
    """Give what logging in as `login`, in any case, takes; `None` when there is no such account."""
    row = await db.fetchrow(
        """
        select users.id, login, display_name, password_hash, suspended_at,
               user_totp.confirmed_at is not null as has_totp
        from users left join user_totp on user_totp.user_id = users.id
        where lower(login) = lower($1)
        """,
        login,
    )
    return LoginRecord(**row) if row else None


async def select_password_hash(db: Executor, user_id: int) -> str | None:
    """Give the argon2id hash of an account; `None` without a password, and without such an account."""
    found: str | None = await db.fetchval("select password_hash from users where id = $1", user_id)
    return found


async def update_password_hash(db: Executor, user_id: int, password_hash: str) -> bool:
    """Give an account another password; `False` when there is no such account."""
    return await db.execute("update users set password_hash = $2 where id = $1", user_id, password_hash) == 1


async def claim_passwordless_user(db: Executor, login: str, password_hash: str) -> int | None:
    """Make an account that nobody can log in to an administrator's; `None`: there is none with this login.

    For the channel that an empty site gets by itself: who sets the site up may take it over, with its key.
    """
    found: int | None = await db.fetchval(
        """
        update users set password_hash = $2, is_admin = true
        where lower(login) = lower($1) and password_hash is null and suspended_at is null
        returning id
        """,
        login,
        password_hash,
    )
    return found


async def update_profile(
    db: Executor,
    user_id: int,
    *,
    display_name: str | None = None,
    description: str | None = None,
    is_bot: bool | None = None,
    chat_color: str | None = None,
) -> User | None:
    """Change how an account shows itself, and give it; `None`: there is no such account. `None` leaves a field as it is.

    Every process hears of a new name or colour at commit. Raises `CheckViolationError` for a text that is too long.
    """
    row = await db.fetchrow(
        f"""
        update users set display_name = coalesce($2, display_name), description = coalesce($3, description),
               is_bot = coalesce($4, is_bot), chat_color = coalesce($5, chat_color)
        where id = $1 returning {_COLUMNS}
        """,  # noqa: S608 # constants
        user_id,
        display_name,
        description,
        is_bot,
        chat_color,
    )
    return User(**row) if row else None


async def update_profile_image(db: Executor, user_id: int, name: str | None) -> None:
    """Give an account the asset with this name as its picture; `None`: none."""
    await db.execute("update users set profile_image = $2 where id = $1", user_id, name)


async def update_admin(db: Executor, user_id: int) -> None:
    """Make an account an administrator."""
    await db.execute("update users set is_admin = true where id = $1", user_id)


async def update_email(db: Executor, user_id: int, email: str | None, *, verified: bool) -> None:
    """Give an account another address (`None`: none), proven to be its owner's or not."""
    await db.execute(
        """
        update users set email = $2::text, email_verified_at = case when $3 and $2::text is not null then now() end
        where id = $1
        """,
        user_id,
        email,
        verified,
    )


async def verify_email(db: Executor, user_id: int, email: str) -> bool:
    """Note that an address is proven to be its owner's; `False` when the account has another one by now."""
    return (
        await db.execute(
            "update users set email_verified_at = now() where id = $1 and email = $2", user_id, email
        )
        == 1
    )


async def delete_user(db: Executor, user_id: int) -> bool:
    """Delete an account with all that belongs to it; `False` when there is none. Who publishes with its keys is cut."""
    return await db.execute("delete from users where id = $1", user_id) == 1


async def select_users(db: Executor, *, limit: int, after_login: str = "") -> list[User]:
    """List accounts by login, from behind `after_login` on."""
    rows = await db.fetch(
        f"""
        select {_COLUMNS}
        from users where lower(login) > lower($1) order by lower(login) limit $2
        """,  # noqa: S608 # constants
        after_login,
        limit,
    )
    return [User(**row) for row in rows]


async def exists_user(db: Executor) -> bool:
    """Say whether there is any account: a site without one is new."""
    found: bool = await db.fetchval("select exists (select from users)")
    return found


async def exists_admin(db: Executor, *, except_id: int | None = None) -> bool:
    """Say whether the site has an administrator who can log in, beside the one with `except_id`."""
    found: bool = await db.fetchval(
        """
        select exists (
            select from users where is_admin and password_hash is not null and id is distinct from $1::bigint
        )
        """,
        except_id,
    )
    return found
