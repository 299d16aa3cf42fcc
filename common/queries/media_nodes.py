"""Media nodes: which there are, where they are reached, and which of them has a channel's broadcast."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from common.db import Executor
from common.public_url import PublicUrl

BEAT_S = 10.0
"""How often a node says that it lives."""
DEAD_S = 45
"""A node that was silent for this long counts as dead."""
_FORGOTTEN_S = 86_400

_ALIVE: LiteralString = "seen_at > now() - make_interval(secs => $1)"


@dataclass(frozen=True, slots=True)
class MediaNode:
    """One media node, and how others reach it."""

    node: str
    """As in `streams.node`."""
    hls_url: str | None
    """Of its media, as configured; `None`: the name by which the viewer knows this site, and `hls_port`."""
    hls_port: int
    rtmp_url: str | None
    """For encoders; as `hls_url`."""
    rtmp_port: int

    @property
    def hls(self) -> PublicUrl:
        """Where its media is."""
        return PublicUrl(self.hls_url, "http", self.hls_port)


_COLUMNS: LiteralString = "media_nodes.node, hls_url, hls_port, rtmp_url, rtmp_port"


async def upsert_node(db: Executor, node: MediaNode) -> None:
    """Note that a node lives, and where. Those that have been dead for a day are forgotten."""
    await db.execute(
        """
        with gone as (delete from media_nodes where seen_at < now() - make_interval(secs => $6) and node <> $1)
        insert into media_nodes (node, hls_url, hls_port, rtmp_url, rtmp_port, seen_at)
        values ($1, $2, $3, $4, $5, now())
        on conflict (node) do update set
            hls_url = excluded.hls_url, hls_port = excluded.hls_port,
            rtmp_url = excluded.rtmp_url, rtmp_port = excluded.rtmp_port, seen_at = excluded.seen_at
        """,
        node.node,
        node.hls_url,
        node.hls_port,
        node.rtmp_url,
        node.rtmp_port,
        _FORGOTTEN_S,
    )


async def delete_node(db: Executor, *, node: str) -> None:
    """Note that a node has stopped; nobody is sent there any more."""
    await db.execute("delete from media_nodes where node = $1", node)


async def select_nodes(db: Executor) -> list[MediaNode]:
    """List the nodes that live, by name."""
    rows = await db.fetch(
        f"select {_COLUMNS} from media_nodes where {_ALIVE} order by node",  # noqa: S608 # constants
        DEAD_S,
    )
    return [MediaNode(**row) for row in rows]


async def select_hosts(db: Executor, logins: Sequence[str]) -> dict[str, MediaNode]:
    """Give the node that has each channel's broadcast, by login (lower case); not those that are offline or whose node is dead."""
    rows = await db.fetch(
        f"""
        select distinct on (login) login, {_COLUMNS}
        from users join streams on streams.channel_id = users.id and ended_at is null
        join media_nodes on media_nodes.node = streams.node and {_ALIVE}
        where lower(login) = any($2::text[]) and suspended_at is null
        order by login, started_at desc
        """,  # noqa: S608 # constants
        DEAD_S,
        logins,
    )
    return {
        row["login"]: MediaNode(**{name: row[name] for name in row.keys() if name != "login"})  # noqa: SIM118 # a record
        for row in rows
    }


async def select_host(db: Executor, channel_id: int) -> MediaNode | None:
    """Give the node that has a channel's broadcast; `None` while it is offline, or its node is dead."""
    row = await db.fetchrow(
        f"""
        select {_COLUMNS} from streams join media_nodes on media_nodes.node = streams.node and {_ALIVE}
        where channel_id = $2 and ended_at is null order by started_at desc limit 1
        """,  # noqa: S608 # constants
        DEAD_S,
        channel_id,
    )
    return MediaNode(**row) if row else None
