"""The statements about channels, roles and chat settings, and what triggers keep in step, against a real PostgreSQL."""

from dataclasses import replace
from functools import partial

import pytest

from common.credentials import NewSecret, new_stream_key
from common.db import (
    CheckViolationError,
    ControlChange,
    Database,
    ForeignKeyViolationError,
    UniqueViolationError,
)
from common.queries import categories, channels, directory, roles, stream_keys
from common.queries.channels import ChannelUpdate, ChatSettings, Panel
from tests.common.test_queries import LATER, add_key, add_stream, add_user, heard

pytestmark = pytest.mark.real


async def chess(db: Database) -> int:
    return (await categories.select_categories(db, ids=[], slugs=["chess"]))[0].id


async def test_a_new_channel_is_public_and_says_nothing(database: Database) -> None:
    user = await add_user(database)
    assert await channels.select_channels(database, [user.id, 9999]) == [
        channels.Channel(
            id=user.id,
            login="streamer",
            display_name="Streamer",
            title="",
            language="",
            tags=[],
            visibility="public",
            suspended=False,
            category_id=None,
            category_name=None,
            is_mature=False,
            content_labels=[],
            panels=[],
            offline_image=None,
            followers=0,
            created_at=user.created_at,
        )
    ]


async def test_only_what_is_named_is_changed(database: Database) -> None:
    user = await add_user(database)
    before = await channels.select_channel_by_login(database, "streamer")
    assert before is not None
    everything = ChannelUpdate(
        title="Endgames",
        category_id=await chess(database),
        language="de-AT",
        tags=["Chess", "日本語"],
        is_mature=True,
        content_labels=["gambling"],
        panels=[Panel(title="About", text="<b>me</b>", link="https://example.org")],
        offline_image="0123.webp",
        visibility="password",
        password_hash="$argon2id$…",
    )
    assert await channels.update_channel(database, user.id, everything)
    changed = await channels.select_channel_by_login(database, "streamer")
    assert changed == replace(
        before,
        title="Endgames",
        category_id=everything.category_id,
        category_name="Chess",
        language="de-AT",
        tags=["Chess", "日本語"],
        is_mature=True,
        content_labels=["gambling"],
        panels=everything.panels or [],
        offline_image="0123.webp",
        visibility="password",
    )
    assert await channels.select_channel_password(database, user.id) == "$argon2id$…"
    assert await channels.update_channel(database, user.id, ChannelUpdate())
    assert await channels.select_channel_by_login(database, "streamer") == changed
    nothing = ChannelUpdate(
        title="",
        category_id=0,
        language="",
        tags=[],
        is_mature=False,
        content_labels=[],
        panels=[],
        offline_image="",
        visibility="public",
        password_hash="",
    )
    assert await channels.update_channel(database, user.id, nothing)
    assert await channels.select_channel_by_login(database, "streamer") == before
    assert await channels.select_channel_password(database, user.id) is None
    assert not await channels.update_channel(database, 9999, nothing)


@pytest.mark.parametrize(
    "change",
    [
        ChannelUpdate(title="x" * 141),
        ChannelUpdate(title="two\nlines"),
        ChannelUpdate(tags=[str(i) for i in range(11)]),
        ChannelUpdate(tags=["two words"]),
        ChannelUpdate(tags=[""]),
        ChannelUpdate(tags=["x" * 26]),
        ChannelUpdate(content_labels=["x" * 41]),
        ChannelUpdate(language="x" * 36),
        ChannelUpdate(panels=[Panel(text="x" * 66_000)]),
        ChannelUpdate(offline_image="x" * 101),
        ChannelUpdate(visibility="secret"),
        ChannelUpdate(visibility="password"),
    ],
)
async def test_the_database_refuses_what_the_code_let_through(
    database: Database, change: ChannelUpdate
) -> None:
    user = await add_user(database)
    with pytest.raises(CheckViolationError):
        await channels.update_channel(database, user.id, change)


async def test_a_channel_needs_a_category_that_there_is(database: Database) -> None:
    user = await add_user(database)
    with pytest.raises(ForeignKeyViolationError):
        await channels.update_channel(database, user.id, ChannelUpdate(category_id=9999))


async def test_every_process_hears_of_a_channel_that_changed(database: Database) -> None:
    user = await add_user(database)

    told = [ControlChange("channels", user.id)]
    for change, changes in [
        (ChannelUpdate(title="a"), told),
        (ChannelUpdate(title="a"), []),
        (ChannelUpdate(visibility="followers"), told),
        (ChannelUpdate(panels=[Panel("x")]), []),
    ]:
        act = partial(channels.update_channel, database, user.id, change)
        heard_of = [told for told in await heard(database, act) if told.table != "outbox"]
        assert heard_of == changes


async def test_a_live_broadcast_follows_its_channel_and_an_ended_one_does_not(database: Database) -> None:
    user = await add_user(database)
    ended, live = await add_stream(database, user.id), await add_stream(database, user.id, started_at=LATER)
    change = ChannelUpdate(
        title="new", category_id=await chess(database), tags=["a"], language="fi", is_mature=True
    )
    await channels.update_channel(database, user.id, change)
    (entry,) = await directory.select_directory(database, limit=9)
    assert entry.stream_id == live
    assert (entry.title, entry.category_name, entry.tags, entry.language, entry.is_mature) == (
        "new",
        "Chess",
        ["a"],
        "fi",
        True,
    )
    assert await database.fetchval("select tags from streams where id = $1", ended) == []
    after = await add_stream(database, (await add_user(database, "other")).id)
    await database.execute("delete from users where id = $1", user.id)
    assert [entry.stream_id for entry in await directory.select_directory(database, limit=9)] == [after]


@pytest.mark.parametrize("visibility", ["unlisted", "followers", "subs", "password"])
async def test_only_public_channels_are_listed_at_once_and_again(database: Database, visibility: str) -> None:
    user = await add_user(database)
    hidden = ChannelUpdate(visibility=visibility, password_hash="$argon2id$…")
    first = await add_stream(database, user.id)

    async def listed() -> list[object]:
        return [entry.stream_id for entry in await directory.select_directory(database, limit=9)]

    assert await listed() == [first]
    await channels.update_channel(database, user.id, hidden)
    assert await listed() == []
    second = await add_stream(database, user.id, started_at=LATER)
    assert await listed() == []
    assert [entry.stream_id for entry in await directory.select_live_of(database, [user.id])] == [second]
    await channels.update_channel(database, user.id, ChannelUpdate(visibility="public"))
    assert await listed() == [second]
    await database.execute("update users set suspended_at = now() where id = $1", user.id)
    assert await listed() == []
    assert await directory.select_live_of(database, [user.id]) == []


async def test_categories_that_are_deleted_leave_channels_and_streams_without_one(database: Database) -> None:
    user = await add_user(database)
    category_id = await categories.insert_category(database, slug="my-game", name="My Game")
    assert (
        await categories.insert_category(database, slug="my-game", name="My game", box_art="a.webp")
        == category_id
    )
    with pytest.raises(UniqueViolationError):
        await categories.insert_category(database, slug="other", name="MY GAME")
    with pytest.raises(CheckViolationError):
        await categories.insert_category(database, slug="My Game", name="new")
    await channels.update_channel(database, user.id, ChannelUpdate(category_id=category_id))
    await add_stream(database, user.id)
    assert await categories.delete_category(database, category_id)
    assert not await categories.delete_category(database, category_id)
    assert [entry.category_id for entry in await directory.select_directory(database, limit=9)] == [None]


async def test_a_site_starts_with_categories(database: Database) -> None:
    rows = await categories.select_live_categories(database, limit=100)
    assert len(rows) >= 50
    assert {row.live for row in rows} == {0}


# chat settings


async def test_chat_settings_are_the_defaults_until_they_are_set(database: Database) -> None:
    user = await add_user(database)
    assert await channels.select_chat_settings(database, user.id) == ChatSettings()
    assert (await database.fetchval("select count(*) from chat_settings")) == 0
    wanted = ChatSettings(
        slow_mode=True, slow_mode_wait_time=120, raids_from="nobody", automod_zalgo="high", sampling_rate=7
    )
    for settings in (ChatSettings(emote_mode=True), wanted):
        await channels.upsert_chat_settings(database, user.id, settings)
    assert await channels.select_chat_settings(database, user.id) == wanted
    row = await database.fetchrow(
        "insert into chat_settings (channel_id) values ($1) on conflict do nothing", user.id
    )
    assert row is None


async def test_defaults_of_the_table_are_those_of_the_code(database: Database) -> None:
    user = await add_user(database)
    await database.execute("insert into chat_settings (channel_id) values ($1)", user.id)
    assert await channels.select_chat_settings(database, user.id) == ChatSettings()


@pytest.mark.parametrize(
    "settings",
    [
        ChatSettings(slow_mode_wait_time=2),
        ChatSettings(non_moderator_chat_delay_duration=5),
        ChatSettings(follower_mode_duration=129_601),
        ChatSettings(raids_from="friends"),
        ChatSettings(raids_min_viewers=-1),
        ChatSettings(automod_caps="loud"),
        ChatSettings(automod_action="ban"),
        ChatSettings(raid_guard="on"),
        ChatSettings(crowd_slow_rate=201),
        ChatSettings(sampling_rate=-1),
    ],
)
async def test_chat_settings_have_the_limits_of_helix(database: Database, settings: ChatSettings) -> None:
    user = await add_user(database)
    with pytest.raises(CheckViolationError):
        await channels.upsert_chat_settings(database, user.id, settings)


async def test_every_process_hears_of_chat_settings(database: Database) -> None:
    user = await add_user(database)
    assert await heard(
        database, lambda: channels.upsert_chat_settings(database, user.id, ChatSettings())
    ) == [ControlChange("chat_settings", user.id)]


# stream keys


async def test_a_rotated_key_has_a_successor_with_its_label(database: Database) -> None:
    user, other = await add_user(database), await add_user(database, "other")
    old_id, old_hash = await add_key(database, user.id)
    new = new_stream_key()

    async def rotate(channel_id: int, secret: NewSecret = new) -> int | None:
        return await stream_keys.rotate_key(
            database, channel_id=channel_id, key_id=old_id, key_hash=secret.sha256, last4=secret.last4
        )

    assert await rotate(other.id) is None
    assert await heard(database, lambda: rotate(user.id)) == [ControlChange("stream_keys", old_id)]
    old, successor = await stream_keys.select_keys(database, user.id)
    assert (old.revoked_at is None, successor.revoked_at, successor.label) == (False, None, "obs")
    assert await rotate(user.id) == successor.id  # sent again
    assert await rotate(user.id, new_stream_key()) is None
    verdict = await stream_keys.select_key_by_hash(database, old_hash)
    assert verdict is not None
    assert verdict.revoked_at == old.revoked_at
    assert len(await stream_keys.select_keys(database, user.id)) == 2


# roles


async def test_roles_are_given_once_listed_both_ways_and_taken(database: Database) -> None:
    owner, mia, bob = [await add_user(database, login) for login in ("owner_1", "mia", "bob")]

    async def give(user_id: int, role: str) -> bool:
        return await roles.insert_role(
            database, channel_id=owner.id, user_id=user_id, role=role, granted_by=owner.id
        )

    async def act() -> None:
        assert [await give(mia.id, "moderator"), await give(mia.id, "moderator")] == [True, False]

    assert await heard(database, act) == [ControlChange("channel_roles", owner.id)]
    assert await give(mia.id, "editor")
    assert await give(bob.id, "moderator")
    assert await roles.select_roles(database, channel_id=owner.id, user_id=mia.id) == ["editor", "moderator"]
    holders = await roles.select_role_holders(database, owner.id, "moderator", limit=9)
    assert [holder.login for holder in holders] == ["mia", "bob"]
    assert (
        await roles.select_role_holders(database, owner.id, "moderator", limit=1, after_id=mia.id)
        == holders[1:]
    )
    held = await roles.select_roles_held(database, mia.id, role="editor", limit=9)
    assert held == [roles.RoleHeld(owner.id, "owner_1", "Owner_1", "editor")]
    assert await roles.select_roles_held(database, mia.id, limit=9, after=("moderator", owner.id)) == []
    assert await roles.delete_role(database, channel_id=owner.id, user_id=mia.id, role="moderator")
    assert not await roles.delete_role(database, channel_id=owner.id, user_id=mia.id, role="moderator")
    assert await roles.select_roles(database, channel_id=owner.id, user_id=mia.id) == ["editor"]


async def test_nobody_is_moderator_and_vip_and_the_owner_is_neither(database: Database) -> None:
    owner, mia = await add_user(database, "owner_1"), await add_user(database, "mia")

    async def give(user_id: int, role: str) -> bool:
        return await roles.insert_role(
            database, channel_id=owner.id, user_id=user_id, role=role, granted_by=owner.id
        )

    assert await give(mia.id, "vip")
    with pytest.raises(UniqueViolationError):
        await give(mia.id, "moderator")
    with pytest.raises(CheckViolationError):
        await give(owner.id, "editor")
    with pytest.raises(CheckViolationError):
        await give(mia.id, "king")
    with pytest.raises(ForeignKeyViolationError):
        await give(9999, "editor")
