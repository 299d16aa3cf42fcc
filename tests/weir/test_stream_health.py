"""From packets to rows and metrics: what is written when, and that it all goes with the broadcast."""

import uuid
from typing import Any, cast

import trio
from trio.testing import MockClock

from common.ingest import Accepted, LinkStats, PublishRequest, StreamMetadata
from common.media import Packet
from common.metrics import Metrics
from tests.weir.ingest_feed import AUDIO, VIDEO, both, moved
from tests.weir.test_live import GRACE_S, Site
from weir.issue_tracker import IssueEvent
from weir.journal import Journal
from weir.ledger import MAX_PENDING_WITH_HEALTH, DatabaseLedger
from weir.live import TICK_S, LivePublication
from weir.stream_health import (
    DETAIL_PER_KEPT,
    LOOKS_PER_S,
    RECORD_S,
    SAMPLE_S,
    HealthBoard,
    StreamHealth,
)


async def publish(site: Site, link: LinkStats | None = None) -> LivePublication:
    await trio.lowlevel.checkpoint()
    asked = PublishRequest("live", "good", "127.0.0.1", "FMLE/3.0", lambda: link or LinkStats())
    verdict = await site.channels.admit(asked)
    assert isinstance(verdict, Accepted)
    publication = verdict.publication
    assert isinstance(publication, LivePublication)
    publication.handle(VIDEO)
    publication.handle(AUDIO)
    return publication


async def play(site: Site, publication: LivePublication, packets: list[Packet]) -> None:
    """Packets in real time, with the ticks that the process makes."""
    await trio.lowlevel.checkpoint()
    start, ticked = trio.current_time(), trio.current_time()
    for packet in packets:
        at = start + (packet.dts - packets[0].dts) / 90_000
        while ticked + TICK_S <= at:
            ticked += TICK_S
            await trio.sleep_until(ticked)
            site.channels.tick(ticked)
        await trio.sleep_until(at)
        publication.handle(packet)


async def test_readings_of_all_broadcasts_are_written_each_five_seconds(autojump_clock: MockClock) -> None:
    site = Site()
    publication = await publish(site, LinkStats(round_trip_ms=40.0))
    await play(site, publication, both(61))
    count = len(site.ledger.readings)
    assert count == 60 // RECORD_S
    assert [detail for _, detail in site.ledger.readings].count(False) == -(-count // DETAIL_PER_KEPT)
    (stream_id, status, reading), *others = site.ledger.readings[-1][0]
    assert others == []
    assert (stream_id, status) == (publication.broadcast.stream_id, "good")
    assert reading.connection.round_trip_ms == 40.0
    assert site.ledger.issues == []


async def test_an_issue_is_written_once_when_it_begins_and_once_when_it_ends(
    autojump_clock: MockClock,
) -> None:
    site = Site()
    publication = await publish(site)
    await play(site, publication, both(30, gop=200))
    await play(site, publication, moved(both(60, gop=60), 30))
    kinds = [(event, kind) for event, _, kind in site.ledger.issues if kind == "gopSizeLong"]
    assert kinds == [("began", "gopSizeLong"), ("ended", "gopSizeLong")]


async def test_the_end_of_a_broadcast_ends_its_issues_its_rows_and_its_metrics(
    autojump_clock: MockClock,
) -> None:
    site = Site()
    publication = await publish(site, LinkStats(unsupported=["VP8 video"]))
    await play(site, publication, both(6))
    assert any(family.values for family in site.channels.health.families())
    await publication.end(clean=True)
    assert [event for event, *_ in site.ledger.issues] == ["began", "ended"]
    assert not any(family.values for family in site.channels.health.families())
    written = len(site.ledger.readings)
    site.channels.tick(trio.current_time() + 100)
    assert len(site.ledger.readings) == written


async def test_while_the_encoder_is_away_there_is_no_data_and_its_counters_stay(
    autojump_clock: MockClock,
) -> None:
    site = Site()
    link = LinkStats(undecodable=4, round_trip_ms=9.0)
    publication = await publish(site, link)
    await play(site, publication, both(6))
    await publication.end(clean=False)
    for _ in range(60):
        await trio.sleep(TICK_S)
        site.channels.tick(trio.current_time())
    _, status, reading = site.ledger.readings[-1][0][0]
    assert status == "noData"
    assert reading.total_undecodable == 4
    assert reading.connection.round_trip_ms is None
    back = await publish(site)
    await play(site, back, both(12))
    _, status, reading = site.ledger.readings[-1][0][0]
    assert (status, reading.connection.reconnects, reading.total_undecodable) == ("good", 1, 4)
    site.channels.tick(trio.current_time() + GRACE_S)


async def test_a_new_encoder_that_takes_over_is_measured_not_the_old_one(autojump_clock: MockClock) -> None:
    site = Site()
    old = await publish(site, LinkStats(undecodable=1))
    await play(site, old, both(3))
    new = await publish(site, LinkStats(undecodable=10))
    await old.end(clean=False)
    await play(site, new, both(12))
    _, status, reading = site.ledger.readings[-1][0][0]
    assert reading.total_undecodable == 11
    assert status == "ok", "undecodable messages of the last ten seconds"


async def test_the_encoders_own_name_is_written_down(autojump_clock: MockClock) -> None:
    site = Site()
    publication = await publish(site)
    publication.handle(StreamMetadata({"encoder": "obs-output module (libobs version 31.0.0)"}))
    cast("Any", site.packagers[0]).info = object()
    publication.handle(both(1)[0])
    site.channels.tick(trio.current_time())
    assert (
        "described",
        site.packagers[0].stream_id.int,
        "obs-output module (libobs version 31.0.0)",
    ) in site.ledger.rows


async def test_metrics_name_the_channel_and_its_numbers(autojump_clock: MockClock) -> None:
    site = Site()
    metrics = Metrics()
    metrics.add_source(site.channels.health.families)
    publication = await publish(site, LinkStats(round_trip_ms=25.0, undecodable=2))
    publication.handle(StreamMetadata({"encoder": 'quotes " and \\'}))
    await play(site, publication, both(12))
    page = metrics.render().decode()
    lines = dict(line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("weir_stream"))
    assert float(lines['weir_stream_fps{channel="anna"}']) > 29
    assert float(lines['weir_stream_bits_per_second{channel="anna",track="video"}']) > 2_300_000
    assert lines['weir_stream_health{channel="anna"}'] == "2.0"
    assert lines['weir_stream_undecodable_total{channel="anna"}'] == "2.0"
    assert lines['weir_stream_round_trip_seconds{channel="anna"}'] == "0.025"
    assert lines['weir_stream_issues{channel="anna",severity="warning"}'] == "1.0"
    assert any('video="H.264 High 4.0"' in line and 'size="1280x720"' in line for line in lines)
    await publication.end(clean=True)
    assert 'channel="anna"' not in metrics.render().decode()


async def test_looks_at_many_streams_are_spread_evenly(autojump_clock: MockClock) -> None:
    site = Site()
    await publish(site)
    board = site.channels.health
    made = [StreamHealth(uuid.UUID(int=n), f"c{n}", cast("Any", site.packagers[0])) for n in range(100)]
    for health in made:
        board.add(health, 0.0)
    looked = []
    for tenth in range(1, 41):
        before = sum(one.reading is not None for one in made)
        board.tick(tenth / 10 + 0.001)
        looked.append(sum(one.reading is not None for one in made) - before)
    assert sum(looked) == 100
    assert max(looked) <= 10


async def test_readings_are_left_out_while_much_waits_and_issues_are_not() -> None:
    await trio.lowlevel.checkpoint()
    journal = Journal(cast("Any", None))
    ledger = DatabaseLedger(cast("Any", None), journal, node="here")
    site = Site()
    publication = await publish(site)
    publication.handle(both(1)[0])
    health = publication.broadcast.health
    health.look(trio.current_time())
    assert health.reading is not None
    for _ in range(MAX_PENDING_WITH_HEALTH + 5):
        ledger.health_read([(health.stream_id, health.status, health.reading)], detail=True)
    assert len(journal) == MAX_PENDING_WITH_HEALTH
    assert ledger.health_skipped == 5
    ledger.issue_ended(health.stream_id, "gopSizeLong")
    assert len(journal) == MAX_PENDING_WITH_HEALTH + 1


class CountingHealth(StreamHealth):
    """Counts looks instead of looking."""

    looks = 0

    def look(self, now: float) -> list[IssueEvent]:
        CountingHealth.looks += 1
        return []


def test_hundreds_of_broadcasts_are_not_looked_at_more_often_together() -> None:
    """Looks at 500 streams every other second took a tenth of a core that media needs."""
    site = Site()
    board = HealthBoard(site.ledger)
    for _ in range(500):
        board.add(CountingHealth(uuid.uuid4(), "login", cast("Any", None)), 0.0)
    assert board.sample_s == RECORD_S > SAMPLE_S
    CountingHealth.looks = 0
    for tenth in range(400):
        board.tick(tenth / 10)
    assert 0.9 * 40 * LOOKS_PER_S <= CountingHealth.looks <= 1.1 * 40 * LOOKS_PER_S


def test_looks_that_were_missed_are_not_made_up_for() -> None:
    board = HealthBoard(Site().ledger)
    board.add(CountingHealth(uuid.uuid4(), "login", cast("Any", None)), 0.0)
    CountingHealth.looks = 0
    for tenth in range(1000, 1010):  # a process that was starved for 100 s
        board.tick(tenth / 10)
    assert CountingHealth.looks == 1
