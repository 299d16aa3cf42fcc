"""Which of PostgreSQL's programs are used, and what they are told."""

from pathlib import Path

import pytest

from weir.pg_tools import PgToolError, find_tools, libpq_environment


def told(dsn: str, **environ: str) -> dict[str, str]:
    """What libpq hears beyond our name and language."""
    found = libpq_environment(dsn, "weir backup", environ)
    assert found.pop("PGAPPNAME") == "weir backup"
    assert found.pop("LC_ALL") == "C"
    options = found.pop("PGOPTIONS")
    return found | ({"PGOPTIONS": options} if options else {})


def test_a_url_becomes_variables() -> None:
    assert told("postgresql://weir:p%40ss%2F@db.example.org:5433/site?sslmode=verify-full") == {
        "PGUSER": "weir",
        "PGPASSWORD": "p@ss/",
        "PGHOST": "db.example.org",
        "PGPORT": "5433",
        "PGDATABASE": "site",
        "PGSSLMODE": "verify-full",
    }


def test_a_socket_is_a_host() -> None:
    assert told("postgresql://weir@/weir?host=%2Frun%2Fa%20b") == {
        "PGUSER": "weir",
        "PGDATABASE": "weir",
        "PGHOST": "/run/a b",
    }


def test_several_hosts_and_ipv6() -> None:
    found = told("postgresql://[::1]:5433,db2/weir")
    assert (found["PGHOST"], found["PGPORT"]) == ("::1,db2", "5433,5432")


def test_other_parameters_are_settings_of_the_server() -> None:
    assert (
        told("postgresql:///weir?search_path=a b&x.y=c\\d")["PGOPTIONS"] == r"-c search_path=a\ b -c x.y=c\\d"
    )


def test_variables_count_where_the_url_says_nothing() -> None:
    assert told("postgresql://db/weir", PGPASSWORD="secret", PGOPTIONS="-c x=y", PATH="/bin") == {
        "PGHOST": "db",
        "PGPORT": "5432",
        "PGDATABASE": "weir",
        "PGPASSWORD": "secret",
        "PATH": "/bin",
    }


def client_programs(place: Path, said: str) -> Path:
    place.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        (place / name).write_text(f"#!/bin/sh\necho '{said}'\n")
        (place / name).chmod(0o755)
    return place


def test_our_own_programs_serve_all_servers_up_to_theirs() -> None:
    assert find_tools(18).major == find_tools(13).major == 18


def test_a_newer_server_wants_programs_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(PgToolError, match=r"PostgreSQL 97 or newer.*postgresql-client"):
        find_tools(97)
    there = client_programs(tmp_path / "bin", "pg_dump (PostgreSQL) 97.1 (Debian 97.1-1)")
    assert find_tools(97).directory == there
    assert find_tools(15, at_least=97).directory == there
    with pytest.raises(PgToolError):
        find_tools(98)


def test_programs_that_do_not_say_their_version_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(client_programs(tmp_path / "bin", "hello")))
    with pytest.raises(PgToolError):
        find_tools(97)
