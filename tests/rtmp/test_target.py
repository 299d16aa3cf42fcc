"""How clients take a publish URL apart, and what comes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmp.target import split_target

SPELLINGS: dict[str, tuple[str, str, str, tuple[str, str]]] = {
    "server and key": ("live", "rtmp://h/live", "KEY", ("live", "KEY")),
    "trailing slash": ("live/", "rtmp://h/live/", "KEY", ("live", "KEY")),
    "slashes everywhere": ("/live//", "", "/KEY/", ("live", "KEY")),
    "OBS: key in the server field, no key": ("live/KEY", "rtmp://h/live/KEY", "", ("live", "KEY")),
    "OBS: key in the server field with a slash": ("live/KEY/", "", "", ("live", "KEY")),
    "OBS: key in the server field, multitrack": ("live/KEY", "", "?clientConfigId=1", ("live", "KEY")),
    "OBS: query behind the key": ("live", "", "KEY?user=u&pass=p", ("live", "KEY")),
    "OBS: query behind the server": ("live?vhost=x", "", "KEY", ("live", "KEY")),
    "query with slashes behind a key in the app": ("live/KEY?next=a/b", "", "", ("live", "KEY")),
    "one field with credentials before the key": ("live?user=u&pass=p/KEY", "", "", ("live", "KEY")),
    "the same with a query behind": ("live?user=u/KEY?a=b", "", "", ("live", "KEY")),
    "ffmpeg: four components": ("a/b", "rtmp://h/a/b", "c/d", ("a/b", "c/d")),
    "ffmpeg: one component": ("live", "rtmp://h/live", "", ("live", "")),
    "Flash: default instance": ("live/_definst_", "", "KEY", ("live", "KEY")),
    "nothing": ("", "", "", ("", "")),
    "no app, key only": ("", "", "KEY", ("", "KEY")),
    "no app, but a tcUrl": ("", "rtmp://h:1935/live", "KEY", ("live", "KEY")),
    "Neko: a quote before the tcUrl": ("", "'rtmp://h/live/KEY", "", ("live", "KEY")),
    "tcUrl without a path": ("", "rtmp://h", "KEY", ("", "KEY")),
    "tcUrl that is none": ("", "live/KEY", "", ("", "")),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_spelling(name: str) -> None:
    app, tc_url, stream, expected = SPELLINGS[name]
    assert split_target(app, tc_url, stream) == expected


@given(st.text("/?=&ab_:", max_size=12), st.text("/?:ab", max_size=12), st.text("/?=ab", max_size=8))
def test_any_text_gives_clean_parts(app: str, tc_url: str, name: str) -> None:
    path, key = split_target(app, tc_url, name)
    assert path == path.strip("/")
    assert "?" not in path + key
    assert "//" not in path
