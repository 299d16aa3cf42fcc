"""Where the media of channels is, for browsers: on one node, or on one of several (`common.queries.media_nodes`)."""

import structlog
import trio

from common.db import Database, DatabaseError, DatabaseUnavailableError, StatementTimeoutError
from common.public_url import PublicUrl
from common.queries import media_nodes
from common.queries.media_nodes import BEAT_S, MediaNode

log = structlog.get_logger(__name__)


class MediaPlaces:
    """Tells addresses. `keep_fresh` must run beside it, for `origins`."""

    def __init__(self, db: Database, hls: PublicUrl) -> None:
        """`hls`: of the site, where no node says better."""
        self._db = db
        self._hls = hls
        self._nodes: list[MediaNode] = []

    async def hls_url(self, channel_id: int, login: str, host: str) -> str:
        """Give the address of a channel's multivariant playlist, for a request to us with this Host header.

        On the node that has its broadcast now; while it is offline, or the database is away, on any.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            node = await media_nodes.select_host(self._db, channel_id)
        except (DatabaseUnavailableError, StatementTimeoutError):
            node = None
        return f"{self.base_url(node, host)}/hls/{login}/index.m3u8"

    def base_url(self, node: MediaNode | None, host: str) -> str:
        """Give the address of a node's media, without a trailing slash; `None`: any node.

        What the node says of itself counts first, then what we were told; and if nobody said anything, both are on one
        machine, and the node has its own port.
        """
        if node is None:
            return self._hls.for_host(host)
        return PublicUrl(node.hls_url or self._hls.configured, "http", node.hls_port).for_host(host)

    def base_urls(self, host: str) -> list[str]:
        """Give the addresses of all nodes that live: pages may load media from these."""
        found = [self._hls.for_host(host)]
        for node in self._nodes:
            found += [
                self.base_url(node, host),
                node.hls.for_host(host),
            ]  # the second: where other nodes send viewers
        return list(dict.fromkeys(found))

    async def keep_fresh(self) -> None:
        """Follow which nodes live, for ever."""
        while True:
            try:
                self._nodes = await media_nodes.select_nodes(self._db)
            except DatabaseError:
                log.info("media_nodes_not_read")
            await trio.sleep(BEAT_S)
