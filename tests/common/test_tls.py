"""Certificates: what is wrong with the files is said in a sentence, and a renewed one is picked up."""

import datetime as dt
import shutil
import ssl
from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs

from common.tls import LOOK_EVERY_S, CertificateFiles, TlsError, read_certificate

HERE = Path(__file__).parent / "certificates"


def pem(name: str) -> Path:
    return HERE / f"{name}.pem"


def key(name: str) -> Path:
    return HERE / f"{name}.key"


def copy(name: str, to: Path) -> tuple[Path, Path]:
    to.mkdir(exist_ok=True)
    return Path(shutil.copy(pem(name), to / "cert.pem")), Path(shutil.copy(key(name), to / "key.pem"))


def test_certificate_tells_its_names_and_its_end() -> None:
    certificate = read_certificate(pem("localhost"), key("localhost"))
    assert certificate.names == ("localhost", "127.0.0.1")
    assert certificate.expires_at > dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
    assert certificate.context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_chain_is_read_from_one_file(tmp_path: Path) -> None:
    chain = tmp_path / "fullchain.pem"
    chain.write_text(f"Subject: localhost\n{pem('localhost').read_text()}\n{pem('renewed').read_text()}")
    assert read_certificate(chain, key("localhost")).covers("127.0.0.1")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "live.example.org", "[::1]", "0:0:0:0:0:0:0:1"])
def test_host_that_the_certificate_is_for(host: str) -> None:
    assert read_certificate(pem("renewed"), key("renewed")).covers(host)


@pytest.mark.parametrize("host", ["example.org", "a.b.example.org", ".example.org", "127.0.0.1", ""])
def test_host_that_it_is_not_for(host: str) -> None:
    assert not read_certificate(pem("renewed"), key("renewed")).covers(host)


@pytest.mark.parametrize(
    ("cert", "private", "sentence"),
    [
        (HERE / "none.pem", key("localhost"), r"WEIR_TLS_CERT: .*none\.pem cannot be read \(No such file"),
        (pem("localhost"), HERE / "none.key", r"WEIR_TLS_KEY: .*none\.key cannot be read \(No such file"),
        (HERE, key("localhost"), r"WEIR_TLS_CERT: .*certificates cannot be read \(Is a directory"),
        (pem("localhost"), key("renewed"), r"WEIR_TLS_KEY: .*renewed\.key is not the key of .*localhost\.pem"),
        (key("localhost"), key("localhost"), "do not hold a certificate chain and a private key in PEM"),
        (pem("localhost"), pem("localhost"), "do not hold a certificate chain and a private key in PEM"),
        (Path(__file__), Path(__file__), "do not hold a certificate chain and a private key in PEM"),
        (pem("localhost"), key("encrypted"), r"encrypted\.key is protected by a password: store it without"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_files_is_a_sentence(cert: Path, private: Path, sentence: str) -> None:
    with pytest.raises(TlsError, match=sentence):
        read_certificate(cert, private)


def test_expired_certificate_is_refused_at_the_start() -> None:
    assert read_certificate(pem("expired"), key("expired")).expires_at.year == 2020
    with pytest.raises(TlsError, match=r"expired\.pem expired on 2020-04-01: renew it"):
        CertificateFiles(pem("expired"), key("expired"))


async def test_renewed_certificate_is_used_without_a_restart(
    tmp_path: Path, mock_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    mock_clock.autojump_threshold = 0.02  # not at once: a thread that reads is nothing that Trio waits for
    files = CertificateFiles(*copy("localhost", tmp_path))
    before = files.context()
    nursery.start_soon(files.watch)
    await trio.sleep(2.5 * LOOK_EVERY_S)
    assert files.context() is before
    copy("renewed", tmp_path)
    for _ in range(100):
        if files.context() is not before:
            break
        await trio.sleep(LOOK_EVERY_S)
    assert files.current.covers("live.example.org")
    nursery.cancel_scope.cancel()


def test_half_of_a_renewal_changes_nothing_and_is_told_once(tmp_path: Path) -> None:
    cert, private = copy("localhost", tmp_path)
    files = CertificateFiles(cert, private)
    before = files.context()
    shutil.copy(pem("renewed"), cert)
    with capture_logs() as lines:
        assert [files.refresh() for _ in range(3)] == [False] * 3
        private.unlink()
        assert not files.refresh()
        assert files.context() is before
        shutil.copy(key("renewed"), private)
        assert files.refresh()
    assert files.context() is not before
    assert [line["event"] for line in lines] == ["certificate_not_renewed"] * 2 + ["certificate_renewed"]


def test_symbolic_link_that_is_turned_is_a_renewal(tmp_path: Path) -> None:
    copy("localhost", tmp_path / "1")
    copy("renewed", tmp_path / "2")
    links = [tmp_path / "cert.pem", tmp_path / "key.pem"]
    for link in links:
        link.symlink_to(tmp_path / "1" / link.name)
    files = CertificateFiles(*links)
    for link in links:
        link.unlink()
        link.symlink_to(tmp_path / "2" / link.name)
    assert files.refresh()
    assert files.current.covers("a.example.org")
