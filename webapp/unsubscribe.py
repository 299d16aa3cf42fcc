"""Ends notices by e-mail with one click and without logging in (RFC 8058): the link, and the page behind it."""

import base64
import binascii
import hashlib
import hmac
from html import escape

import trio
from quart import Response, request
from quart_trio import QuartTrio

from common.db import Database, Executor
from common.queries import notification_settings
from common.queries.site_secrets import obtain_site_secret
from webapp.endpoint import ANYBODY
from webapp.gateway import Gateway
from webapp.plain_pages import plain_page

SECRET = "unsubscribe"  # noqa: S105 # the name of one
_ID_BYTES = 8
_TAG_BYTES = 16
_OVER = "<p>This link is not whole, or the account is gone: no e-mail is sent to it.</p>"
_DONE = (
    "<p>You get no notices by e-mail any more. Notices on the site, and in your browser, go on as before.</p>"
)
_ASK = "<p>Letters about your account, such as a new password, are still sent.</p>"


class UnsubscribeLinks:
    """Makes and reads the secrets in the links. They last, as letters do, and can do nothing else."""

    def __init__(self, db: Executor) -> None:
        self._db = db
        self._key: bytes | None = None

    async def write(self, user_id: int) -> str:
        """Give what stands in the link. Raises `DatabaseUnavailableError` when the key is not there yet."""
        number = user_id.to_bytes(_ID_BYTES)
        return base64.urlsafe_b64encode(number + _tag(await self._shared_key(), number)).decode()

    async def read(self, token: str) -> int | None:
        """Give whose link it is; `None`: nobody's."""
        try:
            raw = base64.urlsafe_b64decode(token.encode())
        except (binascii.Error, ValueError):
            await trio.lowlevel.checkpoint()
            return None
        number, tag = raw[:_ID_BYTES], raw[_ID_BYTES:]
        genuine = hmac.compare_digest(tag, _tag(await self._shared_key(), number))
        return int.from_bytes(number) if genuine else None

    async def _shared_key(self) -> bytes:
        await trio.lowlevel.checkpoint()
        if self._key is None:
            self._key = await obtain_site_secret(self._db, SECRET)
        return self._key


def _tag(key: bytes, number: bytes) -> bytes:
    return hmac.digest(key, number, hashlib.sha256)[:_TAG_BYTES]


class UnsubscribePage:
    """Looking at it does nothing: mail programs fetch links. One click in the mail program posts to the same address."""

    def __init__(self, db: Database, gateway: Gateway) -> None:
        self._db = db
        self._gateway = gateway
        self._links = UnsubscribeLinks(db)

    def add_to(self, app: QuartTrio) -> None:
        """Add the routes."""
        app.add_url_rule("/unsubscribe", view_func=self.show_unsubscribe, methods=["GET"])
        app.add_url_rule("/unsubscribe", view_func=self.do_unsubscribe, methods=["POST"])

    async def show_unsubscribe(self) -> Response:
        """Ask for the click."""
        await self._gateway.admit(ANYBODY)
        token = _token()
        if await self._links.read(token) is None:
            return plain_page("This link does not work", _OVER, 403)
        form = (
            f'<form method="post" action="/unsubscribe?token={escape(token)}">'
            '<input type="hidden" name="List-Unsubscribe" value="One-Click"><button>No more notices by e-mail</button></form>'
        )
        return plain_page("Notices by e-mail", _ASK + form)

    async def do_unsubscribe(self) -> Response:
        """Note it. Whatever the body says: some mail programs send none."""
        await self._gateway.admit(ANYBODY)
        user_id = await self._links.read(_token())
        if user_id is None or not await notification_settings.stop_mail(self._db, user_id):
            return plain_page("That did not work", _OVER, 403)
        return plain_page("Unsubscribed", _DONE)


def _token() -> str:
    return request.args.get("token", "")[:100]
