"""What moderators do about people short of a ban: warn them, watch them; and what owners do: make moderators, VIPs, editors."""

from dataclasses import dataclass
from typing import Final, Literal

from common.db import Database, ForeignKeyViolationError, UniqueViolationError
from common.moderation import (
    MAX_REASON,
    Done,
    Moderator,
    Place,
    Refused,
    RefusedError,
    answering,
    deed,
    find_user,
    record,
    shield,
)
from common.queries import chat, moderation, roles
from common.rights import Right

Role = Literal["editor", "moderator", "vip"]
Suspicion = Literal["ACTIVE_MONITORING", "RESTRICTED"]
"""Helix's words: messages are said as ever, or wait for a moderator."""
MAX_LISTED = 500
"""Names in an answer."""


@answering
async def warn(db: Database, moderator: Moderator, place: Place, who: str | int, *, reason: str) -> Done:
    """Warn somebody, who writes again only after acknowledging it."""
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise RefusedError(Refused("usage_warn", "A warning needs a reason."))
    async with deed(db, moderator, place) as transaction:
        user = await find_user(transaction, who)
        held = await chat.select_standing(transaction, channel_id=place.channel_id, user_id=user.id)
        shield(moderator, place, user, held.roles if held else frozenset(), "bad_warn")
        await moderation.upsert_warning(
            transaction,
            channel_id=place.channel_id,
            user_id=user.id,
            moderator_id=moderator.id,
            reason=reason,
        )
        await record(transaction, moderator, place, "warn", user=user, reason=reason)
    return Done("warn_success", f"{user.login} has been warned.")


@answering
async def acknowledge_warning(db: Database, person: Moderator, place: Place) -> Done:
    """Take note of a warning: who was warned writes again."""
    async with db.transaction() as transaction:
        if not await moderation.delete_warning(transaction, channel_id=place.channel_id, user_id=person.id):
            raise RefusedError(Refused("no_warning", "There is no warning to acknowledge.", "absent"))
        user = await find_user(transaction, person.id)
        await record(transaction, person, place, "acknowledge_warning", user=user)
    return Done("acknowledge_success", "You can write again.")


@answering
async def watch(
    db: Database, moderator: Moderator, place: Place, who: str | int, *, status: Suspicion | None
) -> Done:
    """Watch somebody, have their messages wait for a moderator, or (`None`) neither."""
    async with deed(db, moderator, place) as transaction:
        user = await find_user(transaction, who)
        if status is None:
            if not await moderation.delete_suspicion(
                transaction, channel_id=place.channel_id, user_id=user.id
            ):
                text = f"Nobody watches {user.login} here."
                raise RefusedError(Refused("bad_unwatch_not_watched", text, "conflict"))
        else:
            held = await chat.select_standing(transaction, channel_id=place.channel_id, user_id=user.id)
            shield(moderator, place, user, held.roles if held else frozenset(), "bad_watch")
            await moderation.upsert_suspicion(
                transaction,
                channel_id=place.channel_id,
                user_id=user.id,
                moderator_id=moderator.id,
                status=status,
            )
        await record(
            transaction,
            moderator,
            place,
            "update_suspicious_user",
            user=user,
            low_trust_status=_EVENTSUB[status],
        )
    if status is None:
        return Done("unwatch_success", f"{user.login} is watched no longer.")
    what = "is monitored" if status == "ACTIVE_MONITORING" else "is restricted"
    return Done("watch_success", f"{user.login} {what} now.")


_EVENTSUB: Final[dict[Suspicion | None, str]] = {
    "ACTIVE_MONITORING": "active_monitoring",
    "RESTRICTED": "restricted",
    None: "none",
}


@dataclass(frozen=True, slots=True)
class _Words:
    """How a role is spoken of."""

    called: str
    given: str
    taken: str
    """Verbs of `channel.moderate`; for editors it has none."""
    success: tuple[str, str]
    bad: tuple[str, str, str]
    """Has it already, is banned, does not have it: as tmi.js waits for them."""


_WORDS: Final[dict[Role, _Words]] = {
    "editor": _Words(
        "an editor",
        "add_editor",
        "remove_editor",
        ("editor_success", "uneditor_success"),
        ("bad_editor_editor", "bad_editor_banned", "bad_uneditor_editor"),
    ),
    "moderator": _Words(
        "a moderator",
        "mod",
        "unmod",
        ("mod_success", "unmod_success"),
        ("bad_mod_mod", "bad_mod_banned", "bad_unmod_mod"),
    ),
    "vip": _Words(
        "a VIP",
        "vip",
        "unvip",
        ("vip_success", "unvip_success"),
        ("bad_vip_grantee_already_vip", "bad_vip_grantee_banned", "bad_unvip_grantee_not_vip"),
    ),
}


@answering
async def give_role(db: Database, owner: Moderator, place: Place, who: str | int, role: Role) -> Done:
    """Make somebody moderator, VIP or editor of one's own channel. Nobody who is banned there."""
    words = _WORDS[role]
    try:
        async with deed(db, owner, place, Right.MANAGE_ROLES) as transaction:
            user = await find_user(transaction, who)
            held = await chat.select_standing(transaction, channel_id=place.channel_id, user_id=user.id)
            if held is None:
                raise RefusedError(_nobody(who))  # suspended
            if user.id == place.channel_id:
                text = "The channel is yours: there is no role to give to yourself."
                raise RefusedError(Refused(words.bad[0], text))
            if held.is_banned:
                text = f"{user.display_name} is banned in this channel. Unban them first."
                raise RefusedError(Refused(words.bad[1], text))
            if not await roles.insert_role(
                transaction, channel_id=place.channel_id, user_id=user.id, role=role, granted_by=owner.id
            ):
                text = f"{user.display_name} is {words.called} already."
                raise RefusedError(Refused(words.bad[0], text))
            await record(transaction, owner, place, words.given, user=user)
    except UniqueViolationError:
        other = "a VIP" if role == "moderator" else "a moderator"
        text = f"{who} is {other}, and nobody is both; take that away first."
        raise RefusedError(Refused(f"bad_{words.given}_other_role", text)) from None
    except ForeignKeyViolationError:
        raise RefusedError(_nobody(who)) from None  # just left
    return Done(words.success[0], f"You have added {user.login} as {words.called} of this channel.")


@answering
async def take_role(db: Database, owner: Moderator, place: Place, who: str | int, role: Role) -> Done:
    """Have somebody be moderator, VIP or editor no longer, even if they were suspended since."""
    words = _WORDS[role]
    async with deed(db, owner, place, Right.MANAGE_ROLES) as transaction:
        user = await find_user(transaction, who)
        if not await roles.delete_role(transaction, channel_id=place.channel_id, user_id=user.id, role=role):
            text = f"{user.login} is not {words.called} of this channel."
            raise RefusedError(Refused(words.bad[2], text, "absent"))
        await record(transaction, owner, place, words.taken, user=user)
    return Done(words.success[1], f"You have removed {user.login} as {words.called} of this channel.")


@answering
async def list_holders(db: Database, place: Place, role: Literal["moderator", "vip"]) -> Done:
    """Name the moderators or VIPs of a channel, in the words that tmi.js takes apart."""
    found = await roles.select_role_holders(db, place.channel_id, role, limit=MAX_LISTED)
    names = ", ".join(sorted(holder.login for holder in found))
    if role == "moderator":
        if not found:
            return Done("no_mods", "There are no moderators of this channel.")
        return Done("room_mods", f"The moderators of this channel are: {names}")
    if not found:
        return Done("no_vips", "This channel does not have any VIPs.")
    return Done("vips_success", f"The VIPs of this channel are: {names}.")


def _nobody(who: str | int) -> Refused:
    return Refused("invalid_user", f"Invalid username: {who}", "absent")
