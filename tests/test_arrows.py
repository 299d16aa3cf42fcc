"""Who may import whom, and which modules must stay pure: read from the source, so that nothing can slip by."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "common": set(),
    "rtmp": {"common"},
    "hls": {"common"},
    "chatd": {"common"},
    "webapp": {"common"},
    "weir": {"common", "rtmp", "hls", "chatd", "webapp"},
    "bench": {"common", "rtmp", "hls", "chatd", "webapp", "weir"},
}
PURE = {
    "common": {
        "media",
        "ids",
        "proxies",
        "errors",
        "backoff",
        "limits",
        "principals",
        "play_ticket",
        "proxy_protocol",
        "public_url",
        "trigrams",
        "blocked_terms",
        "rights",
        "sameness",
        "lookalikes",
        "automatic_settings",
        "sightings",
    },
    "rtmp": {path.stem for path in (ROOT / "rtmp").glob("*.py")} - {"server", "connection", "tick"},
    "hls": {path.stem for path in (ROOT / "hls").glob("*.py")} - {"stream", "spill", "origin", "waiting"},
    "chatd": {
        "automod",
        "classifier_wire",
        "crowds",
        "raids",
        "sampling",
        "shape",
        "emote_words",
        "content",
        "delivery",
        "events",
        "gates",
        "irc_lines",
        "irc_render",
        "irc_session",
        "json_events",
        "json_frames",
        "json_requests",
        "links",
        "rates",
        "refusals",
        "room_settings",
        "rules",
        "speech",
        "standing",
        "tombstones",
        "wires",
    },
    "weir": {
        "advice_delivery",
        "advice_picture",
        "advice_tracks",
        "codec_names",
        "health_metrics",
        "ingest_meter",
        "ingest_reading",
        "issue_tracker",
        "stream_issues",
        "thumbnail_queue",
        "thumbnail_wire",
        "track_meter",
    },
}
IMPURE_IMPORTS = {"trio", "time", "socket", "logging", "structlog"}
ONLY_IN = {
    "asyncpg": {"common/pg_pool.py", "common/pg_errors.py"},
    "trio_asyncio": {"common/asyncio_bridge.py"},
    "redis": {"common/redis_link.py"},
}


def modules(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).rglob("*.py") if "node_modules" not in path.parts)


def imported_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_follow_the_arrows(package: str) -> None:
    for path in modules(package):
        ours = {name.split(".")[0] for name in imported_names(path)} & set(MAY_IMPORT)
        assert ours <= MAY_IMPORT[package] | {package}, f"{path.relative_to(ROOT)} imports {ours}"


@pytest.mark.parametrize(("package", "name"), [(p, n) for p in sorted(PURE) for n in sorted(PURE[p])])
def test_pure_modules_do_no_io(package: str, name: str) -> None:
    roots = {imported.split(".")[0] for imported in imported_names(ROOT / package / f"{name}.py")}
    assert not roots & IMPURE_IMPORTS


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_foreign_loops_stay_behind_their_wrapper(package: str) -> None:
    for path in modules(package):
        where = path.relative_to(ROOT).as_posix()
        for library in {name.split(".")[0] for name in imported_names(path)} & set(ONLY_IN):
            assert where in ONLY_IN[library], f"{where} imports {library}"


def test_no_module_is_named_like_a_standard_one() -> None:
    for package in MAY_IMPORT:
        for path in modules(package):
            assert path.stem not in sys.stdlib_module_names - {"__future__"}, path
