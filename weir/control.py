"""Control changes: what somebody changed in the database, made true in this process within a second."""

from typing import assert_never

from common.db import ControlChange, Database, FullRecheck
from weir.live import LiveChannels


async def follow_changes(db: Database, channels: LiveChannels) -> None:
    """Act on revoked keys, suspended accounts, ended broadcasts and claims of other nodes, for ever.

    Looks at everything after each reconnect and each 30 s.
    """
    with db.subscribe() as feed:
        async for change in feed:
            match change:
                case FullRecheck():
                    await channels.recheck_keys()
                    await channels.recheck_claims()
                case ControlChange(table="stream_keys", id=key_id):
                    await channels.recheck_keys(int(key_id))
                case ControlChange(table="channel_claims", id=channel_id):
                    await channels.recheck_claims(int(channel_id))
                case ControlChange(
                    table="users" | "stream_holds", id=channel_id
                ):  # a channel has its user's id
                    await channels.recheck_channel(int(channel_id))
                case ControlChange():
                    pass  # a table that another role watches
                case _:
                    assert_never(change)
