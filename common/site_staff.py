"""What staff do to accounts and broadcasts: each deed in one transaction with its entry in the audit log.

The API and the shell do the same here. Who may do what to whom is decided in the transaction, with the rows locked, so that
neither a role that was just taken away nor two administrators who remove each other at once get past it.
"""

from dataclasses import dataclass
from typing import Literal

from common.audit import Actor, Target, write_down
from common.db import Database, Executor
from common.errors import WeirError
from common.principals import SiteRole
from common.queries import members, sessions, stream_holds, test_streams
from common.queries.members import Rank

HOLD_S = 60
"""How long a channel takes no key after its broadcast was ended: encoders try again for seconds, people for longer."""

Ender = Literal["owner", "staff"]


class StaffError(WeirError):
    """The deed is not done; the text is a sentence that says why."""


class NoSuchAccountError(StaffError):
    """There is no such account, or not any more."""


class NotAllowedError(StaffError):
    """It is not for this actor."""


class LastAdminError(StaffError):
    """The site would be left without an administrator who can log in."""


class NotLiveError(StaffError):
    """The channel is not live."""


@dataclass(frozen=True, slots=True)
class _Ranks:
    actor: Rank | None
    """`None`: the shell, which may do anything."""
    target: Rank
    others: list[Rank]
    """Administrators beside the target."""

    @property
    def target_is_last_admin(self) -> bool:
        return self.target.is_admin and not any(
            other.is_admin and other.can_log_in and other.suspended_at is None for other in self.others
        )


async def suspend(db: Database, actor: Actor, user_id: int, reason: str) -> None:
    """Suspend an account: it is logged out, its tokens and keys are refused, its broadcast ends, on every node within a second.

    Raises `NoSuchAccountError`, `NotAllowedError`, `LastAdminError`.
    """
    async with db.transaction() as transaction:
        ranks = await _ranks(transaction, actor, user_id)
        _check_may_suspend(ranks)
        if ranks.target_is_last_admin:
            raise LastAdminError("This is the only administrator who can log in; make another one first.")
        await members.update_suspension(transaction, user_id, reason)
        await sessions.delete_sessions(transaction, user_id)
        await stream_holds.end_open_streams(transaction, user_id, reason="suspended")
        await test_streams.end_test_stream(transaction, user_id)
        await write_down(
            transaction,
            actor,
            "suspend",
            target=Target("user", str(user_id)),
            details={"login": ranks.target.login, "reason": reason},
        )


async def unsuspend(db: Database, actor: Actor, user_id: int) -> bool:
    """Let an account in again; `False` when it is not suspended. Raises `NoSuchAccountError`, `NotAllowedError`."""
    async with db.transaction() as transaction:
        ranks = await _ranks(transaction, actor, user_id)
        _check_may_suspend(ranks)
        if ranks.target.suspended_at is None:
            return False
        await members.update_suspension(transaction, user_id, None)
        await write_down(
            transaction,
            actor,
            "unsuspend",
            target=Target("user", str(user_id)),
            details={"login": ranks.target.login},
        )
        return True


async def end_sessions(db: Database, actor: Actor, user_id: int) -> int:
    """Log an account out everywhere; give how many sessions that were. Tokens and keys stay.

    Raises `NoSuchAccountError`, `NotAllowedError`.
    """
    async with db.transaction() as transaction:
        ranks = await _ranks(transaction, actor, user_id)
        if actor.user_id != user_id:
            _check_may_suspend(ranks)
        ended = await sessions.delete_sessions(transaction, user_id)
        await write_down(
            transaction,
            actor,
            "end_sessions",
            target=Target("user", str(user_id)),
            details={"login": ranks.target.login, "sessions": ended},
        )
        return ended


async def set_site_role(db: Database, actor: Actor, user_id: int, role: SiteRole) -> bool:
    """Give an account a role of the site, or none (''); `False` when it has that already.

    Raises `NoSuchAccountError`, `NotAllowedError` (only administrators do this, so nobody raises themselves), `LastAdminError`.
    """
    async with db.transaction() as transaction:
        ranks = await _ranks(transaction, actor, user_id)
        if ranks.actor is not None and not ranks.actor.is_admin:
            raise NotAllowedError("That is for administrators.")
        before = _role(ranks.target)
        if before == role:
            return False
        if role != "admin" and ranks.target_is_last_admin:
            raise LastAdminError("This is the only administrator who can log in; make another one first.")
        await members.update_site_role(
            transaction, user_id, is_admin=role == "admin", is_staff=role == "staff"
        )
        await write_down(
            transaction,
            actor,
            "site_role",
            target=Target("user", str(user_id)),
            details={"login": ranks.target.login, "from": before, "to": role},
        )
        return True


async def end_broadcast(db: Database, actor: Actor, channel_id: int, *, by: Ender, reason: str) -> None:
    """End what a channel broadcasts, and refuse its keys for `HOLD_S` seconds: encoders connect again by themselves.

    Raises `NotLiveError`.
    """
    who = "The owner of the channel" if by == "owner" else "The staff of this site"
    async with db.transaction() as transaction:
        if not await stream_holds.end_open_streams(transaction, channel_id, reason=f"ended_by_{by}"):
            raise NotLiveError("This channel is not live.")
        await test_streams.end_test_stream(transaction, channel_id)
        sentence = f"{who} ended this broadcast" + (f": {reason.rstrip('.')}." if reason else ".")
        await stream_holds.upsert_hold(transaction, channel_id, for_s=HOLD_S, reason=sentence)
        await write_down(
            transaction,
            actor,
            "end_stream",
            target=Target("channel", str(channel_id)),
            channel_id=channel_id,
            details={"reason": reason},
        )


async def _ranks(db: Executor, actor: Actor, user_id: int) -> _Ranks:
    wanted = [user_id] if actor.user_id is None else [user_id, actor.user_id]
    found = await members.lock_ranks(db, wanted)
    target = found.get(user_id)
    if target is None:
        raise NoSuchAccountError("There is no such account.")
    others = [rank for rank in found.values() if rank.id != user_id]
    if actor.user_id is None:
        return _Ranks(None, target, others)
    doer = found.get(actor.user_id)
    if doer is None or doer.suspended_at is not None or not (doer.is_admin or doer.is_staff):
        raise NotAllowedError("That is for the staff of the site.")
    return _Ranks(doer, target, others)


def _check_may_suspend(ranks: _Ranks) -> None:
    actor, target = ranks.actor, ranks.target
    if actor is None:
        return
    if actor.id == target.id:
        raise NotAllowedError("Nobody suspends themselves.")
    if (target.is_admin or target.is_staff) and not actor.is_admin:
        raise NotAllowedError("Only an administrator can do that to staff.")


def _role(rank: Rank) -> SiteRole:
    return "admin" if rank.is_admin else "staff" if rank.is_staff else ""
