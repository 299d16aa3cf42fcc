"""Who may do what, written down as a table that a person can check."""

import pytest

from common.principals import ANONYMOUS, Principal, SiteRole
from common.rights import RIGHTS, Right, Standing, may, standings

CHANNEL = 7
OTHER = 8

ANYBODY = ["anonymous", "user", "vip", "moderator", "editor", "owner", "staff", "admin"]
TABLE = {
    Right.FOLLOW: "user vip moderator editor staff admin",
    Right.CHAT: "user vip moderator editor owner staff admin",
    Right.CHAT_FREELY: "vip moderator owner staff admin",
    Right.MODERATE: "moderator owner staff admin",
    Right.EDIT: "editor owner admin",
    Right.SEE_KEYS: "owner",
    Right.MANAGE_KEYS: "owner",
    Right.REVOKE_KEYS: "owner admin",
    Right.SEE_EDITORS: "owner staff admin",
    Right.MANAGE_ROLES: "owner",
    Right.GRANT_SUBSCRIPTIONS: "owner admin",
    Right.END_STREAM: "owner staff admin",
    Right.SUSPEND: "staff admin",
    Right.SEE_REPORTS: "staff admin",
    Right.REVIEW: "staff admin",
    Right.MANAGE_SITE: "admin",
}


def somebody(who: str) -> tuple[Principal, frozenset[str]]:
    if who == "anonymous":
        return ANONYMOUS, frozenset()
    site_role: SiteRole = "staff" if who == "staff" else "admin" if who == "admin" else ""
    user_id = CHANNEL if who == "owner" else OTHER
    roles = frozenset({who}) & {"vip", "moderator", "editor"}
    return Principal("session", user_id, who, who, site_role), roles


@pytest.mark.parametrize("who", ANYBODY)
@pytest.mark.parametrize("right", Right)
def test_everybody_may_do_what_the_table_says(right: Right, who: str) -> None:
    principal, roles = somebody(who)
    assert may(principal, right, CHANNEL, roles) is (who in TABLE[right].split())


def test_the_table_knows_every_right_and_every_standing() -> None:
    assert set(TABLE) == set(Right)
    assert set(RIGHTS) == set(Standing)
    assert {standing.value for standing in Standing} == set(ANYBODY)


def test_an_owner_on_another_channel_is_a_user_there() -> None:
    owner, _ = somebody("owner")
    assert standings(owner, CHANNEL + 100) == {Standing.USER}


def test_roles_add_up() -> None:
    principal, _ = somebody("user")
    both = frozenset({"moderator", "editor"})
    assert may(principal, Right.MODERATE, CHANNEL, both)
    assert may(principal, Right.EDIT, CHANNEL, both)


def test_a_role_nobody_knows_gives_nothing() -> None:
    principal, _ = somebody("user")
    assert standings(principal, CHANNEL, frozenset({"emperor"})) == {Standing.USER}


def test_roles_give_nothing_to_somebody_who_is_not_logged_in() -> None:
    assert not may(ANONYMOUS, Right.MODERATE, CHANNEL, frozenset({"moderator"}))


def test_a_token_stretches_as_far_as_its_scopes_and_a_session_to_everything() -> None:
    token = Principal("token", OTHER, "a", "A", scopes=frozenset({"chat:read"}))
    assert token.has_scope("chat:read")
    assert not token.has_scope("chat:edit")
    assert Principal("session", OTHER, "a", "A").has_scope("chat:edit")
    assert not ANONYMOUS.has_scope("chat:read")
