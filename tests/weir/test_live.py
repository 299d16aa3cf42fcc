"""Who gets a channel, when a broadcast goes on and when it ends; the ledger and the packager record what they were told."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
import trio
from trio.testing import MockClock

from common.ingest import Accepted, LinkStats, PublishRequest, Rejected, Unavailable
from common.media import Packet, Track, VideoConfig
from common.queries.streams import Claim
from hls.stream import HlsSettings, LiveStream
from weir.ingest_reading import Reading, Status
from weir.keys import KeyOwner
from weir.live import TAKEN_OVER, LiveChannels, LivePublication
from weir.seams import LedgerUnavailableError
from weir.stream_issues import Issue

CONFIG = VideoConfig("avc1", b"\x01", "avc1.42c01e", 640, 360)
FRAME = Packet(Track.VIDEO, 0, 0, keyframe=True, data=b"frame")
GOOD = KeyOwner(key_id=1, channel_id=7, login="anna", title="", refusal=None)
GRACE_S = 15.0


class RecordingLedger:
    def __init__(self) -> None:
        self.keys: dict[str, KeyOwner] = {"good": GOOD}
        self.fences: dict[int, int] = {}
        self.holders: dict[int, uuid.UUID] = {}
        self.away = False
        self.refusal: str | None = None
        """Of the channel."""
        self.asked = 0
        """Look-ups of keys."""
        self.rows: list[tuple[Any, ...]] = []
        self.readings: list[tuple[list[tuple[uuid.UUID, Status, Reading]], bool]] = []
        self.issues: list[tuple[str, int, str]] = []
        self.refusals: list[tuple[int, str]] = []
        """What encoders were told, by channel."""

    async def key_owner(self, key: str) -> KeyOwner | None:
        self.asked += 1
        await self._reach()
        return self.keys.get(key)

    async def admit(self, key: str, session_id: uuid.UUID) -> tuple[KeyOwner, int | None] | None:
        owner = await self.key_owner(key)
        if owner is None or owner.refusal is not None:
            return (owner, None) if owner else None
        return owner, await self.claim(owner.channel_id, session_id)

    async def claim(self, channel_id: int, session_id: uuid.UUID) -> int:
        await self._reach()
        self.fences[channel_id] = self.fences.get(channel_id, 0) + 1
        self.holders[channel_id] = session_id
        return self.fences[channel_id]

    async def channel_refusal(self, channel_id: int) -> str | None:
        await self._reach()
        return self.refusal if channel_id == GOOD.channel_id else None

    async def current_claim(self, channel_id: int) -> Claim | None:
        await self._reach()
        return Claim(channel_id, self.fences[channel_id], "here", self.holders[channel_id])

    async def _reach(self) -> None:
        await trio.lowlevel.checkpoint()
        if self.away:
            raise LedgerUnavailableError

    def stream_started(self, stream_id: uuid.UUID, owner: KeyOwner) -> None:
        self.rows.append(("started", stream_id.int, owner.login))

    def stream_described(self, stream_id: uuid.UUID, info: object, encoder: str) -> None:
        self.rows.append(("described", stream_id.int, encoder))

    def stream_ended(self, stream_id: uuid.UUID, reason: str) -> None:
        self.rows.append(("ended", stream_id.int, reason))

    def session_started(
        self, session_id: uuid.UUID, stream_id: uuid.UUID, owner: KeyOwner, request: PublishRequest
    ) -> None:
        self.rows.append(("session", session_id.int, stream_id.int))

    def session_ended(self, session_id: uuid.UUID, *, clean: bool) -> None:
        self.rows.append(("session ended", session_id.int, clean))

    def publisher_refused(self, channel_id: int, request: PublishRequest, description: str) -> None:
        self.refusals.append((channel_id, description))

    def health_read(self, readings: Sequence[tuple[uuid.UUID, Status, Reading]], *, detail: bool) -> None:
        self.readings.append((list(readings), detail))

    def issue_began(self, stream_id: uuid.UUID, issue: Issue) -> None:
        self.issues.append(("began", stream_id.int, issue.type))

    def issue_ended(self, stream_id: uuid.UUID, kind: str) -> None:
        self.issues.append(("ended", stream_id.int, kind))


class RecordingPackager:
    info = None
    quiet_until = 0.0
    stats = LiveStream("", settings=HlsSettings(), spill=None, wall_clock_s=lambda: 0.0).stats

    def __init__(self, stream_id: uuid.UUID) -> None:
        self.stream_id = stream_id
        self.calls: list[str] = []
        self.ticks: list[float] = []
        self.due_every_s: float | None = None

    def configure(self, config: object, now: float) -> None:
        self.calls.append("configure")

    def push(self, packet: Packet, now: float) -> None:
        self.calls.append("push")

    def encoder_left(self, now: float) -> None:
        self.calls.append("left")

    def encoder_returned(self, now: float) -> None:
        self.calls.append("returned")

    def tick(self, now: float) -> float | None:
        self.ticks.append(now)
        return None if self.due_every_s is None else (now // self.due_every_s + 1) * self.due_every_s

    def close(self) -> None:
        self.calls.append("close")

    def finish(self, now: float) -> None:
        self.calls.append("finish")


class RecordingShelf:
    def __init__(self) -> None:
        self.current: dict[str, Any] = {}

    def add(self, login: str, stream: object) -> None:
        self.current[login] = stream

    def end(self, login: str, now: float) -> None:
        del self.current[login]


class Site:
    """One process's live channels with everything around them recorded."""

    def __init__(self) -> None:
        self.ledger = RecordingLedger()
        self.shelf = RecordingShelf()
        self.packagers: list[RecordingPackager] = []
        ids = iter(range(1, 1000))
        self.channels = LiveChannels(
            ledger=self.ledger,
            shelf=self.shelf,
            new_stream=cast("Callable[[uuid.UUID], LiveStream]", self.new_packager),
            new_id=lambda: uuid.UUID(int=next(ids)),
            grace_s=GRACE_S,
        )

    def new_packager(self, stream_id: uuid.UUID) -> RecordingPackager:
        self.packagers.append(RecordingPackager(stream_id))
        return self.packagers[-1]

    async def publish(self, key: str = "good") -> LivePublication:
        verdict = await self.channels.admit(request(key))
        assert isinstance(verdict, Accepted), verdict
        publication = verdict.publication
        assert isinstance(publication, LivePublication)
        publication.handle(CONFIG)
        publication.handle(FRAME)
        return publication

    def ended(self) -> list[str]:
        return [row[2] for row in self.ledger.rows if row[0] == "ended"]


def request(key: str = "good") -> PublishRequest:
    return PublishRequest(app="live", key=key, address="127.0.0.1", encoder="test")


def told_to_leave(publication: LivePublication) -> bool:
    return publication.scope.cancel_called


@pytest.fixture
def site() -> Site:
    return Site()


async def test_who_closes_channels_is_told_of_one_when_it_is_on_the_shelf(site: Site) -> None:
    told: list[tuple[KeyOwner, bool]] = []
    site.channels.goes_on_air = lambda owner: told.append((owner, owner.login in site.shelf.current))
    await site.publish()
    assert told == [(GOOD, True)]


async def test_a_known_key_goes_live_with_its_first_frame(site: Site) -> None:
    verdict = await site.channels.admit(request())
    assert isinstance(verdict, Accepted)
    assert not site.shelf.current
    verdict.publication.handle(CONFIG)
    assert not site.shelf.current
    verdict.publication.handle(FRAME)
    assert site.shelf.current == {"anna": site.packagers[0]}
    assert site.packagers[0].calls == ["configure", "push"]
    assert [row[0] for row in site.ledger.rows] == ["started", "session"]


@pytest.mark.parametrize(("key", "words"), [("wrong", "not known"), ("", "no stream key")])
async def test_a_wrong_key_is_refused_in_words(site: Site, key: str, words: str) -> None:
    verdict = await site.channels.admit(request(key))
    assert isinstance(verdict, Rejected)
    assert words in verdict.description
    assert site.ledger.rows == site.ledger.refusals == []


async def test_a_revoked_key_is_refused_with_its_reason(site: Site) -> None:
    site.ledger.keys["old"] = KeyOwner(2, 7, "anna", "", refusal="revoked on Monday")
    assert await site.channels.admit(request("old")) == Rejected("revoked on Monday")
    assert site.ledger.refusals == [(7, "revoked on Monday")]


async def test_an_owner_is_told_what_ended_the_publisher_and_not_that_the_server_stopped(site: Site) -> None:
    publication = await site.publish()
    await site.publish()
    await publication.end(clean=False)
    assert site.ledger.refusals == [(7, TAKEN_OVER)]
    site.channels.stop()
    assert len(site.ledger.refusals) == 1


async def test_an_owner_is_told_once_of_an_encoder_that_sends_only_what_cannot_be_used(site: Site) -> None:
    link = LinkStats()
    verdict = await site.channels.admit(replace(request(), link=lambda: link))
    assert isinstance(verdict, Accepted)
    site.channels.tick(0.0)
    assert site.ledger.refusals == []
    link.unsupported += ["VP8 video", "Speex audio"]
    for _ in range(2):
        site.channels.tick(0.0)
    [(channel_id, told)] = site.ledger.refusals
    assert channel_id == 7
    assert "sends VP8 video and Speex audio, which" in told


async def test_an_encoder_that_says_good_bye_ends_the_broadcast(site: Site) -> None:
    publication = await site.publish()
    await publication.end(clean=True)
    assert site.ended() == ["ended_by_encoder"]
    assert not site.shelf.current
    assert site.packagers[0].calls[-1] == "finish"


async def test_an_encoder_that_drops_leaves_the_broadcast_open_for_the_grace_time(
    site: Site, autojump_clock: MockClock
) -> None:
    publication = await site.publish()
    await publication.end(clean=False)
    site.channels.tick(trio.current_time() + GRACE_S - 0.1)
    assert site.ended() == []
    assert site.shelf.current
    site.channels.tick(trio.current_time() + GRACE_S)
    assert site.ended() == ["encoder_lost"]
    assert not site.shelf.current


@pytest.mark.parametrize(("due_every_s", "ticks"), [(None, 10), (0.333, 13), (0.0001, 100)])
async def test_streams_are_looked_at_ten_times_a_second_and_when_something_is_due(
    site: Site, due_every_s: float | None, ticks: int, autojump_clock: MockClock
) -> None:
    """E5: a GAP part that waits for the next tenth is late."""
    await site.publish()
    packager = site.packagers[0]
    packager.due_every_s = due_every_s
    with trio.move_on_after(1.0):
        await site.channels.run()
    assert len(packager.ticks) == pytest.approx(ticks, abs=2)
    if due_every_s == 0.333:
        assert {0.333, 0.666, 0.999} <= {round(at, 3) for at in packager.ticks}


async def test_a_quiet_stream_is_looked_at_when_it_may_have_something_to_do(
    site: Site, autojump_clock: MockClock
) -> None:
    await site.publish()
    packager = site.packagers[0]
    packager.quiet_until = 0.75
    with trio.move_on_after(0.99):
        await site.channels.run()
    assert [round(at, 2) for at in packager.ticks] == [0.75, 0.85, 0.95]


async def test_a_stream_is_not_looked_at_before_it_is_due_however_often_others_are(site: Site) -> None:
    broadcast = (await site.publish()).broadcast
    next_at = broadcast.look(10.0)
    assert next_at == pytest.approx(10.1)
    assert broadcast.look(10.05) == next_at
    assert site.packagers[0].ticks == [10.0]


async def test_an_encoder_that_returns_in_time_goes_on_with_the_same_broadcast(site: Site) -> None:
    first = await site.publish()
    await first.end(clean=False)
    second = await site.publish()
    assert second.broadcast is first.broadcast
    assert site.packagers[0].calls == ["configure", "push", "left", "returned", "configure", "push"]
    site.channels.tick(trio.current_time() + 10 * GRACE_S)
    assert site.ended() == []
    assert [row[0] for row in site.ledger.rows] == ["started", "session", "session ended", "session"]


async def test_an_encoder_that_never_sends_a_frame_leaves_no_trace(site: Site) -> None:
    verdict = await site.channels.admit(request())
    assert isinstance(verdict, Accepted)
    await verdict.publication.end(clean=False)
    assert site.ledger.rows == []
    assert site.channels.publications() == []
    assert site.packagers[0].calls == ["close"]
    fresh = await site.publish()
    assert fresh.broadcast.live is cast("Any", site.packagers[1])


async def test_the_newest_publisher_wins_and_the_old_one_is_told(site: Site) -> None:
    old = await site.publish()
    new = await site.publish()
    assert told_to_leave(old)
    assert "newest" in (old.end_reason or "")
    old.handle(FRAME)
    await old.end(clean=False)
    assert site.packagers[0].calls == ["configure", "push", "returned", "configure", "push"]
    assert new.broadcast.publication is new
    assert site.ended() == []


async def test_an_older_claim_that_arrives_late_does_not_win(site: Site) -> None:
    site.ledger.fences[7] = 10
    current = await site.publish()
    site.ledger.fences[7] = 3
    assert isinstance(await site.channels.admit(request()), Rejected)
    assert not told_to_leave(current)


async def test_a_claim_on_another_node_ends_our_publisher(site: Site) -> None:
    publication = await site.publish()
    await site.channels.recheck_claims()
    assert not told_to_leave(publication)
    await site.ledger.claim(7, uuid.UUID(int=999))
    await site.channels.recheck_claims(channel_id=8)
    assert not told_to_leave(publication)
    await site.channels.recheck_claims(channel_id=7)
    assert told_to_leave(publication)


async def test_a_key_revoked_while_live_ends_its_publisher_and_the_broadcast(site: Site) -> None:
    publication = await site.publish()
    site.ledger.keys["good"] = KeyOwner(1, 7, "anna", "", refusal="This stream key was revoked.")
    await site.channels.recheck_keys(key_id=2)
    assert not told_to_leave(publication)
    await site.channels.recheck_keys(key_id=1)
    assert told_to_leave(publication)
    assert publication.end_reason == "This stream key was revoked."
    await publication.end(clean=False)
    assert site.ended() == ["ended_by_server"]


async def test_a_channel_that_may_not_be_live_any_more_goes_off_air_at_once(site: Site) -> None:
    publication = await site.publish()
    await site.channels.recheck_channel(7)
    site.ledger.refusal = "This account is suspended."
    await site.channels.recheck_channel(8)
    assert not told_to_leave(publication)
    await site.channels.recheck_channel(7)
    assert told_to_leave(publication)
    assert publication.end_reason == "This account is suspended."
    await publication.end(clean=False)
    assert site.ended() == ["ended_by_server"]


async def test_a_channel_that_may_not_be_live_any_more_does_not_wait_for_its_encoder(site: Site) -> None:
    publication = await site.publish()
    await publication.end(clean=False)
    site.ledger.away = True
    site.ledger.refusal = "This account is suspended."
    await site.channels.recheck_channel(7)
    assert site.ended() == []
    site.ledger.away = False
    await site.channels.recheck_channel(7)
    assert site.ended() == ["ended_by_server"]
    assert not site.shelf.current
    site.ledger.away = True
    assert isinstance(await site.channels.admit(request()), Unavailable)  # not from memory


async def test_what_is_revoked_while_the_database_answers_is_not_missed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = site.ledger.key_owner

    async def revoked_meanwhile(key: str) -> KeyOwner | None:
        found = await answer(key)
        if site.ledger.asked == 1:
            site.ledger.keys["good"] = KeyOwner(1, 7, "anna", "", refusal="Revoked.")
            await site.channels.recheck_keys(key_id=1)
        return found

    monkeypatch.setattr(site.ledger, "key_owner", revoked_meanwhile)
    assert await site.channels.admit(request()) == Rejected("Revoked.")
    assert site.ledger.asked == 2


async def test_a_key_at_the_wrong_time_is_no_wrong_key(site: Site) -> None:
    held = KeyOwner(1, 7, "anna", "", refusal="Wait a minute.", is_wrong=False)
    for owner, wrong in ((held, 0), (KeyOwner(1, 7, "anna", "", refusal="Revoked."), 1)):
        site.ledger.keys["good"] = owner
        assert isinstance(await site.channels.admit(request()), Rejected)
        assert site.channels.keys.clients_with_wrong_keys == wrong


async def test_a_database_outage_does_not_end_anybody(site: Site) -> None:
    publication = await site.publish()
    site.ledger.away = True
    await site.channels.recheck_keys()
    await site.channels.recheck_claims()
    assert not told_to_leave(publication)


async def test_known_keys_pass_while_the_database_is_away_and_unknown_ones_may_retry(site: Site) -> None:
    await (await site.publish()).end(clean=True)
    site.ledger.away = True
    assert isinstance(await site.channels.admit(request("good")), Accepted)
    assert isinstance(await site.channels.admit(request("other")), Unavailable)


async def test_who_was_admitted_from_memory_claims_the_channel_when_the_database_is_back(site: Site) -> None:
    await (await site.publish()).end(clean=True)
    site.ledger.fences[7] = 5
    site.ledger.away = True
    publication = await site.publish()
    site.ledger.away = False
    await site.channels.recheck_claims()
    assert not told_to_leave(publication)
    assert publication.fence == site.ledger.fences[7] == 6


async def test_a_revoked_key_does_not_pass_from_memory(site: Site) -> None:
    await (await site.publish()).end(clean=True)
    site.ledger.keys["good"] = KeyOwner(1, 7, "anna", "", refusal="revoked")
    assert isinstance(await site.channels.admit(request()), Rejected)
    site.ledger.away = True
    assert isinstance(await site.channels.admit(request()), Unavailable)


async def test_stopping_ends_every_broadcast_and_admits_nobody(site: Site) -> None:
    publication = await site.publish()
    site.channels.stop()
    assert told_to_leave(publication)
    assert site.ended() == ["server_stopped"]
    await publication.end(clean=False)
    assert site.ended() == ["server_stopped"]
    assert isinstance(await site.channels.admit(request()), Unavailable)


async def test_counters_tell_what_happened(site: Site) -> None:
    await site.publish()
    await site.publish()
    await site.channels.admit(request("wrong"))
    samples = {name: value for name, _, value in site.channels.samples()}
    assert samples["weir_publishers"] == 1
    assert samples["weir_live_broadcasts"] == 1
    assert samples["weir_publishers_admitted_total"] == 2
    assert samples["weir_publishers_rejected_total"] == 1
    assert samples["weir_publisher_takeovers_total"] == 1
