"""The processes of a site: which there are, how they are, and what the site's data takes up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.db import Executor

BEAT_S = 10.0
"""How often a process says that it lives."""
DEAD_S = 45
"""One that was silent for this long counts as dead."""
_FORGOTTEN_S = 86_400
_MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What one process says of itself."""

    id: str
    """Nobody else's, and another one after a restart."""
    node: str
    roles: Sequence[str]
    """Of `media`, `chat` and `web`."""
    version: str
    addresses: Sequence[str]
    """As printed at the start."""
    problems: Sequence[str]
    """What `/healthz` fails for, in sentences."""
    remarks: Sequence[str]
    """What `/healthz` tells, and does not fail for."""
    memory_bytes: int
    lag_s: float
    """Worst lateness of the event loop since the pulse before."""
    disk_bytes: int
    """Of the file system of its data directory."""
    disk_free_bytes: int
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenProcess(Pulse):
    """A process as others see it."""

    seen_at: datetime
    is_alive: bool
    live: int
    """Broadcasts that its node has."""


@dataclass(frozen=True, slots=True)
class TableSize:
    """What a table takes up."""

    name: str
    size_bytes: int
    """With its indexes."""
    row_count: int
    """As the planner guesses; 0 where nobody looked yet."""


async def upsert_process(db: Executor, pulse: Pulse) -> None:
    """Note that a process lives, and how it is. Dead ones that it stands in for, or that are dead for a day, are forgotten."""
    await db.execute(
        """
        with gone as (
            delete from processes where id <> $1 and (
                seen_at < now() - make_interval(secs => $13)
                or (node = $2 and roles = $3 and seen_at < now() - make_interval(secs => $14))
            )
        )
        insert into processes (id, node, roles, version, addresses, problems, remarks, memory_bytes, lag_s,
                               disk_bytes, disk_free_bytes, started_at, seen_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, now())
        on conflict (id) do update set
            addresses = excluded.addresses, problems = excluded.problems, remarks = excluded.remarks,
            memory_bytes = excluded.memory_bytes, lag_s = excluded.lag_s, disk_bytes = excluded.disk_bytes,
            disk_free_bytes = excluded.disk_free_bytes, seen_at = excluded.seen_at
        """,
        pulse.id,
        pulse.node,
        list(pulse.roles),
        pulse.version,
        list(pulse.addresses),
        list(pulse.problems),
        list(pulse.remarks),
        pulse.memory_bytes,
        pulse.lag_s,
        pulse.disk_bytes,
        pulse.disk_free_bytes,
        pulse.started_at,
        float(_FORGOTTEN_S),
        float(DEAD_S),
    )


async def delete_process(db: Executor, process_id: str) -> None:
    """Note that a process has stopped as it should."""
    await db.execute("delete from processes where id = $1", process_id)


async def select_processes(db: Executor) -> list[SeenProcess]:
    """List the processes of the last day, by node; of many, the first 500."""
    rows = await db.fetch(
        """
        select processes.*, seen_at > now() - make_interval(secs => $1) as is_alive,
            case when 'media' = any(roles) then (
                select count(*) from streams where streams.node = processes.node and ended_at is null
            ) else 0 end as live
        from processes order by node, roles, started_at limit $2
        """,
        float(DEAD_S),
        _MOST,
    )
    return [SeenProcess(**row) for row in rows]


async def count_ailing_processes(db: Executor) -> int:
    """Count the processes that are dead, or say that something is wrong with them."""
    found: int = await db.fetchval(
        """
        select count(*) from processes
        where cardinality(problems) > 0 or seen_at <= now() - make_interval(secs => $1)
        """,
        float(DEAD_S),
    )
    return found


async def select_database_version(db: Executor) -> tuple[str, int]:
    """Give the version of PostgreSQL, and the bytes that the database takes up."""
    row = await db.fetchrow(
        "select current_setting('server_version') as version, pg_database_size(current_database()) as size_bytes"
    )
    assert row is not None  # a select without a table
    return row["version"], row["size_bytes"]


async def select_table_sizes(db: Executor, *, limit: int) -> list[TableSize]:
    """List our largest tables, the largest first; those in parts (chat by days) as one."""
    rows = await db.fetch(
        """
        select coalesce(parents.relname, tables.relname)::text as name,
            sum(pg_total_relation_size(tables.oid))::bigint as size_bytes,
            sum(greatest(tables.reltuples, 0))::bigint as row_count
        from pg_class as tables
        left join pg_inherits on inhrelid = tables.oid
        left join pg_class as parents on parents.oid = inhparent
        where tables.relkind = 'r' and tables.relnamespace = current_schema()::regnamespace
        group by 1 order by 2 desc, 1 limit $1
        """,
        limit,
    )
    return [TableSize(**row) for row in rows]
