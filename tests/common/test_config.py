import subprocess
import sys
from pathlib import Path

import pytest

from common.config import Config, ConfigError, describe_config, load_config


def test_defaults_need_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config(environ={})
    assert (config.host, config.rtmp_port, config.hls_port, config.web_port) == (
        "127.0.0.1",
        1935,
        8081,
        8080,
    )
    assert config.data_path == tmp_path / "data"


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "weir.toml"
    file.write_text('rtmp_port = 2000\nhls_port = 2001\ntrusted_proxies = ["10.0.0.0/8"]\n')
    config = load_config(file, {"WEIR_RTMP_PORT": "3000", "PATH": "/bin"})
    assert (config.rtmp_port, config.hls_port, config.trusted_proxies) == (3000, 2001, ["10.0.0.0/8"])


def test_lists_in_the_environment_are_comma_separated() -> None:
    config = load_config(Path("/dev/null"), {"WEIR_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,"})
    assert config.trusted_proxies == ["127.0.0.1", "10.0.0.0/8"]


def test_a_typo_in_the_file_names_the_key_and_the_file(tmp_path: Path) -> None:
    file = tmp_path / "weir.toml"
    file.write_text("rtmp_prot = 1935\n")
    with pytest.raises(ConfigError, match=r"weir\.toml.*`rtmp_prot`"):
        load_config(file, {})


def test_a_typo_in_the_environment_names_the_variable() -> None:
    with pytest.raises(ConfigError, match="WEIR_RTMP_PROT"):
        load_config(Path("/dev/null"), {"WEIR_RTMP_PROT": "1935"})


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("WEIR_RTMP_PORT", "70000"),
        ("WEIR_RTMP_PORT", "live"),
        ("WEIR_DRAIN_S", "0"),
        ("WEIR_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_shown_with_its_variable(variable: str, text: str) -> None:
    with pytest.raises(ConfigError, match=f"{variable}='{text}'"):
        load_config(Path("/dev/null"), {variable: text})


def test_tls_needs_a_certificate_and_its_key() -> None:
    settings = {"WEIR_RTMPS_PORT": "1936", "WEIR_TLS_CERT": "cert.pem"}
    with pytest.raises(
        ConfigError, match="WEIR_RTMPS_PORT needs WEIR_TLS_KEY: name the PEM file with its private"
    ):
        load_config(Path("/dev/null"), settings)
    with pytest.raises(ConfigError, match="WEIR_RTMPS_PORT needs WEIR_TLS_CERT"):
        load_config(Path("/dev/null"), {"WEIR_RTMPS_PORT": "1936"})
    config = load_config(Path("/dev/null"), settings | {"WEIR_TLS_KEY": "key.pem"})
    assert (config.rtmps_port, config.tls_cert, config.tls_key) == (1936, "cert.pem", "key.pem")
    assert load_config(Path("/dev/null"), {}).rtmps_port is None
    with pytest.raises(ConfigError, match=r"WEIR_IRCS_PORT needs WEIR_TLS_CERT.*or unset WEIR_IRCS_PORT"):
        load_config(Path("/dev/null"), {"WEIR_IRCS_PORT": "6697"})


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no configuration file .*absent\.toml"):
        load_config(None, {"WEIR_CONFIG": str(tmp_path / "absent.toml")})


def test_broken_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "weir.toml"
    file.write_text("rtmp_port = \n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_config(file, {})


def test_every_key_is_described() -> None:
    page = describe_config()
    for field in Config.__struct_fields__:
        row = next(line for line in page.splitlines() if f"`{field}`" in line)
        assert row.split("|")[4].strip()


def test_the_configuration_page_is_current() -> None:
    written = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    assert written == describe_config(), "run `make docs`"


def test_configuration_is_read_without_trio() -> None:
    code = "import sys, common.config; sys.exit('trio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({"WEIR_SMTP_HOST": "mail.example"}, "WEIR_SMTP_FROM"),
        ({"WEIR_SMTP_HOST": "mail.example", "WEIR_SMTP_FROM": "a@b.example"}, "WEIR_PUBLIC_WEB_URL"),
    ],
)
def test_mail_needs_a_sender_and_an_address_that_no_request_can_choose(
    environ: dict[str, str], missing: str
) -> None:
    with pytest.raises(ConfigError, match=missing):
        load_config(environ=environ)
