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
    ".webmanifest": "application/manifest+json",
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
    watch: StaticFile
    """`watch.html`: the same for pages with a player, whose scripts it has the browser ask for at once."""
    files: Mapping[str, StaticFile]
    """By path below `/static/`."""
    worker: StaticFile | None = None
    """The service worker, for `/sw.js`: one is in charge of what is below its own path only."""


def load_front_end(directory: Path) -> FrontEnd:
    """Read the built front end. Blocking: call it before serving, or in a thread.

    Raises:
        FrontEndMissingError: it was not built.
    """
    pages = [directory / name for name in ("index.html", "watch.html")]
    for page in pages:
        if not page.is_file():
            raise FrontEndMissingError(f"the front end is not built ({page} is missing): run `make setup`")
    files: dict[str, StaticFile] = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_file() and path.suffix in _TYPES and not name.startswith(".") and path not in pages:
            files[name] = _load(path, IMMUTABLE if name.startswith(_HASHED_DIR) else SHORT)
    worker = directory / "sw.js"
    index, watch = (_load(page, REVALIDATE) for page in pages)
    return FrontEnd(index, watch, files, _load(worker, REVALIDATE) if worker.is_file() else None)


def _load(path: Path, cache_control: str) -> StaticFile:
    body = path.read_bytes()
    packed = None if path.suffix in _PACKED else gzip.compress(body, mtime=0)
    if packed is not None and len(packed) > 0.9 * len(body):
        packed = None
    digest = hashlib.sha256(body).hexdigest()[:20]
    return StaticFile(_TYPES[path.suffix], body, packed, digest, cache_control)
