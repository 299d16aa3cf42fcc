"""Where `weir publish` sends to, and that the key never shows."""

import pytest

from weir.publish_target import TargetError, parse_target


@pytest.mark.parametrize(
    ("url", "key", "full", "shown", "host", "port"),
    [
        ("rtmp://h/live/k", None, "rtmp://h/live/k", "rtmp://h/live", "h", 1935),
        ("rtmp://h:19/live/k", "other", "rtmp://h:19/live/k", "rtmp://h:19/live", "h", 19),
        ("rtmp://h/live", " k\n", "rtmp://h/live/k", "rtmp://h/live", "h", 1935),
        ("rtmp://h/live/", "k", "rtmp://h/live/k", "rtmp://h/live", "h", 1935),
        ("rtmp://h/a/b/k?x=1", None, "rtmp://h/a/b/k?x=1", "rtmp://h/a/b", "h", 1935),
        ("rtmp://h/live?vhost=v", "k", "rtmp://h/live/k?vhost=v", "rtmp://h/live", "h", 1935),
        ("rtmps://h/live/k", None, "rtmps://h/live/k", "rtmps://h/live", "h", 443),
        ("rtmp://[::1]:5/live/k", None, "rtmp://[::1]:5/live/k", "rtmp://[::1]:5/live", "::1", 5),
    ],
)
def test_url_and_key_are_put_together(
    url: str, key: str | None, full: str, shown: str, host: str, port: int
) -> None:
    target = parse_target(url, key)
    assert (target.url, target.shown, target.host, target.port) == (full, shown, host, port)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("rtmp://h/live", "no stream key"),
        ("rtmp://h", "names no application"),
        ("http://h/live/k", "no RTMP address"),
        ("live/k", "no RTMP address"),
        ("rtmp://h:99999/live/k", "no address"),
        ("rtmp:///live/k", "no RTMP address"),
    ],
)
def test_wrong_addresses_are_refused_with_what_is_wrong(url: str, complaint: str) -> None:
    with pytest.raises(TargetError, match=complaint):
        parse_target(url, None)


def test_key_stays_out_of_reprs() -> None:
    assert "secret" not in repr(parse_target("rtmp://h/live", "secret"))
