"""What is too old is removed: now and then, in small batches, so that nothing waits for a clean-up and the tables stay small.

Any number of processes may clean up at once: each statement takes rows that no other has.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import structlog
import trio

from common.db import Database, DatabaseError
from common.queries import (
    assets,
    broadcast_samples,
    chat,
    chat_rules,
    deliveries,
    directory,
    emotes,
    moderation_holds,
    notices,
    oauth_grants,
    outbox,
    polls,
    raids,
    stream_health,
)

log = structlog.get_logger(__name__)

EVERY_S = 600.0
ASSETS_EVERY_S = 20.0
"""Thumbnails come and go that often."""
PAUSE_S = 0.2
"""Between two batches: others use the database too."""
BATCH = 5_000
FEW = 200
"""Of what has weight: pictures, and rows that others refer to."""
MAX_BATCHES = 100
"""At one time; what is left waits for the next."""

EVENTS_KEPT = timedelta(days=7)
NOTICES_KEPT = timedelta(days=30)
DELIVERIES_KEPT = timedelta(days=1)
"""What came to a good end: for whoever asks what became of it."""
DEAD_LETTERS_KEPT = EVENTS_KEPT - timedelta(days=1)
"""Gone before their events go, so that removing an event has little to remove with it."""
POLLS_KEPT = timedelta(days=90)
"""With their votes; raids, too. As on Twitch."""
HEALTH_DETAIL_KEPT = timedelta(days=2)
"""Readings each five seconds; of older ones about one a minute stays."""
DELETED_EMOTES_KEPT = timedelta(days=90)
"""Not less than messages are kept."""
HEALTH_KEPT = timedelta(days=60)
"""Readings, and what streamers were told."""


async def keep_clean(
    what: str, clean_up: Callable[[], Awaitable[int]], *, every_s: float = EVERY_S
) -> NoReturn:
    """Clean up now and then, for ever; `clean_up` gives how many rows it removed. An outage is waited out."""
    while True:
        await trio.sleep(every_s)
        try:
            removed = await clean_up()
        except DatabaseError as error:
            log.info("clean_up_waits", what=what, error=str(error))
        else:
            log.debug("cleaned_up", what=what, rows=removed)


async def remove_in_batches(remove: Callable[[int], Awaitable[int]], *, batch: int) -> int:
    """Call `remove` with the size of a batch until it has fewer to remove; give how many in all. Cancelling is safe."""
    removed = 0
    await trio.lowlevel.checkpoint()
    for _ in range(MAX_BATCHES):
        gone = await remove(batch)
        removed += gone
        if gone < batch:
            break
        await trio.sleep(PAUSE_S)
    return removed


# Each gives how many rows it removed, and raises `DatabaseError`.


async def remove_old_events(db: Database, now: datetime) -> int:
    """Remove what happened on channels long ago."""
    return await remove_in_batches(
        lambda limit: outbox.delete_old_events(db, before=now - EVENTS_KEPT, limit=limit), batch=BATCH
    )


async def remove_old_deliveries(db: Database) -> int:
    """Remove what was sent, or given up, long ago."""
    return await remove_in_batches(
        lambda limit: deliveries.delete_old_deliveries(
            db, sent_for=DELIVERIES_KEPT, dead_for=DEAD_LETTERS_KEPT, limit=limit
        ),
        batch=BATCH,
    )


async def remove_old_notices(db: Database, now: datetime) -> int:
    """Remove what people were told long ago."""
    return await remove_in_batches(
        lambda limit: notices.delete_old_notices(db, before=now - NOTICES_KEPT, limit=limit), batch=BATCH
    )


async def remove_old_health(db: Database, now: datetime) -> int:
    """Remove readings of streams, and what streamers were told."""
    detail_before, before = now - HEALTH_DETAIL_KEPT, now - HEALTH_KEPT
    readings = await remove_in_batches(
        lambda limit: stream_health.delete_old_health(
            db, detail_before=detail_before, all_before=before, limit=limit
        ),
        batch=BATCH,
    )
    issues = await remove_in_batches(
        lambda limit: stream_health.delete_old_issues(db, before=before, limit=limit), batch=BATCH
    )
    return readings + issues


async def remove_old_samples(db: Database, *, before: datetime) -> int:
    """Remove how many watched then."""
    return await remove_in_batches(
        lambda limit: directory.delete_viewer_samples(db, before=before, limit=limit), batch=BATCH
    )


async def remove_old_graphs(db: Database, now: datetime) -> int:
    """Remove samples of broadcasts: their graphs last as long as those of health."""
    return await remove_in_batches(
        lambda limit: broadcast_samples.delete_old_samples(
            db, detail_before=now - HEALTH_DETAIL_KEPT, all_before=now - HEALTH_KEPT, limit=limit
        ),
        batch=BATCH,
    )


async def remove_unused_assets(db: Database) -> int:
    """Remove pictures that nothing refers to and that were given their time."""
    removed = 0

    async def sweep(limit: int) -> int:
        nonlocal removed
        swept = await assets.sweep_assets(db, limit=limit)
        removed += swept.removed
        return swept.removed + swept.kept

    await remove_in_batches(sweep, batch=FEW)
    return removed


async def remove_deleted_emotes(db: Database) -> int:
    """Remove emotes that were deleted so long ago that no message that is kept shows them."""
    return await remove_in_batches(
        lambda limit: emotes.remove_deleted_emotes(db, kept=DELETED_EMOTES_KEPT, limit=limit), batch=FEW
    )


async def remove_stale_authorizations(db: Database) -> int:
    """Remove what is over of apps: codes nobody came for, tokens, consent pages."""
    removed = 0
    await trio.lowlevel.checkpoint()
    # Grants last: a token that is over goes without anybody being told, one that goes with its grant is told of.
    for delete in (
        oauth_grants.delete_stale_tokens,
        oauth_grants.delete_stale_forms,
        oauth_grants.delete_stale_grants,
    ):
        removed += await remove_in_batches(lambda limit, delete=delete: delete(db, limit=limit), batch=FEW)  # type: ignore[misc]
    return removed


async def remove_old_holds(db: Database) -> int:
    """Remove messages whose moderators decided a day ago; give how many."""
    return await remove_in_batches(
        lambda limit: moderation_holds.delete_old_holds(db, limit=limit), batch=BATCH
    )


async def remove_old_polls(db: Database) -> int:
    """Remove polls with their votes, and raids, that were over long ago."""
    before = datetime.now(UTC) - POLLS_KEPT
    removed = await remove_in_batches(
        lambda limit: polls.delete_old_polls(db, before=before, limit=limit), batch=FEW
    )
    return removed + await remove_in_batches(
        lambda limit: raids.delete_old_raids(db, before=before, limit=limit), batch=BATCH
    )


async def remove_old_bans(db: Database) -> int:
    """Remove timeouts in chat that were over long ago."""
    return await remove_in_batches(lambda limit: chat.delete_old_bans(db, limit=limit), batch=BATCH)


async def remove_old_terms(db: Database) -> int:
    """Remove terms that channels blocked for a while."""
    return await remove_in_batches(
        lambda limit: chat_rules.delete_old_blocked_terms(db, limit=limit), batch=FEW
    )
