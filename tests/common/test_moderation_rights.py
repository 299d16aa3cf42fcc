"""Who may do what to whom in a room: the whole matrix, without a database."""

from datetime import UTC, datetime

import pytest

from common.audit import Actor
from common.moderation import Moderator, Place, RefusedError, _may, shield
from common.principals import Principal, SiteRole
from common.queries.chat import ChatStanding
from common.queries.users import User
from common.rights import Right

PLACE = Place(7, "anna")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
IDS = {
    "owner": 7,
    "moderator": 1,
    "other moderator": 2,
    "vip": 3,
    "editor": 4,
    "user": 5,
    "staff": 8,
    "admin": 9,
}
ROLES = {"moderator": "moderator", "other moderator": "moderator", "vip": "vip", "editor": "editor"}
MODERATE = {"owner", "moderator", "other moderator", "staff", "admin"}


def site_role(who: str) -> SiteRole:
    return "staff" if who == "staff" else "admin" if who == "admin" else ""


def principal(who: str) -> Principal:
    return Principal("session", IDS[who], who, who, site_role(who))


def roles(who: str) -> frozenset[str]:
    return frozenset({ROLES[who]} if who in ROLES else ())


def standing(who: str, *, is_banned: bool = False) -> ChatStanding:
    return ChatStanding(roles(who), is_banned, None, "", None)


def refusal(who: str, whom: str) -> str | None:
    moderator = Moderator(principal(who), Actor("user", IDS[who]), "irc")
    user = User(IDS[whom], whom, whom, whom == "admin", None, NOW, is_staff=whom == "staff")
    try:
        shield(moderator, PLACE, user, roles(whom), "bad_ban")
    except RefusedError as error:
        return error.refused.code
    return None


@pytest.mark.parametrize("who", IDS)
def test_who_moderates_and_who_chooses_moderators(who: str) -> None:
    assert _may(principal(who), standing(who), 7, Right.MODERATE) == (who in MODERATE)
    assert _may(principal(who), standing(who), 7, Right.MANAGE_ROLES) == (who == "owner")


@pytest.mark.parametrize("who", IDS)
def test_who_is_banned_or_suspended_does_nothing(who: str) -> None:
    for right in (Right.MODERATE, Right.MANAGE_ROLES):
        assert not _may(principal(who), standing(who, is_banned=True), 7, right)
        assert not _may(principal(who), None, 7, right)


@pytest.mark.parametrize("who", sorted(MODERATE))
@pytest.mark.parametrize("whom", IDS)
def test_who_is_out_of_whose_reach(who: str, whom: str) -> None:
    if who == whom:
        wanted: str | None = "bad_ban_self"
    elif whom == "owner":
        wanted = "bad_ban_broadcaster"
    elif whom in {"staff", "admin"}:
        wanted = f"bad_ban_{whom}"
    elif whom in {"moderator", "other moderator"} and who in {"moderator", "other moderator"}:
        wanted = "bad_ban_mod"
    else:
        wanted = None
    assert refusal(who, whom) == wanted
