"""The VAPID key of the site: made once, kept in PostgreSQL, the same for every web node."""

import trio

from common.db import Executor
from common.queries.site_secrets import obtain_site_secret
from webapp.push_message import VapidSigner

SECRET = "vapid"  # noqa: S105 # the name of one


class PushKeys:
    """Fetches the key when it is first needed."""

    def __init__(self, db: Executor, *, contact: str = "mailto:postmaster@localhost.localdomain") -> None:
        """`contact`: see `VapidSigner`."""
        self._db = db
        self._contact = contact
        self._signer: VapidSigner | None = None

    async def signer(self) -> VapidSigner:
        """Give what signs. Raises `DatabaseUnavailableError` as long as the key was never read."""
        await trio.lowlevel.checkpoint()
        if self._signer is None:
            self._signer = VapidSigner(await obtain_site_secret(self._db, SECRET), contact=self._contact)
        return self._signer


def contact_of(web_url: str | None, mail_from: str | None) -> str:
    """Give where whoever runs the site is found: some push services refuse senders without such an address."""
    if mail_from is not None:
        return f"mailto:{mail_from}"
    if web_url is not None and web_url.startswith("https://"):
        return web_url
    return "mailto:postmaster@localhost.localdomain"
