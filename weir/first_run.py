"""What a new site gets by itself: one channel, so that there is something to publish to, and a link to set it up."""

from common.credentials import new_stream_key
from common.db import Database, UniqueViolationError
from common.queries import stream_keys, users
from weir.links import make_link

FIRST_LOGIN = "streamer"
"""Login of the account that an empty database gets. It has no password: nobody can log in as it."""


async def first_lines(db: Database, web_url: str) -> list[str]:
    """On an empty database make the first channel, its key, and a set-up link; the lines that tell them, once."""
    if await users.exists_user(db):
        lines = ["  Stream key    shown when it was made; `weir key create LOGIN` makes another"]
        if not await users.exists_admin(db):
            lines.append(
                "  Set up        there is no administrator yet; `weir user setup-link` prints a link"
            )
        return lines
    try:
        user = await users.insert_user_with_channel(db, login=FIRST_LOGIN, display_name=FIRST_LOGIN)
    except UniqueViolationError:  # another process was quicker, and it tells the key
        return []
    key = new_stream_key()
    await stream_keys.insert_key(
        db, channel_id=user.id, label="first key", key_hash=key.sha256, last4=key.last4
    )
    return [
        f"  Channel       {FIRST_LOGIN}",
        f"  Stream key    {key.text}",
        "                (shown this once; it is a password. `weir key create streamer` makes another)",
        f"  Set up        {await make_link(db, web_url, 'setup')}",
        "                (works once, for a week: makes you the administrator)",
    ]
