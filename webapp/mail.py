"""E-mail: a bounded queue and one task that hands letters to the SMTP server of the settings, in a thread."""

import contextlib
import smtplib
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Literal

import structlog
import trio

log = structlog.get_logger(__name__)

MAX_WAITING = 100
"""Letters that wait; beyond it they are dropped, and whoever wants one asks again."""
SMTP_TIMEOUT_S = 20.0
PAUSES_S = (5.0, 60.0)
"""Before the second and the third try; then a letter is given up."""


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """How letters are sent."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str | None
    password: str | None = field(repr=False)
    sender: str
    """Address that letters come from."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail, plain text."""

    to: str
    subject: str
    text: str
    message_id: str | None = None
    """Where it may have to be sent again: the same at every try. `None`: any."""
    unsubscribe_url: str | None = None
    """Where one click, without logging in, ends letters of this kind (RFC 8058)."""


class Post:
    """Where letters are handed in. `deliver` must run beside it."""

    def __init__(self, settings: SmtpSettings) -> None:
        self.settings = settings
        """For letters that are queued elsewhere (webapp/notice_mail.py)."""
        self._in, self._out = trio.open_memory_channel[Callable[[], Awaitable[Letter | None]]](MAX_WAITING)

    def offer(self, write: Callable[[], Awaitable[Letter | None]]) -> bool:
        """Have a letter written and sent soon; `False`: too many wait. Never blocks.

        It is written later, so that how long an answer takes does not tell whether there is anybody to write to.
        """
        try:
            self._in.send_nowait(write)
        except trio.WouldBlock:
            log.warning("mail_dropped", waiting=MAX_WAITING)
            return False
        return True

    async def deliver(self) -> None:
        """Send what was handed in, one after the other, for ever."""
        async for write in self._out:
            try:
                letter = await write()
            except Exception:
                log.exception("mail_not_written")
                continue
            if letter is not None:
                await self._send(letter)

    async def _send(self, letter: Letter) -> None:
        for pause_s in (0.0, *PAUSES_S):
            await trio.sleep(pause_s)
            try:
                await trio.to_thread.run_sync(send, self.settings, letter, abandon_on_cancel=True)
            except (OSError, smtplib.SMTPException) as error:
                log.warning("mail_not_sent", error=type(error).__name__)
            else:
                break


def send(settings: SmtpSettings, letter: Letter) -> None:
    """Hand one letter to the server. Blocking. Raises `OSError` and `smtplib.SMTPException`."""
    message = compose(settings.sender, letter)
    with connect(settings) as server:
        server.send_message(message)


@contextlib.contextmanager
def connect(settings: SmtpSettings) -> Iterator[smtplib.SMTP]:
    """Talk to the server for the duration of the block. Blocking. Raises `OSError` and `smtplib.SMTPException`."""
    name = settings.sender.rpartition("@")[
        2
    ]  # else the library looks our own name up, which may take for ever
    if settings.security == "tls":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.host, settings.port, name, timeout=SMTP_TIMEOUT_S, context=context
        )
    else:
        server = smtplib.SMTP(settings.host, settings.port, name, timeout=SMTP_TIMEOUT_S)
    with server:
        if settings.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.user is not None:
            server.login(settings.user, settings.password or "")
        yield server


def compose(sender: str, letter: Letter) -> EmailMessage:
    """Write the message. Raises `ValueError` for a header with a line break in it."""
    message = EmailMessage()
    message["From"] = Address(addr_spec=sender)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = letter.subject
    message["Message-ID"] = letter.message_id or make_msgid(domain=sender.rpartition("@")[2])
    if letter.unsubscribe_url is not None:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notices, please
    message.set_content(letter.text)
    return message
