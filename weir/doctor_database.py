"""Checks of the database: where it is, whether it answers, its schema's version, and the live streams it knows of."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import trio

from common.db import Database, DatabaseError, latest_version, open_database, schema_version
from common.embedded_pg import EmbeddedPostgresError, cluster_status, embedded_postgres
from common.pg_binaries import installed
from common.queries import stream_health
from common.queries.stream_health import IssueRow, LiveHealth
from weir.findings import Finding, ok, problem, warning

_ANSWER_S = 20.0
_CONNECT_S = 5.0
_LIVE_SHOWN = 20
_ISSUES_READ = 50


class DatabaseConfig(Protocol):
    """The part of the configuration that says where the database is."""

    @property
    def database_url(self) -> str | None:
        """PostgreSQL URL; `None` for the embedded database."""

    @property
    def data_path(self) -> Path:
        """Data directory of the embedded one."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found out about the database."""

    findings: tuple[Finding, ...]
    skew_s: float | None = None
    """Our wall clock minus its; `None` when it was not asked."""


async def examine_database(config: DatabaseConfig) -> Examination:
    """Look at the configured database. An embedded one that exists is started for it; one that does not is not made."""
    await trio.lowlevel.checkpoint()
    try:
        with trio.fail_after(_ANSWER_S):
            if config.database_url is not None:
                return await _ask(config.database_url, _address(config.database_url))
            status = cluster_status(config.data_path)
            if status is None:
                tree = installed().tree
                return Examination((ok("database", f"embedded; made at the first start, with {tree}"),))
            where = f"embedded, in {status.cluster}, run by {status.runs_as}"
            async with embedded_postgres(config.data_path) as dsn:
                return await _ask(dsn, where)
    except trio.TooSlowError:
        text, advice = (
            f"no answer within {_ANSWER_S:.0f} s",
            "See its log, and whether the machine is overloaded.",
        )
    except EmbeddedPostgresError as error:
        text, advice = (
            str(error),
            "Run `make setup` again if PostgreSQL's programs are missing; see its log else.",
        )
    except DatabaseError as error:
        text, advice = str(error), "Check WEIR_DATABASE_URL, and that PostgreSQL runs and lets weir in."
    return Examination((problem("database", text, advice),))


async def _ask(dsn: str, where: str) -> Examination:
    async with open_database(dsn, wait_s=_CONNECT_S) as db:
        server = await db.fetchval("show server_version")
        version = await schema_version(db)
        theirs = await db.fetchval("select clock_timestamp()")
        skew_s = (dt.datetime.now(dt.UTC) - theirs).total_seconds()
        reached = ok("database", f"PostgreSQL {server}: {where}")
        live = await _live_streams(db) if version == latest_version() else ()
        return Examination((reached, check_schema(version, latest_version()), *live), skew_s)


async def _live_streams(db: Database) -> list[Finding]:
    found = []
    for one in await stream_health.select_live_health(db, limit=_LIVE_SHOWN):
        issues = await stream_health.select_issues(db, one.stream_id, limit=_ISSUES_READ)
        found.append(check_live_stream(one, [issue for issue in issues if issue.ended_at is None]))
    return found


def check_live_stream(live: LiveHealth, issues: Sequence[IssueRow]) -> Finding:
    """How does a stream do that is on air now? `issues`: those that last."""
    rate = "" if live.fps is None else f", {live.fps:.0f} fps"
    keys = "" if live.keyframe_interval_s is None else f", a keyframe each {live.keyframe_interval_s:.1f} s"
    text = f"{live.status}: {live.kbps:.0f} kbit/s{rate}{keys}"
    worst = [issue for issue in issues if issue.severity != "info"]
    check = f"live {live.login}"
    if not worst:
        return ok(check, text)
    return warning(check, text, " ".join(f"{issue.reason}. {issue.description}" for issue in worst))


def check_schema(version: int, latest: int) -> Finding:
    """Does the database fit this program?"""
    if version < latest:
        return warning(
            "schema",
            f"version {version}; this weir has {latest}",
            "`weir serve` brings it up to date, or run `weir migrate` where single roles are used.",
        )
    if version > latest:
        return problem(
            "schema",
            f"version {version}; this weir knows {latest} at most",
            "A newer weir has used this database: run that one, or restore a backup.",
        )
    return ok("schema", f"version {version}, up to date")


def _address(url: str) -> str:
    """A database URL without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'local socket'}:{parts.port or 5432}{parts.path}"
