"""The statements about apps and their tokens reach large tables by an index: asked of a PostgreSQL with many of each."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import pytest
import trio

from common.db import Database, Executor, open_database
from common.queries import access_tokens, oauth_apps, oauth_connections, oauth_grants, sessions, users
from tests.common.database_site import filled_schema
from tests.common.test_queries_explain import Explaining

pytestmark = pytest.mark.real

LARGE = {
    "users",
    "sessions",
    "access_tokens",
    "oauth_apps",
    "oauth_connections",
    "oauth_grants",
    "oauth_forms",
}

ROWS = """
insert into users (login, display_name) select 'user_' || n, 'User' from generate_series(1, 5000) as n;
insert into sessions (user_id, token_hash, address, user_agent, expires_at)
select id, sha256(('s' || id)::bytea), '', '', now() + interval '1 day' from users;
insert into oauth_apps (user_id, client_id, name, redirect_uris)
select id, lpad(id::text, 30, 'a'), 'App', '{https://app.example/}' from users where id % 2 = 0;
insert into oauth_connections (user_id, app_id, scopes)
select (id * 7 + n * 13) % 5000 + 1, id, '{chat:read}' from oauth_apps, generate_series(0, 7) as n on conflict do nothing;
insert into oauth_grants (connection_id, scopes, code_hash, redirect_uri, code_used_at, refreshed_at, chain_hash)
select id, '{chat:read}', sha256(('c' || id)::bytea), 'https://app.example/', used, used,
       case when used is not null then sha256(('r' || id)::bytea) end
from (select id, case when id % 10 > 0 then now() end as used from oauth_connections) as known;
insert into access_tokens (user_id, app_id, grant_id, token_hash, last4, label, scopes, expires_at)
select user_id, app_id, oauth_grants.id, sha256(('t' || n || 'g' || oauth_grants.id)::bytea), 'last', '', '{chat:read}',
       now() + interval '4 hours'
from oauth_grants join oauth_connections on oauth_connections.id = connection_id, generate_series(1, 3) as n
where code_used_at is not null;
insert into access_tokens (app_id, token_hash, last4, label, scopes, expires_at)
select id, sha256(('a' || id)::bytea), 'last', '', '{}', now() + interval '1 day' from oauth_apps;
insert into access_tokens (user_id, token_hash, last4, label, scopes)
select id, sha256(('p' || id)::bytea), 'last', '', '{chat:read}' from users;
insert into oauth_forms (token_hash, session_id, request_hash, expires_at)
select sha256(('f' || id)::bytea), id, sha256('x'), now() + interval '1 hour' from sessions;
analyze users, sessions, access_tokens, oauth_apps, oauth_connections, oauth_grants, oauth_forms;
"""

HASH = bytes(32)
CLIENT = f"{6:a>30}"
HOUR = timedelta(hours=1)


async def fill(db: Database) -> None:
    await db.execute(ROWS)


@pytest.fixture(scope="module")
def seeded_dsn(cluster_dsn: str) -> Iterator[str]:
    with filled_schema(cluster_dsn, fill) as dsn:
        yield dsn


STATEMENTS: dict[str, Callable[[Executor], Awaitable[object]]] = {
    "new app": lambda db: oauth_apps.insert_app(
        db, user_id=4, client_id="b" * 30, secret_hash=None, name="x", redirect_uris=[]
    ),
    "apps": lambda db: oauth_apps.select_apps(db, 6, limit=20),
    "client": lambda db: oauth_apps.select_client(db, CLIENT),
    "change of an app": lambda db: oauth_apps.update_app(db, user_id=6, client_id=CLIENT, name="y"),
    "secret": lambda db: oauth_apps.rotate_app_secret(db, user_id=6, client_id=CLIENT, secret_hash=HASH),
    "consent": lambda db: oauth_connections.select_consent(db, user_id=5, app_id=6),
    "saying yes": lambda db: oauth_connections.upsert_connection(
        db, user_id=5, app_id=6, scopes=["chat:edit"]
    ),
    "connections": lambda db: oauth_connections.select_connections(db, 5, limit=20),
    "disconnecting": lambda db: oauth_connections.delete_connection(db, user_id=5, client_id=CLIENT),
    "form": lambda db: oauth_connections.insert_form(
        db, session_id=5, token_hash=HASH, request_hash=HASH, lifetime=HOUR
    ),
    "answer": lambda db: oauth_connections.use_form(db, session_id=5, token_hash=HASH, request_hash=HASH),
    "code": lambda db: oauth_grants.insert_grant(
        db, connection_id=7, scopes=[], code_hash=HASH, redirect_uri="https://app.example/", challenge=None
    ),
    "exchange": lambda db: oauth_grants.select_code_for_update(db, HASH),
    "used code": lambda db: oauth_grants.use_code(db, 3, chain_hash=HASH),
    "chain": lambda db: oauth_grants.select_chain_for_update(db, HASH),
    "turn": lambda db: oauth_grants.turn_chain(db, 4),
    "user token": lambda db: oauth_grants.insert_user_token(
        db, user_id=5, app_id=8, grant_id=5, token_hash=HASH, last4="last", scopes=[], lifetime=HOUR
    ),
    "app token": lambda db: oauth_grants.insert_app_token(
        db, app_id=9, token_hash=bytes(31) + b"1", last4="last", lifetime=HOUR
    ),
    "end of a grant": lambda db: oauth_grants.delete_grant(db, 11),
    "end of a token": lambda db: oauth_grants.delete_token_of_app(db, app_id=9, token_hash=HASH),
    "who a token is": lambda db: access_tokens.select_token_identity(db, HASH),
    "personal tokens": lambda db: access_tokens.select_tokens(db, 5, limit=20),
    "new personal token": lambda db: access_tokens.insert_token(
        db, user_id=5, token_hash=bytes(31) + b"2", last4="last", label="", scopes=[]
    ),
    "stale grants": lambda db: oauth_grants.delete_stale_grants(db, limit=100),
    "stale tokens": lambda db: oauth_grants.delete_stale_tokens(db, limit=100),
    "stale forms": lambda db: oauth_grants.delete_stale_forms(db, limit=100),
    "end of an app": lambda db: oauth_apps.delete_app(db, user_id=16, client_id=f"{16:a>30}"),
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_no_statement_reads_a_whole_large_table(seeded_dsn: str, name: str) -> None:
    async with open_database(seeded_dsn, wait_s=10) as db:
        planned = Explaining(db, LARGE)
        await STATEMENTS[name](planned)
    assert planned.plans >= 2
    assert planned.whole == set()


async def test_what_hangs_on_something_deleted_is_found_by_an_index(database: Database) -> None:
    """Every foreign key of these tables is the head of an index: else deleting a user would read them whole."""
    missing = await database.fetch(
        """
        select conrelid::regclass::text as of, conname from pg_constraint
        where contype = 'f' and conrelid::regclass::text = any($1) and not exists (
            select from pg_index where indrelid = conrelid and indkey[0] = conkey[1]
        )
        """,
        sorted(LARGE),
    )
    assert [dict(row) for row in missing] == []


async def test_tokens_that_are_over_go_without_a_word(database: Database) -> None:
    user = await users.insert_user_with_channel(database, login="anna", display_name="Anna")
    app = await oauth_apps.insert_app(
        database, user_id=user.id, client_id="a" * 30, secret_hash=HASH, name="x", redirect_uris=[]
    )
    assert app is not None
    with database.subscribe() as feed:
        await anext(feed)
        for lifetime, token_hash in ((-HOUR, HASH), (HOUR, bytes(31) + b"1")):
            await oauth_grants.insert_app_token(
                database, app_id=app.id, token_hash=token_hash, last4="last", lifetime=lifetime
            )
        assert await oauth_grants.delete_stale_tokens(database, limit=10) == 1
        living = await oauth_grants.delete_token_of_app(database, app_id=app.id, token_hash=bytes(31) + b"1")
        with trio.fail_after(10):
            change = await anext(feed)
        assert getattr(change, "id", None) == living  # the first that is heard of


async def test_a_form_belongs_to_a_session_and_too_many_push_the_oldest_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.queries.oauth_connections.MAX_FORMS", 2)
    user = await users.insert_user_with_channel(database, login="anna", display_name="Anna")
    expires_at = await database.fetchval("select now() + interval '1 hour'")
    session = await sessions.insert_session(
        database, user_id=user.id, token_hash=HASH, address="", user_agent="", expires_at=expires_at
    )
    for number in range(3):
        await oauth_connections.insert_form(
            database,
            session_id=session.id,
            token_hash=bytes(31) + bytes([number]),
            request_hash=HASH,
            lifetime=timedelta(minutes=number + 1),
        )
    worked = [
        await oauth_connections.use_form(
            database, session_id=session.id, token_hash=bytes(31) + bytes([number]), request_hash=HASH
        )
        for number in range(3)
    ]
    assert worked == [False, True, True]
