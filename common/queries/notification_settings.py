"""What people want to be told, and how. Who has said nothing has the defaults."""

from dataclasses import dataclass

from common.db import Executor


@dataclass(frozen=True, slots=True)
class Ways:
    """How somebody wants to be told of one kind of thing."""

    site: bool
    push: bool
    mail: bool


@dataclass(frozen=True, slots=True)
class NotificationSettings:
    """What somebody wants to be told, and how."""

    live: Ways = Ways(site=True, push=True, mail=False)
    """Channels that go live which they follow with `notify`."""
    personal: Ways = Ways(site=True, push=True, mail=False)
    """What concerns them alone, such as a gift."""


async def select_settings(db: Executor, user_id: int) -> NotificationSettings:
    """Give what somebody wants to be told."""
    row = await db.fetchrow(
        """
        select live_site, live_push, live_mail, personal_site, personal_push, personal_mail
        from notification_settings where user_id = $1
        """,
        user_id,
    )
    if row is None:
        return NotificationSettings()
    return NotificationSettings(
        live=Ways(site=row["live_site"], push=row["live_push"], mail=row["live_mail"]),
        personal=Ways(site=row["personal_site"], push=row["personal_push"], mail=row["personal_mail"]),
    )


async def upsert_settings(db: Executor, user_id: int, wanted: NotificationSettings) -> None:
    """Note what somebody wants to be told. Raises `ForeignKeyViolationError` when the account is gone."""
    await db.execute(
        """
        insert into notification_settings
            (user_id, live_site, live_push, live_mail, personal_site, personal_push, personal_mail)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (user_id) do update set live_site = excluded.live_site, live_push = excluded.live_push,
            live_mail = excluded.live_mail, personal_site = excluded.personal_site,
            personal_push = excluded.personal_push, personal_mail = excluded.personal_mail
        """,
        user_id,
        wanted.live.site,
        wanted.live.push,
        wanted.live.mail,
        wanted.personal.site,
        wanted.personal.push,
        wanted.personal.mail,
    )


async def stop_mail(db: Executor, user_id: int) -> bool:
    """Send somebody no notices by e-mail any more; `False`: there is nobody with this number. Twice is as good as once."""
    return bool(
        await db.execute(
            """
            insert into notification_settings (user_id, live_mail, personal_mail)
            select id, false, false from users where id = $1
            on conflict (user_id) do update set live_mail = false, personal_mail = false
            """,
            user_id,
        )
    )
