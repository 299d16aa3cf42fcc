"""`weir doctor` names each thing that is wrong and says what to do about it."""

import datetime as dt
import fcntl
import json
import os
import resource
import socket
from pathlib import Path
from uuid import UUID

import pytest
import trio
from typer import Typer
from typer.testing import CliRunner

from common.config import Config
from common.queries.stream_health import IssueRow, LiveHealth
from weir import cli_doctor
from weir.cli_doctor import doctor
from weir.doctor import examine
from weir.doctor_database import check_live_stream, check_schema, examine_database
from weir.doctor_host import (
    check_clock,
    check_codecs,
    check_data_dir,
    check_descriptors,
    check_disk,
    check_front_end,
    check_python,
)
from weir.doctor_network import check_port, check_public_urls, listens, server_pid
from weir.findings import Finding, Level, ok, problem, warning

NOON = dt.datetime(2027, 1, 1, 12, tzinfo=dt.UTC)

app = Typer()
app.command()(doctor)


def test_this_python_and_these_codecs_will_do() -> None:
    assert check_python().level is Level.OK
    assert check_codecs().level is Level.OK


def test_an_old_python_is_a_problem() -> None:
    assert check_python((3, 10)).level is Level.PROBLEM


def test_a_data_directory_may_be_missing_but_not_be_a_file(tmp_path: Path) -> None:
    assert check_data_dir(tmp_path).level is Level.OK
    assert "first start" in check_data_dir(tmp_path / "a" / "b").text
    (tmp_path / "file").touch()
    assert check_data_dir(tmp_path / "file" / "data").level is Level.PROBLEM


def test_a_data_directory_that_cannot_be_written_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weir.doctor_host.os.access", lambda *_: False)  # root may write everywhere
    finding = check_data_dir(tmp_path)
    assert finding.level is Level.PROBLEM
    assert "WEIR_DATA_DIR" in finding.advice


@pytest.mark.parametrize(("free", "level"), [(5e11, Level.OK), (5e9, Level.WARNING), (1e8, Level.PROBLEM)])
def test_a_small_disk_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, level: Level
) -> None:
    monkeypatch.setattr("weir.doctor_host.shutil.disk_usage", lambda _: DiskUsage(free))
    assert check_disk(tmp_path / "data").level is level


class DiskUsage:
    def __init__(self, free: float) -> None:
        self.free = free


def test_too_few_descriptors_are_told_of_with_the_number_to_set() -> None:
    finding = check_descriptors(17_000, limit=1024)
    assert finding.level is Level.WARNING
    assert "ulimit -Hn 17200" in finding.advice
    assert check_descriptors(17_000, limit=17_200).level is Level.OK
    assert check_descriptors(17_000, limit=resource.RLIM_INFINITY).level is Level.OK


def test_a_clock_in_the_past_is_a_problem_and_a_skewed_one_worth_a_warning() -> None:
    assert check_clock(NOON, None).level is Level.OK
    assert check_clock(NOON, 0.5).level is Level.OK
    assert check_clock(NOON, -3.0).level is Level.WARNING
    assert check_clock(dt.datetime(1970, 1, 1, tzinfo=dt.UTC), None).level is Level.PROBLEM


def test_a_front_end_that_was_not_built_is_a_problem(tmp_path: Path) -> None:
    assert check_front_end(tmp_path).level is Level.PROBLEM
    (tmp_path / "index.html").touch()
    assert check_front_end(tmp_path).level is Level.OK


def test_a_free_port_is_fine_and_a_taken_one_names_the_setting() -> None:
    assert check_port("web", "WEIR_WEB_PORT", "127.0.0.1", 0, None).level is Level.OK
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finding = check_port("web", "WEIR_WEB_PORT", "127.0.0.1", port, None)
        assert finding.level is Level.PROBLEM
        assert "WEIR_WEB_PORT" in finding.advice
    assert check_port("web", "WEIR_WEB_PORT", "127.0.0.1", port, None).level is Level.OK


def test_a_port_held_by_the_running_weir_is_fine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        port = ours.getsockname()[1]
        assert listens(os.getpid(), port)
        finding = check_port("web", "WEIR_WEB_PORT", "127.0.0.1", port, os.getpid())
        assert finding.level is Level.OK
        assert str(os.getpid()) in finding.text
    assert not listens(os.getpid(), port)


def test_an_address_of_another_machine_is_a_problem() -> None:
    finding = check_port("web", "WEIR_WEB_PORT", "192.0.2.1", 18_080, None)
    assert finding.level is Level.PROBLEM
    assert "WEIR_HOST" in finding.advice


def test_the_running_server_is_known_by_its_lock(tmp_path: Path) -> None:
    assert server_pid(tmp_path) is None
    with (tmp_path / "serve.lock").open("w") as lock:
        lock.write("4711\n")
        lock.flush()
        assert server_pid(tmp_path) is None
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert server_pid(tmp_path) == 4711


def levels(
    host: str, *, web: str | None = None, hls: str | None = None, rtmp: str | None = None
) -> list[Level]:
    return [finding.level for finding in check_public_urls(host, {"web": web, "hls": hls, "rtmp": rtmp})]


def test_public_urls_must_be_addresses_others_can_use() -> None:
    assert levels("127.0.0.1") == [Level.OK]
    assert levels("0.0.0.0") == [Level.WARNING]
    assert levels("127.0.0.1", web="live.example.org") == [Level.PROBLEM]
    assert levels("127.0.0.1", rtmp="http://localhost/live") == [Level.PROBLEM]
    assert levels("127.0.0.1", hls="http://localhost:8081") == [Level.OK]
    assert (
        levels("::", web="http://localhost", hls="http://127.0.0.1:1", rtmp="rtmp://[::1]/live")
        == [Level.WARNING] * 3
    )


def test_https_pages_with_http_media_do_not_work() -> None:
    findings = check_public_urls("127.0.0.1", {"web": "https://localhost", "hls": "http://localhost:1"})
    assert findings[-1].level is Level.PROBLEM


def test_the_schema_must_fit_the_program() -> None:
    assert check_schema(3, 3).level is Level.OK
    assert check_schema(2, 3).level is Level.WARNING
    assert check_schema(4, 3).level is Level.PROBLEM


def test_a_live_stream_is_shown_with_what_its_streamer_is_told() -> None:
    now = dt.datetime.now(dt.UTC)
    live = LiveHealth(UUID(int=1), "anna", "ok", 6012.3, 59.9, 8.3, now)
    assert check_live_stream(live, []).text == "ok: 6012 kbit/s, 60 fps, a keyframe each 8.3 s"
    told = IssueRow("gopSizeLong", "warning", "Keyframes too far apart", "Set it to 2 s.", now, None)
    hint = IssueRow("bFramesHigh", "info", "Many B-frames", "Use 2.", now, None)
    finding = check_live_stream(live, [told, hint])
    assert finding.level is Level.WARNING
    assert finding.advice == "Keyframes too far apart. Set it to 2 s."
    assert (
        check_live_stream(LiveHealth(UUID(int=1), "anna", "noData", 0, None, None, now), []).check
        == "live anna"
    )


async def test_a_database_that_was_not_made_yet_is_fine_and_stays_unmade(tmp_path: Path) -> None:
    examination = await examine_database(Config(data_dir=str(tmp_path / "data")))
    assert [finding.level for finding in examination.findings] == [Level.OK]
    assert "made at the first start" in examination.findings[0].text
    assert not await trio.Path(tmp_path / "data").exists()


async def test_a_database_that_does_not_answer_is_a_problem_without_its_password(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"postgresql://me:secret@127.0.0.1:{probe.getsockname()[1]}/weir"
        examination = await examine_database(Config(data_dir=str(tmp_path), database_url=url))
    (finding,) = examination.findings
    assert finding.level is Level.PROBLEM
    assert "WEIR_DATABASE_URL" in finding.advice
    assert "secret" not in finding.text


@pytest.mark.parametrize(
    ("findings", "code"),
    [([ok("a", "fine")], 0), ([ok("a", "x"), warning("b", "hm", "do")], 0), ([problem("c", "no", "do")], 1)],
)
def test_exit_code_is_1_only_for_problems(
    monkeypatch: pytest.MonkeyPatch, findings: list[Finding], code: int
) -> None:
    monkeypatch.setattr(cli_doctor, "_examine", lambda: findings)
    table = CliRunner().invoke(app, [])
    assert table.exit_code == code
    assert all(finding.text in table.output and finding.advice in table.output for finding in findings)
    listed = CliRunner().invoke(app, ["--json"])
    assert listed.exit_code == code
    assert [entry["level"] for entry in json.loads(listed.output)] == [f.level.value for f in findings]


def test_a_wrong_setting_is_the_only_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_RTMP_PROT", "1")
    result = CliRunner().invoke(app, ["--json"])
    assert result.exit_code == 1
    (finding,) = json.loads(result.output)
    assert "WEIR_RTMP_PROT" in finding["text"]


@pytest.mark.real
async def test_a_whole_examination_with_the_embedded_database(tmp_path: Path) -> None:
    from common.embedded_pg import embedded_postgres

    config = Config(
        data_dir=str(tmp_path / "data"), rtmp_port=0, web_port=0, hls_port=0, chat_port=0, irc_port=0
    )
    async with embedded_postgres(config.data_path):
        pass
    by_check = {finding.check: finding for finding in await examine(config)}
    assert "PostgreSQL 18" in by_check["database"].text
    assert by_check["schema"].level is Level.WARNING
    assert by_check["clock"].level is Level.OK
    assert by_check["rtmp port"].level is Level.OK
