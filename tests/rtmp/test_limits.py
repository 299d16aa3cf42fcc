"""The door: caps on connections."""

from rtmp.limits import Door, RtmpLimits, RtmpStats, Visit


def door(**limits: int) -> tuple[Door, RtmpStats]:
    stats = RtmpStats()
    return Door(RtmpLimits(**limits), stats), stats


def leave(visit: Visit | None) -> None:
    assert visit
    with visit:
        pass


def test_connections_are_capped_in_all() -> None:
    entry, stats = door(max_connections=2)
    visits = [entry.enter(f"192.0.2.{i}", 0) for i in range(3)]
    assert [visit is not None for visit in visits] == [True, True, False]
    leave(visits[0])
    assert entry.enter("192.0.2.9", 0)
    assert (stats.connections, stats.connections_total, stats.refused_total) == (2, 3, 1)


def test_connections_are_capped_by_address_but_not_on_loopback() -> None:
    entry, _ = door(max_per_address=1)
    first = entry.enter("192.0.2.1", 0)
    assert first
    assert not entry.enter("192.0.2.1", 0)
    assert entry.enter("192.0.2.2", 0)
    assert entry.enter("2001:db8::1", 0)
    assert not entry.enter("2001:db8::2", 0)
    assert entry.enter("127.0.0.1", 0)
    assert entry.enter("127.0.0.1", 0)
    leave(first)
    assert entry.enter("192.0.2.1", 0)


def test_connections_through_a_proxy_are_capped_by_the_client_that_it_names() -> None:
    entry, stats = door(max_per_address=1, max_connections=3)
    first, second = (entry.enter("10.0.0.1", 0, proxy=True) for _ in range(2))
    assert first
    assert second
    assert first.identify("192.0.2.1", 0)
    assert not second.identify("192.0.2.1", 0)
    leave(second)
    assert (stats.connections, stats.refused_total) == (1, 1)
    assert not entry.enter("192.0.2.1", 0)
    leave(first)
    assert entry.enter("192.0.2.1", 0)


def test_a_proxy_that_names_nobody_is_a_client_like_any() -> None:
    entry, _ = door(max_per_address=1)
    first, second = (entry.enter("10.0.0.1", 0, proxy=True) for _ in range(2))
    assert first
    assert second
    assert first.identify("10.0.0.1", 0)
    assert not second.identify("10.0.0.1", 0)


def test_connections_that_have_not_published_are_capped() -> None:
    entry, stats = door(max_unauthenticated=1)
    assert entry.enter("192.0.2.1", 0)
    stats.unauthenticated = 1
    assert not entry.enter("192.0.2.2", 0)
    stats.unauthenticated = 0
    assert entry.enter("192.0.2.2", 0)


def test_one_address_cannot_come_and_go_without_end() -> None:
    entry, stats = door(connect_burst=3)
    for expected in (True, True, True, False):
        visit = entry.enter("192.0.2.1", 0)
        assert (visit is not None) is expected
        if visit:
            leave(visit)
    assert stats.refused_total == 1
    assert entry.enter("192.0.2.2", 0)
    assert entry.enter("192.0.2.1", 0.11)
    assert not entry.enter("192.0.2.1", 0.15)
    assert all(entry.enter("127.0.0.1", 0) for _ in range(50))


def test_proxy_may_connect_as_often_as_it_has_clients() -> None:
    entry, _ = door(connect_burst=1)
    for last in range(50):
        visit = entry.enter("10.0.0.1", 0, proxy=True)
        assert visit
        assert visit.identify(f"192.0.2.{last}", 0)
    again = entry.enter("10.0.0.1", 0, proxy=True)
    assert again
    assert not again.identify("192.0.2.1", 0)
