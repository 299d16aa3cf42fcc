"""The SQL that stands before and after a restored dump, in one transaction with it. Pure: text made of checked names.

What it raises begins with `weir: `, so that it can be told from what PostgreSQL has to say.
"""

from common.migrations import MIGRATION_LOCK
from weir.backup_archive import Manifest

_LOCK_WAIT = "30s"
"""Patience with somebody who holds a table, such as a `psql` left open in a transaction."""

# `weir` is what every connection of a weir process calls itself; a few seconds are for our own that were just closed.
_REFUSE_WHILE_USED = """
do $$ begin
    for attempt in 1..51 loop
        exit when not exists (
            select from pg_catalog.pg_stat_activity
            where datname = pg_catalog.current_database() and application_name = 'weir'
        );
        if attempt = 51 then
            raise exception 'weir: a weir is running on this database; stop it first, on every machine';
        end if;
        perform pg_catalog.pg_sleep(0.1);
        perform pg_catalog.pg_stat_clear_snapshot();
    end loop;
end $$;
"""

_LOCK = f"""
do $$ begin
    if not pg_catalog.pg_try_advisory_xact_lock({MIGRATION_LOCK}) then
        raise exception 'weir: another weir is migrating or restoring this database; try again when it is done';
    end if;
end $$;
"""

_REFUSE_USERS = """
do $$ begin
    if to_regclass('users') is not null then
        if exists (select from users) then
            raise exception 'weir: somebody has signed up meanwhile; the database is not empty any more';
        end if;
    end if;
end $$;
"""

# Object by object rather than the whole schema, which may belong to somebody else and carry rights they gave.
_CLEAR = """
do $$
declare
    ours constant oid := current_schema()::regnamespace;
    found record;
begin
    for found in
        select format('drop %s if exists %s cascade',
                      case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table'
                                   when 'S' then 'sequence' else 'table' end, oid::regclass) as command
        from pg_catalog.pg_class as thing
        where relnamespace = ours and relkind in ('r', 'p', 'v', 'm', 'f', 'S') and not relispartition
          and not exists (select from pg_catalog.pg_depend where objid = thing.oid and deptype in ('e', 'i', 'a'))
    loop
        execute found.command;
    end loop;
    for found in
        select format('drop routine if exists %s cascade', oid::regprocedure) as command from pg_catalog.pg_proc as thing
        where pronamespace = ours
          and not exists (select from pg_catalog.pg_depend where objid = thing.oid and deptype = 'e')
    loop
        execute found.command;
    end loop;
    for found in
        select format('drop type if exists %s cascade', oid::regtype) as command from pg_catalog.pg_type as thing
        where typnamespace = ours and typtype in ('d', 'e', 'c', 'r')
          and not exists (select from pg_catalog.pg_depend where objid = thing.oid and deptype in ('e', 'i', 'a'))
    loop
        execute found.command;
    end loop;
end $$;
"""

# Nobody publishes at the moment of a restore, whatever the backup says; and what happened then is no news any more.
_END_BROADCASTS = """
update stream_sessions set ended_at = greatest(started_at, '{at}') where ended_at is null;
update streams set ended_at = greatest(started_at, '{at}'), end_reason = 'restored' where ended_at is null;
do $$ begin
    if to_regclass('outbox') is not null then
        update outbox set delivered_at = now() where delivered_at is null;
    end if;
    if to_regclass('deliveries') is not null then
        update deliveries set finished_at = now(), outcome = 'skipped', last_error = 'restored' where finished_at is null;
    end if;
end $$;
"""

# A session that was logged out, or a link that was used, after the backup was made must not come back to life.
_FORGET = """
do $$
declare
    name text;
begin
    foreach name in array array['sessions', 'one_time_tokens'] loop
        if to_regclass(name) is not null then
            execute format('delete from %I', name);
        end if;
    end loop;
end $$;
"""


def script_before(schema: str, *, replace: bool) -> str:
    """Begin the transaction and make room: drop what is in the schema, which must hold no users unless `replace`."""
    return "\n".join(
        [
            "begin;",
            "set client_min_messages = warning;",
            f"set lock_timeout = '{_LOCK_WAIT}';",
            "set statement_timeout = 0;",
            f'set search_path = "{schema}";',
            _LOCK,
            _REFUSE_WHILE_USED,
            "" if replace else _REFUSE_USERS,
            _CLEAR,
        ]
    )


def script_after(manifest: Manifest, *, keep_sessions: bool) -> str:
    """Check that everything has come, forget what must not live again, and commit."""
    at = manifest.created_at.isoformat()
    return "\n".join(
        [
            f'set search_path = "{manifest.schema}";',
            _check_rows(manifest),
            _check_version(manifest),
            _END_BROADCASTS.format(at=at),
            "" if keep_sessions else _FORGET,
            _REFUSE_WHILE_USED,
            "commit;\n",
        ]
    )


def _check_rows(manifest: Manifest) -> str:
    expected = ", ".join(f"('{name}', {rows})" for name, rows in manifest.rows.items())
    return f"""
do $$
declare
    wanted record;
    found bigint;
begin
    for wanted in select * from (values {expected}) as listed (name, rows) loop
        execute format('select count(*) from %I', wanted.name) into found;
        if found <> wanted.rows then
            raise exception 'weir: the table % has % rows and the manifest says %: the backup is damaged',
                wanted.name, found, wanted.rows;
        end if;
    end loop;
end $$;
"""  # noqa: S608 # names and numbers that the manifest's types have checked


def _check_version(manifest: Manifest) -> str:
    return f"""
do $$ begin
    if (select max(version) from schema_migrations) <> {manifest.schema_version} then
        raise exception 'weir: the schema is not of the version that the manifest says: the backup is damaged';
    end if;
end $$;
"""  # noqa: S608 # a number
