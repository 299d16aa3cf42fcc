"""Connection caps, and who counts as one client."""

import resource

from common.limits import (
    ConnectionCaps,
    ConnectionRate,
    client_group,
    is_loopback,
    raise_open_files_limit,
)


def test_one_client_cannot_take_all_connections() -> None:
    caps = ConnectionCaps(total=3, per_client=1)
    assert caps.enter("192.0.2.1")
    assert not caps.enter("192.0.2.1")
    assert caps.enter("192.0.2.2")
    caps.leave("192.0.2.1")
    assert caps.enter("192.0.2.1")
    assert caps.open == 2


def test_all_clients_together_stay_under_the_total_also_exempt_ones() -> None:
    caps = ConnectionCaps(total=2, per_client=1)
    assert caps.enter("127.0.0.1", exempt=True)
    assert caps.enter("127.0.0.1", exempt=True)
    assert not caps.enter("127.0.0.1", exempt=True)
    caps.leave("127.0.0.1", exempt=True)
    assert caps.enter("127.0.0.1")


def test_an_ipv6_client_is_its_64_bit_prefix() -> None:
    assert client_group("2001:db8::1") == client_group("2001:db8:0:0:ffff::2") == "2001:db8::/64"
    assert client_group("2001:db8:0:1::1") != client_group("2001:db8::1")
    assert client_group("192.0.2.1") == "192.0.2.1"
    assert client_group("") == ""


def test_loopback_is_recognised() -> None:
    assert is_loopback("127.0.0.53")
    assert is_loopback("::1")
    assert not is_loopback("192.0.2.1")
    assert not is_loopback("")


def test_soft_limit_of_open_files_is_raised_to_the_hard_one() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, before[1]), before[1]))
    try:
        assert raise_open_files_limit() == before[1]
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_after_a_burst_connections_are_paced_and_refused_ones_cost_nothing() -> None:
    rate = ConnectionRate(per_s=2, burst=3)
    assert [rate.allow("192.0.2.1", 0) for _ in range(5)] == [True, True, True, False, False]
    assert [rate.allow("192.0.2.1", 0.5) for _ in range(2)] == [True, False]
    assert rate.allow("192.0.2.2", 0.5)
    assert [rate.allow("192.0.2.1", 60) for _ in range(4)] == [True, True, True, False]


def test_pace_of_an_ipv6_customer_is_one() -> None:
    rate = ConnectionRate(per_s=1, burst=1)
    assert rate.allow("2001:db8::1", 0)
    assert not rate.allow("2001:db8::2", 0)


def test_clients_that_connected_longest_ago_are_forgotten() -> None:
    rate = ConnectionRate(per_s=1, burst=1, max_clients=2)
    for last in (1, 2, 3):
        assert rate.allow(f"192.0.2.{last}", 0)
    assert not rate.allow("192.0.2.3", 0)
    assert rate.allow("192.0.2.1", 0)
