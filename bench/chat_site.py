"""The room that `bench.chat` fills: one channel, and accounts that may write a lot in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import trio

from common.auth import new_token_secret
from common.credentials import new_stream_key
from common.db import Database
from common.queries import access_tokens, roles, stream_keys, users

CHANNEL = "bench"
QUIET_CHANNEL = "benchquiet"
"""Another room, which must not notice what happens in the first."""
WRITES_PER_S = 100 / 30
"""Of a moderator, as the rules of chat have it."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Tokens of moderators, who may say 100 things in 30 s, the same ones again too."""

    loud: list[str]
    """Of `CHANNEL`."""
    quiet: list[str]
    """Of `QUIET_CHANNEL`."""


async def make_accounts(db: Database, loud: int, quiet: int) -> Accounts:
    """Make the channels and their moderators."""
    return Accounts(await _moderators(db, CHANNEL, loud), await _moderators(db, QUIET_CHANNEL, quiet))


async def _moderators(db: Database, channel: str, count: int) -> list[str]:
    owner = await users.insert_user_with_channel(db, login=channel, display_name=channel)
    tokens = []
    for number in range(count):
        login = f"{channel}{number}"
        user = await users.insert_user_with_channel(db, login=login, display_name=login)
        await roles.insert_role(
            db, channel_id=owner.id, user_id=user.id, role="moderator", granted_by=owner.id
        )
        secret = new_token_secret()
        await access_tokens.insert_token(
            db,
            user_id=user.id,
            token_hash=secret.sha256,
            last4=secret.last4,
            label="bench",
            scopes=["user:read:chat", "user:write:chat"],
        )
        tokens.append(secret.text)
    return tokens


async def make_streams(db: Database, logins: Sequence[str]) -> tuple[str, ...]:
    """Make channels that can go live; gives their keys."""
    await trio.lowlevel.checkpoint()
    keys = []
    for login in logins:
        user = await users.insert_user_with_channel(db, login=login, display_name=login)
        key = new_stream_key()
        await stream_keys.insert_key(
            db, channel_id=user.id, label="bench", key_hash=key.sha256, last4=key.last4
        )
        keys.append(key.text)
    return tuple(keys)
