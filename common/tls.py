"""The certificate that our TLS listeners show: read, checked, and read again when it was renewed.

Certbot and its like replace the files every two months; the next connection after a renewal gets the new certificate, and
nothing has to be restarted. Files that make no sense at that moment change nothing: renewal writes one after the other.
"""

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import structlog
import trio

from common.errors import WeirError

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 10.0
"""How often the files are looked at."""

_PEM_END = "-----END CERTIFICATE-----"
_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL: the dates are judged by our caller."""


class TlsError(WeirError):
    """The certificate or its key cannot be used; the text names the setting and what to do."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its key, as far as a server and its operator care."""

    context: ssl.SSLContext
    """For server connections: TLS 1.2 or newer, no renegotiation."""
    names: tuple[str, ...]
    """Host names and textual IP addresses that it is for; a name may begin with `*.`."""
    expires_at: dt.datetime

    def covers(self, host: str) -> bool:
        """Tell whether clients that connect to `host`, a name or an address, accept it."""
        host = host.lower().rstrip(".").strip("[]")
        return any(_matches(name, host) for name in self.names)


def _matches(name: str, host: str) -> bool:
    if name.startswith("*."):
        first, _, rest = host.partition(".")
        return bool(first) and rest == name[2:].lower()
    try:
        return ipaddress.ip_address(name) == ipaddress.ip_address(host)
    except ValueError:
        return name.lower() == host


def read_certificate(cert: Path, key: Path) -> Certificate:
    """Read PEM files: the certificate with its chain, and its private key. Blocking. Its dates are not judged.

    Raises:
        TlsError: a file is missing or unreadable, holds something else, or the key is another one's.
    """
    for path, setting in ((cert, "WEIR_TLS_CERT"), (key, "WEIR_TLS_KEY")):
        _check_readable(path, setting)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    try:
        context.load_cert_chain(cert, key, password=lambda: _refuse_password(key))
    except ssl.SSLError as error:
        raise TlsError(_why_not(error, cert, key)) from error
    try:
        shown = _look_at(context, cert)
    except (ssl.SSLError, ValueError) as error:
        raise TlsError(f"WEIR_TLS_CERT: {cert} is no certificate for a server: {error}") from error
    expires_s = ssl.cert_time_to_seconds(shown["notAfter"])
    names = tuple(value for kind, value in shown.get("subjectAltName", ()) if kind in {"DNS", "IP Address"})
    return Certificate(context, names, dt.datetime.fromtimestamp(expires_s, dt.UTC))


def _check_readable(path: Path, setting: str) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise TlsError(
            f"{setting}: {path} cannot be read ({error.strerror}): name a PEM file that this user may read"
        ) from error


def _refuse_password(key: Path) -> NoReturn:
    # Without this OpenSSL would ask on the terminal, and wait.
    raise TlsError(
        f"WEIR_TLS_KEY: {key} is protected by a password: store it without one, readable by this user only"
    )


def _why_not(error: ssl.SSLError, cert: Path, key: Path) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"WEIR_TLS_KEY: {key} is not the key of {cert}: name the two files that were made together"
    return f"WEIR_TLS_CERT or WEIR_TLS_KEY: {cert} and {key} do not hold a certificate chain and a private key in PEM"


def _look_at(context: ssl.SSLContext, cert: Path) -> dict[str, Any]:
    """Give the certificate as a client of ours sees it: the `ssl` module tells its contents to peers only."""
    client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_side.check_hostname = False
    client_side.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VerifyFlags(_NO_CHECK_TIME)
    first, _, _ = cert.read_text(encoding="utf-8", errors="replace").partition(_PEM_END)
    client_side.load_verify_locations(cadata=first[first.index("-----BEGIN") :] + _PEM_END)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_side.wrap_bio(to_client, to_server)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(3):  # two messages each way at most
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    shown = client.getpeercert()
    if not shown:
        raise ValueError("it was not shown")
    return shown


class CertificateFiles:
    """The certificate in two files, followed as they change.

    Raises:
        TlsError: it cannot be used, or has expired.

    """

    def __init__(self, cert: Path, key: Path) -> None:
        """Read the files. Blocking."""
        self._cert, self._key = cert, key
        self._read_from = self._state()
        self._complained_of: object = None
        self.current = read_certificate(cert, key)
        if self.current.expires_at <= dt.datetime.now(dt.UTC):
            raise TlsError(
                f"WEIR_TLS_CERT: {cert} expired on {self.current.expires_at:%Y-%m-%d}: renew it, or unset the ports for TLS"
            )

    def context(self) -> ssl.SSLContext:
        """Give what the next connection is to be made with."""
        return self.current.context

    def refresh(self) -> bool:
        """Read the files if they changed; True when there is a new certificate. Blocking. Raises nothing."""
        state = self._state()
        if state == self._read_from:
            return False
        try:
            self.current = read_certificate(self._cert, self._key)
        except TlsError as error:
            if state != self._complained_of:
                self._complained_of = state
                log.warning("certificate_not_renewed", reason=str(error))
            return False
        self._read_from = state
        log.info("certificate_renewed", expires=self.current.expires_at.isoformat())
        return True

    async def watch(self) -> NoReturn:
        """Look at the files now and then, until cancelled."""
        while True:
            await trio.sleep(LOOK_EVERY_S)
            await trio.to_thread.run_sync(self.refresh)

    def _state(self) -> object:
        """What changes with the contents; through symbolic links, which certbot turns."""
        try:
            stats = [path.stat() for path in (self._cert, self._key)]
        except OSError:
            return None
        return [(stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in stats]
