"""Settings of the site: defaults, what is stored over them, and how other processes come to know."""

from functools import partial
from typing import cast

import pytest
import trio
import trio.testing

from common.db import ControlChange, Database, FullRecheck
from common.queries.administration import delete_setting, upsert_setting
from common.site_settings import CurrentSettings, SiteSettings, merge
from tests.common.test_queries import heard


def test_what_is_stored_wins_over_the_defaults() -> None:
    defaults = SiteSettings(registration="invite")
    assert merge(defaults, {}) == defaults
    merged = merge(defaults, {"name": "Wehr", "rules": "Be kind.\nOr leave."})
    assert merged == SiteSettings(registration="invite", name="Wehr", rules="Be kind.\nOr leave.")
    assert merge(defaults, {"registration": "closed"}).registration == "closed"


@pytest.mark.parametrize(
    "stored",
    [{"name": 7}, {"name": ""}, {"name": "x" * 51}, {"registration": "sometimes"}, {"limits.tags": 10}],
)
def test_what_we_do_not_understand_is_left_out(stored: dict[str, object]) -> None:
    assert merge(SiteSettings(), {**stored, "description": "d"}) == SiteSettings(description="d")


async def test_a_slow_read_does_not_undo_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {1: trio.Event(), 2: trio.Event()}
    reads = iter(answers)

    async def select(_db: object) -> dict[str, object]:
        number = next(reads)
        await answers[number].wait()
        return {"name": f"read {number}"}

    monkeypatch.setattr("common.site_settings.select_settings", select)
    settings = CurrentSettings(cast("Database", None))
    async with trio.open_nursery() as nursery:
        for _ in answers:
            nursery.start_soon(settings.refresh)
            await trio.testing.wait_all_tasks_blocked()
        for number in (2, 1):
            answers[number].set()
            await trio.testing.wait_all_tasks_blocked()
            assert settings.now.name == "read 2"


@pytest.mark.real
async def test_every_process_has_a_change_soon(database: Database) -> None:
    settings = CurrentSettings(database, SiteSettings(registration="closed"))

    async def change() -> None:
        await upsert_setting(database, "name", "Wehr")
        await upsert_setting(database, "registration", "open")

    for heed in await heard(database, change):
        await settings.heed(heed)
    assert settings.now == SiteSettings(name="Wehr", registration="open")
    for heed in await heard(database, partial(delete_setting, database, "registration")):
        await settings.heed(heed)
    assert settings.now == SiteSettings(name="Wehr", registration="closed")
    await settings.heed(ControlChange("users", 7))


@pytest.mark.real
async def test_a_statement_that_fails_leaves_the_settings_as_they_are(database: Database) -> None:
    settings = CurrentSettings(database)
    await upsert_setting(database, "name", "Wehr")
    assert (await settings.refresh()).name == "Wehr"
    await database.execute("alter table site_settings rename to gone")
    await settings.heed(FullRecheck())
    assert settings.now.name == "Wehr"
