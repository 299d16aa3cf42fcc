"""`weir doctor` on certificates."""

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from common.config import Config
from weir.doctor import examine
from weir.doctor_tls import check_certificate
from weir.findings import Finding, Level

HERE = Path(__file__).parents[1] / "common" / "certificates"
NOW = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


def check(
    name: str = "localhost", key: str | None = None, url: str | None = None, now: dt.datetime = NOW
) -> Finding:
    return check_certificate(str(HERE / f"{name}.pem"), str(HERE / f"{key or name}.key"), url, now)


def test_good_certificate_is_shown_with_its_names_and_days() -> None:
    finding = check(url="rtmps://localhost:1936")
    assert finding.level is Level.OK
    assert finding.text.startswith("for localhost, 127.0.0.1, until 21")


def test_certificate_for_another_name_is_told_of_with_what_obs_does() -> None:
    finding = check(url="rtmp://live.example.net")
    assert finding.level is Level.WARNING
    assert finding.text.endswith("not for live.example.net")
    assert "OBS refuses to connect" in finding.advice


@pytest.mark.parametrize(
    ("days", "level"), [(-1, Level.PROBLEM), (1, Level.WARNING), (13, Level.WARNING), (15, Level.OK)]
)
def test_certificate_that_ends_soon_is_told_of(days: int, level: Level) -> None:
    end = dt.datetime(2020, 4, 1, tzinfo=dt.UTC)
    finding = check("expired", now=end - dt.timedelta(days=days, minutes=-1 if days < 0 else 1))
    assert finding.level is level, finding


def test_files_that_do_not_fit_are_a_problem() -> None:
    finding = check("localhost", key="renewed")
    assert finding.level is Level.PROBLEM
    assert "is not the key of" in finding.text


def test_missing_setting_is_a_problem() -> None:
    assert check_certificate(None, "key.pem", None, NOW).level is Level.PROBLEM


async def test_certificate_is_looked_at_only_where_there_is_tls(tmp_path: Path) -> None:
    config = Config(data_dir=str(tmp_path), rtmp_port=0, web_port=0, hls_port=0, chat_port=0, irc_port=0)
    assert not [finding for finding in await examine(config) if "certificate" in finding.check]
    secure = Config(
        data_dir=str(tmp_path), rtmp_port=0, web_port=0, hls_port=0, chat_port=0, irc_port=0, rtmps_port=0,
        tls_cert=str(HERE / "localhost.pem"), tls_key=str(HERE / "localhost.key"),
    )  # fmt: skip
    found = {finding.check: finding.level for finding in await examine(secure)}
    assert found["certificate"] is found["rtmps port"] is Level.OK
    bots = msgspec.structs.replace(
        secure, rtmps_port=None, ircs_port=0, public_rtmp_url="rtmp://other.example"
    )
    found = {finding.check: finding.level for finding in await examine(bots)}
    assert found["certificate"] is found["ircs port"] is Level.OK
    assert "rtmps port" not in found
