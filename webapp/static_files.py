"""The built front end, held in memory: a megabyte, read once, so that no request touches the disk or names a path."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import WeirError

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_PACKED = frozenset({".png", ".webp", ".woff2"})
_HASHED_DIR = "assets/"
"""Vite puts files whose names carry a hash of their content here."""

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
SHORT = "public, max-age=3600"


class FrontEndMissingError(WeirError):
    """There is no built front end where it should be."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file, ready to be sent."""

    content_type: str
    body: bytes = field(repr=False)
    gzipped: bytes | None = field(repr=False)
    """The same compressed; `None` where that does not pay."""
    etag: str
    """Unquoted."""
    cache_control: str


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """What `npm run build` made."""

    page: StaticFile
    """`index.html`: every page of the site."""
    files: Mapping[str, StaticFile]
    """By path below `/static/`."""


def load_front_end(directory: Path) -> FrontEnd:
    """Read the built front end. Blocking: call it before serving, or in a thread.

    Raises:
        FrontEndMissingError: it was not built.
    """
    index = directory / "index.html"
    if not index.is_file():
        raise FrontEndMissingError(f"the front end is not built ({index} is missing): run `make setup`")
    files: dict[str, StaticFile] = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_file() and path.suffix in _TYPES and not name.startswith(".") and path != index:
            files[name] = _load(path, IMMUTABLE if name.startswith(_HASHED_DIR) else SHORT)
    return FrontEnd(_load(index, REVALIDATE), files)


def _load(path: Path, cache_control: str) -> StaticFile:
    body = path.read_bytes()
    packed = None if path.suffix in _PACKED else gzip.compress(body, mtime=0)
    if packed is not None and len(packed) > 0.9 * len(body):
        packed = None
    digest = hashlib.sha256(body).hexdigest()[:20]
    return StaticFile(_TYPES[path.suffix], body, packed, digest, cache_control)
