"""Who may watch what is not for everybody."""

from typing import Any

import pytest

from common.principals import ANONYMOUS, Principal
from common.queries.viewing import Viewing
from webapp.play_access import AskPassword, Granted, Refused, decide

VISIBILITIES = ("followers", "subs", "password", "something newer")


def viewing(visibility: str, **more: Any) -> Viewing:
    given: dict[str, Any] = {
        "follows": False,
        "subscribes": False,
        "blocked": False,
        "banned": False,
        "roles": frozenset(),
    } | more
    return Viewing(7, "anna", visibility, visibility, None, suspended=False, **given)


def session(user_id: int, site_role: Any = "") -> Principal:
    return Principal(kind="session", user_id=user_id, site_role=site_role)


@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_owner_staff_and_who_has_a_role_are_let_in_everywhere(visibility: str) -> None:
    member = Granted("member")
    assert decide(viewing(visibility), session(7)) == member
    assert decide(viewing(visibility, blocked=True), session(8, "staff")) == member
    assert decide(viewing(visibility), session(8, "admin")) == member
    for role in ("vip", "moderator", "editor"):
        assert decide(viewing(visibility, roles=frozenset({role})), session(8)) == member


@pytest.mark.parametrize("reason", ["blocked", "banned"])
@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_who_is_blocked_or_banned_is_not_let_in_whatever_else_they_are(visibility: str, reason: str) -> None:
    known = viewing(visibility, follows=True, roles=frozenset({"vip"}), **{reason: True})
    refused = decide(known, session(8))
    assert isinstance(refused, Refused)
    assert (refused.status, refused.reason) == (403, reason)
    assert decide(known, session(8, "staff")) == Granted("member")


@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_a_token_is_nobody(visibility: str) -> None:
    token = Principal(kind="token", user_id=7, site_role="admin", scopes=frozenset({"user:read:follows"}))
    verdict = decide(viewing(visibility, follows=True, roles=frozenset({"vip"})), token)
    assert verdict == decide(viewing(visibility), ANONYMOUS)
    assert not isinstance(verdict, Granted)


def test_what_would_let_somebody_in_is_said() -> None:
    asked = {
        ("followers", ANONYMOUS): (401, "log_in"),
        ("followers", session(8)): (403, "follow"),
        ("subs", ANONYMOUS): (401, "log_in"),
        ("subs", session(8)): (403, "subscribe"),
        ("something newer", session(8)): (403, "closed"),
    }
    for (visibility, who), heard in asked.items():
        refused = decide(viewing(visibility), who)
        assert isinstance(refused, Refused)
        assert (refused.status, refused.reason) == heard
    assert decide(viewing("followers", follows=True), session(8)) == Granted("followers")
    assert isinstance(decide(viewing("subs", follows=True), session(8)), Refused)
    assert decide(viewing("password"), ANONYMOUS) == AskPassword()


def test_subscriber_is_let_in_as_one_and_only_where_that_is_asked() -> None:
    assert decide(viewing("subs", subscribes=True), session(8)) == Granted("subs")
    assert isinstance(decide(viewing("subs", subscribes=True, blocked=True), session(8)), Refused)
    assert isinstance(decide(viewing("followers", subscribes=True), session(8)), Refused)
    assert isinstance(decide(viewing("subs", subscribes=True), ANONYMOUS), Refused)
