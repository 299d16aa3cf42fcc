"""Where answers may be sent: what an app may register, and what counts as registered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.redirect_uris import (
    InvalidRedirectUriError,
    check_redirect_uri,
    is_loopback_uri,
    is_registered,
    shown_target,
    with_parameters,
)

GOOD = [
    "https://app.example/callback",
    "https://app.example",
    "https://app.example:8443/a/b?tenant=7",
    "https://xn--bcher-kva.example/",
    "https://192.0.2.7/cb",
    "https://app.example/a..b/.well-known/x",
    "http://localhost:3000/callback",
    "http://127.0.0.1/cb",
    "http://[::1]:8080/",
    "https://app.example/%F0%9F%8D%8C",
]
BAD = [
    "",
    "callback",
    "//app.example/cb",
    "javascript:alert(1)",
    "data:text/html,x",
    "com.example.app:/cb",
    "urn:ietf:wg:oauth:2.0:oob",
    "ftp://app.example/",
    "http://app.example/cb",
    "http://localhost.evil.example/",
    "http://127.0.0.1.evil.example/",
    "http://127.1/",
    "http://2130706433/",
    "http://[::ffff:127.0.0.1]/",
    "http://0.0.0.0/",
    "https://user@app.example/",
    "https://app.example@evil.example/",
    "https://app.example:pw@evil.example/",
    "https://app.example/cb#fragment",
    "https://app.example/cb#",
    "https://app.example/../cb",
    "https://app.example/a/./b",
    "https://app.example/%2e%2e/cb",
    "https://app.example/a%2f..%2fb",
    "https://app.example/a%5c..%5cb",
    "https://app.example\\@evil.example/",
    "https://app.example/a\\b",
    "https:///app.example/",
    "https:/app.example/",
    "https:app.example/",
    "HTTPS://app.example/",
    "https://App.example/",
    "https://*.example/",
    "https://app.example/*",
    "https://app.example /",
    "https://app.example/a b",
    "https://app.example/\r\nSet-Cookie: a=b",
    "https://app.example/\t",
    "https://app.example/\x00",
    "https://bücher.example/",
    "https://app.example/ü",
    "https://app。example/",  # an ideographic full stop, which browsers take for a dot
    "https://app.example:0/",
    "https://app.example:99999/",
    "https://app.example:/",
    "https://-app.example/",
    "https://app..example/",
    "https://.example/",
    "https://app.example/%",
    "https://app.example/%zz",
    'https://app.example/"><script>',
    "https://app.example/?code=1",
    "https://app.example/?a=b&st%61te=1",
    "https://app.example/?iss",
    "https://[::1]extra/",
    "https://" + "a" * 500 + ".example/",
]


@pytest.mark.parametrize("uri", GOOD)
def test_what_an_app_may_register(uri: str) -> None:
    assert check_redirect_uri(uri) == uri
    assert is_registered(uri, [uri])


@pytest.mark.parametrize("uri", BAD)
def test_what_no_app_may_register(uri: str) -> None:
    with pytest.raises(InvalidRedirectUriError):
        check_redirect_uri(uri)
    assert not is_registered(uri, GOOD)


ELSEWHERE = [
    "https://app.example/callback/",
    "https://app.example/callback?x=1",
    "https://app.example/callback/../x",
    "https://app.example/Callback",
    "https://APP.example/callback",
    "https://app.example:443/callback",
    "https://app.example/%63allback",
    "https://app.example/callback#",
    "http://app.example/callback",
    "https://app.example.evil.example/callback",
    "https://app.example%2fcallback",
    " https://app.example/callback",
    "https://app.example/callback\n",
    "https://app.example:8444/a/b?tenant=7",
    "https://app.example:8443/a/b?tenant=8",
    "http://localhost:3000/callback/",
    "http://localhost:70000/callback",
    "http://127.0.0.1:3000/callback",  # registered for localhost: another name
    "https://localhost:3000/callback",
    "http://localhost:3000@evil.example/callback",
    "http://[::1]:1/x",
]


@pytest.mark.parametrize("uri", ELSEWHERE)
def test_only_what_was_registered_letter_by_letter_is_registered(uri: str) -> None:
    assert not is_registered(uri, GOOD)


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost/callback",
        "http://localhost:54321/callback",
        "http://127.0.0.1:9/cb",
        "http://[::1]/",
    ],
)
def test_on_the_users_own_machine_any_port_will_do(uri: str) -> None:
    assert is_registered(uri, GOOD)
    assert is_loopback_uri(uri)


def test_parameters_go_behind_those_that_are_there() -> None:
    assert with_parameters("https://a.example/cb", {"code": "x&y", "state": "ä #"}) == (
        "https://a.example/cb?code=x%26y&state=%C3%A4+%23"
    )
    assert with_parameters("https://a.example?t=1", {"code": "x"}) == "https://a.example?t=1&code=x"


def test_people_are_shown_where_they_go() -> None:
    assert shown_target("https://app.example:8443/a/b?c=d") == "https://app.example:8443"
    assert not is_loopback_uri("https://localhost/")


@given(st.text(max_size=60))
def test_whatever_is_asked_only_registered_addresses_pass(text: str) -> None:
    for uri in (text, f"https://app.example/{text}", f"http://localhost:{text}/callback"):
        if is_registered(uri, GOOD) and uri not in GOOD:
            port = uri.removeprefix("http://localhost:").removesuffix("/callback")
            assert port.isascii()
            assert 0 < int(port) < 65536
