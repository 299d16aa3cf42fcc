"""Right keys are remembered; wrong ones make their address wait, whether or not the database would answer."""

import trio
from trio.testing import MockClock

from common.ingest import Accepted, PublishRequest, Rejected, Unavailable, Verdict
from tests.weir.test_live import GOOD, Site
from weir.keys import KEY_CACHE, KeyOwner, SeenKeys

ROUTER = "192.0.2.1"
SENTENCE = "Too many wrong stream keys came from your address. Wait 10 s,"


def request(key: str, address: str = ROUTER) -> PublishRequest:
    return PublishRequest(app="live", key=key, address=address, encoder="test")


async def guess(site: Site, times: int, address: str = ROUTER) -> list[Verdict]:
    await trio.lowlevel.checkpoint()
    return [await site.channels.admit(request(f"guess {number}", address)) for number in range(times)]


async def test_after_ten_wrong_keys_the_address_is_told_to_wait_without_a_look_at_the_key(
    autojump_clock: MockClock,
) -> None:
    site = Site()
    verdicts = await guess(site, 11)
    asked = site.ledger.asked
    assert all(isinstance(verdict, Rejected) for verdict in verdicts)
    site.ledger.keys["newly made"] = GOOD
    verdict = await site.channels.admit(request("newly made"))
    assert isinstance(verdict, Rejected)
    assert verdict.description.startswith(SENTENCE)
    assert site.ledger.asked == asked == 11
    assert dict(sample[::2] for sample in site.channels.samples())["weir_publishers_held_back_total"] == 1
    await trio.sleep(10)
    assert isinstance(await site.channels.admit(request("newly made")), Accepted)


async def test_a_key_that_was_right_lately_gets_in_beside_a_guesser() -> None:
    site = Site()
    assert isinstance(await site.channels.admit(request("good")), Accepted)
    await guess(site, 20)
    assert isinstance(await site.channels.admit(request("good")), Accepted)
    assert isinstance(await site.channels.admit(request("guess 1")), Rejected)


async def test_a_guesser_holds_back_neither_other_addresses_nor_loopback() -> None:
    site = Site()
    await guess(site, 20)
    await guess(site, 20, "127.0.0.1")
    for address in ("192.0.2.2", "127.0.0.1"):
        assert isinstance(await site.channels.admit(request("good", address)), Accepted)


async def test_keys_that_could_not_be_checked_were_not_wrong() -> None:
    site = Site()
    site.ledger.away = True
    assert all(isinstance(verdict, Unavailable) for verdict in await guess(site, 30))
    site.ledger.away = False
    assert isinstance(await site.channels.admit(request("good")), Accepted)


def test_the_newest_keys_are_remembered() -> None:
    keys = SeenKeys()
    for number in range(KEY_CACHE + 1):
        keys.remember(str(number), GOOD)
    assert keys.owner("0") is None
    assert keys.owner("1") is GOOD


def test_a_key_that_may_no_longer_publish_is_forgotten() -> None:
    keys = SeenKeys()
    for now_unknown in (None, KeyOwner(1, 7, "anna", "", refusal="Revoked.")):
        keys.remember("key", GOOD)
        keys.remember("key", now_unknown)
        assert keys.owner("key") is None
