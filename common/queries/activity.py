"""What happened on a channel that its streamer is glad of: who followed, subscribed, gave subscriptions, raided."""

from dataclasses import dataclass
from datetime import UTC, datetime

from common.db import Executor

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened."""

    type: str
    """`follow`, `subscription`, `resubscription`, `gift` or `raid`."""
    at: datetime
    ref: str
    """Unique in the channel; with `at` it is the place in the list."""
    user_id: int | None
    """Who did it; `None`, as the two below, of a gift: somebody who did not say who, or whose account is gone."""
    user_login: str | None
    user_name: str | None
    tier: int | None
    months: int | None
    """That they subscribed in all."""
    count: int | None
    """Of gifts."""
    recipient_id: int | None
    """Of a single gift, as the two below."""
    recipient_login: str | None
    recipient_name: str | None
    viewers: int | None
    """That a raid brought."""


@dataclass(frozen=True, slots=True)
class ActivityPlace:
    """A place in the list: behind this one. The default is the beginning."""

    at: datetime = _END_OF_TIME
    ref: str = ""


async def select_activity(
    db: Executor, channel_id: int, *, limit: int, after: ActivityPlace | None = None
) -> list[Happening]:
    """List what happened on a channel, the newest first.

    Follows are those of now: who stopped to follow is not in the list. A subscription that was given is told as the gift.
    """
    after = after or ActivityPlace()
    rows = await db.fetch(
        """
        with feed as (
            (select 'follow' as type, created_at as at, ('1' || lpad(user_id::text, 20, '0')) collate "C" as ref, user_id,
                 null::smallint as tier, null::integer as months, null::integer as count, null::bigint as recipient_id,
                 null::integer as viewers
             from follows
             where channel_id = $1 and created_at <= $2
                 and (created_at < $2 or ('1' || lpad(user_id::text, 20, '0')) collate "C" < $3)
             order by created_at desc, user_id desc limit $4)
            union all
            (select case kind when 'begun' then 'subscription' when 'shared' then 'resubscription' else 'gift' end,
                 at, ('2' || lpad(id::text, 20, '0')) collate "C", case when kind = 'given' then actor_id else user_id end,
                 tier, months, count, case when kind = 'given' then user_id end, null
             from subscription_events
             where channel_id = $1 and kind in ('begun', 'given', 'shared') and at <= $2
                 and (at < $2 or ('2' || lpad(id::text, 20, '0')) collate "C" < $3)
                 and (kind = 'given' or user_id is not null and (kind = 'shared' or actor_id is null))
             order by at desc, id desc limit $4)
            union all
            (select 'raid', ended_at, ('3' || id::text) collate "C", from_channel_id, null, null, null, null, viewer_count
             from raids
             where to_channel_id = $1 and status = 'gone' and ended_at <= $2
                 and (ended_at < $2 or ('3' || id::text) collate "C" < $3)
             order by ended_at desc, id desc limit $4)
        )
        select type, at, ref, user_id, users.login as user_login, users.display_name as user_name, tier, months, count,
            recipient_id, recipients.login as recipient_login, recipients.display_name as recipient_name, viewers
        from feed left join users on users.id = user_id left join users as recipients on recipients.id = recipient_id
        order by at desc, ref desc limit $4
        """,
        channel_id,
        after.at,
        after.ref,
        limit,
    )
    return [Happening(**row) for row in rows]
