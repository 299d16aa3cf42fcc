"""Pages say that they play, and hear how many watch."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import trio
from quart_trio import QuartTrio
from trio.testing import MockClock

from common.db import Database, DatabaseUnavailableError
from common.proxies import TrustedProxies
from common.queries import streams, users
from common.queries.presence import WatchableStream
from common.sightings import SightingLimits
from tests.webapp.conftest import AbsentDatabase
from webapp.page_viewers import PageViewers
from webapp.watchable import WatchableStreams

PAGE = "0123456789abcdef0123456789abcdef"


def test_a_page_counts_until_it_was_silent_for_45_s() -> None:
    viewers = PageViewers()
    viewers.playing("a", PAGE, "192.0.2.1", now=0)
    assert viewers.viewer_count("a") == 1, "at once, so that the first answer is right"
    assert viewers.counts(44) == {"a": 1}
    assert viewers.counts(45) == {}
    assert viewers.ping_every_s == 15


def test_what_is_known_of_others_is_told_and_never_less_than_what_was_just_heard() -> None:
    viewers = PageViewers()
    viewers.learn({"a": 10})
    assert viewers.viewer_count("a") == 10
    viewers.learn({"a": 0})
    for number in range(3):
        viewers.playing("a", f"{PAGE}{number}", "192.0.2.1", now=0)
    assert viewers.viewer_count("a") == 3
    assert viewers.viewer_count("b") == 0


def test_a_page_that_says_good_bye_is_gone_at_once() -> None:
    viewers = PageViewers()
    viewers.playing("a", PAGE, "192.0.2.1", now=0)
    viewers.left("a", "somebody else's guess")
    assert viewers.counts(1) == {"a": 1}
    viewers.left("a", PAGE)
    assert viewers.counts(1) == {}


@pytest.fixture
async def live(database: Database) -> uuid.UUID:
    """A broadcast of the channel `anna`."""
    anna = await users.insert_user_with_channel(database, login="anna", display_name="Anna")
    stream_id = uuid.uuid4()
    await streams.open_stream(
        database, stream_id=stream_id, channel_id=anna.id, node="here", title="", started_at=datetime.now(UTC)
    )
    return stream_id


async def sign(
    app: QuartTrio,
    stream_id: object,
    body: Any = None,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    response = await app.test_client().post(
        f"/api/streams/{stream_id}/presence",
        json=body or {"id": PAGE},
        headers=headers,
        scope_base={"client": ("127.0.0.1", 1)},
    )
    text = await response.get_data(as_text=True)
    assert response.status_code == status, text
    answer: dict[str, Any] = json.loads(text)
    return answer


@pytest.mark.real
async def test_anybody_may_say_that_they_watch(
    app_factory: Callable[..., QuartTrio], database: Database, live: uuid.UUID
) -> None:
    viewers = PageViewers()
    app = app_factory(database=database, viewers=viewers)
    assert await sign(app, live) == {"viewer_count": 1, "interval_s": 15}
    assert (await sign(app, live))["viewer_count"] == 1, "the same page"
    assert (await sign(app, str(live).upper(), {"id": "another-page-0000"}))["viewer_count"] == 2
    assert viewers.counts(0) == {str(live): 2}
    assert (await sign(app, live, {"id": PAGE, "leaving": True}))["viewer_count"] == 1


@pytest.mark.real
async def test_only_what_is_live_has_viewers(
    app_factory: Callable[..., QuartTrio], database: Database, live: uuid.UUID
) -> None:
    viewers = PageViewers()
    app = app_factory(database=database, viewers=viewers)
    for wrong in (uuid.uuid4(), "nothing", 4711, "x" * 3000):
        await sign(app, wrong, status=404)
    assert viewers.counts(0) == {}
    await streams.end_stream(database, stream_id=live, ended_at=datetime.now(UTC), reason="test")
    await sign(app_factory(database=database), live, status=404)


@pytest.mark.real
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"id": ""}, 400),
        ({"id": "short"}, 400),
        ({"id": "x" * 65}, 400),
        ({"id": "with spaces in it"}, 400),
        ({"id": "0123456789abcdef\n"}, 400),
        ({"id": PAGE, "viewers": 1000}, 400),
        ({"id": PAGE, "leaving": "no"}, 400),
        ({"id": 12345678901234567890}, 400),
        ([PAGE], 400),
        ({"id": "x" * 100_000}, 413),
    ],
)
async def test_ids_that_are_none_are_refused(
    app_factory: Callable[..., QuartTrio], database: Database, live: uuid.UUID, body: Any, status: int
) -> None:
    viewers = PageViewers()
    response = (
        await app_factory(database=database, viewers=viewers)
        .test_client()
        .post(f"/api/streams/{live}/presence", json=body)
    )
    assert response.status_code == status
    assert viewers.counts(0) == {}


@pytest.mark.real
async def test_pages_of_other_sites_cannot_make_their_visitors_watch(
    app_factory: Callable[..., QuartTrio], database: Database, live: uuid.UUID
) -> None:
    viewers = PageViewers()
    app = app_factory(database=database, viewers=viewers)
    await sign(app, live, status=403, headers={"Origin": "https://blog.example.net"})
    await sign(app, live, status=403, headers={"Sec-Fetch-Site": "cross-site"})
    plain = await app.test_client().post(
        f"/api/streams/{live}/presence", data=json.dumps({"id": PAGE}), headers={"Content-Type": "text/plain"}
    )
    assert plain.status_code == 415, "which a page may send elsewhere without asking"
    assert viewers.counts(0) == {}


@pytest.mark.real
async def test_a_flood_of_ids_counts_as_fifty_whatever_it_says_of_its_address(
    app_factory: Callable[..., QuartTrio], database: Database, live: uuid.UUID
) -> None:
    viewers = PageViewers()
    app = app_factory(database=database, viewers=viewers, proxies=TrustedProxies(["10.0.0.1"]))
    for number in range(120):  # from loopback, which no pace holds back, and is no trusted proxy
        await sign(app, live, {"id": f"{PAGE}-{number}"}, headers={"X-Forwarded-For": f"198.51.100.{number}"})
    assert viewers.counts(0) == {str(live): 50}
    assert viewers.refused == 70


@pytest.mark.real
async def test_behind_a_trusted_proxy_each_address_counts_for_itself(
    app_factory: Callable[..., QuartTrio], database: Database, live: uuid.UUID
) -> None:
    viewers = PageViewers(limits=SightingLimits(per_client=1))
    app = app_factory(database=database, viewers=viewers, proxies=TrustedProxies(["127.0.0.1"]))
    for number in range(6):
        await sign(
            app, live, {"id": f"{PAGE}-{number}"}, headers={"X-Forwarded-For": f"198.51.100.{number % 3}"}
        )
    assert viewers.counts(0) == {str(live): 3}


@pytest.mark.real
async def test_a_channel_that_is_not_for_everybody_takes_signs_from_who_may_watch(
    app_factory: Callable[..., QuartTrio], database: Database, live: uuid.UUID
) -> None:
    await database.execute("update channels set visibility = 'followers'")
    viewers = PageViewers()
    await sign(app_factory(database=database, viewers=viewers), live, status=403)
    assert viewers.counts(0) == {}


class Listing:
    """A database that lists what is live, and counts how often it was asked."""

    def __init__(self) -> None:
        self.live: list[WatchableStream] = []
        self.asked = 0
        self.answer_s = 0.0
        self.away = False

    async def __call__(self, _db: object, *, limit: int) -> list[WatchableStream]:
        self.asked += 1
        await trio.sleep(self.answer_s)
        if self.away:
            raise DatabaseUnavailableError("away")
        return self.live[:limit]


@pytest.fixture
def listing(monkeypatch: pytest.MonkeyPatch) -> Listing:
    listing = Listing()
    monkeypatch.setattr("webapp.watchable.select_watchable", listing)
    return listing


def watchable() -> WatchableStream:
    return WatchableStream(uuid.uuid4(), 1, "public")


async def test_made_up_ids_cost_one_question_a_second_in_all(
    listing: Listing, autojump_clock: MockClock
) -> None:
    streams, one = WatchableStreams(AbsentDatabase()), watchable()
    listing.live = [one]
    for _ in range(50):
        assert await streams.find(uuid.uuid4()) is None
        assert await streams.find(one.id) == one
        await trio.sleep(0.1)
    assert listing.asked == 5


async def test_a_broadcast_that_has_just_begun_is_found_within_a_second(
    listing: Listing, autojump_clock: MockClock
) -> None:
    streams, one = WatchableStreams(AbsentDatabase()), watchable()
    assert await streams.find(one.id) is None
    listing.live = [one]
    await trio.sleep(1)
    assert await streams.find(one.id) == one


async def test_while_the_database_is_away_or_slow_what_was_live_stays(
    listing: Listing, autojump_clock: MockClock
) -> None:
    streams, one = WatchableStreams(AbsentDatabase()), watchable()
    listing.away = True
    with pytest.raises(DatabaseUnavailableError):
        await streams.find(one.id)
    listing.away, listing.live = False, [one]
    assert await streams.find(one.id) == one
    listing.away = True
    await trio.sleep(60)
    assert await streams.find(one.id) == one
    listing.away, listing.answer_s = False, 3600
    await trio.sleep(60)
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(streams.find, one.id)
    assert trio.current_time() - began == pytest.approx(2), "one waits, nobody for long"
