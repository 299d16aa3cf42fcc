"""The certificate of the configuration, for each listener that speaks TLS."""

from pathlib import Path

import trio

from common.config import Config
from common.tls import CertificateFiles


async def open_certificate(config: Config, port: int | None) -> CertificateFiles | None:
    """Read it, if there is a port that needs it. Raises `TlsError` when it will not do."""
    if port is None:
        await trio.lowlevel.checkpoint()
        return None
    return await trio.to_thread.run_sync(_open, config.tls_cert or "", config.tls_key or "")


def _open(cert: str, key: str) -> CertificateFiles:
    return CertificateFiles(Path(cert).expanduser(), Path(key).expanduser())
