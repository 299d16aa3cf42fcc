"""GStreamer to the browser: chunks of 128 bytes, and first frames that share one decode time."""

import subprocess
from collections.abc import Callable

import pytest

from tests.browser import chromium_page, own_thread
from tests.e2e.harness import Encoder, Weir
from tests.e2e.test_live import watch_to_the_end
from tests.rtmp.encoders import gstreamer

pytestmark = pytest.mark.real


@own_thread
def test_gstreamer_to_chromium_and_a_clean_end(weir_factory: Callable[..., Weir]) -> None:
    weir = weir_factory()
    command = gstreamer(f"{weir.rtmp}/{weir.key}", live=True)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    encoder = Encoder(process)
    try:
        with chromium_page() as page:
            watch_to_the_end(page, weir, encoder)
    finally:
        encoder.kill()
    assert process.returncode == 0
    assert not [line for line in weir.errors if "Traceback" in line or "undecodable" in line]
