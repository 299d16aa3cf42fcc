"""What may be connected to: addresses in all their disguises, ports, and how a URL is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.egress_policy import MAX_URL_LENGTH, EgressPolicy, Target, UnusableUrlError, parse_target
from common.errors import WeirError

HOOK = parse_target("https://example.org/hook")

CLOSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "4000::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%2",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = ["8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", CLOSED)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert EgressPolicy().objection(address, HOOK) == "The host is not on the public internet."


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert EgressPolicy().objection(address, HOOK) is None


def test_an_allowed_network_is_open_on_every_port_and_without_tls() -> None:
    policy = EgressPolicy(allow=["127.0.0.0/8", "fd00::1"])
    plain = parse_target("http://example.org:1234/")
    assert policy.objection("127.9.9.9", plain) is None
    assert policy.objection("fd00::1", plain) is None
    assert policy.objection("fd00::2", plain) is not None
    assert policy.objection("::ffff:127.0.0.1", plain) is not None, "each network is named as it is"


def test_elsewhere_tls_and_the_usual_ports_are_wanted() -> None:
    policy = EgressPolicy(ports=[443, 8443])
    assert (
        policy.objection("8.8.8.8", parse_target("http://example.org/"))
        == "The URL must begin with https://."
    )
    assert (
        policy.objection("8.8.8.8", parse_target("https://example.org:25/"))
        == "Port 25 is not one that may be used."
    )
    assert policy.objection("8.8.8.8", parse_target("https://example.org:8443/")) is None


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("https://example.org/", False),
        ("http://example.org/", True),
        ("https://example.org:22/", True),
        ("https://10.0.0.1/", True),
        ("https://[::1]/", True),
        ("https://8.8.8.8/", False),
    ],
)
def test_some_urls_can_be_refused_before_a_name_is_looked_up(url: str, *, refused: bool) -> None:
    assert (EgressPolicy().early_objection(parse_target(url)) is not None) is refused


def test_where_networks_are_allowed_a_name_may_lead_there() -> None:
    assert EgressPolicy(allow=["127.0.0.1"]).early_objection(parse_target("http://example.org:99/")) is None


def test_what_is_no_address_is_refused() -> None:
    assert EgressPolicy(allow=["0.0.0.0/0"]).objection("localhost", HOOK) is not None


def test_a_network_that_is_none_is_an_error_that_names_the_setting() -> None:
    with pytest.raises(WeirError, match="WEIR_EGRESS_ALLOW"):
        EgressPolicy(allow=["home"])


def test_a_url_is_read_into_what_is_connected_to_and_what_is_sent() -> None:
    assert parse_target("https://Example.org/a/b?c=d#e") == Target(
        tls=True, host="example.org", port=443, path="/a/b?c=d"
    )
    assert parse_target("http://[2606:4700::1]:8080") == Target(
        tls=False, host="2606:4700::1", port=8080, path="/"
    )


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://example.org/", "example.org"),
        ("https://example.org:443/", "example.org"),
        ("https://example.org:80/", "example.org:80"),
        ("http://example.org:80/", "example.org"),
        ("https://[2606:4700::1]:8443/", "[2606:4700::1]:8443"),
    ],
)
def test_host_names_the_port_unless_it_is_the_usual_one(url: str, authority: str) -> None:
    assert parse_target(url).authority == authority


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "https://",
        "https:///hook",
        "https://user@example.org/",
        "https://user:pw@example.org/",
        "https://example.org@127.0.0.1/",
        "https://example.org\\@127.0.0.1/",
        "https://exa mple.org/",
        "https://example.org/\r\nHost: other",
        "https://example.org/\n",
        "https://bücher.example/",
        "https://example.org:99999/",
        "https://example.org:0/",
        "https://example.org:a/",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://[::1]x/",
        "https://-example.org/",
        "https://exa%6dple.org/",
        "https://exam\tple.org/",
        "https://example.org/" + "a" * MAX_URL_LENGTH,
    ],
)
def test_urls_that_others_might_read_differently_are_refused(url: str) -> None:
    with pytest.raises(UnusableUrlError):
        parse_target(url)


@given(st.text(max_size=60).map(lambda rest: f"https://{rest}"))
def test_any_text_is_a_target_without_line_breaks_or_an_error(url: str) -> None:
    try:
        target = parse_target(url)
    except UnusableUrlError:
        return
    assert target.path.startswith("/")
    assert target.path.isprintable()
    assert target.authority.isprintable()
    assert not set(target.authority) & set("/?#@\\ ")
