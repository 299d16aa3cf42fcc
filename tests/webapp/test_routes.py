"""Every route, asked by everybody, against a table of what each must hear."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from quart_trio import QuartTrio

from common.auth import SESSION_COOKIE, new_token_secret
from common.credentials import hash_password
from common.db import Database
from common.principals import SCOPES
from common.queries import access_tokens, stream_keys, streams, users
from tests.webapp.conftest import session_of

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

PASSWORD = "correct horse"
PEOPLE = ("anonymous", "token", "bare", "user", "moderator", "editor", "owner", "staff", "admin")
"""`token`: the owner's, with every scope. `bare`: the owner's, with a scope that no route here asks for. `moderator` and
`editor`: of the owner's channel."""

STREAM_ID = UUID(int=7)
"""Of what the owner broadcasts."""

EVERYBODY = dict.fromkeys(PEOPLE, 200)


def only(status: int, *who: str, others: int = 403) -> dict[str, int]:
    return {name: 401 if name == "anonymous" else status if name in who else others for name in PEOPLE}


PEOPLE_WITH_SESSION = PEOPLE[3:]
MODERATORS = only(200, "token", "owner", "moderator", "staff", "admin")

TABLE: dict[tuple[str, str], tuple[Any, dict[str, int]]] = {
    ("GET", "/site"): (None, EVERYBODY),
    ("GET", "/streams"): (None, EVERYBODY),
    ("GET", "/channels/{login}"): (None, EVERYBODY),
    ("POST", "/channels/{login}/play-ticket"): ({}, dict.fromkeys(PEOPLE, 204)),
    ("GET", "/streams/{id}/viewers"): (
        None,
        only(200, "token", "owner", "moderator", "editor", "staff", "admin"),
    ),
    ("POST", "/streams/{id}/presence"): ({"id": "0123456789abcdef"}, EVERYBODY),
    ("GET", "/streams/{id}/health"): (None, only(200, "token", "owner", "editor", "admin")),
    ("GET", "/channels/{login}/broadcasts"): (None, EVERYBODY),
    ("GET", "/channels/{login}/ingest"): (None, only(200, "token", "owner", "editor", "admin")),
    ("GET", "/channels/{login}/broadcasts/{id}/series"): (
        None,
        only(200, "token", "owner", "moderator", "editor", "staff", "admin"),
    ),
    ("GET", "/channels/{login}/activity"): (
        None,
        only(200, "token", "owner", "moderator", "editor", "staff", "admin"),
    ),
    ("GET", "/sessions/current"): (None, EVERYBODY | {"anonymous": 204}),
    ("GET", "/games"): (None, dict.fromkeys(PEOPLE, 400)),
    ("GET", "/games/top"): (None, EVERYBODY),
    ("GET", "/search/categories"): (None, dict.fromkeys(PEOPLE, 400)),
    ("GET", "/search/channels"): (None, dict.fromkeys(PEOPLE, 400)),
    ("PUT", "/channels/{login}/followers/me"): (
        {"notify": False},
        only(200, "user", "moderator", "editor", "staff", "admin"),
    ),
    ("GET", "/channels/{login}/followers"): (None, EVERYBODY),
    ("GET", "/users/me/follows"): (None, only(200, *PEOPLE) | {"bare": 403}),
    ("GET", "/users/me/follows/{login}"): (
        None,
        only(200, "user", "moderator", "editor", "staff", "admin", others=404) | {"bare": 403},
    ),
    ("DELETE", "/channels/{login}/followers/me"): (
        None,
        only(204, "user", "moderator", "editor", "staff", "admin", others=404) | {"bare": 403},
    ),
    ("PATCH", "/channels/{login}"): ({"title": "x"}, only(200, "token", "owner", "editor", "admin")),
    # Whoever may, sends no picture here.
    ("PUT", "/users/me/profile-image"): (None, only(415, "token", *PEOPLE_WITH_SESSION)),
    ("DELETE", "/users/me/profile-image"): (None, only(204, "token", *PEOPLE_WITH_SESSION)),
    ("PUT", "/channels/{login}/offline-image"): (None, only(415, "token", "owner", "editor", "admin")),
    ("DELETE", "/channels/{login}/offline-image"): (None, only(204, "token", "owner", "editor", "admin")),
    ("POST", "/channels/{login}/panel-images"): (None, only(415, "token", "owner", "editor", "admin")),
    ("GET", "/chat/emotes/global"): (None, EVERYBODY),
    ("GET", "/chat/emotes/set"): (None, dict.fromkeys(PEOPLE, 400)),
    ("GET", "/channels/{login}/emotes"): (None, EVERYBODY),
    ("GET", "/users/me/emotes"): (None, only(200, *PEOPLE) | {"bare": 403}),
    ("GET", "/channels/{login}/emotes/all"): (None, only(200, "token", "owner", "editor", "admin")),
    ("PUT", "/channels/{login}/emotes/prefix"): (
        {"prefix": "owner"},
        only(204, "token", "owner", "editor", "admin"),
    ),
    # Without a code, and without an archive.
    ("POST", "/channels/{login}/emotes"): (
        None,
        dict.fromkeys(PEOPLE, 400) | {"anonymous": 401, "bare": 403},
    ),
    ("POST", "/channels/{login}/emotes/archive"): (None, only(415, "token", "owner", "editor", "admin")),
    ("PATCH", "/channels/{login}/emotes/{id}"): (
        {"tier": "1000"},
        only(404, "token", "owner", "editor", "admin"),
    ),
    ("DELETE", "/channels/{login}/emotes/{id}"): (None, only(404, "token", "owner", "editor", "admin")),
    ("GET", "/admin/emotes"): (None, only(200, "staff", "admin")),
    ("PATCH", "/admin/emotes/{id}"): ({"status": "approved"}, only(404, "staff", "admin")),
    ("POST", "/admin/emotes"): (None, only(400, *PEOPLE_WITH_SESSION)),
    ("PUT", "/admin/emotes/{id}/code"): ({"code": "Wave"}, only(404, "staff", "admin")),
    ("DELETE", "/admin/emotes/{id}"): (None, only(404, "staff", "admin")),
    ("GET", "/chat/badges/global"): (None, EVERYBODY),
    ("GET", "/channels/{login}/badges"): (None, EVERYBODY),
    ("GET", "/channels/{login}/badges/all"): (None, only(200, "token", "owner", "editor", "admin")),
    ("PUT", "/channels/{login}/badges/subscriber/{months}"): (
        None,
        only(415, "token", "owner", "editor", "admin"),
    ),
    ("DELETE", "/channels/{login}/badges/subscriber/{months}"): (
        None,
        only(404, "token", "owner", "editor", "admin"),
    ),
    ("GET", "/admin/badges"): (None, only(200, "staff", "admin")),
    ("PATCH", "/admin/badges/{login}/{months}"): ({"status": "approved"}, only(404, "staff", "admin")),
    ("GET", "/channels/{login}/chat/settings"): (None, EVERYBODY),
    ("PATCH", "/channels/{login}/chat/settings"): (
        {"slow_mode": True},
        only(200, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("GET", "/channels/{login}/chat/messages"): (None, MODERATORS),
    ("GET", "/streams/{id}/chat"): (None, EVERYBODY),
    ("GET", "/channels/{login}/shield-mode"): (
        None,
        only(200, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("PUT", "/channels/{login}/shield-mode"): (
        {"is_active": True},
        only(200, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("GET", "/channels/{login}/blocked-terms"): (
        None,
        only(200, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("POST", "/channels/{login}/blocked-terms"): (
        {"text": "badword"},
        only(201, "token", "owner", "moderator", "staff", "admin"),
    ),
    # The first that is blocked has the id 1, which the token takes away.
    ("DELETE", "/channels/{login}/blocked-terms/{id}"): (
        None,
        only(404, "owner", "moderator", "staff", "admin") | {"token": 204},
    ),
    ("GET", "/channels/{login}/moderation/bans"): (None, MODERATORS),
    # Nobody has this number, and no message this id.
    ("POST", "/channels/{login}/moderation/bans"): (
        {"data": {"user_id": "4711"}},
        only(404, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("DELETE", "/channels/{login}/moderation/bans"): (
        None,
        dict.fromkeys(PEOPLE, 400) | {"anonymous": 401, "bare": 403},
    ),
    ("DELETE", "/channels/{login}/moderation/chat"): (
        None,
        only(204, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("POST", "/channels/{login}/moderation/warnings"): (
        {"data": {"user_id": "4711", "reason": "spam"}},
        only(404, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("DELETE", "/channels/{login}/moderation/warnings/me"): (None, only(404, *PEOPLE) | {"bare": 403}),
    ("GET", "/channels/{login}/moderation/suspicious-users"): (None, MODERATORS),
    ("POST", "/channels/{login}/moderation/suspicious-users"): (
        {"user_id": "4711", "status": "RESTRICTED"},
        only(404, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("DELETE", "/channels/{login}/moderation/suspicious-users"): (
        None,
        dict.fromkeys(PEOPLE, 400) | {"anonymous": 401, "bare": 403},
    ),
    ("GET", "/channels/{login}/moderation/users/{id}"): (None, MODERATORS),
    ("GET", "/channels/{login}/moderation/users/{id}/notes"): (None, MODERATORS),
    # What the token has written, nobody else has read.
    ("PUT", "/channels/{login}/moderation/users/{id}/notes"): (
        {"text": "x", "version": 0},
        only(409, "owner", "moderator", "staff", "admin") | {"token": 200},
    ),
    ("GET", "/channels/{login}/moderation/holds"): (None, MODERATORS),
    ("PATCH", "/channels/{login}/moderation/holds/{id}"): (
        {"action": "DENY"},
        only(404, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("GET", "/channels/{login}/moderation/unban-requests"): (None, MODERATORS),
    ("POST", "/channels/{login}/moderation/unban-requests"): (
        {"text": "sorry"},
        only(409, *PEOPLE) | {"bare": 403},
    ),
    ("GET", "/channels/{login}/moderation/unban-requests/me"): (None, only(404, *PEOPLE) | {"bare": 403}),
    ("PATCH", "/channels/{login}/moderation/unban-requests/{id}"): (
        {"status": "denied"},
        only(404, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("POST", "/channels/{login}/chat/announcements"): (
        {"message": " "},
        only(422, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("GET", "/channels/{login}/chat/pin"): (None, EVERYBODY),
    ("PUT", "/channels/{login}/chat/pin"): (
        {"message_id": str(STREAM_ID)},
        only(404, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("DELETE", "/channels/{login}/chat/pin"): (
        None,
        only(404, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("GET", "/channels/{login}/polls"): (None, MODERATORS),
    ("POST", "/channels/{login}/polls"): (
        {"title": "x", "choices": [{"title": "a"}, {"title": "a"}], "duration": 15},
        only(422, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("PATCH", "/channels/{login}/polls"): (
        {"id": str(STREAM_ID), "status": "TERMINATED"},
        only(404, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("POST", "/channels/{login}/raids"): (
        {"to_broadcaster_id": "4711"},
        only(404, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("DELETE", "/channels/{login}/raids"): (None, only(404, "token", "owner", "moderator", "staff", "admin")),
    ("POST", "/channels/{login}/raids/now"): ({}, only(404, "token", "owner", "moderator", "staff", "admin")),
    ("GET", "/channels/{login}/raids/settings"): (None, MODERATORS),
    ("PATCH", "/channels/{login}/raids/settings"): ({}, MODERATORS),
    ("GET", "/channels/{login}/editors"): (None, only(200, "token", "owner", "staff", "admin")),
    ("PUT", "/channels/{login}/editors/{user_login}"): (None, only(204, "owner")),
    ("DELETE", "/channels/{login}/editors/{user_login}"): (None, only(204, "owner")),
    ("GET", "/channels/{login}/moderators"): (
        None,
        only(200, "token", "owner", "moderator", "staff", "admin"),
    ),
    # What the token has done, the owner cannot do again.
    ("PUT", "/channels/{login}/moderators/{user_login}"): (None, only(204, "token") | {"owner": 422}),
    ("DELETE", "/channels/{login}/moderators/{user_login}"): (None, only(204, "token") | {"owner": 404}),
    ("GET", "/channels/{login}/vips"): (None, only(200, "token", "owner", "moderator", "staff", "admin")),
    ("PUT", "/channels/{login}/vips/{user_login}"): (None, only(204, "token") | {"owner": 422}),
    ("DELETE", "/channels/{login}/vips/{user_login}"): (None, only(204, "token") | {"owner": 404}),
    ("GET", "/users/me/roles"): (None, only(200, *PEOPLE) | {"bare": 403}),
    ("GET", "/users/me/blocks"): (None, only(200, *PEOPLE) | {"bare": 403}),
    ("PUT", "/users/me/blocks/{login}"): (
        None,
        only(204, *PEOPLE) | {"bare": 403, "token": 422, "owner": 422},  # nobody blocks themselves
    ),
    ("DELETE", "/users/me/blocks/{login}"): (
        None,
        only(204, *PEOPLE) | {"bare": 403, "token": 404, "owner": 404},
    ),
    ("PATCH", "/users/me"): ({"description": "x"}, only(200, *PEOPLE) | {"bare": 403}),
    ("GET", "/users"): (None, dict.fromkeys(PEOPLE, 400)),
    ("POST", "/users"): ({"login": "owner_1", "password": PASSWORD}, dict.fromkeys(PEOPLE, 409)),
    ("GET", "/users/me"): (None, only(200, *PEOPLE)),
    ("GET", "/users/me/export"): (None, only(200, *PEOPLE_WITH_SESSION)),
    ("POST", "/users/me/deletion"): (
        {"login": "nobody_here", "password": PASSWORD},
        only(400, *PEOPLE_WITH_SESSION),
    ),
    ("POST", "/setup"): (
        {"token": "x" * 40, "login": "nobody_here", "password": PASSWORD},
        dict.fromkeys(PEOPLE, 403),
    ),
    ("POST", "/sessions"): ({"login": "nobody_here", "password": "x"}, dict.fromkeys(PEOPLE, 401)),
    ("GET", "/sessions"): (None, only(200, *PEOPLE_WITH_SESSION)),
    ("DELETE", "/sessions/{id}"): (None, only(404, *PEOPLE_WITH_SESSION)),
    ("PUT", "/users/me/password"): (
        {"current": PASSWORD, "password": PASSWORD},
        only(204, *PEOPLE_WITH_SESSION),
    ),
    ("POST", "/password-resets"): (
        {"token": "x" * 40, "password": PASSWORD},
        dict.fromkeys(PEOPLE, 403),
    ),
    ("PUT", "/users/me/email"): ({"password": PASSWORD, "email": None}, only(204, *PEOPLE_WITH_SESSION)),
    ("POST", "/email-verifications"): ({"token": "x" * 40}, dict.fromkeys(PEOPLE, 403)),
    ("POST", "/password-resets/requests"): ({"login": "owner_1"}, dict.fromkeys(PEOPLE, 409)),
    ("GET", "/users/me/totp"): (None, only(200, *PEOPLE_WITH_SESSION)),
    ("POST", "/users/me/totp"): ({"password": PASSWORD}, only(200, *PEOPLE_WITH_SESSION)),
    ("PUT", "/users/me/totp"): ({"code": "x"}, only(403, *PEOPLE_WITH_SESSION)),
    ("POST", "/users/me/totp/removal"): ({"password": PASSWORD}, only(204, *PEOPLE_WITH_SESSION)),
    ("GET", "/tokens"): (None, only(200, *PEOPLE_WITH_SESSION)),
    ("POST", "/tokens"): ({"scopes": ["chat:read"]}, only(201, *PEOPLE_WITH_SESSION)),
    ("GET", "/tokens/current"): (None, only(200, "token", "bare", others=404)),
    ("DELETE", "/tokens/{id}"): (None, only(404, *PEOPLE_WITH_SESSION)),
    ("GET", "/apps"): (None, only(200, *PEOPLE_WITH_SESSION)),
    ("POST", "/apps"): ({"name": "Overlay"}, only(201, *PEOPLE_WITH_SESSION)),
    ("PATCH", "/apps/{client_id}"): ({"name": "Overlay"}, only(404, *PEOPLE_WITH_SESSION)),
    ("POST", "/apps/{client_id}/secret"): (None, only(404, *PEOPLE_WITH_SESSION)),
    ("DELETE", "/apps/{client_id}"): (None, only(404, *PEOPLE_WITH_SESSION)),
    ("GET", "/users/me/connections"): (None, only(200, *PEOPLE_WITH_SESSION)),
    ("DELETE", "/users/me/connections/{client_id}"): (None, only(404, *PEOPLE_WITH_SESSION)),
    ("GET", "/channels/{login}/keys"): (None, only(200, "owner", "token")),
    ("POST", "/channels/{login}/keys"): ({"label": "obs"}, only(201, "owner", "token")),
    ("POST", "/channels/{login}/keys/{id}/rotation"): (None, only(201, "token") | {"owner": 404}),
    ("DELETE", "/channels/{login}/keys/{id}"): (None, only(204, "owner", "token", "admin")),
    ("GET", "/site/terms"): (None, EVERYBODY),
    ("GET", "/admin/users"): (None, only(200, "staff", "admin")),
    ("GET", "/admin/users/{login}"): (None, only(200, "staff", "admin")),
    ("PUT", "/admin/users/{login}/suspension"): ({"reason": "x"}, only(200, "staff", "admin")),
    ("DELETE", "/admin/users/{login}/suspension"): (None, only(204, "staff") | {"admin": 404}),
    ("PUT", "/admin/users/{login}/role"): ({"role": "staff"}, only(200, "admin")),
    ("GET", "/admin/overview"): (None, only(200, "staff", "admin")),
    ("GET", "/admin/nodes"): (None, only(200, "admin")),
    ("GET", "/admin/channels"): (None, only(200, "staff", "admin")),
    ("GET", "/admin/streams"): (None, only(200, "staff", "admin")),
    # Nothing with this id is live.
    ("DELETE", "/admin/streams/{id}/key"): (None, only(409, "admin")),
    ("GET", "/admin/invitations"): (None, only(200, "admin")),
    ("POST", "/admin/invitations"): ({}, only(201, "admin")),
    ("DELETE", "/admin/invitations/{id}"): (None, only(404, "admin")),
    # The victim is staff, too, by the row about roles.
    ("DELETE", "/admin/users/{login}/sessions"): (None, only(200, "admin")),
    ("PUT", "/admin/reports/{id}/holder"): ({"take": True}, only(404, "staff", "admin")),
    ("GET", "/admin/settings"): (None, only(200, "admin")),
    ("PATCH", "/admin/settings"): ({"description": "x"}, only(200, "admin")),
    ("GET", "/admin/audit-log"): (None, only(200, "staff", "admin")),
    ("GET", "/admin/dead-letters"): (None, only(200, "admin")),
    ("POST", "/admin/dead-letters/{id}/resend"): (None, only(404, "admin")),
    ("GET", "/users/me/webhooks"): (None, only(200, *PEOPLE_WITH_SESSION)),
    ("GET", "/users/me/webhooks/{id}/deliveries"): (None, only(404, *PEOPLE_WITH_SESSION)),
    ("POST", "/users/me/webhooks/{id}/deliveries/{delivery_id}/resend"): (
        None,
        only(404, *PEOPLE_WITH_SESSION),
    ),
    # There is no such session, and no id.
    ("POST", "/eventsub/subscriptions"): (
        {
            "type": "stream.online",
            "version": "1",
            "condition": {"broadcaster_user_id": "1"},
            "transport": {"method": "websocket", "session_id": "none"},
        },
        only(400, *PEOPLE),
    ),
    ("GET", "/eventsub/subscriptions"): (None, only(200, *PEOPLE)),
    ("DELETE", "/eventsub/subscriptions"): (None, only(400, *PEOPLE)),
    ("GET", "/notices"): (None, only(200, *PEOPLE_WITH_SESSION)),
    ("PUT", "/notices/{id}/read"): (None, only(404, *PEOPLE_WITH_SESSION)),
    ("POST", "/notices/read"): ({"up_to": "9"}, only(204, *PEOPLE_WITH_SESSION)),
    ("GET", "/users/me/notification-settings"): (None, only(200, *PEOPLE_WITH_SESSION)),
    ("PATCH", "/users/me/notification-settings"): (
        {"live": {"mail": True}},
        only(200, *PEOPLE_WITH_SESSION),
    ),
    ("GET", "/push/key"): (None, EVERYBODY),
    ("GET", "/push/subscriptions"): (None, only(200, *PEOPLE_WITH_SESSION)),
    ("POST", "/push/subscriptions"): (
        {"endpoint": "x", "keys": {"p256dh": "x", "auth": "x"}},
        only(400, *PEOPLE_WITH_SESSION),
    ),
    ("DELETE", "/push/subscriptions/{id}"): (None, only(404, *PEOPLE_WITH_SESSION)),
    ("GET", "/admin/reports"): (None, only(200, "staff", "admin")),
    ("PATCH", "/admin/reports/{id}"): ({"status": "resolved"}, only(404, "staff", "admin")),
    ("POST", "/reports"): (
        {"target_type": "user", "target_id": "4711", "reason": "spam"},
        only(404, *PEOPLE_WITH_SESSION),
    ),
    ("GET", "/reports"): (None, only(200, *PEOPLE_WITH_SESSION)),
    ("GET", "/channels/{login}/moderation-log"): (
        None,
        only(200, "token", "owner", "moderator", "staff", "admin"),
    ),
    ("GET", "/channels/{login}/subscriptions"): (None, only(200, "token", "owner", "editor", "admin")),
    ("GET", "/channels/{login}/subscriptions/me"): (None, only(404, *PEOPLE) | {"bare": 403}),
    ("GET", "/users/me/subscriptions"): (None, only(200, *PEOPLE) | {"bare": 403}),
    # What the token has granted, nobody can grant again.
    ("POST", "/channels/{login}/subscriptions/grants"): (
        {"user_login": "user_1", "months": None},
        only(409, "owner", "admin") | {"token": 201},
    ),
    ("DELETE", "/channels/{login}/subscriptions/grants/{user_login}"): (
        None,
        only(404, "owner", "admin") | {"token": 204},
    ),
    ("POST", "/channels/{login}/subscriptions/share"): ({}, only(404, *PEOPLE) | {"bare": 403}),
    ("POST", "/channels/{login}/subscriptions"): ({}, only(409, *PEOPLE_WITH_SESSION) | {"owner": 422}),
    # Who has one cannot be given another.
    ("POST", "/channels/{login}/subscriptions/gifts"): (
        {"user_login": "victim_1"},
        only(409, *PEOPLE_WITH_SESSION) | {"owner": 201},
    ),
    ("POST", "/channels/{login}/subscriptions/cancel"): (None, only(404, *PEOPLE_WITH_SESSION)),
    ("POST", "/users/me/billing-portal"): (None, only(409, *PEOPLE_WITH_SESSION)),
    ("POST", "/stripe/webhook"): (None, dict.fromkeys(PEOPLE, 404)),
    ("GET", "/channels/{login}/events"): (None, only(200, "token", "owner", "editor", "admin")),
    ("GET", "/channels/{login}/test-stream"): (None, only(200, "token", "owner", "editor", "admin")),
    ("POST", "/channels/{login}/test-stream"): (None, only(503, "token", "owner", "editor", "admin")),
    ("DELETE", "/channels/{login}/test-stream"): (None, only(404, "token", "owner", "editor", "admin")),
    # What the token has ended is over.
    ("DELETE", "/channels/{login}/stream"): (None, only(409, "owner", "staff", "admin") | {"token": 204}),
    # These end what asks, so they come last: the first has ended the tokens when the second is asked.
    ("DELETE", "/tokens/current"): (None, only(204, "token", "bare", others=404)),
    ("DELETE", "/sessions/current"): (None, only(204, *PEOPLE_WITH_SESSION, others=401)),
}


async def people(db: Database) -> tuple[dict[str, dict[str, str]], int]:
    """Make everybody; give the headers each sends, and the id of a key of the owner."""
    password_hash = await hash_password(PASSWORD)
    headers: dict[str, dict[str, str]] = {"anonymous": {}}
    key_id = 0
    for login in PEOPLE_WITH_SESSION:
        user = await users.insert_user_with_channel(
            db,
            login=f"{login}_1",
            display_name=login,
            password_hash=password_hash,
        )
        headers[login] = {"Cookie": f"{SESSION_COOKIE}={await session_of(db, user.id)}"}
        if login == "owner":
            await streams.open_stream(
                db,
                stream_id=STREAM_ID,
                channel_id=user.id,
                node="test",
                title="",
                started_at=datetime.now(UTC),
            )
            key_id = await stream_keys.insert_key(
                db, channel_id=user.id, label="", key_hash=bytes(32), last4="0000"
            )
            for name, scopes in (("token", list(SCOPES)), ("bare", ["chat:read"])):
                token = new_token_secret()
                await access_tokens.insert_token(
                    db,
                    user_id=user.id,
                    token_hash=token.sha256,
                    last4=token.last4,
                    label="",
                    scopes=scopes,
                )
                headers[name] = {"Authorization": f"Bearer {token.text}"}
    for role in ("moderator", "editor"):
        await db.execute(
            """
            insert into channel_roles (channel_id, user_id, role)
            select owner.id, holder.id, $1 from users as owner, users as holder
            where owner.login = 'owner_1' and holder.login = $1 || '_1'
            """,
            role,
        )
    await users.insert_user_with_channel(db, login="victim_1", display_name="victim")
    await db.execute("update users set is_staff = true where login = 'staff_1'")
    await db.execute("update users set is_admin = true where login = 'admin_1'")
    return headers, key_id


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def test_everybody_hears_what_the_table_says(app: QuartTrio, database: Database) -> None:
    headers, key_id = await people(database)
    ids = {
        "/streams/": STREAM_ID,
        "/admin/emotes": 4711,
        "/admin/dead-letters/": 4711,
        "/users/me/webhooks/": STREAM_ID,
        "/admin/invitations/": "0" * 64,
        "/admin/": STREAM_ID,
        "/channels/{login}/broadcasts/": STREAM_ID,
        "/channels/{login}/moderation/users/": 1,
        "/channels/{login}/moderation/": STREAM_ID,
        "/channels/": key_id,
    }
    wrong = []
    for (method, route), (body, expected) in TABLE.items():
        path = (
            route.replace("{client_id}", "x" * 30)
            .replace("{login}", "victim_1" if route.startswith("/admin/") else "owner_1")
            .replace("{user_login}", "user_1")
            .replace("{months}", "6")
            .replace("{delivery_id}", "4711")
            .replace("{id}", str(next((i for start, i in ids.items() if route.startswith(start)), 4711)))
        )
        for who in PEOPLE:
            response = await app.test_client().open(
                f"/api{path}", method=method, json=body, headers=headers[who]
            )
            if response.status_code != expected[who]:
                message = await response.get_data(as_text=True)
                wrong.append((method, route, who, response.status_code, expected[who], message))
    assert wrong == []


async def test_no_route_is_missing_from_the_table(app: QuartTrio) -> None:
    document = json.loads(await (await app.test_client().get("/api/openapi.json")).get_data())
    routes = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert routes == set(TABLE)
