"""Sends notices by e-mail: some letters over one connection, in a thread, each reported as soon as the server has taken it."""

import smtplib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import trio

from common.db import Database
from common.queries import notices
from common.queries.deliveries import Delivery
from common.queries.notices import Told
from webapp.deliveries import Dead, Report, Result, Retry, RetryPolicy, Sent, Skipped
from webapp.mail import Letter, SmtpSettings, compose, connect
from webapp.notice_texts import kind_and_details, one_line, wording
from webapp.unsubscribe import UnsubscribeLinks

CAPACITY = 20
"""Letters at once: they go out one after the other, and must be done well before their lease is over."""
_PERMANENT = 500


@dataclass(frozen=True, slots=True)
class _Parcel:
    delivery: Delivery
    letter: Letter


class MailDeliverer:
    """E-mail. What nobody wants any more at the moment of sending is not sent."""

    kind = "mail"
    capacity = CAPACITY
    policy = RetryPolicy(first_s=60.0, longest_s=3600.0, max_attempts=10)

    def __init__(self, db: Database, settings: SmtpSettings, web_url: str) -> None:
        """`web_url`: what links begin with."""
        self._db = db
        self._settings = settings
        self._web_url = web_url.rstrip("/")
        self._links = UnsubscribeLinks(db)

    async def deliver(self, batch: Sequence[Delivery], report: Report) -> None:
        """Send them one after the other. When cancelled, at most the one under way is in doubt."""
        parcels = await self._write(batch, report)
        if not parcels:
            return
        stop = threading.Event()

        def tell(delivery: Delivery, result: Result) -> None:
            try:
                trio.from_thread.run_sync(report, delivery, result)
            except trio.RunFinishedError:  # nobody listens any more
                stop.set()

        try:
            await trio.to_thread.run_sync(post, self._settings, parcels, tell, stop, abandon_on_cancel=True)
        finally:
            stop.set()

    async def _write(self, batch: Sequence[Delivery], report: Report) -> list[_Parcel]:
        told = {
            one.delivery_id: one
            for one in await notices.select_told(
                self._db,
                [delivery.id for delivery in batch],
                [int(delivery.target) for delivery in batch],
                [delivery.event_id for delivery in batch],
                way="mail",
            )
        }
        parcels: list[_Parcel] = []
        for delivery in batch:
            one = told.get(delivery.id)
            if one is None or one.email is None or one.objection is not None:
                objection = one.objection if one is not None else None
                report(delivery, Skipped(objection or "The channel, or the address, is gone."))
            else:
                token = await self._links.write(one.user_id)
                domain = self._settings.sender.rpartition("@")[2]
                letter = compose_notice(
                    one, one.email, self._web_url, token, f"<{delivery.message_id}@{domain}>"
                )
                parcels.append(_Parcel(delivery, letter))
        return parcels


def compose_notice(told: Told, to: str, web_url: str, token: str, message_id: str) -> Letter:
    """Write the letter."""
    kind, details = kind_and_details(told.type, {**told.event, "title": told.event.get("title", told.title)})
    words = wording(kind, told.display_name, details)
    unsubscribe_url = f"{web_url}/unsubscribe?token={token}"
    body = f"{words.text}\n\n" if words.text else ""
    return Letter(
        to=to,
        subject=one_line(words.title),
        text=(
            f"{words.title}\n\n{body}{web_url}/{told.login}\n\n-- \n"
            f"You asked for notices by e-mail. No more of them, with one click and without logging in:\n{unsubscribe_url}\n"
        ),
        message_id=message_id,
        unsubscribe_url=unsubscribe_url,
    )


def post(
    settings: SmtpSettings,
    parcels: Sequence[_Parcel],
    tell: Callable[[Delivery, Result], None],
    stop: threading.Event,
) -> None:
    """Hand letters to the server until `stop` is set, and tell what became of each. Blocking; for a thread of its own."""
    left = list(parcels)
    try:
        with connect(settings) as server:
            while left and not stop.is_set():
                parcel = left[0]
                result = _post_one(server, settings.sender, parcel.letter)
                left.pop(0)
                tell(parcel.delivery, result)
    except (OSError, smtplib.SMTPException) as error:
        for parcel in left:
            tell(parcel.delivery, Retry(f"The mail server did not take it: {_describe(error)}."))


def _post_one(server: smtplib.SMTP, sender: str, letter: Letter) -> Result:
    try:
        message = compose(sender, letter)
    except ValueError:
        return Dead("The address is not one that can be written to.")
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        (code, _), *_ = error.recipients.values()
        return _refused(code)
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        return _refused(error.smtp_code)
    return Sent()


def _refused(code: int) -> Result:
    error = f"The mail server answered {code}."
    return Dead(error) if code >= _PERMANENT else Retry(error)


def _describe(error: Exception) -> str:
    return (
        f"{type(error).__name__} {error.smtp_code}"
        if isinstance(error, smtplib.SMTPResponseException)
        else type(error).__name__
    )
