"""The check of the certificate for TLS: do its files fit, how long is it good, and is it for the name that encoders use?"""

import datetime as dt
from pathlib import Path
from urllib.parse import urlsplit

from common.tls import Certificate, TlsError, read_certificate
from weir.findings import Finding, ok, problem, warning

_CHECK = "certificate"
_SOON_DAYS = 14
"""Certbot renews 30 days before the end: so close to it, renewal has failed many times."""


def check_certificate(
    cert: str | None, key: str | None, public_rtmp_url: str | None, now: dt.datetime
) -> Finding:
    """Will encoders accept the certificate? Reads the files, and asks nobody whether its issuer is trusted."""
    if not (cert and key):
        return problem(
            _CHECK,
            "WEIR_RTMPS_PORT and WEIR_IRCS_PORT need WEIR_TLS_CERT and WEIR_TLS_KEY",
            "Set both, or unset the ports.",
        )
    try:
        certificate = read_certificate(Path(cert).expanduser(), Path(key).expanduser())
    except TlsError as error:
        return problem(_CHECK, str(error), "Until then the server does not start.")
    days = (certificate.expires_at - now).days
    text = f"for {', '.join(certificate.names) or 'no name'}, until {certificate.expires_at:%Y-%m-%d} ({days} days)"
    if days < 0:
        return problem(
            _CHECK,
            f"{text}: expired",
            "Renew it: encoders and bots refuse it, and the server does not start.",
        )
    if name := _uncovered_name(certificate, public_rtmp_url):
        return warning(
            _CHECK,
            f"{text}: not for {name}",
            f"OBS refuses to connect to rtmps://{name}: get a certificate for it, or correct WEIR_PUBLIC_RTMP_URL.",
        )
    if days < _SOON_DAYS:
        return warning(_CHECK, text, "Renew it, and find out why that did not happen by itself.")
    return ok(_CHECK, text)


def _uncovered_name(certificate: Certificate, public_rtmp_url: str | None) -> str | None:
    name = urlsplit(public_rtmp_url or "").hostname
    return name if name and not certificate.covers(name) else None
