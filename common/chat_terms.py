"""Blocking terms in a chat: the same for every door. Each act is one transaction with its entry in the log, as `common.moderation` has it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import trio

from common.blocked_terms import (
    MAX_REGEXES,
    MAX_SIZE_OF_ALL,
    MAX_TERMS,
    BadTermError,
    Term,
    check_term,
)
from common.db import Database, Executor
from common.moderation import Moderator, Place, Refused, RefusedError, answering, deed, record
from common.queries import chat_rules
from common.queries.chat_rules import BlockedTerm

MAX_AT_ONCE = 500
TOLD = 20
"""Terms that an entry of the log names."""
_LIMITER = trio.CapacityLimiter(1)


@answering
async def block_terms(
    db: Database,
    moderator: Moderator,
    place: Place,
    texts: Sequence[str],
    *,
    is_regex: bool = False,
    duration_s: int | None = None,
) -> list[BlockedTerm]:
    """Block terms, for some seconds or (`None`) for good; one that is blocked already gets the new end. All of them or none."""
    wanted = list(dict.fromkeys(text.strip() for text in texts))
    size = await trio.to_thread.run_sync(_check, [Term(text, is_regex) for text in wanted], limiter=_LIMITER)
    expires_at = None if duration_s is None else datetime.now(UTC) + timedelta(seconds=duration_s)
    async with deed(db, moderator, place) as transaction:
        blocked = await chat_rules.upsert_blocked_terms(
            transaction,
            place.channel_id,
            wanted,
            is_regex=is_regex,
            moderator_id=moderator.id,
            expires_at=expires_at,
        )
        await _check_room(transaction, place, size if is_regex else 0)
        await record(transaction, moderator, place, "add_blocked_term", **_about(wanted, is_regex=is_regex))
    return blocked


@answering
async def unblock_term(db: Database, moderator: Moderator, place: Place, term_id: int) -> BlockedTerm:
    """Block a term no more."""
    async with deed(db, moderator, place) as transaction:
        term = await chat_rules.delete_blocked_term(transaction, channel_id=place.channel_id, term_id=term_id)
        if term is None:
            raise RefusedError(Refused("invalid_term", "There is no such blocked term.", "absent"))
        about = _about([term.text], is_regex=term.is_regex)
        await record(transaction, moderator, place, "remove_blocked_term", **about)
    return term


def _check(terms: Sequence[Term]) -> int:
    """Add up how large they are. Raises `RefusedError` for one that cannot be blocked."""
    size = 0
    for term in terms:
        try:
            size += check_term(term)
        except BadTermError as error:
            shown = term.text if len(term.text) <= 60 else f"{term.text[:60]}…"
            raise RefusedError(Refused("bad_term", f"{shown!r}: {error}")) from None
    return size


async def _check_room(db: Executor, place: Place, size: int) -> None:
    """Keep a channel within its bounds. Raises `RefusedError`, which undoes what was added."""
    await trio.lowlevel.checkpoint()
    terms, regexes = await chat_rules.count_blocked_terms(db, place.channel_id)
    if terms > MAX_TERMS:
        raise RefusedError(Refused("too_many_terms", f"A channel blocks at most {MAX_TERMS} terms."))
    if not size:
        return
    if regexes > MAX_REGEXES:
        raise RefusedError(
            Refused("too_many_terms", f"A channel has at most {MAX_REGEXES} regular expressions.")
        )
    texts = await chat_rules.select_blocked_regexes(db, place.channel_id)
    found = await trio.to_thread.run_sync(_check, [Term(text, True) for text in texts], limiter=_LIMITER)
    if found > MAX_SIZE_OF_ALL:
        text = f"All regular expressions of a channel together have at most {MAX_SIZE_OF_ALL} steps, not {found}."
        raise RefusedError(Refused("too_many_terms", text))


def _about(texts: Sequence[str], *, is_regex: bool) -> dict[str, Any]:
    return {"terms": list(texts[:TOLD]), "count": len(texts), "is_regex": is_regex}
