"""The bench of notices measures what it says, on a small site."""

import pytest
import trio

from bench.notify import EVENTS, measure
from bench.servers import data_directory

pytestmark = pytest.mark.real


def test_every_notice_and_webhook_is_delivered() -> None:
    with data_directory() as data_dir:
        paces = trio.run(measure, data_dir, 30, 2)
    assert [(pace.what.split(maxsplit=1)[0], pace.count) for pace in paces] == [
        ("notices", 30),
        ("push", 30),
        ("changes", EVENTS),
        ("webhook", 2 * EVENTS),
        ("webhook", 2 * EVENTS),
    ]
    assert all(pace.wall_s > 0 and len(pace.row()) == 5 for pace in paces)
