"""Tells people what concerns them: followers that a channel went live, and single persons what `notices.tell_user` was given."""

from common.db import Executor
from common.queries import notices
from common.queries.notices import PERSONAL
from common.queries.outbox import ChannelEvent
from webapp.deliveries import NOTHING_TO_SEND, Expanded
from webapp.notice_texts import ONLINE, kind_and_details, recipient_of


class NoticeExpander:
    """Writes notices, and deliveries of kinds `push` and `mail`."""

    name = "notices"
    types = frozenset({ONLINE, PERSONAL})

    def __init__(self, *, mail: bool) -> None:
        """`mail`: whether the site sends e-mail."""
        self._mail = mail

    async def expand(self, db: Executor, event: ChannelEvent, *, after: int, limit: int) -> Expanded:
        """Tell the next ones. Nobody is told of what is over by now, not for followers, or no news."""
        if event.type == PERSONAL:
            return await self._tell_one(db, event)
        stream_id = str(event.event["id"])
        title = await notices.select_live_title(db, event.channel_id, stream_id)
        if title is None:
            return NOTHING_TO_SEND
        if after == 0:
            await notices.mark_told(db, stream_id)
        _, details = kind_and_details(event.type, {**event.event, "title": title})
        written, last = await notices.enqueue_live(
            db, event.id, event.channel_id, details, after=after, limit=limit, mail=self._mail
        )
        return Expanded(written, last)

    async def _tell_one(self, db: Executor, event: ChannelEvent) -> Expanded:
        kind, details = kind_and_details(event.type, event.event)
        written = await notices.enqueue_personal(
            db,
            event.id,
            event.channel_id,
            recipient_of(event),
            kind=kind,
            details=details,
            mail=self._mail,
        )
        return Expanded(written, None)
