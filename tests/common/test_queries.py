"""The statements, against a real PostgreSQL: what they do once, twice, and to rows that are not there."""

import secrets
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
import trio

from common.credentials import new_stream_key
from common.db import (
    CheckViolationError,
    ControlChange,
    Database,
    ForeignKeyViolationError,
    FullRecheck,
    UniqueViolationError,
)
from common.ids import RANDOM_BITS, uuid7
from common.queries import channels, stream_keys, streams, users
from common.queries.users import User

pytestmark = pytest.mark.real

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def new_id() -> uuid.UUID:
    return uuid7(time.time_ns() // 1_000_000, secrets.randbits(RANDOM_BITS))


async def add_user(db: Database, login: str = "streamer") -> User:
    return await users.insert_user_with_channel(db, login=login, display_name=login.title())


async def add_key(db: Database, channel_id: int) -> tuple[int, bytes]:
    secret = new_stream_key()
    key_id = await stream_keys.insert_key(
        db, channel_id=channel_id, label="obs", key_hash=secret.sha256, last4=secret.last4
    )
    return key_id, secret.sha256


async def add_stream(
    db: Database, channel_id: int, *, started_at: datetime = NOW, node: str = "here"
) -> uuid.UUID:
    stream_id = new_id()
    await streams.open_stream(
        db, stream_id=stream_id, channel_id=channel_id, node=node, title="chess", started_at=started_at
    )
    return stream_id


async def add_session(db: Database, stream_id: uuid.UUID, session_id: uuid.UUID | None = None) -> uuid.UUID:
    session_id = session_id or new_id()
    await streams.insert_session(
        db,
        session_id=session_id,
        stream_id=stream_id,
        key_id=None,
        address="192.0.2.1",
        encoder="obs",
        started_at=NOW,
    )
    return session_id


async def claim(db: Database, channel_id: int, session_id: uuid.UUID) -> int:
    return await streams.claim_channel(
        db, channel_id=channel_id, node="here", session_id=session_id, claimed_at=NOW
    )


# users and channels


async def test_a_user_gets_a_channel_with_the_same_id(database: Database) -> None:
    assert not await users.exists_user(database)
    user = await add_user(database)
    channel = await channels.select_channel_by_login(database, "STREAMER")
    assert channel is not None
    assert channel.id == user.id
    assert (channel.login, channel.display_name, channel.tags, channel.suspended) == (
        "streamer",
        "Streamer",
        [],
        False,
    )
    assert await users.exists_user(database)


async def test_a_login_is_taken_in_any_case(database: Database) -> None:
    user = await add_user(database)
    with pytest.raises(UniqueViolationError) as caught:
        await add_user(database)
    assert caught.value.constraint == "users_login_key"
    assert await users.select_user_by_login(database, "Streamer") == user
    assert await users.select_user_by_login(database, "nobody_else") is None


async def test_the_database_refuses_a_login_the_code_let_through(database: Database) -> None:
    with pytest.raises(CheckViolationError):
        await add_user(database, "UPPER")


async def test_users_are_listed_by_login_in_pages(database: Database) -> None:
    for login in ("carol", "alice", "bob_1"):
        await add_user(database, login)
    assert [user.login for user in await users.select_users(database, limit=2)] == ["alice", "bob_1"]
    assert [user.login for user in await users.select_users(database, limit=2, after_login="bob_1")] == [
        "carol"
    ]


async def test_a_password_hash_is_kept_apart_from_the_user(database: Database) -> None:
    user = await users.insert_user_with_channel(
        database, login="admin_1", display_name="A", password_hash="$argon2id$…", is_admin=True
    )
    assert user.is_admin
    assert await users.select_password_hash(database, user.id) == "$argon2id$…"
    assert await users.select_password_hash(database, user.id + 1) is None


# stream keys


async def test_a_key_is_found_by_its_hash_with_all_that_decides(database: Database) -> None:
    user = await add_user(database)
    key_id, key_hash = await add_key(database, user.id)
    verdict = await stream_keys.select_key_by_hash(database, key_hash)
    assert verdict == stream_keys.KeyVerdict(key_id, None, user.id, "streamer", "", None)
    assert await stream_keys.select_key_by_hash(database, bytes(32)) is None


async def test_storing_a_key_twice_stores_one(database: Database) -> None:
    user = await add_user(database)
    key_id, key_hash = await add_key(database, user.id)
    again = await stream_keys.insert_key(
        database, channel_id=user.id, label="obs", key_hash=key_hash, last4="abcd"
    )
    assert again == key_id
    assert len(await stream_keys.select_keys(database, user.id)) == 1


async def test_a_key_needs_a_channel(database: Database) -> None:
    with pytest.raises(ForeignKeyViolationError):
        await add_key(database, 12345)


async def test_revoking_twice_keeps_the_first_time_and_only_the_owner_can(database: Database) -> None:
    user, other = await add_user(database), await add_user(database, "other")
    key_id, key_hash = await add_key(database, user.id)
    assert not await stream_keys.revoke_key(database, channel_id=other.id, key_id=key_id)
    assert await stream_keys.revoke_key(database, channel_id=user.id, key_id=key_id)
    first = await stream_keys.select_key_by_hash(database, key_hash)
    assert await stream_keys.revoke_key(database, channel_id=user.id, key_id=key_id)
    assert first is not None
    assert first.revoked_at is not None
    assert await stream_keys.select_key_by_hash(database, key_hash) == first
    assert [key.revoked_at for key in await stream_keys.select_keys(database, user.id)] == [first.revoked_at]


async def test_a_key_that_may_publish_claims_its_channel_in_the_same_statement(database: Database) -> None:
    user = await add_user(database)
    key_id, key_hash = await add_key(database, user.id)

    async def claim_with_key(session_id: uuid.UUID, key_hash: bytes = key_hash) -> streams.KeyClaim | None:
        return await streams.claim_with_key(
            database, key_hash=key_hash, node="here", session_id=session_id, claimed_at=NOW
        )

    mine, newer = new_id(), new_id()
    verdict = stream_keys.KeyVerdict(key_id, None, user.id, "streamer", "", None)
    assert await claim_with_key(mine) == streams.KeyClaim(verdict, 1)
    assert await claim_with_key(mine) == streams.KeyClaim(verdict, 1)
    assert await claim_with_key(newer) == streams.KeyClaim(verdict, 2)
    assert await claim_with_key(mine, bytes(32)) is None
    await stream_keys.revoke_key(database, channel_id=user.id, key_id=key_id)
    refused = await claim_with_key(mine)
    assert refused is not None
    assert refused.fence is None
    assert refused.key.revoked_at is not None
    assert await streams.select_claim(database, user.id) == streams.Claim(user.id, 2, "here", newer)


async def test_keys_in_use_are_looked_at_again_together(database: Database) -> None:
    user = await add_user(database)
    first, second = (await add_key(database, user.id))[0], (await add_key(database, user.id))[0]
    await stream_keys.revoke_key(database, channel_id=user.id, key_id=second)
    found = await stream_keys.select_keys_by_id(database, [first, second, 9999])
    assert {key.id: key.revoked_at is not None for key in found} == {first: False, second: True}


async def test_the_last_use_of_a_key_never_goes_back(database: Database) -> None:
    user = await add_user(database)
    key_id, _ = await add_key(database, user.id)
    for used_at in (NOW, LATER, NOW):
        await stream_keys.touch_key(database, key_id, used_at)
    assert [key.last_used_at for key in await stream_keys.select_keys(database, user.id)] == [LATER]


async def heard(db: Database, act: Callable[[], Awaitable[object]]) -> list[ControlChange]:
    """What a process hears of an act, up to a last word of our own."""
    last_word = ControlChange("end", 0)
    changes = []
    with db.subscribe() as feed, trio.fail_after(30):
        assert await anext(feed) == FullRecheck()
        await act()
        async with db.transaction() as transaction:
            await transaction.notify(last_word)
        async for change in feed:
            if change == last_word:
                break
            if isinstance(change, ControlChange):
                changes.append(change)
    return changes


async def test_every_process_hears_of_a_revoked_key_once(database: Database) -> None:
    user = await add_user(database)
    key_id, _ = await add_key(database, user.id)

    async def revoke() -> None:
        await stream_keys.touch_key(database, key_id, NOW)
        await stream_keys.revoke_key(database, channel_id=user.id, key_id=key_id)
        await stream_keys.revoke_key(database, channel_id=user.id, key_id=key_id)

    assert await heard(database, revoke) == [ControlChange("stream_keys", key_id)]


async def test_every_process_hears_of_a_deleted_key_and_a_suspended_user(database: Database) -> None:
    user = await add_user(database)
    key_id, _ = await add_key(database, user.id)

    async def act() -> None:
        await database.execute("update users set suspended_at = now() where id = $1", user.id)
        await database.execute("delete from stream_keys where id = $1", key_id)

    assert await heard(database, act) == [
        ControlChange("users", user.id),
        ControlChange("stream_keys", key_id),
    ]


# claims


async def test_the_newest_claim_has_the_highest_fence(database: Database) -> None:
    user = await add_user(database)
    first, second = new_id(), new_id()
    assert await streams.select_claim(database, user.id) is None
    assert await claim(database, user.id, first) == 1
    assert await claim(database, user.id, first) == 1  # sent again: the same claim
    assert await claim(database, user.id, second) == 2
    assert await claim(database, user.id, first) == 3  # it had lost the channel in between
    held = streams.Claim(user.id, 3, "here", first)
    assert await streams.select_claim(database, user.id) == held
    assert await streams.select_claims(database, [user.id, 9999]) == [held]


async def test_claims_at_once_get_different_fences(database: Database) -> None:
    user = await add_user(database)
    fences: list[int] = []

    async def one() -> None:
        fences.append(await claim(database, user.id, new_id()))

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(one)
    assert sorted(fences) == list(range(1, 11))


async def test_every_process_hears_of_a_claim(database: Database) -> None:
    user = await add_user(database)
    expected = [ControlChange("channel_claims", user.id)]
    assert await heard(database, lambda: claim(database, user.id, new_id())) == expected
    assert await heard(database, lambda: claim(database, user.id, new_id())) == expected


# streams


async def test_a_broadcast_is_live_until_it_ends_once(database: Database) -> None:
    user = await add_user(database)
    stream_id = await add_stream(database, user.id)
    await streams.update_stream_media(
        database,
        stream_id=stream_id,
        video_codec="avc1.64001f",
        audio_codec="mp4a.40.2",
        width=1920,
        height=1080,
        fps=29.97,
        encoder="obs",
    )
    live = streams.LiveChannel(stream_id, user.id, "streamer", "Streamer", "chess", NOW, 1920, 1080)
    assert await streams.select_live(database, limit=10) == [live]
    assert await streams.select_live_channel(database, "Streamer") == live
    found = await streams.select_open_stream(database, user.id)
    assert found == streams.OpenStream(stream_id, user.id, "here", "chess", NOW)
    await streams.end_stream(database, stream_id=stream_id, ended_at=LATER, reason="ended")
    await streams.end_stream(database, stream_id=stream_id, ended_at=NOW, reason="again")
    row = await database.fetchrow("select ended_at, end_reason from streams where id = $1", stream_id)
    assert row is not None
    assert (row["ended_at"], row["end_reason"]) == (LATER, "ended")
    assert await streams.select_live(database, limit=10) == []
    assert await streams.select_live_channel(database, "streamer") is None
    assert await streams.select_open_stream(database, user.id) is None


async def test_opening_a_broadcast_twice_opens_one_and_ends_those_left_open_before(
    database: Database,
) -> None:
    user = await add_user(database)
    old = await add_stream(database, user.id)
    new = new_id()
    for _ in range(2):
        await streams.open_stream(
            database, stream_id=new, channel_id=user.id, node="here", title="", started_at=LATER
        )
    assert [live.stream_id for live in await streams.select_live(database, limit=10)] == [new]
    assert await database.fetchval("select end_reason from streams where id = $1", old) == "superseded"


async def test_a_broadcast_written_down_late_does_not_end_a_newer_one(database: Database) -> None:
    user = await add_user(database)
    newer = await add_stream(database, user.id, started_at=LATER)
    await add_stream(database, user.id, started_at=NOW)
    assert [live.stream_id for live in await streams.select_live(database, limit=10)] == [newer]
    found = await streams.select_open_stream(database, user.id)
    assert found is not None
    assert found.id == newer


async def test_every_connection_but_the_first_is_a_reconnect_however_often_it_is_written(
    database: Database,
) -> None:
    user = await add_user(database)
    stream_id = await add_stream(database, user.id)
    first = await add_session(database, stream_id)
    await add_session(database, stream_id, first)
    assert await database.fetchval("select reconnects from streams") == 0
    second = await add_session(database, stream_id)
    await add_session(database, stream_id, second)
    assert await database.fetchval("select reconnects from streams") == 1
    for ended_at, clean in ((LATER, True), (NOW, False)):
        await streams.end_session(database, session_id=second, ended_at=ended_at, clean=clean)
    row = await database.fetchrow("select ended_at, clean from stream_sessions where id = $1", second)
    assert row is not None
    assert (row["ended_at"], row["clean"]) == (LATER, True)


async def test_what_a_dead_process_left_open_is_ended_for_its_node_only(database: Database) -> None:
    user, other = await add_user(database), await add_user(database, "other")
    ours = await add_stream(database, user.id)
    session = await add_session(database, ours)
    theirs = await add_stream(database, other.id, node="elsewhere")
    assert await streams.end_orphans(database, node="here", ended_at=LATER) == [ours]
    assert await streams.end_orphans(database, node="here", ended_at=LATER) == []
    assert [live.stream_id for live in await streams.select_live(database, limit=10)] == [theirs]
    row = await database.fetchrow("select ended_at, clean from stream_sessions where id = $1", session)
    assert row is not None
    assert (row["ended_at"], row["clean"]) == (LATER, None)


async def test_the_list_of_what_is_live_leaves_out_unlisted_and_suspended_channels(
    database: Database,
) -> None:
    for number, login in enumerate(("public", "hidden", "banned", "latest")):
        user = await add_user(database, login)
        await add_stream(database, user.id, started_at=NOW + timedelta(seconds=number))
    await database.execute(
        "update channels set visibility = 'unlisted' from users where users.id = user_id and login = 'hidden'"
    )
    await database.execute("update users set suspended_at = now() where login = 'banned'")
    assert [live.login for live in await streams.select_live(database, limit=10)] == ["latest", "public"]
    assert [live.login for live in await streams.select_live(database, limit=1)] == ["latest"]
    assert await streams.select_live_channel(database, "hidden") is not None
    assert await streams.select_live_channel(database, "banned") is None
