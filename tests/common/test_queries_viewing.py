"""Who may watch, and where it is, asked of a real PostgreSQL."""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from common.db import Database
from common.queries import channels, follows, media_nodes, roles, streams, users
from common.queries.channels import ChannelUpdate
from common.queries.media_nodes import MediaNode
from common.queries.site_secrets import obtain_site_secret
from common.queries.viewing import select_needed_grants, select_viewing, select_viewing_of

pytestmark = pytest.mark.real

NOW = datetime(2026, 1, 2, tzinfo=UTC)
A = MediaNode("a", None, 8081, None, 1935)
B = MediaNode("b", "https://b.example.org", 8082, "rtmp://b.example.org", 1936)


async def make(db: Database, login: str) -> int:
    return (await users.insert_user_with_channel(db, login=login, display_name=login.title())).id


async def test_what_channels_ask_of_their_viewers(database: Database) -> None:
    anna = await make(database, "anna")
    for visibility, wanted in (
        ("public", ""),
        ("unlisted", ""),
        ("followers", "followers"),
        ("subs", "subs"),
    ):
        await channels.update_channel(database, anna, ChannelUpdate(visibility=visibility))
        assert await select_needed_grants(database, [anna, 4711]) == {anna: wanted}
    grants = set()
    for password_hash in ("$argon2id$one", "$argon2id$twö"):
        update = ChannelUpdate(visibility="password", password_hash=password_hash)
        await channels.update_channel(database, anna, update)
        digest = hashlib.sha256(password_hash.encode()).hexdigest()[:32]
        assert await select_needed_grants(database, [anna]) == {anna: f"password:{digest}"}
        grants.add(digest)
    assert len(grants) == 2


async def test_what_somebody_is_to_a_channel(database: Database) -> None:
    anna, berta = await make(database, "anna"), await make(database, "berta")
    await channels.update_channel(database, anna, ChannelUpdate(visibility="followers"))
    stranger = await select_viewing(database, "ANNA", berta)
    assert stranger is not None
    assert (stranger.channel_id, stranger.login, stranger.needed_grant) == (anna, "anna", "followers")
    assert (stranger.follows, stranger.blocked, stranger.suspended) == (False, False, False)
    assert stranger.roles == frozenset()
    await follows.upsert_follow(database, user_id=berta, channel_id=anna, notify=True)
    await roles.insert_role(database, channel_id=anna, user_id=berta, role="vip", granted_by=anna)
    friend = await select_viewing(database, "anna", berta)
    assert friend is not None
    assert friend.follows
    assert friend.roles == {"vip"}
    await follows.insert_block(database, user_id=anna, blocked_id=berta)
    await database.execute("update users set suspended_at = now() where id = $1", anna)
    blocked = await select_viewing(database, "anna", berta)
    assert blocked is not None
    assert (blocked.blocked, blocked.suspended) == (True, True)
    assert not blocked.banned
    for expires_at, banned in ((NOW.replace(year=9999), False), (None, True)):
        await database.execute(
            """
            insert into chat_bans (channel_id, user_id, expires_at) values ($1, $2, $3)
            on conflict (channel_id, user_id) do update set expires_at = excluded.expires_at
            """,
            anna,
            berta,
            expires_at,
        )
        found = await select_viewing_of(database, anna, berta)
        assert found is not None
        assert found.banned == banned, "a time-out is about the chat"
    nobody = await select_viewing(database, "anna", None)
    assert nobody is not None
    assert (nobody.follows, nobody.blocked, nobody.roles) == (False, False, frozenset())
    assert await select_viewing(database, "carla", None) is None


async def live(db: Database, channel_id: int, node: str, started_at: datetime) -> uuid.UUID:
    stream_id = uuid.uuid4()
    await streams.open_stream(
        db, stream_id=stream_id, channel_id=channel_id, node=node, title="", started_at=started_at
    )
    return stream_id


async def test_nodes_that_live_have_channels(database: Database) -> None:
    anna, berta = await make(database, "anna"), await make(database, "berta")
    for node in (A, B, A):
        await media_nodes.upsert_node(database, node)
    assert await media_nodes.select_nodes(database) == [A, B]
    await live(database, anna, "a", NOW)
    newer = await live(database, anna, "b", NOW + timedelta(seconds=9))
    await live(database, berta, "nobody knows", NOW)
    assert await media_nodes.select_hosts(database, ["anna", "berta", "carla"]) == {"anna": B}
    assert await media_nodes.select_host(database, anna) == B
    assert await media_nodes.select_host(database, berta) is None
    await database.execute("update media_nodes set seen_at = now() - interval '46 seconds' where node = 'b'")
    assert await media_nodes.select_nodes(database) == [A]
    assert await media_nodes.select_hosts(database, ["anna"]) == {}
    await media_nodes.upsert_node(database, B)
    await streams.end_stream(database, stream_id=newer, ended_at=NOW + timedelta(minutes=1), reason="over")
    assert await media_nodes.select_hosts(database, ["anna"]) == {}
    await media_nodes.delete_node(database, node="b")
    assert await media_nodes.select_nodes(database) == [A]


async def test_nodes_that_are_long_dead_are_forgotten(database: Database) -> None:
    await media_nodes.upsert_node(database, A)
    await database.execute("update media_nodes set seen_at = now() - interval '2 days'")
    await media_nodes.upsert_node(database, B)
    assert await database.fetchval("select array_agg(node) from media_nodes") == ["b"]


async def test_a_key_of_the_site_that_is_deleted_is_made_anew(database: Database) -> None:
    first = await obtain_site_secret(database, "play_ticket")
    await database.execute("delete from site_secrets where name = 'play_ticket'")
    second = await obtain_site_secret(database, "play_ticket")
    assert first != second
    assert second == await obtain_site_secret(database, "play_ticket")
