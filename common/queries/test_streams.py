"""Test pictures that channels show: at most one a channel, whichever web node runs it. Each has a stream key of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from common.db import Executor


@dataclass(frozen=True, slots=True)
class TestStream:
    """One that runs, or begins to."""

    __test__ = False  # its name makes pytest curious

    channel_id: int
    key_id: int
    node: str
    started_at: datetime
    ends_at: datetime


async def insert_test_stream(
    db: Executor, *, channel_id: int, key_id: int, node: str, duration_s: float
) -> TestStream | None:
    """Note that a channel shows the test picture; `None` when it does already. One that is over makes room."""
    row = await db.fetchrow(
        """
        with over as (select key_id from test_streams where channel_id = $1 and ends_at < now()), revoked as (
            update stream_keys set revoked_at = coalesce(revoked_at, now()) where id in (select key_id from over)
        )
        insert into test_streams as shown (channel_id, key_id, node, ends_at)
        values ($1, $2, $3, now() + make_interval(secs => $4))
        on conflict (channel_id) do update set
            key_id = excluded.key_id, node = excluded.node, started_at = excluded.started_at, ends_at = excluded.ends_at
            where shown.ends_at < now()
        returning channel_id, key_id, node, started_at, ends_at
        """,
        channel_id,
        key_id,
        node,
        duration_s,
    )
    return TestStream(**row) if row else None


async def select_test_stream(db: Executor, channel_id: int) -> TestStream | None:
    """Give the test picture that a channel shows; `None` when it shows none."""
    row = await db.fetchrow(
        """
        select channel_id, key_id, node, started_at, ends_at from test_streams
        where channel_id = $1 and ends_at > now()
        """,
        channel_id,
    )
    return TestStream(**row) if row else None


async def end_test_stream(db: Executor, channel_id: int) -> bool:
    """Revoke the key of the test picture that a channel shows: whoever runs it ends. `False`: it shows none."""
    return await _end(db, "channel_id = $1", channel_id) > 0


async def end_test_stream_of_key(db: Executor, key_id: int) -> None:
    """Revoke the key of a test picture that has ended."""
    await db.execute(
        """
        with ended as (delete from test_streams where key_id = $1)
        update stream_keys set revoked_at = coalesce(revoked_at, now()) where id = $1
        """,
        key_id,
    )


async def end_test_streams_of_node(db: Executor, node: str) -> int:
    """Revoke the keys that a dead process of this node left behind; give how many there were."""
    return await _end(db, "node = $1", node)


async def end_old_test_streams(db: Executor) -> int:
    """Revoke the keys of test pictures that should have ended by now, whoever ran them; give how many there were."""
    return await _end(db, "ends_at < now() - interval '30 seconds'")


async def _end(db: Executor, condition: LiteralString, *arguments: object) -> int:
    return await db.execute(
        f"""
        with ended as (delete from test_streams where {condition} returning key_id)
        update stream_keys set revoked_at = coalesce(revoked_at, now()) where id in (select key_id from ended)
        """,  # noqa: S608 # constants
        *arguments,
    )
