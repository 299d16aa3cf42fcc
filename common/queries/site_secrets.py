"""Keys that all processes of a site share. Never shown to anybody."""

import secrets

from common.db import Executor


async def obtain_site_secret(db: Executor, name: str) -> bytes:
    """Give the 32 random bytes with this name, made when they are first asked for; the same for every process."""
    while True:  # at most twice, unless somebody deletes it all the time
        await db.execute(
            "insert into site_secrets (name, secret) values ($1, $2) on conflict (name) do nothing",
            name,
            secrets.token_bytes(32),
        )
        found: bytes | None = await db.fetchval("select secret from site_secrets where name = $1", name)
        if found is not None:
            return found
