"""The benchmark of the API: its client keeps its pace and counts what waits, and a small site can be measured."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio

from bench import api
from bench.api import Cost, Round, percentile, report
from bench.api_load import Answers, Ask, RateLoad
from bench.api_site import Site, Visitors

SITE = Site(
    users=3, channels=["anna", "berta"], categories=[1, 2], cookies=["weir_session=x"], key_hashes=[bytes(32)]
)


def test_a_percentile_is_the_time_below_which_that_share_is() -> None:
    taken_s = [number / 1000 for number in range(100, 0, -1)]
    assert [percentile(taken_s, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 51.0, 100.0, 100.0]
    assert percentile([0.25], 0.99) == 250.0


def test_visitors_ask_for_everything_and_turn_pages_they_were_given() -> None:
    visitors = Visitors(SITE, search_share=0.1)
    before = Counter(visitors.ask().name for _ in range(300))
    assert "directory, next page" not in before
    visitors.heard("directory", {"data": [], "pagination": {"cursor": "abc"}})
    visitors.heard("directory of a category", {"data": [], "pagination": {"cursor": "other"}})
    visitors.heard("directory", {"data": [], "pagination": {}})
    asked = [visitors.ask() for _ in range(300)]
    assert {ask.name for ask in asked} == before.keys() | {"directory, next page"}
    further = next(ask for ask in asked if ask.name == "directory, next page")
    assert further.path == "/api/streams?after=abc"
    assert all(bool(ask.cookie) == (ask.name == "follow list") for ask in asked)
    without = Visitors(SITE, search_share=0.0)
    assert not any(without.ask().name.startswith("search") for _ in range(300))


def test_a_request_is_one_that_browsers_send() -> None:
    request = Ask("follow list", "/api/x", "weir_session=y").encode()
    assert request == b"GET /api/x HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: weir_session=y\r\n\r\n"


def measured(*, late: bool = False, refused: int = 0) -> Round:
    answers = Answers()
    answers.taken_s["directory"] = [0.01] * 90 + [0.06 if late else 0.02] * 10
    answers.taken_s["search, a common word"] = [9.0]
    if refused:
        answers.refused["directory: 503"] = refused
    cost = Cost(cores=0.5, ms_per_request=2.5)
    return Round("lists and channels", answers, [0.003], [0.001], cost, cost)


def test_the_report_says_whether_goals_are_met_and_search_has_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report(SITE, [measured()], rate=200)
    printed = capsys.readouterr().out
    assert "within 50 ms: yes.\nA publisher authorised within 5 ms, median: yes.\n" in printed
    assert re.search(r"\| all but search +\| +100 \| +10.00 \| +20.00 \|", printed)
    assert "50% (2.50 ms a request)" in printed
    report(SITE, [measured(late=True), measured(refused=3)], rate=200)
    printed = capsys.readouterr().out
    assert printed.count("within 50 ms: NO") == 2
    assert "3 of directory: 503" in printed


@asynccontextmanager
async def answering(*, closes: bool = False, pause_s: float = 0.0) -> AsyncIterator[int]:
    """A server that answers 200 to all but `/no`; `closes`: after each answer, as one whose idle time is over."""

    async def serve(stream: trio.SocketStream) -> None:
        async with stream:
            while data := await stream.receive_some():
                await trio.sleep(pause_s)
                status = "404 Not Found" if b"/no" in data else "200 OK"
                body = json.dumps({"asked": 1}).encode()
                head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                await stream.send_all(head)
                await stream.send_all(body)
                if closes:
                    return

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("closes", [False, True])
async def test_the_client_asks_at_its_rate_and_survives_connections_that_end(*, closes: bool) -> None:
    heard: list[object] = []
    paths = iter(["/yes", "/no"] * 20)
    async with answering(closes=closes) as port:
        load = RateLoad(port, lambda: Ask("page", next(paths)), lambda _, body: heard.append(body))
        answers = await load.run(rate=400, seconds=0.1)
        await load.close()
    assert len(answers.taken_s["page"]) == 40
    assert answers.refused == {"page: 404": 20}
    assert heard == [{"asked": 1}] * 20


async def test_answers_that_come_late_do_not_slow_the_asking_down() -> None:
    async with answering(pause_s=0.2) as port:
        load = RateLoad(port, lambda: Ask("page", "/"))
        answers = await load.run(rate=200, seconds=0.1)
        await load.close()
    assert answers.largest_queue == 20
    assert min(answers.taken_s["page"]) >= 0.2


@pytest.mark.real
def test_a_small_site_is_seeded_served_and_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(api, "WARM_UP_S", 0.5)
    monkeypatch.setattr(api, "pin_generator", lambda: None)  # would pin all tests after this one
    monkeypatch.setattr(
        "sys.argv", ["api", "--users", "400", "--rate", "20", "--seconds", "3", "--searches", "0.5"]
    )
    api.main()
    printed = capsys.readouterr().out
    assert printed.count("400 users, 40 channels") == 2
    assert printed.count("Answers other than 200: none.") == 2
    for row in (
        "directory",
        "channel",
        "follow list",
        "search, a common word",
        "publisher authorised (database)",
    ):
        assert f"| {row} " in printed
