"""One role a process, behind one database: the same platform as all in one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from common.embedded_pg import cluster_status
from tests.e2e.harness import Encoder, Weir, get, poll

pytestmark = pytest.mark.real

REDIS_URL = "redis://127.0.0.1:6379/0"


def test_a_role_without_a_shared_database_and_redis_is_refused(weir_factory: Callable[..., Weir]) -> None:
    weir = weir_factory()
    refused = weir.cli("serve", "media")
    assert refused.returncode == 1
    assert "WEIR_DATABASE_URL and WEIR_REDIS_URL" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_media_and_web_in_two_processes(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder], tmp_path: Path
) -> None:
    together = weir_factory(data_dir=tmp_path / "all")
    status = cluster_status(tmp_path / "all")
    assert status is not None
    assert status.dsn is not None
    shared = {"WEIR_DATABASE_URL": status.dsn, "WEIR_REDIS_URL": REDIS_URL}
    media = weir_factory(command="serve media", data_dir=tmp_path / "media", WEIR_NODE="media-1", **shared)
    web = weir_factory(
        command="serve web",
        data_dir=tmp_path / "web",
        WEIR_NODE="web-1",
        WEIR_PUBLIC_HLS_URL=media.hls,
        **shared,
    )
    encoder = publish(f"{media.rtmp}/{together.key}")
    poll(
        "on the page",
        lambda: '"user_login":"streamer"' in get(f"{web.web}/api/streams")[1].replace(" ", ""),
        20,
    )
    poll("playable", lambda: get(f"{media.hls}/hls/streamer/index.m3u8")[0] == 200, 20)
    assert media.hls in get(f"{web.web}/api/site")[1]

    # The newest publisher wins across nodes too: the first one is told to leave.
    publish(f"{together.rtmp}/{together.key}")
    poll("the first encoder has left", lambda: encoder.process.poll() is not None, 10)
    poll("playable there", lambda: get(f"{together.hls}/hls/streamer/index.m3u8")[0] == 200, 20)
    assert web.stop() == media.stop() == 0
