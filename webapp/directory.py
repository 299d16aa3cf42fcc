"""Who is live, as the API and the pages need it: plain values and the question they ask. Pure.

The web role learns this from the database; tests answer from memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from common.errors import WeirError


class DirectoryUnavailableError(WeirError):
    """The database cannot be asked now. The text is one sentence for viewers."""


@dataclass(frozen=True, slots=True)
class LiveStream:
    """One broadcast that is on the air."""

    id: str
    """UUID of the broadcast; it stays the same when the encoder reconnects."""
    user_id: str
    user_login: str
    user_name: str
    title: str
    started_at: datetime
    """With a time zone."""
    thumbnail_url: str | None = None
    """Template with `{width}` and `{height}`, as in Helix; `None` while there is no picture."""


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """One channel, live or not."""

    broadcaster_id: str
    broadcaster_login: str
    broadcaster_name: str
    title: str
    live: LiveStream | None
    """The broadcast that is on the air, or `None`."""


class LiveDirectory(Protocol):
    """What the web role asks of the database. Cancelling is safe."""

    async def live_streams(self, *, logins: Sequence[str], limit: int) -> Sequence[LiveStream]:
        """Give at most `limit` live broadcasts, the newest first; only those of `logins` (lower case) if there are any.

        Raises:
            DirectoryUnavailableError: the database is away.
        """

    async def channel(self, login: str) -> ChannelInfo | None:
        """Look a channel up by its login in lower case; `None` if there is none.

        Raises:
            DirectoryUnavailableError: the database is away.
        """
