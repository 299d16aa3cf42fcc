"""Secrets become principals: looked up once, forgotten at once when something changes."""

from datetime import UTC, datetime, timedelta

import pytest
import trio
import trio.testing

from common.auth import KEEP_S, Authenticator, new_session_secret, new_token_secret
from common.db import ControlChange, Database, DatabaseUnavailableError, FullRecheck
from common.queries import access_tokens, sessions, users
from common.queries.sessions import Identity


class Answers:
    """Stands where the statements stand; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.identity: Identity | None = self.person()
        self.away = False
        self.hold: trio.Event | None = None

    @staticmethod
    def person(*, expires_in_s: float = 3600) -> Identity:
        expires_at = datetime.now(UTC) + timedelta(seconds=expires_in_s)
        return Identity(
            1, 7, "anna", "Anna", is_admin=False, is_staff=True, scopes=None, expires_at=expires_at
        )

    async def select(self, _db: object, _digest: bytes) -> Identity | None:
        await trio.lowlevel.checkpoint()
        self.asked += 1
        identity = self.identity
        if self.away:
            raise DatabaseUnavailableError("away")
        if self.hold is not None:
            await self.hold.wait()
        return identity


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    found = Answers()
    monkeypatch.setattr("common.queries.sessions.select_session_identity", found.select)
    return found


@pytest.fixture
def authenticator() -> Authenticator:
    return Authenticator(None)  # type: ignore[arg-type]  # the statements are replaced


async def test_a_secret_is_looked_up_once_in_half_a_minute(
    answers: Answers, authenticator: Authenticator, autojump_clock: trio.testing.MockClock
) -> None:
    for _ in range(3):
        principal = await authenticator.session("x")
        assert principal is not None
        assert (principal.login, principal.site_role, principal.kind) == ("anna", "staff", "session")
    assert answers.asked == 1
    assert authenticator.known("session", "x")
    await trio.sleep(KEEP_S)
    assert not authenticator.known("session", "x")
    await authenticator.session("x")
    assert answers.asked == 2


async def test_nobody_is_not_kept(answers: Answers, authenticator: Authenticator) -> None:
    answers.identity = None
    assert await authenticator.session("x") is None
    assert len(authenticator) == 0
    answers.identity = answers.person()
    assert await authenticator.session("x") is not None


@pytest.mark.parametrize(
    ("change", "forgotten"),
    [
        (ControlChange("sessions", 1), True),
        (ControlChange("sessions", 2), False),
        (ControlChange("access_tokens", 1), False),
        (ControlChange("users", 7), True),
        (ControlChange("users", 1), False),
        (ControlChange("stream_keys", 1), False),
        (FullRecheck(), True),
    ],
)
async def test_a_change_drops_what_it_concerns(
    answers: Answers, authenticator: Authenticator, change: ControlChange | FullRecheck, *, forgotten: bool
) -> None:
    await authenticator.session("x")
    authenticator.forget(change)
    assert authenticator.known("session", "x") is not forgotten


async def test_an_answer_from_before_a_change_is_not_kept_after_it(
    answers: Answers, authenticator: Authenticator
) -> None:
    answers.hold = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(authenticator.session, "x")
        await trio.testing.wait_all_tasks_blocked()
        authenticator.forget(ControlChange("sessions", 1))
        answers.hold.set()
    assert not authenticator.known("session", "x")


async def test_an_answer_is_not_kept_longer_than_the_session_lives(
    answers: Answers, authenticator: Authenticator
) -> None:
    answers.identity = answers.person(expires_in_s=-1)
    await authenticator.session("x")
    assert not authenticator.known("session", "x")


async def test_answers_that_are_kept_are_bounded(
    answers: Answers, authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.auth.MAX_KEPT", 3)
    for number in range(5):
        await authenticator.session(str(number))
    assert len(authenticator) == 3
    assert authenticator.known("session", "4")
    assert not authenticator.known("session", "1")


async def test_while_the_database_is_away_those_seen_lately_get_in(
    answers: Answers, authenticator: Authenticator
) -> None:
    await authenticator.session("x")
    answers.away = True
    assert await authenticator.session("x") is not None
    with pytest.raises(DatabaseUnavailableError):
        await authenticator.session("y")


@pytest.mark.real
async def test_a_session_that_ends_elsewhere_ends_here(database: Database) -> None:
    user = await users.insert_user_with_channel(database, login="anna", display_name="Anna")
    secret, token = new_session_secret(), new_token_secret()
    session = await sessions.insert_session(
        database,
        user_id=user.id,
        token_hash=secret.sha256,
        address="",
        user_agent="",
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )
    await access_tokens.insert_token(
        database, user_id=user.id, token_hash=token.sha256, last4=token.last4, label="", scopes=["chat:read"]
    )
    authenticator = Authenticator(database)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(authenticator.keep_fresh)
        await trio.testing.wait_all_tasks_blocked()
        found = await authenticator.token(token.text)
        assert found is not None
        assert found.scopes == {"chat:read"}
        assert await authenticator.token(secret.text) is None  # a session is no token
        assert await authenticator.session(secret.text) is not None
        with trio.fail_after(10), database.subscribe() as feed:
            assert await anext(feed) == FullRecheck()
            await sessions.delete_session(database, user_id=user.id, session_id=session.id)
            async for change in feed:
                if change == ControlChange("sessions", session.id):
                    break
        await trio.testing.wait_all_tasks_blocked()
        assert not authenticator.known("session", secret.text)
        assert await authenticator.session(secret.text) is None
        nursery.cancel_scope.cancel()
