"""EventSub in the database: who may subscribe, what is told, and how sessions and webhooks end. Asked of a real PostgreSQL."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from common.audit import Actor, Target, write_down
from common.db import Database, UniqueViolationError
from common.queries import (
    access_tokens,
    chat,
    eventsub,
    eventsub_sessions,
    eventsub_webhooks,
    follows,
    outbox,
    roles,
    users,
)
from common.queries.eventsub import NewSubscription, Owner, Subscription

pytestmark = pytest.mark.real


async def person(db: Database, login: str) -> int:
    user = await users.insert_user_with_channel(db, login=login, display_name=login.capitalize())
    return user.id


def wanted(channel_id: int, owner: Owner, kind: str = "channel.update", **more: Any) -> NewSubscription:
    fields: dict[str, Any] = {
        "version": "1",
        "condition": {"broadcaster_user_id": str(channel_id)},
        "method": "webhook",
        "callback": "https://example.org/hook",
        "secret": "a secret of mine",
        "cost": 0,
    }
    return NewSubscription(type=kind, channel_id=channel_id, owner=owner, **fields | more)


async def enabled(db: Database, new: NewSubscription) -> Subscription:
    made = await eventsub.insert_subscription(db, new)
    await eventsub_webhooks.set_status(db, made.number, "enabled", only_if=made.status)
    [found] = await eventsub.select_subscriptions(db, [made.id])
    return found


async def told(db: Database, channel_id: int, kind: str) -> list[dict[str, Any]]:
    found = await outbox.select_channel_events(db, channel_id, limit=100, types=[kind])
    return [event.event for event in found]


async def status(db: Database, subscription: Subscription) -> str:
    [found] = await eventsub.select_subscriptions(db, [subscription.id])
    return found.status


async def test_a_follow_is_told_only_where_somebody_wants_to_hear_of_it(database: Database) -> None:
    anna, ben = await person(database, "anna"), await person(database, "ben")
    cleo = await person(database, "cleo")
    await follows.upsert_follow(database, user_id=cleo, channel_id=anna, notify=True)
    assert await told(database, anna, "channel.follow") == []
    await enabled(database, wanted(anna, Owner(None, anna), "channel.follow"))
    await follows.upsert_follow(database, user_id=ben, channel_id=anna, notify=True)
    [event] = await told(database, anna, "channel.follow")
    assert event.pop("followed_at").endswith("Z")
    assert event == {
        "user_id": str(ben),
        "user_login": "ben",
        "user_name": "Ben",
        "broadcaster_user_id": str(anna),
        "broadcaster_user_login": "anna",
        "broadcaster_user_name": "Anna",
    }


async def test_what_moderators_do_is_told_from_the_log_in_eventsubs_shape(database: Database) -> None:
    anna, ben = await person(database, "anna"), await person(database, "ben")
    for kind in ("channel.moderate", "channel.ban", "channel.unban"):
        await enabled(database, wanted(anna, Owner(None, anna), kind))
    actor, target = Actor("user", anna), Target("user", str(ben))
    details = {
        "user_login": "ben",
        "reason": "loud",
        "expires_at": "2030-01-01T00:00:00Z",
        "duration_s": 60,
        "door": "irc",
    }
    await write_down(database, actor, "timeout", target=target, channel_id=anna, details=details)
    await write_down(
        database, actor, "slow", channel_id=anna, details={"wait_time_seconds": 30, "door": "api"}
    )
    await write_down(database, actor, "emoteonly", channel_id=anna, details={"door": "api"})
    await write_down(
        database,
        actor,
        "delete",
        target=Target("message", "m-1"),
        channel_id=anna,
        details={"user_id": str(ben), "user_login": "ben", "user_name": "Ben", "text": "rude"},
    )
    await write_down(
        database,
        actor,
        "add_blocked_term",
        channel_id=anna,
        details={"action": "add", "list": "blocked", "terms": ["x"], "from_automod": False},
    )
    await write_down(database, Actor("system"), "unban", target=target, channel_id=anna)
    await write_down(database, actor, "update_channel", channel_id=anna, details={"secret": "of the owner"})

    events = {event["action"]: event for event in await told(database, anna, "channel.moderate")}
    assert set(events) == {"timeout", "slow", "emoteonly", "delete", "add_blocked_term", "unban"}
    whom = {"user_id": str(ben), "user_login": "ben", "user_name": "Ben"}
    assert events["timeout"]["timeout"] == whom | {"reason": "loud", "expires_at": "2030-01-01T00:00:00Z"}
    assert events["timeout"]["moderator_user_login"] == "anna"
    assert events["timeout"]["ban"] is None
    assert events["slow"]["slow"] == {"wait_time_seconds": 30}
    assert events["emoteonly"]["slow"] is None
    assert events["delete"]["delete"] == whom | {"message_id": "m-1", "message_body": "rude"}
    assert events["add_blocked_term"]["automod_terms"]["terms"] == ["x"]
    assert events["unban"]["moderator_user_id"] == ""
    assert "secret" not in str(events)

    [ban] = await told(database, anna, "channel.ban")
    assert (ban["user_login"], ban["reason"], ban["is_permanent"], ban["ends_at"]) == (
        "ben",
        "loud",
        False,
        "2030-01-01T00:00:00Z",
    )
    [unban] = await told(database, anna, "channel.unban")
    assert unban["user_id"] == str(ban["user_id"])


async def test_a_subscription_is_there_once_for_an_owner(database: Database) -> None:
    anna, ben = await person(database, "anna"), await person(database, "ben")
    await eventsub.insert_subscription(database, wanted(anna, Owner(None, anna)))
    await eventsub.insert_subscription(database, wanted(anna, Owner(None, ben)))
    with pytest.raises(UniqueViolationError):
        await eventsub.insert_subscription(database, wanted(anna, Owner(None, anna)))
    assert (await eventsub.select_totals(database, Owner(None, anna))).total == 1


async def test_a_subscription_ends_with_the_token(database: Database) -> None:
    anna = await person(database, "anna")
    token = await access_tokens.insert_token(
        database, user_id=anna, token_hash=b"1" * 32, last4="1111", label="", scopes=["channel:moderate"]
    )
    assert token is not None
    mine = await enabled(
        database,
        wanted(anna, Owner(None, anna, token.id), "channel.ban", acting_id=anna, scopes=["channel:moderate"]),
    )
    other = await eventsub.insert_subscription(
        database,
        wanted(anna, Owner(None, anna, token.id), "channel.subscribe", scopes=["channel:read:subscriptions"]),
    )
    assert await eventsub.select_objection(database, mine.number) is None
    assert await eventsub.select_objection(database, other.number) == "authorization_revoked"
    await access_tokens.delete_token(database, user_id=anna, token_id=token.id)
    assert await eventsub.revoke_unfounded(database) == 2
    assert await status(database, mine) == "authorization_revoked"
    [due] = await eventsub_webhooks.take_due(database, limit=10, lease_s=60)
    assert due.id == mine.id, "who was never challenged successfully is told nothing"
    assert await eventsub.revoke_unfounded(database) == 0


async def test_a_subscription_ends_with_the_role_the_ban_and_the_account(database: Database) -> None:
    anna, ben, cleo = [await person(database, login) for login in ("anna", "ben", "cleo")]
    await roles.insert_role(database, channel_id=anna, user_id=ben, role="moderator", granted_by=anna)
    owner = Owner(None, ben)
    moderates = await enabled(
        database, wanted(anna, owner, "channel.follow", acting_id=ben, standing="moderator")
    )
    reads = await enabled(
        database, wanted(anna, owner, "channel.chat.message", acting_id=ben, standing="reader")
    )
    hears = await enabled(database, wanted(cleo, owner))
    assert await eventsub.revoke_unfounded(database) == 0
    await roles.delete_role(database, channel_id=anna, user_id=ben, role="moderator")
    await chat.upsert_ban(
        database, channel_id=anna, user_id=ben, moderator_id=anna, reason="", expires_at=None
    )
    assert await eventsub.revoke_unfounded(database) == 2
    assert await status(database, moderates) == "moderator_removed"
    assert await status(database, reads) == "user_removed"
    await database.execute("delete from users where id = $1", cleo)
    assert await status(database, hears) == "user_removed"
    await database.execute("delete from users where id = $1", ben)
    assert await eventsub.select_subscriptions(database, [hears.id]) == []
    assert await eventsub.select_reason_gone(database, None, ben) == "user_removed"
    assert await eventsub.select_reason_gone(database, None, anna) is None


async def test_an_app_may_hear_what_a_person_allowed_it(database: Database) -> None:
    anna, ben = await person(database, "anna"), await person(database, "ben")
    app_id: int = await database.fetchval(
        "insert into oauth_apps (user_id, client_id, name, redirect_uris) values ($1, $2, 'App', '{}') returning id",
        ben,
        "a" * 30,
    )
    asked = await eventsub.insert_subscription(
        database,
        wanted(anna, Owner(app_id, None), "channel.ban", acting_id=anna, scopes=["channel:moderate"]),
    )
    free = await eventsub.insert_subscription(database, wanted(anna, Owner(app_id, None)))
    assert await eventsub.select_objection(database, asked.number) == "authorization_revoked"
    assert await eventsub.select_objection(database, free.number) is None
    connection_id: int = await database.fetchval(
        "insert into oauth_connections (user_id, app_id, scopes) values ($1, $2, '{channel:moderate}') returning id",
        anna,
        app_id,
    )
    await database.execute(
        """
        insert into oauth_grants
            (connection_id, scopes, code_hash, redirect_uri, code_used_at, chain_hash, refreshed_at)
        values ($1, '{channel:moderate}', $2, '', now(), $2, now())
        """,
        connection_id,
        b"2" * 32,
    )
    assert await eventsub.select_objection(database, asked.number) is None
    await database.execute("delete from oauth_connections where id = $1", connection_id)
    assert await eventsub.revoke_unfounded(database) == 1


async def test_a_session_is_handed_over_once_and_ends_with_its_subscriptions(database: Database) -> None:
    anna = await person(database, "anna")
    session = await eventsub_sessions.insert_session(database, "s" * 30, "node a")
    made = await eventsub.insert_subscription(
        database,
        wanted(
            anna,
            Owner(None, anna),
            method="websocket",
            callback=None,
            secret=None,
            session_id=session.id,
            connected_at=session.connected_at,
        ),
    )
    assert made.status == "enabled"
    await eventsub_sessions.offer_reconnect(database, session.id, "node a", b"3" * 32)
    taken = await eventsub_sessions.take_over_session(database, b"3" * 32, "node b")
    assert taken is not None
    assert taken.id == session.id
    assert await eventsub_sessions.take_over_session(database, b"3" * 32, "node c") is None
    await eventsub_sessions.end_session(database, session.id, "node a", "websocket_disconnected")
    assert await status(database, made) == "enabled", "it is not that node's any more"
    assert await eventsub_sessions.touch_sessions(database, "node a", [session.id]) == set()
    assert await eventsub_sessions.touch_sessions(database, "node b", [session.id]) == {session.id}
    await eventsub_sessions.end_session(database, session.id, "node b", "websocket_disconnected")
    assert await status(database, made) == "websocket_disconnected"


async def test_sessions_of_dead_nodes_end(database: Database) -> None:
    await eventsub_sessions.insert_session(database, "s" * 30, "node a")
    assert await eventsub_sessions.end_lost_sessions(database, unseen=timedelta(seconds=90), limit=10) == 0
    assert await eventsub_sessions.end_lost_sessions(database, unseen=timedelta(0), limit=10) == 1


async def test_webhooks_are_enqueued_in_batches_and_raids_at_both_ends(database: Database) -> None:
    anna, ben = await person(database, "anna"), await person(database, "ben")
    kind, owner = "channel.raid", Owner(None, anna)
    for number in range(3):
        await enabled(
            database, wanted(anna, owner, kind, side="from", callback=f"https://example.org/{number}")
        )
    await enabled(database, wanted(ben, owner, kind, side="to", callback="https://example.org/to"))
    await enabled(database, wanted(ben, owner, kind, side="from", callback="https://example.org/not"))
    await eventsub.insert_subscription(database, wanted(anna, owner, kind, side="from"))  # not yet verified
    await eventsub.insert_event(
        database,
        key="raid 1",
        channel_id=anna,
        type=kind,
        event={"to_broadcaster_user_id": str(ben), "viewers": 3},
    )
    await eventsub.insert_event(database, key="raid 1", channel_id=anna, type=kind, event={})
    [event] = await outbox.select_channel_events(database, anna, limit=10, types=[kind])
    found, after = await eventsub_webhooks.insert_webhook_deliveries(
        database, event, kind="webhook", after=0, limit=3
    )
    assert (found, after is None) == (3, False)
    assert after is not None
    assert await eventsub_webhooks.insert_webhook_deliveries(
        database, event, kind="webhook", after=after, limit=3
    ) == (1, None)


async def test_a_webhook_that_fails_for_long_enough_is_over(database: Database) -> None:
    anna = await person(database, "anna")
    mine = await enabled(database, wanted(anna, Owner(None, anna)))
    for _ in range(5):
        assert not await eventsub_webhooks.note_failure(
            database, mine.number, most=3, patience=timedelta(hours=1)
        )
    assert await status(database, mine) == "enabled", "many failures in a short time are one outage"
    await eventsub_webhooks.note_success(database, mine.number)
    for _ in range(2):
        assert not await eventsub_webhooks.note_failure(database, mine.number, most=3, patience=timedelta(0))
    assert await eventsub_webhooks.note_failure(database, mine.number, most=3, patience=timedelta(0))
    assert await status(database, mine) == "notification_failures_exceeded"
    [due] = await eventsub_webhooks.take_due(database, limit=10, lease_s=60)
    assert due.id == mine.id
    assert await eventsub_webhooks.select_next_due_s(database) == pytest.approx(60, abs=30)


async def test_what_is_over_is_removed_after_a_while(database: Database) -> None:
    anna = await person(database, "anna")
    mine = await enabled(database, wanted(anna, Owner(None, anna)))
    await eventsub_webhooks.set_status(database, mine.number, "authorization_revoked", only_if="enabled")
    assert await eventsub.delete_over(database, kept=timedelta(days=1), limit=10) == 0
    assert await eventsub.delete_over(database, kept=timedelta(0), limit=10) == 1
    assert not await eventsub.delete_owned(database, Owner(None, anna), uuid.uuid4())
