"""GStreamer publishes to a real socket: chunks of 128 bytes unless told otherwise, and its own idea of how to leave."""

import subprocess
from functools import partial

import pytest
import trio

from common.media import Packet
from rtmp.session import ServerSession, State
from tests.rtmp.encoders import check_two_seconds, gstreamer, publish
from tests.rtmp.recorder import UNKNOWN_KEY
from tests.rtmp.site import running

pytestmark = pytest.mark.real

B_FRAMES = 2
"""Before the first frame that is shown; flvmux moves their negative decode times to zero, all to the same."""


@pytest.mark.parametrize("options", [(), ("chunk-size=65536",)], ids=["chunks of 128", "chunks of 64 KiB"])
async def test_gstreamer_publishes_and_says_good_bye(options: tuple[str, ...]) -> None:
    async with running() as site:
        publication = await publish(site, gstreamer(f"{site.url}/live/KEY", *options))
    assert publication.ended == [True]
    check_two_seconds(publication, settled_after=B_FRAMES)
    (request,) = site.gate.requests
    assert (request.app, request.key, request.encoder) == ("live", "KEY", "LNX 10,0,32,18")
    assert (site.stats.undecodable_total, site.stats.protocol_errors_total) == (0, 0)


@pytest.mark.parametrize(
    ("stop", "clean"),
    [("none", False), ("fcunpublish", True), ("closestream", True), ("deletestream", True)],
)
async def test_gstreamer_s_ways_to_stop(stop: str, clean: bool) -> None:  # noqa: FBT001  # pytest passes by name
    async with running() as site:
        publication = await publish(site, gstreamer(f"{site.url}/live/KEY", f"stop-commands={stop}"))
    assert publication.ended == [clean]
    check_two_seconds(publication, settled_after=B_FRAMES)


@pytest.mark.parametrize(
    ("path", "app"),
    [("/live/KEY?user=u&pass=p", "live"), ("/live/eu/KEY", "live/eu"), ("/live?vhost=h/KEY", "live")],
    ids=["query behind the key", "two components of app", "query behind the app"],
)
async def test_gstreamer_s_way_to_take_a_url_apart_leads_to_the_key(path: str, app: str) -> None:
    async with running() as site:
        await publish(site, gstreamer(site.url + path))
        (request,) = site.gate.requests
    assert (request.app, request.key) == (app, "KEY")


async def test_gstreamer_shows_why_it_was_rejected() -> None:
    async with running() as site:
        result = await trio.run_process(gstreamer(f"{site.url}/live/WRONG"), check=False, capture_stderr=True)
    shown = result.stderr.decode()
    assert result.returncode != 0
    assert "Not authorized to connect" in shown
    assert UNKNOWN_KEY in shown
    assert (site.stats.rejected_total, site.stats.connections_total) == (1, 1)


async def test_gstreamer_fails_at_once_when_there_is_no_verdict() -> None:
    async with running() as site:
        result = await trio.run_process(gstreamer(f"{site.url}/live/AWAY"), check=False, capture_stderr=True)
    assert result.returncode != 0
    assert "connection closed remotely" in result.stderr.decode()
    assert site.stats.unavailable_total == 1


async def test_gstreamer_stops_when_its_key_is_revoked() -> None:
    async with running() as site, trio.open_nursery() as nursery:
        run = partial(
            trio.run_process,
            gstreamer(f"{site.url}/live/KEY", live=True),
            check=False,
            stdout=subprocess.DEVNULL,
            capture_stderr=True,
        )
        process = await nursery.start(run)
        publication = await site.gate.wait_publication()
        publication.revoke("Your stream key was revoked.")
        await process.wait()
    assert process.returncode != 0
    assert publication.ended == [False]


async def test_killed_gstreamer_leaves_uncleanly() -> None:
    async with running() as site, trio.open_nursery() as nursery:
        process = await nursery.start(
            partial(trio.run_process, gstreamer(f"{site.url}/live/KEY", live=True), check=False)
        )
        publication = await site.gate.wait_publication()
        process.kill()
        await publication.over.wait()
    assert publication.ended == [False]
    assert publication.of(Packet)


async def test_gstreamer_publishes_with_tls_to_a_certificate_it_was_told_not_to_check() -> None:
    async with running() as site:
        publication = await publish(
            site, gstreamer(f"{site.secure_url}/live/KEY", "tls-validation-flags=no-flags")
        )
    assert publication.ended == [True]
    check_two_seconds(publication, settled_after=B_FRAMES)


async def test_gstreamer_does_not_publish_to_a_certificate_it_does_not_trust() -> None:
    async with running() as site:
        result = await trio.run_process(
            gstreamer(f"{site.secure_url}/live/KEY"), check=False, capture_stderr=True
        )
    assert result.returncode != 0
    assert site.gate.requests == []


async def reject_with(code: str, stream: trio.SocketStream) -> None:
    """A whole server that rejects everybody with a code of its own; ours only says `Denied`."""
    session = ServerSession()
    async for data in stream:
        session.receive_data(bytes(data))
        if session.state is State.DECIDING:
            session.reject(code, "One sentence that says why.")
        await stream.send_all(session.data_to_send())


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("NetStream.Publish.Denied", "Not authorized to connect: publish denied"),
        ("NetStream.Publish.BadName", "publish denied; stream already exists"),
        ("NetStream.Publish.Unauthorized", "Failed to connect"),
    ],
)
async def test_gstreamer_shows_codes_in_its_own_words(code: str, shown: str) -> None:
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            (listener,) = await nursery.start(
                partial(trio.serve_tcp, partial(reject_with, code), 0, host="127.0.0.1")
            )
            port = listener.socket.getsockname()[1]
            result = await trio.run_process(
                gstreamer(f"rtmp://127.0.0.1:{port}/live/KEY"), check=False, capture_stderr=True
            )
            nursery.cancel_scope.cancel()
    words = result.stderr.decode()
    assert result.returncode != 0
    assert shown in words
    assert "One sentence that says why." in words or code.endswith("BadName")
