"""Who is live, for the web role, asked of the database: it works the same with one process and with many."""

from collections.abc import Sequence

import trio

from common.db import Database, DatabaseUnavailableError, StatementTimeoutError
from common.queries import channels, streams
from webapp.directory import ChannelInfo, DirectoryUnavailableError, LiveStream

AWAY = "The list of channels is not available at the moment; it comes back by itself."


class DatabaseDirectory:
    """`webapp.directory.LiveDirectory` on PostgreSQL."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def live_streams(self, *, logins: Sequence[str], limit: int) -> Sequence[LiveStream]:
        """List what is live; see `LiveDirectory`."""
        await trio.lowlevel.checkpoint()
        try:
            if logins:
                found = [await streams.select_live_channel(self._db, login) for login in logins[:limit]]
                rows = [row for row in found if row is not None]
            else:
                rows = await streams.select_live(self._db, limit=limit)
        except (DatabaseUnavailableError, StatementTimeoutError) as error:
            raise DirectoryUnavailableError(AWAY) from error
        return [_live_stream(row) for row in rows]

    async def channel(self, login: str) -> ChannelInfo | None:
        """Look a channel up; see `LiveDirectory`."""
        try:
            found = await channels.select_channel_by_login(self._db, login)
            if found is None or found.suspended:
                return None
            live = await streams.select_live_channel(self._db, login)
        except (DatabaseUnavailableError, StatementTimeoutError) as error:
            raise DirectoryUnavailableError(AWAY) from error
        return ChannelInfo(
            broadcaster_id=str(found.id),
            broadcaster_login=found.login,
            broadcaster_name=found.display_name,
            title=live.title if live else found.title,
            live=_live_stream(live) if live else None,
        )


def _live_stream(row: streams.LiveChannel) -> LiveStream:
    return LiveStream(
        id=str(row.stream_id),
        user_id=str(row.channel_id),
        user_login=row.login,
        user_name=row.display_name,
        title=row.title,
        started_at=row.started_at,
    )
