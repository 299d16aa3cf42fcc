"""The door: caps on connections."""

from rtmp.limits import Door, RtmpLimits, RtmpStats


def door(**limits: int) -> tuple[Door, RtmpStats]:
    stats = RtmpStats()
    return Door(RtmpLimits(**limits), stats), stats


def test_connections_are_capped_in_all() -> None:
    entry, stats = door(max_connections=2)
    assert [entry.enter(f"192.0.2.{i}") for i in range(3)] == [True, True, False]
    entry.leave("192.0.2.0")
    assert entry.enter("192.0.2.9")
    assert (stats.connections, stats.connections_total, stats.refused_total) == (2, 3, 1)


def test_connections_are_capped_by_address_but_not_on_loopback() -> None:
    entry, _ = door(max_per_address=1)
    assert [entry.enter("192.0.2.1"), entry.enter("192.0.2.1"), entry.enter("192.0.2.2")] == [
        True,
        False,
        True,
    ]
    assert [entry.enter("2001:db8::1"), entry.enter("2001:db8::2")] == [True, False]
    assert [entry.enter("127.0.0.1"), entry.enter("127.0.0.1")] == [True, True]
    entry.leave("192.0.2.1")
    assert entry.enter("192.0.2.1")


def test_connections_that_have_not_published_are_capped() -> None:
    entry, stats = door(max_unauthenticated=1)
    assert entry.enter("192.0.2.1")
    stats.unauthenticated = 1
    assert not entry.enter("192.0.2.2")
    stats.unauthenticated = 0
    assert entry.enter("192.0.2.2")
