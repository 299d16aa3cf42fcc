"""The statements about sessions, tokens and second factors, against a real PostgreSQL."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
import trio
import trio.testing

from common.db import ControlChange, Database, UniqueViolationError
from common.queries import access_tokens, one_time_tokens, sessions, site_secrets, totp, users
from common.queries.users import User

pytestmark = pytest.mark.real


def digest() -> bytes:
    return secrets.token_bytes(32)


async def add_user(db: Database, login: str = "anna") -> User:
    return await users.insert_user_with_channel(db, login=login, display_name=login.title())


async def add_session(db: Database, user_id: int, *, lives_s: float = 60) -> tuple[sessions.Session, bytes]:
    token_hash = digest()
    session = await sessions.insert_session(
        db,
        user_id=user_id,
        token_hash=token_hash,
        address="192.0.2.0/24",
        user_agent="curl",
        expires_at=datetime.now(UTC) + timedelta(seconds=lives_s),
    )
    return session, token_hash


async def add_token(
    db: Database, user_id: int, *, expires_at: datetime | None = None
) -> tuple[access_tokens.AccessToken | None, bytes]:
    token_hash = digest()
    token = await access_tokens.insert_token(
        db,
        user_id=user_id,
        token_hash=token_hash,
        last4="abcd",
        label="bot",
        scopes=["chat:read"],
        expires_at=expires_at,
    )
    return token, token_hash


async def next_change(db: Database, table: str) -> int | str:
    with trio.fail_after(10), db.subscribe() as feed:
        async for change in feed:
            if isinstance(change, ControlChange) and change.table == table:
                return change.id
    raise AssertionError


async def test_a_session_tells_who_it_is_until_it_ends(database: Database) -> None:
    user = await add_user(database)
    session, token_hash = await add_session(database, user.id)
    found = await sessions.select_session_identity(database, token_hash)
    assert found is not None
    assert (found.user_id, found.login, found.credential_id, found.scopes) == (
        user.id,
        "anna",
        session.id,
        None,
    )
    assert await sessions.select_session_identity(database, digest()) is None
    assert not await sessions.delete_session(database, user_id=user.id + 1, session_id=session.id)
    assert await sessions.delete_session(database, user_id=user.id, session_id=session.id)
    assert await sessions.select_session_identity(database, token_hash) is None


async def test_a_session_that_is_over_or_whose_user_is_suspended_is_nobody(database: Database) -> None:
    user = await add_user(database)
    _, over = await add_session(database, user.id, lives_s=-1)
    _, good = await add_session(database, user.id)
    assert await sessions.select_session_identity(database, over) is None
    assert len(await sessions.select_sessions(database, user.id)) == 1
    await database.execute("update users set suspended_at = now()")
    assert await sessions.select_session_identity(database, good) is None


async def test_sessions_of_one_account_are_bounded_and_the_oldest_go(database: Database) -> None:
    user = await add_user(database)
    first, _ = await add_session(database, user.id)
    for _ in range(sessions.MAX_SESSIONS):
        await add_session(database, user.id)
    listed = await sessions.select_sessions(database, user.id)
    assert len(listed) == sessions.MAX_SESSIONS
    assert first.id not in {session.id for session in listed}


async def test_all_sessions_but_one_end_at_once(database: Database) -> None:
    user, other = await add_user(database), await add_user(database, "berta")
    kept, _ = await add_session(database, user.id)
    await add_session(database, user.id)
    await add_session(database, other.id)
    assert await sessions.delete_sessions(database, user.id, except_id=kept.id) == 1
    assert [session.id for session in await sessions.select_sessions(database, user.id)] == [kept.id]
    assert await sessions.delete_sessions(database, user.id) == 1
    assert len(await sessions.select_sessions(database, other.id)) == 1


async def test_using_a_session_is_noted_at_most_every_five_minutes(database: Database) -> None:
    user = await add_user(database)
    _, token_hash = await add_session(database, user.id)
    await database.execute("update sessions set last_seen_at = now() - interval '10 minutes'")
    await sessions.select_session_identity(database, token_hash)
    [seen] = await sessions.select_sessions(database, user.id)
    assert datetime.now(UTC) - seen.last_seen_at < timedelta(minutes=5)
    await sessions.select_session_identity(database, token_hash)
    assert await sessions.select_sessions(database, user.id) == [seen]


@pytest.mark.parametrize("table", ["sessions", "access_tokens", "users"])
async def test_every_process_hears_when_a_credential_ends(database: Database, table: str) -> None:
    user = await add_user(database)
    session, _ = await add_session(database, user.id)
    token, _ = await add_token(database, user.id)
    assert token is not None
    wanted = {"sessions": session.id, "access_tokens": token.id, "users": user.id}[table]
    heard: list[int | str] = []

    async with trio.open_nursery() as nursery:

        async def listen() -> None:
            heard.append(await next_change(database, table))

        nursery.start_soon(listen)
        await trio.testing.wait_all_tasks_blocked()
        await users.delete_user(database, user.id)
    assert heard == [wanted]


async def test_a_token_carries_its_scopes_and_pages_are_newest_first(database: Database) -> None:
    user = await add_user(database)
    made = [(await add_token(database, user.id)) for _ in range(3)]
    identity = await access_tokens.select_token_identity(database, made[0][1])
    assert identity is not None
    assert identity.scopes == ["chat:read"]
    ids = [token.id for token, _ in made if token]
    page = await access_tokens.select_tokens(database, user.id, limit=2)
    assert [token.id for token in page] == ids[:0:-1]
    rest = await access_tokens.select_tokens(database, user.id, limit=2, before_id=page[-1].id)
    assert [token.id for token in rest] == ids[:1]
    assert rest[0].last_used_at is not None
    assert not await access_tokens.delete_token(database, user_id=user.id + 1, token_id=ids[0])
    assert await access_tokens.delete_token(database, user_id=user.id, token_id=ids[0])
    assert await access_tokens.select_token_identity(database, made[0][1]) is None


async def test_a_token_expires_and_an_account_has_only_so_many(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await add_user(database)
    _, over = await add_token(database, user.id, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert await access_tokens.select_token_identity(database, over) is None
    monkeypatch.setattr("common.queries.access_tokens.MAX_TOKENS", 2)
    assert (await add_token(database, user.id))[0] is not None
    assert (await add_token(database, user.id))[0] is None


async def test_a_link_works_once_and_a_newer_one_replaces_it(database: Database) -> None:
    user = await add_user(database)
    older, newer = digest(), digest()
    for token_hash in (older, newer):
        await one_time_tokens.insert_one_time_token(
            database,
            purpose="reset",
            token_hash=token_hash,
            lifetime=timedelta(hours=1),
            user_id=user.id,
        )
    use = one_time_tokens.use_one_time_token
    assert await use(database, purpose="reset", token_hash=older) is None
    assert await use(database, purpose="setup", token_hash=newer) is None
    assert await one_time_tokens.exists_one_time_token(database, purpose="reset", token_hash=newer)
    found = await use(database, purpose="reset", token_hash=newer)
    assert found == one_time_tokens.OneTimeToken(user.id, None)
    assert await use(database, purpose="reset", token_hash=newer) is None


async def test_a_link_that_is_over_does_not_work_and_is_forgotten(database: Database) -> None:
    over, invitation = digest(), digest()
    insert = one_time_tokens.insert_one_time_token
    await insert(database, purpose="invite", token_hash=over, lifetime=timedelta(seconds=-1))
    assert await one_time_tokens.use_one_time_token(database, purpose="invite", token_hash=over) is None
    await insert(database, purpose="invite", token_hash=invitation, lifetime=timedelta(days=1))
    assert await database.fetchval("select count(*) from one_time_tokens") == 1


async def test_a_second_factor_is_asked_for_once_it_is_confirmed(database: Database) -> None:
    user = await add_user(database)
    secret, code = secrets.token_bytes(20), digest()
    assert await totp.offer_totp(database, user.id, secrets.token_bytes(20))
    assert await totp.offer_totp(database, user.id, secret)
    record = await users.select_login_record(database, "ANNA")
    assert record is not None
    assert not record.has_totp
    assert not await totp.confirm_totp(database, user.id, secrets.token_bytes(20), [code])
    assert await totp.confirm_totp(database, user.id, secret, [code, digest()])
    assert not await totp.offer_totp(database, user.id, secret)
    record = await users.select_login_record(database, "anna")
    assert record is not None
    assert record.has_totp
    assert await totp.use_recovery_code(database, user.id, code)
    assert not await totp.use_recovery_code(database, user.id, code)
    assert await totp.delete_totp(database, user.id)
    assert not await totp.delete_totp(database, user.id)


async def test_a_code_is_used_once_and_none_older(database: Database) -> None:
    user = await add_user(database)
    await totp.offer_totp(database, user.id, secrets.token_bytes(20))
    assert await totp.use_totp_step(database, user.id, 100)
    assert not await totp.use_totp_step(database, user.id, 100)
    assert not await totp.use_totp_step(database, user.id, 99)
    assert await totp.use_totp_step(database, user.id, 101)


async def test_a_site_secret_is_made_once_for_all_processes(database: Database) -> None:
    found: list[bytes] = []

    async def ask() -> None:
        found.append(await site_secrets.obtain_site_secret(database, "cursors"))

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(ask)
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert await site_secrets.obtain_site_secret(database, "other") != found[0]


async def test_an_account_is_found_and_changed(database: Database) -> None:
    user = await add_user(database)
    assert not await users.exists_admin(database)
    assert await users.update_password_hash(database, user.id, "$argon2id$")
    await users.update_admin(database, user.id)
    assert await users.exists_admin(database)
    await users.update_email(database, user.id, "anna@example.org", verified=True)
    [found] = await users.select_users_among(database, ids=[user.id], logins=["anna"])
    assert found.is_admin
    assert found.email == "anna@example.org"
    assert found.email_verified_at is not None
    await users.update_email(database, user.id, None, verified=True)
    [found] = await users.select_users_among(database, ids=[], logins=["anna"])
    assert (found.email, found.email_verified_at) == (None, None)
    with pytest.raises(UniqueViolationError):
        await add_user(database, "anna")
    assert await users.delete_user(database, user.id)
    assert not await users.delete_user(database, user.id)
    assert await users.select_login_record(database, "anna") is None
