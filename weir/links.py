"""One-time links that the operator makes: set the site up, invite somebody, let somebody set a new password."""

from datetime import timedelta
from typing import Protocol
from urllib.parse import urlencode

from common.credentials import new_secret
from common.db import Executor
from common.queries import one_time_tokens
from common.queries.one_time_tokens import Purpose
from weir.addresses import reachable_host

PREFIXES: dict[Purpose, str] = {"setup": "weirsetup_", "invite": "weirinvite_", "reset": "weirreset_"}
LIFETIMES: dict[Purpose, timedelta] = {
    "setup": timedelta(days=7),
    "invite": timedelta(days=14),
    "reset": timedelta(days=1),
}


class WebAddress(Protocol):
    """The part of the configuration that says where the pages are."""

    @property
    def public_web_url(self) -> str | None:
        """As browsers see it; `None`: from host and port."""

    @property
    def host(self) -> str:
        """What the listener binds to."""

    @property
    def web_port(self) -> int:
        """Its port."""


def web_url(config: WebAddress) -> str:
    """Give the address of the pages, without a trailing slash, as far as the configuration tells."""
    url = config.public_web_url or f"http://{reachable_host(config.host)}:{config.web_port}"
    return url.rstrip("/")


async def make_token(db: Executor, purpose: Purpose, user_id: int | None = None) -> str:
    """Make what stands in a link; it works once, and an earlier one for the same user no more."""
    secret = new_secret(PREFIXES[purpose])
    await one_time_tokens.insert_one_time_token(
        db, purpose=purpose, token_hash=secret.sha256, lifetime=LIFETIMES[purpose], user_id=user_id
    )
    return secret.text


async def make_link(db: Executor, base: str, purpose: Purpose, user_id: int | None = None) -> str:
    """Make a link to a page at `base`; see `make_token`."""
    return f"{base}/{purpose}?{urlencode({'token': await make_token(db, purpose, user_id)})}"
