"""What staff do to accounts and broadcasts, against a real PostgreSQL: who may, what changes, and what is written down."""

import pytest
import trio

from common import site_staff
from common.audit import SHELL, Actor, AddressHashes
from common.credentials import new_secret
from common.db import ControlChange, Database
from common.queries import audit_log, members, sessions, stream_holds, stream_keys, streams
from common.queries.audit_log import DeedFilter
from common.queries.users import User
from common.site_staff import (
    LastAdminError,
    NoSuchAccountError,
    NotAllowedError,
    NotLiveError,
)
from tests.common.test_queries import LATER, NOW, add_key, add_stream, add_user, claim, heard, new_id

pytestmark = pytest.mark.real


async def member(db: Database, login: str, role: str = "") -> User:
    user = await add_user(db, login)
    await db.execute(
        "update users set is_admin = $2, is_staff = $3, password_hash = 'x' where id = $1",
        user.id,
        role == "admin",
        role == "staff",
    )
    return user


def by(user: User) -> Actor:
    return Actor("staff", user.id)


async def deeds(db: Database) -> list[tuple[str, int | None, str | None]]:
    found = await audit_log.select_deeds(db, limit=100)
    return [(deed.action, deed.actor_id, deed.target_id) for deed in reversed(found)]


async def test_a_suspended_account_is_logged_out_off_air_and_every_process_hears_of_it(
    database: Database,
) -> None:
    staff, bad = await member(database, "staff_1", "staff"), await member(database, "bad_1")
    token_hash = new_secret("x_").sha256
    session = await sessions.insert_session(
        database,
        user_id=bad.id,
        token_hash=token_hash,
        address="",
        user_agent="",
        expires_at=LATER.replace(year=2100),
    )
    stream_id = await add_stream(database, bad.id)
    _, key_hash = await add_key(database, bad.id)
    changes = await heard(database, lambda: site_staff.suspend(database, by(staff), bad.id, "spam"))
    assert {ControlChange("users", bad.id), ControlChange("sessions", session.id)} <= set(changes)
    assert await sessions.select_session_identity(database, token_hash) is None
    assert await streams.select_open_stream(database, bad.id) is None
    assert await database.fetchval("select end_reason from streams where id = $1", stream_id) == "suspended"
    verdict = await streams.claim_with_key(
        database, key_hash=key_hash, node="here", session_id=new_id(), claimed_at=NOW
    )
    assert verdict is not None
    assert verdict.fence is None
    found = await members.select_member(database, "BAD_1")
    assert found is not None
    assert found.suspended_at is not None
    assert found.suspension_reason == "spam"
    since = found.suspended_at
    await site_staff.suspend(database, by(staff), bad.id, "more spam")
    found = await members.select_member(database, "bad_1")
    assert found is not None
    assert (found.suspended_at, found.suspension_reason) == (since, "more spam")
    assert await site_staff.unsuspend(database, by(staff), bad.id)
    assert not await site_staff.unsuspend(database, by(staff), bad.id)
    assert await deeds(database) == [
        ("suspend", staff.id, str(bad.id)),
        ("suspend", staff.id, str(bad.id)),
        ("unsuspend", staff.id, str(bad.id)),
    ]


async def test_who_may_suspend_whom(database: Database) -> None:
    people = {
        role or "user": await member(database, f"{role or 'user'}_1", role) for role in ("", "staff", "admin")
    }
    others = {
        role or "user": await member(database, f"{role or 'user'}_2", role) for role in ("", "staff", "admin")
    }
    allowed = []
    for who, actor in people.items():
        for whom, target in others.items():
            try:
                await site_staff.suspend(database, by(actor), target.id, "x")
            except NotAllowedError:
                continue
            allowed.append((who, whom))
            await site_staff.unsuspend(database, SHELL, target.id)
        with pytest.raises(NotAllowedError):
            await site_staff.suspend(database, by(actor), actor.id, "x")
    assert allowed == [("staff", "user"), ("admin", "user"), ("admin", "staff"), ("admin", "admin")]


async def test_roles_are_given_by_administrators_only(database: Database) -> None:
    admin, staff = await member(database, "admin_1", "admin"), await member(database, "staff_1", "staff")
    user = await member(database, "user_1")
    for actor in (staff, user):
        for target in (staff, user):
            with pytest.raises(NotAllowedError):
                await site_staff.set_site_role(database, by(actor), target.id, "admin")
    assert await site_staff.set_site_role(database, by(admin), user.id, "staff")
    assert not await site_staff.set_site_role(database, by(admin), user.id, "staff")
    assert await site_staff.set_site_role(database, by(admin), user.id, "admin")
    assert await site_staff.set_site_role(database, by(user), admin.id, "")
    with pytest.raises(NotAllowedError):
        await site_staff.set_site_role(database, by(admin), user.id, "")
    (last, *_) = await audit_log.select_deeds(database, limit=9)
    assert last.details == {"login": "admin_1", "from": "admin", "to": ""}
    assert await deeds(database) == [
        ("site_role", admin.id, str(user.id)),
        ("site_role", admin.id, str(user.id)),
        ("site_role", user.id, str(admin.id)),
    ]


async def test_the_last_administrator_who_can_log_in_stays(database: Database) -> None:
    admin = await member(database, "admin_1", "admin")
    other = await member(database, "admin_2", "admin")
    await database.execute("update users set password_hash = null where id = $1", other.id)
    suspended = await member(database, "admin_3", "admin")
    await site_staff.suspend(database, by(admin), suspended.id, "x")
    for actor in (by(admin), SHELL):
        with pytest.raises(LastAdminError):
            await site_staff.set_site_role(database, actor, admin.id, "staff")
    with pytest.raises(LastAdminError):
        await site_staff.suspend(database, SHELL, admin.id, "x")
    await site_staff.unsuspend(database, SHELL, suspended.id)
    assert await site_staff.set_site_role(database, by(admin), admin.id, "")


async def test_two_administrators_who_remove_each_other_at_once_leave_one(database: Database) -> None:
    pair = [await member(database, f"admin_{number}", "admin") for number in (1, 2)]
    done = []

    async def remove(actor: User, target: User) -> None:
        await trio.lowlevel.checkpoint()
        try:
            await site_staff.set_site_role(database, by(actor), target.id, "")
        except NotAllowedError:
            return
        done.append(target)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(remove, pair[0], pair[1])
        nursery.start_soon(remove, pair[1], pair[0])
    assert len(done) == 1


async def test_an_account_that_is_gone_is_said_to_be(database: Database) -> None:
    with pytest.raises(NoSuchAccountError):
        await site_staff.suspend(database, SHELL, 4711, "x")
    with pytest.raises(NotAllowedError):  # who was deleted a moment ago
        await site_staff.suspend(database, Actor("staff", 4711), (await add_user(database)).id, "x")


async def test_an_ended_broadcast_holds_its_channel_back_and_the_encoder_is_told_why(
    database: Database,
) -> None:
    staff, user = await member(database, "staff_1", "staff"), await member(database, "user_1")
    _, key_hash = await add_key(database, user.id)
    with pytest.raises(NotLiveError):
        await site_staff.end_broadcast(database, by(staff), user.id, by="staff", reason="")
    await add_stream(database, user.id)
    changes = await heard(
        database,
        lambda: site_staff.end_broadcast(database, by(staff), user.id, by="staff", reason="No adverts."),
    )
    assert ControlChange("stream_holds", user.id) in changes
    assert await streams.select_open_stream(database, user.id) is None
    refused = await streams.claim_with_key(
        database, key_hash=key_hash, node="here", session_id=new_id(), claimed_at=NOW
    )
    assert refused is not None
    assert refused.fence is None
    sentence = "The staff of this site ended this broadcast: No adverts. It can begin again in 60 s."
    assert refused.key.hold == sentence
    verdict = await stream_keys.select_key_by_hash(database, key_hash)
    assert verdict is not None
    assert (verdict.hold, verdict.revoked_at) == (sentence, None)
    await database.execute("update stream_holds set until = now() - interval '1 second'")
    standing = await stream_holds.select_standing(database, user.id)
    assert standing is not None
    assert standing.hold is None
    assert await claim(database, user.id, new_id()) == 1
    again = await streams.claim_with_key(
        database, key_hash=key_hash, node="here", session_id=new_id(), claimed_at=NOW
    )
    assert again is not None
    assert again.fence == 2
    of_channel = await audit_log.select_deeds(database, limit=9, only=DeedFilter(channel_id=user.id))
    assert [(deed.action, deed.actor_login, deed.channel_login) for deed in of_channel] == [
        ("end_stream", "staff_1", "user_1")
    ]


async def test_members_are_found_by_the_beginning_of_their_login_or_by_address(database: Database) -> None:
    logins = ["anna", "anna_b", "ann", "anz", "berta", "a_n"]
    for login in logins:
        await member(database, login, "staff" if login == "anz" else "")
    await database.execute("update users set email = 'Anna@example.org' where login like 'anna%'")
    await site_staff.suspend(database, SHELL, (await users_id(database, "berta")), "x")

    async def found(**wanted: str) -> list[str]:
        return [row.login for row in await members.select_members(database, limit=9, **wanted)]  # type: ignore[arg-type]  # by name

    assert await found() == sorted(logins)
    assert await found(prefix="ann") == ["ann", "anna", "anna_b"]
    assert await found(prefix="ann", after_login="ann") == ["anna", "anna_b"]
    assert await found(prefix="a_") == ["a_n"]
    assert await found(only="suspended") == ["berta"]
    assert await found(only="staff") == ["anz"]
    assert await found(only="staff", prefix="b") == []
    by_email = await members.select_members_by_email(database, "aNNa@example.org", limit=9)
    assert [row.login for row in by_email] == ["anna", "anna_b"]


async def users_id(db: Database, login: str) -> int:
    found = await members.select_member(db, login)
    assert found is not None
    return found.id


async def test_the_log_is_found_by_who_where_and_what(database: Database) -> None:
    admin, user = await member(database, "admin_1", "admin"), await member(database, "user_1")
    await site_staff.suspend(database, by(admin), user.id, "x")
    await site_staff.unsuspend(database, SHELL, user.id)
    await add_stream(database, user.id)
    await site_staff.end_broadcast(database, by(user), user.id, by="owner", reason="")

    async def found(only: DeedFilter) -> list[str]:
        return [deed.action for deed in await audit_log.select_deeds(database, limit=9, only=only)]

    assert await found(DeedFilter()) == ["end_stream", "unsuspend", "suspend"]
    assert await found(DeedFilter(actor_id=admin.id)) == ["suspend"]
    assert await found(DeedFilter(channel_id=user.id)) == ["end_stream"]
    assert await found(DeedFilter(action="unsuspend")) == ["unsuspend"]
    assert await found(DeedFilter(actor_id=user.id, channel_id=user.id, action="end_stream")) == [
        "end_stream"
    ]
    assert await found(DeedFilter(actor_id=user.id, action="suspend")) == []
    first = (await audit_log.select_deeds(database, limit=1))[0]
    rest = await audit_log.select_deeds(database, limit=9, before=first.id)
    assert [deed.action for deed in rest] == ["unsuspend", "suspend"]


async def test_addresses_can_be_told_apart_and_nothing_more(database: Database) -> None:
    hashes, elsewhere = AddressHashes(database), AddressHashes(database)
    one = await hashes.of("192.0.2.1")
    assert one == await elsewhere.of("192.0.2.1")
    assert one != await hashes.of("192.0.2.2")
    assert len(one) == 32
