"""Encoders that come with TLS, and encoders that come through a proxy."""

import ssl

import pytest
import structlog
import trio
from structlog.typing import EventDict

from common.media import Packet
from tests.rtmp.client import C0C1, command, greeting, message, read_replies, statuses, video_frame
from tests.rtmp.site import MEDIA, Site, context, running
from tests.rtmp.test_serve import is_closed

GOOD_BYE = command("FCUnpublish", 6, None, "KEY") + command("deleteStream", 7, None, 1)
LOCALHOST = ("127.0.0.1",)


def header(address: str) -> bytes:
    return f"PROXY TCP4 {address} 198.51.100.1 50000 1935\r\n".encode()


async def until_empty(site: Site) -> None:
    for _ in range(1000):
        if not site.stats.connections:
            break
        await trio.sleep(0.01)
    assert (site.stats.connections, site.stats.unauthenticated, site.stats.publishers) == (0, 0, 0)


async def read_to_the_end(stream: trio.abc.Stream) -> bytes:
    return b"".join([bytes(piece) async for piece in stream])


# -- TLS -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("last_words", "clean"), [(GOOD_BYE, True), (b"", False)])
async def test_publisher_with_tls_comes_sends_and_leaves(last_words: bytes, clean: bool) -> None:  # noqa: FBT001 # a table
    async with running() as site:
        encoder = await site.publish(await site.connect_securely())
        assert (site.stats.publishers, site.stats.unauthenticated) == (1, 0)
        await encoder.send_all(message(video_frame(), time=80) + last_words)
        await encoder.aclose()  # TLS says good-bye, which is none of RTMP's
        (publication,) = site.gate.publications
        await publication.over.wait()
        await until_empty(site)
    assert publication.ended == [clean]
    assert len(publication.of(Packet)) == 2


async def test_tls_that_is_cut_is_a_drop_like_any() -> None:
    async with running() as site:
        encoder = await site.connect_securely()
        await site.publish(encoder)
        await encoder.transport_stream.aclose()
        (publication,) = site.gate.publications
        await publication.over.wait()
        await until_empty(site)
    assert publication.ended == [False]
    assert site.stats.protocol_errors_total == 0


async def test_publishers_with_tls_read_for_themselves_beside_those_of_the_tick() -> None:
    async with running(tick_publishers=2) as site:
        plain = [await site.publish() for _ in range(3)]
        secure = await site.publish(await site.connect_securely())
        for encoder in [*plain, secure]:
            for time in range(80, 800, 40):
                await encoder.send_all(message(video_frame(), time=time))
        for publication in site.gate.publications:
            for _ in range(1000):
                if len(publication.items) == 20:
                    break
                await trio.sleep(0.01)
            assert len(publication.items) == 20


async def test_rejected_encoder_reads_why_and_sees_the_end_over_tls_too() -> None:
    async with running() as site:
        encoder = await site.connect_securely()
        await encoder.send_all(greeting("WRONG"))
        with trio.fail_after(5):
            (status,) = statuses(read_replies(await read_to_the_end(encoder)))
    assert status["code"] == "NetStream.Publish.Denied"


async def test_new_connections_get_the_renewed_certificate_and_old_ones_go_on() -> None:
    async with running() as site:
        before = await site.publish(await site.connect_securely())
        site.context = context("renewed")
        client = await site.connect_securely()
        with pytest.raises(trio.BrokenResourceError) as refused:
            await client.do_handshake()
        assert isinstance(refused.value.__cause__, ssl.SSLCertVerificationError)
        await before.send_all(message(video_frame(), time=80))
        while len(site.gate.publications[0].of(Packet)) < 2:  # arrives over a socket
            await trio.sleep(0.01)


@pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01\x02\x00\x01\x00"])
async def test_slow_tls_handshake_is_dropped_with_the_time_to_publish(
    begun: bytes, mock_clock: trio.testing.MockClock
) -> None:
    mock_clock.autojump_threshold = 0.1
    async with running() as site:
        stranger = await site.connect(site.secure_port)
        await stranger.send_all(begun)
        assert await is_closed(stranger)
        assert trio.current_time() == pytest.approx(10, abs=1)
        await until_empty(site)
    assert site.stats.timeouts_total == 1


async def test_time_for_tls_is_part_of_the_time_to_publish(mock_clock: trio.testing.MockClock) -> None:
    mock_clock.autojump_threshold = 0.1
    async with running() as site:
        stranger = await site.connect_securely()
        await trio.sleep(6)
        await stranger.do_handshake()
        await stranger.send_all(C0C1)
        await read_to_the_end(stranger)
        assert trio.current_time() == pytest.approx(10, abs=1)
        await until_empty(site)


async def test_handshakes_under_way_count_as_strangers() -> None:
    async with running(max_unauthenticated=2) as site:
        for _ in range(2):
            await (await site.connect(site.secure_port)).send_all(b"\x16")
        for _ in range(1000):
            if site.stats.unauthenticated == 2:
                break
            await trio.sleep(0.01)
        assert await is_closed(await site.connect(site.secure_port))
        assert await is_closed(await site.connect())
        assert site.stats.refused_total == 2


async def broken(site: Site, sent: bytes) -> EventDict:
    """Send something wrong to the TLS port; give the one line that is logged."""
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        stranger = await site.connect(site.secure_port)
        await stranger.send_all(sent)
        await is_closed(stranger)
        await until_empty(site)
    (ended,) = [line for line in lines if line["log_level"] != "debug"]
    return ended


@pytest.mark.parametrize(
    "sent", [C0C1, b"GET / HTTP/1.1\r\n\r\n", bytes(range(100, 200)), b"\x16\x03\x01\x00\x05hello"]
)
async def test_what_is_no_tls_is_one_line(sent: bytes) -> None:
    async with running() as site:
        ended = await broken(site, sent)
        assert site.stats.protocol_errors_total == 1
    assert (ended["event"], ended["address"]) == ("connection_ended", "127.0.0.1")
    assert "no TLS: " in str(ended["errors"])


async def test_old_tls_is_refused() -> None:
    async with running() as site:
        old = ssl.create_default_context()
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        client = trio.SSLStream(await site.connect(site.secure_port), old)
        with pytest.raises(trio.BrokenResourceError):
            await client.do_handshake()


async def test_port_scan_of_the_tls_port_is_no_news() -> None:
    with structlog.testing.capture_logs() as lines:
        async with running() as site:
            for sent in (b"", b"\x16\x03\x01"):
                stranger = await site.connect(site.secure_port)
                await stranger.send_all(sent)
                await stranger.aclose()
            for _ in range(1000):
                if site.stats.connections_total == 2:
                    break
                await trio.sleep(0.01)
            await until_empty(site)
    assert {line["log_level"] for line in lines} == {"debug"}
    assert site.stats.protocol_errors_total == 0


# -- proxies ---------------------------------------------------------------------------------------------------------


async def test_address_behind_a_trusted_proxy_is_what_counts() -> None:
    async with running(proxies=LOCALHOST, max_per_address=1) as site:
        plain, secure = await site.connect(), await site.connect_securely(header("203.0.113.6"))
        await plain.send_all(header("203.0.113.5"))
        for encoder in (plain, secure):
            await site.publish(encoder)
        assert [request.address for request in site.gate.requests] == ["203.0.113.5", "203.0.113.6"]
        third = await site.connect()
        await third.send_all(header("203.0.113.5") + greeting() + MEDIA)
        assert await is_closed(third)
        assert site.stats.refused_total == 1


async def test_proxy_that_checks_our_health_is_no_news() -> None:
    with structlog.testing.capture_logs() as lines:
        async with running(proxies=LOCALHOST) as site:
            checker = await site.connect()
            await checker.send_all(b"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00")
            await checker.aclose()
            for _ in range(1000):
                if site.stats.connections_total == 1:
                    break
                await trio.sleep(0.01)
            await until_empty(site)
    assert {line["log_level"] for line in lines} <= {"debug"}


async def test_proxy_header_is_optional_and_may_hide_the_client() -> None:
    async with running(proxies=LOCALHOST) as site:
        await site.publish()
        unknown = await site.connect()
        await unknown.send_all(b"PROXY UNKNOWN\r\n")
        await site.publish(unknown)
    assert [request.address for request in site.gate.requests] == ["127.0.0.1", "127.0.0.1"]


@pytest.mark.parametrize("proxies", [(), ("10.0.0.0/8",), LOCALHOST])
async def test_wrong_proxy_header_is_a_protocol_error(proxies: tuple[str, ...]) -> None:
    sent = header("203.0.113.5") if proxies != LOCALHOST else b"PROXY TCP4 nobody\r\n"
    async with running(proxies=proxies) as site:
        ended = await broken(site, sent)
        assert site.stats.protocol_errors_total == 1
    assert "ProxyProtocolError" in str(ended["errors"])
    assert "PROXY header" in str(ended["errors"])


async def test_slow_proxy_header_is_dropped_with_the_time_to_publish(
    mock_clock: trio.testing.MockClock,
) -> None:
    mock_clock.autojump_threshold = 0.1
    async with running(proxies=LOCALHOST) as site:
        proxy = await site.connect()
        await proxy.send_all(header("203.0.113.5")[:20])
        assert await is_closed(proxy)
        assert trio.current_time() == pytest.approx(10, abs=1)
        await until_empty(site)
