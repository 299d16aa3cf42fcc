"""Routes about how the site does: its processes, what its data takes up, and figures at a glance."""

import msgspec

from common.db import Database
from common.queries import operations, processes
from common.queries.operations import Figures
from common.queries.processes import SeenProcess
from common.rights import Right
from webapp.actors import require_site_right
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Timestamp, rfc3339

TABLES = 12
"""As many of the largest are told."""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One process of the site, as it said ten seconds ago."""

    id: str
    node: str
    """As configured; several processes may be called the same."""
    roles: list[str]
    """Of `media`, `chat` and `web`."""
    version: str
    addresses: list[str]
    """As printed at its start."""
    started_at: Timestamp
    seen_at: Timestamp
    is_alive: bool
    """Seen within 45 seconds."""
    problems: list[str]
    """Sentences: what its `/healthz` fails for."""
    remarks: list[str]
    """Sentences: what its `/healthz` tells, and does not fail for."""
    memory_bytes: int
    loop_lag_s: float
    """How late its event loop was at worst, within ten seconds. More than 0.05 is too late for chat and media."""
    disk_bytes: int
    """Of the file system of its data directory; 0 where nobody knows."""
    disk_free_bytes: int
    live: int
    """Broadcasts that it has."""


class StoredTable(msgspec.Struct, frozen=True):
    """What one table takes up."""

    name: str
    bytes: int
    rows: int
    """About."""


class Storage(msgspec.Struct, frozen=True):
    """What the database takes up."""

    version: str
    """Of PostgreSQL."""
    bytes: int
    tables: list[StoredTable]
    """The largest ones."""


class Nodes(msgspec.Struct, frozen=True):
    """How the site does."""

    nodes: list[Node]
    database: Storage


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator looks at first. What waits is counted up to 1001; above 1000, `accounts` is an estimate."""

    live: int
    viewers: int
    streams_in_trouble: int
    """Live broadcasts whose health is `bad`."""
    accounts: int
    new_accounts: int
    """Made within a day."""
    suspended: int
    open_reports: int
    pending_emotes: int
    pending_badges: int
    dead_letters: int
    """Notices and webhooks that were given up within six days."""
    nodes_in_trouble: int
    """Processes that were not seen for 45 seconds, or say that something is wrong."""


class NodeRoutes:
    """How the site does."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/admin/overview",
                tag="Administration",
                summary="For staff: what is live and what waits, in figures.",
                handle=self._overview,
                answer=Data[Overview],
                access=SESSION_ONLY,
            ),
            Endpoint(
                method="GET",
                route="/admin/nodes",
                tag="Administration",
                summary="For administrators: the processes of the site, how they do, and what its data takes up.",
                handle=self._nodes,
                answer=Data[Nodes],
                access=SESSION_ONLY,
            ),
        ]

    async def _overview(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.SEE_REPORTS)
        figures = await operations.select_figures(self._db)
        ailing = await processes.count_ailing_processes(self._db)
        return Answer(Data([_overview(figures, ailing)]))

    async def _nodes(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.MANAGE_SITE)
        found = await processes.select_processes(self._db)
        version, size = await processes.select_database_version(self._db)
        tables = await processes.select_table_sizes(self._db, limit=TABLES)
        stored = [StoredTable(table.name, table.size_bytes, table.row_count) for table in tables]
        return Answer(Data([Nodes([_node(row) for row in found], Storage(version, size, stored))]))


def _overview(figures: Figures, ailing: int) -> Overview:
    return Overview(
        live=figures.live,
        viewers=figures.viewers,
        streams_in_trouble=figures.ailing,
        accounts=figures.accounts,
        new_accounts=figures.new_accounts,
        suspended=figures.suspended,
        open_reports=figures.open_reports,
        pending_emotes=figures.pending_emotes,
        pending_badges=figures.pending_badges,
        dead_letters=figures.dead_letters,
        nodes_in_trouble=ailing,
    )


def _node(row: SeenProcess) -> Node:
    return Node(
        id=row.id,
        node=row.node,
        roles=list(row.roles),
        version=row.version,
        addresses=list(row.addresses),
        started_at=rfc3339(row.started_at),
        seen_at=rfc3339(row.seen_at),
        is_alive=row.is_alive,
        problems=list(row.problems),
        remarks=list(row.remarks),
        memory_bytes=row.memory_bytes,
        loop_lag_s=row.lag_s,
        disk_bytes=row.disk_bytes,
        disk_free_bytes=row.disk_free_bytes,
        live=row.live,
    )
