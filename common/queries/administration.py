"""The site as a whole: settings that all processes share, reports for its staff, and the log of who changed what."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from common.db import Executor

MAX_ID = uuid.UUID(int=2**128 - 1)
"""Where lists that begin with the newest begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One deed, as the log keeps it for good."""

    id: uuid.UUID
    """UUIDv7: lists go by it."""
    actor_id: int | None
    """User id, of somebody who may be gone by now; `None` for the system and the shell."""
    actor_kind: str
    """`user`, `staff`, `api`, `shell` or `system`."""
    action: str
    """Verbs of EventSub's `channel.moderate` where there is one."""
    channel_id: int | None = None
    target_type: str | None = None
    target_id: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    address_hash: bytes | None = None
    """32 bytes; never an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What somebody reported, and what became of it."""

    id: uuid.UUID
    reporter_id: int | None
    channel_id: int | None
    target_type: str
    target_id: str
    reason: str
    description: str
    status: str = "open"
    """`open`, `resolved` or `rejected`."""
    handled_by: int | None = None
    handled_at: datetime | None = None
    note: str = ""


async def insert_audit_entry(db: Executor, entry: AuditEntry) -> None:
    """Write a deed down, once for each id. To be done in the transaction of the deed."""
    await db.execute(
        """
        insert into audit_log
            (id, actor_id, actor_kind, action, channel_id, target_type, target_id, details, address_hash)
        values ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9) on conflict (id) do nothing
        """,
        entry.id,
        entry.actor_id,
        entry.actor_kind,
        entry.action,
        entry.channel_id,
        entry.target_type,
        entry.target_id,
        msgspec.json.encode(entry.details).decode(),
        entry.address_hash,
    )


async def select_audit_log(
    db: Executor, *, limit: int, channel_id: int | None = None, before: uuid.UUID = MAX_ID
) -> list[AuditEntry]:
    """List what was done, in one channel or everywhere, the newest first, from `before` on into the past."""
    columns = (
        "id, actor_id, actor_kind, action, channel_id, target_type, target_id, details::text, address_hash"
    )
    if channel_id is None:
        rows = await db.fetch(
            f"select {columns} from audit_log where id < $1 order by id desc limit $2",  # noqa: S608 # constants
            before,
            limit,
        )
    else:
        rows = await db.fetch(
            f"select {columns} from audit_log where id < $1 and channel_id = $3 order by id desc limit $2",  # noqa: S608 # constants
            before,
            limit,
            channel_id,
        )
    return [AuditEntry(**{**dict(row), "details": msgspec.json.decode(row["details"])}) for row in rows]


async def insert_report(db: Executor, report: Report) -> None:
    """Note a report, once for each id. Raises `CheckViolationError` where a text is too long or a kind unknown."""
    await db.execute(
        """
        insert into reports (id, reporter_id, channel_id, target_type, target_id, reason, description)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing
        """,
        report.id,
        report.reporter_id,
        report.channel_id,
        report.target_type,
        report.target_id,
        report.reason,
        report.description,
    )


async def select_reports(
    db: Executor, *, status: str, limit: int, before: uuid.UUID = MAX_ID
) -> list[Report]:
    """List reports that are `open`, `resolved` or `rejected`, the newest first, from `before` on into the past."""
    rows = await db.fetch(
        """
        select id, reporter_id, channel_id, target_type, target_id, reason, description, status, handled_by, handled_at,
               note
        from reports where status = $1 and id < $2 order by id desc limit $3
        """,
        status,
        before,
        limit,
    )
    return [Report(**row) for row in rows]


async def close_report(
    db: Executor, report_id: uuid.UUID, *, status: str, handled_by: int, note: str
) -> bool:
    """Say what became of a report: `resolved` or `rejected`; `False` when no open one has this id."""
    touched = await db.execute(
        """
        update reports set status = $2, handled_by = $3, handled_at = now(), note = $4
        where id = $1 and status = 'open' and $2 <> 'open'
        """,
        report_id,
        status,
        handled_by,
        note,
    )
    return touched == 1


async def select_settings(db: Executor) -> dict[str, Any]:
    """Give the settings that were ever changed, by key; the values are what JSON can hold."""
    rows = await db.fetch("select key, value::text as value from site_settings")
    return {row["key"]: msgspec.json.decode(row["value"]) for row in rows}


async def lock_settings(db: Executor) -> None:
    """Let nobody else change settings until the transaction ends; reading them goes on."""
    await db.execute("lock table site_settings in share row exclusive mode")


async def upsert_setting(db: Executor, key: str, value: Any) -> None:
    """Change a setting. Every process hears of it at commit. Raises `CheckViolationError` for a key that is none."""
    await db.execute(
        """
        insert into site_settings (key, value) values ($1, $2::text::jsonb)
        on conflict (key) do update set value = excluded.value, updated_at = now()
        """,
        key,
        msgspec.json.encode(value).decode(),
    )


async def delete_setting(db: Executor, key: str) -> None:
    """Give a setting its default back. Every process hears of it at commit."""
    await db.execute("delete from site_settings where key = $1", key)
