"""The benchmark of taking in streams: what it prints when a server does not carry the load."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace

import pytest

from bench import ingest
from bench.ingest import TABLE, Failure, try_to_measure
from bench.rtmp_load import LoadError
from bench.rtmp_wire import Replay
from bench.servers import Server

Start = Callable[[], AbstractContextManager[Server]]
NOTHING = Replay(b"", (), (), 0)


@contextmanager
def overloaded() -> Iterator[Server]:
    yield Server("weir", "127.0.0.1", 1, None, "live", (), (), ())


def broken() -> AbstractContextManager[Server]:
    raise RuntimeError("nothing listens on port 1")


def refuse(*_: object) -> None:
    raise LoadError("not accepted within 10 s")


@pytest.mark.parametrize(
    ("start", "name", "reason"),
    [
        (overloaded, "weir", "not accepted within 10 s"),
        (broken, "a server", "nothing listens on port 1"),
    ],
)
def test_server_that_fails_is_a_row_that_says_so(
    start: Start, name: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "measure", refuse)
    assert try_to_measure(start, NOTHING, TABLE[0], 1) == Failure(name, reason)


def test_table_has_all_rows_although_every_server_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = SimpleNamespace(table=True, seconds=1.0, peer=[], compare_reads=True, profile="obs")
    monkeypatch.setattr(ingest, "_arguments", lambda: options)
    monkeypatch.setattr(ingest, "_servers", lambda *_: [overloaded, broken])
    monkeypatch.setattr(ingest, "measure", refuse)
    monkeypatch.setattr(ingest, "load_clip", lambda _: None)
    monkeypatch.setattr(ingest, "cut", lambda *_: NOTHING)
    monkeypatch.setattr(ingest, "pin_generator", lambda: None)
    ingest.main()
    printed = capsys.readouterr().out
    assert printed.count("weir: FAILED, not accepted within 10 s") == len(TABLE)
    assert printed.count("a server: FAILED, nothing listens on port 1") == len(TABLE)
