"""The statements about settings, reports and the log, against a real PostgreSQL."""

from dataclasses import replace

import pytest

from common.db import CheckViolationError, ControlChange, Database, DatabaseError
from common.queries import administration
from common.queries.administration import AuditEntry, Report
from tests.common.test_queries import add_user, heard, new_id

pytestmark = pytest.mark.real


async def test_the_log_is_listed_from_the_newest_on_for_all_or_one_channel(database: Database) -> None:
    entries = [
        AuditEntry(
            id=new_id(),
            actor_id=7,
            actor_kind="user",
            action="timeout",
            channel_id=channel_id,
            target_type="user",
            target_id="9",
            details={"seconds": 600, "reason": "\u2028<b>"},
            address_hash=bytes(32),
        )
        for channel_id in (1, 2, 1)
    ]
    entries = sorted(entries, key=lambda entry: entry.id, reverse=True)
    for entry in (*entries, entries[0]):
        await administration.insert_audit_entry(database, entry)
    assert await administration.select_audit_log(database, limit=9) == entries
    assert await administration.select_audit_log(database, limit=1, before=entries[0].id) == entries[1:2]
    of_one = [entry for entry in entries if entry.channel_id == 1]
    assert await administration.select_audit_log(database, limit=9, channel_id=1) == of_one
    assert (
        await administration.select_audit_log(database, limit=9, channel_id=1, before=of_one[0].id)
        == of_one[1:]
    )


@pytest.mark.parametrize(
    "statement", ["update audit_log set action = 'x'", "delete from audit_log", "truncate audit_log"]
)
async def test_the_log_is_only_added_to(database: Database, statement: str) -> None:
    entry = AuditEntry(id=new_id(), actor_id=None, actor_kind="system", action="ban")
    await administration.insert_audit_entry(database, entry)
    with pytest.raises(DatabaseError, match="never changed"):
        await database.execute(statement)
    assert await administration.select_audit_log(database, limit=9) == [entry]


async def test_the_log_outlives_who_did_it(database: Database) -> None:
    user = await add_user(database)
    entry = AuditEntry(id=new_id(), actor_id=user.id, actor_kind="user", action="ban", channel_id=user.id)
    await administration.insert_audit_entry(database, entry)
    await database.execute("delete from users where id = $1", user.id)
    assert await administration.select_audit_log(database, limit=9) == [entry]


async def test_a_report_is_noted_once_and_closed_once(database: Database) -> None:
    reporter, staff = await add_user(database), await add_user(database, "some_staff")
    report = Report(
        id=new_id(),
        reporter_id=reporter.id,
        channel_id=staff.id,
        target_type="message",
        target_id="0190",
        reason="spam",
        description="again and again",
    )
    for _ in range(2):
        await administration.insert_report(database, report)
    assert await administration.select_reports(database, status="open", limit=9) == [report]
    assert await administration.select_reports(database, status="open", limit=9, before=report.id) == []

    async def close(status: str) -> bool:
        return await administration.close_report(
            database, report.id, status=status, handled_by=staff.id, note="seen"
        )

    assert [await close("open"), await close("resolved"), await close("rejected")] == [False, True, False]
    assert await administration.select_reports(database, status="open", limit=9) == []
    (closed,) = await administration.select_reports(database, status="resolved", limit=9)
    assert closed.handled_at is not None
    assert closed == replace(
        report, status="resolved", handled_by=staff.id, handled_at=closed.handled_at, note="seen"
    )
    with pytest.raises(CheckViolationError):
        await administration.insert_report(database, replace(report, id=new_id(), target_type="planet"))


async def test_settings_are_kept_and_every_process_hears_of_them(database: Database) -> None:
    assert await administration.select_settings(database) == {}

    async def change() -> None:
        await administration.upsert_setting(database, "site.name", "old")
        await administration.upsert_setting(database, "site.name", {"en": "Weir", "de": "Wehr"})

    assert await heard(database, change) == [ControlChange("site_settings", "site.name")]
    await administration.upsert_setting(database, "limits.tags", 10)
    assert await administration.select_settings(database) == {
        "site.name": {"en": "Weir", "de": "Wehr"},
        "limits.tags": 10,
    }
    assert await heard(database, lambda: administration.delete_setting(database, "site.name")) == [
        ControlChange("site_settings", "site.name")
    ]
    assert await administration.select_settings(database) == {"limits.tags": 10}
    with pytest.raises(CheckViolationError):
        await administration.upsert_setting(database, "Not a key", 1)
