"""Real encoders publish over TLS, to a certificate that they verify and to one that they were told not to."""

import pytest
import trio

from tests.rtmp.encoders import FFMPEGS, check_two_seconds, encode, ffmpeg, publish
from tests.rtmp.site import CERTIFICATES, running

pytestmark = pytest.mark.real

VERIFYING = ("-tls_verify", "1", "-ca_file", str(CERTIFICATES / "localhost.pem"))


@pytest.mark.parametrize("which", FFMPEGS)
@pytest.mark.parametrize("options", [VERIFYING, ("-tls_verify", "0")], ids=["verifying", "trusting"])
async def test_ffmpeg_publishes_with_tls(which: str, options: tuple[str, ...]) -> None:
    async with running() as site:
        publication = await publish(site, encode(ffmpeg(which), f"{site.secure_url}/live/KEY", *options))
    assert publication.ended == [True]
    check_two_seconds(publication)


@pytest.mark.parametrize("which", FFMPEGS)
async def test_ffmpeg_that_does_not_trust_the_certificate_is_no_error_of_ours(which: str) -> None:
    async with running() as site:
        result = await trio.run_process(
            encode(ffmpeg(which), f"{site.secure_url}/live/KEY", "-tls_verify", "1"),
            check=False,
            capture_stderr=True,
        )
        assert result.returncode
        assert not site.gate.requests
        await site.publish(await site.connect_securely())
