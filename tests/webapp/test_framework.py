"""What stands before every route: pace, origin, cursors, parsing, and the document that is made of them."""

import contextlib
import json
from collections.abc import Callable
from typing import Annotated, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from quart_trio import QuartTrio

from webapp.cursors import seal, unseal
from webapp.origins import comes_from_elsewhere
from webapp.pace import Pacer
from webapp.parsing import parse_body, parse_path, parse_query
from webapp.problems import ApiProblemError

KEY = bytes(32)


class Thing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    count: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    tags: list[str] = []


def test_points_come_back_one_by_one() -> None:
    pacer = Pacer(per_minute=60)
    paces = [pacer.spend("a", 100.0) for _ in range(61)]
    assert [pace.allowed for pace in paces] == [True] * 60 + [False]
    assert [pace.remaining for pace in paces[:3]] == [59, 58, 57]
    assert paces[-1].remaining == 0
    assert paces[-1].retry_in_s == pytest.approx(1)
    assert pacer.spend("b", 100.0).allowed
    assert pacer.spend("a", 101.0).allowed
    assert not pacer.spend("a", 101.5).allowed
    assert pacer.spend("a", 161.0).remaining == 59


@given(st.lists(st.floats(0, 10), max_size=200), st.integers(1, 20))
def test_nobody_gets_more_than_twice_the_points_in_a_minute(pauses: list[float], limit: int) -> None:
    pacer, now, allowed = Pacer(per_minute=limit), 0.0, []
    for pause in pauses:
        now += pause
        if pacer.spend("a", now).allowed:
            allowed.append(now)
    for start in allowed:
        assert len([moment for moment in allowed if start <= moment < start + 59.9]) <= 2 * limit


def test_callers_that_are_remembered_are_bounded() -> None:
    pacer = Pacer(per_minute=1, max_callers=3)
    for number in range(10):
        assert pacer.spend(str(number), 0.0).allowed
    assert len(pacer) == 3
    assert not pacer.spend("9", 0.0).allowed


@pytest.mark.parametrize(
    ("origin", "fetch_site", "elsewhere"),
    [
        (None, None, False),  # a program
        ("http://live.example:8080", "same-origin", False),
        ("http://LIVE.example:8080", None, False),
        ("https://weir.example", None, False),  # WEIR_PUBLIC_WEB_URL
        ("https://evil.example", "cross-site", True),
        ("http://live.example", None, True),  # another port is another site
        ("http://live.example:8080.evil.example", None, True),
        ("http://evil.example/live.example:8080", None, True),
        ("null", None, True),
        ("", None, True),
        ("http://[", None, True),
        ("chrome-extension://live.example:8080", None, True),
        (None, "cross-site", True),
        (None, "same-site", True),
        (None, "none", False),  # typed into the address bar
    ],
)
def test_where_a_request_comes_from(origin: str | None, fetch_site: str | None, *, elsewhere: bool) -> None:
    found = comes_from_elsewhere(
        host="live.example:8080", origin=origin, fetch_site=fetch_site, web_url="https://weir.example/"
    )
    assert found is elsewhere


def test_no_host_matches_no_origin() -> None:
    assert comes_from_elsewhere(host="", origin="http://", fetch_site=None, web_url=None)


@given(st.text(), st.lists(st.one_of(st.text(), st.integers(-(2**63), 2**63 - 1)), max_size=4))
def test_a_cursor_says_where_to_go_on(name: str, position: list[int | str]) -> None:
    assert unseal(KEY, name, seal(KEY, name, position)) == position


@given(st.text())
def test_made_up_cursors_are_refused(cursor: str) -> None:
    assert unseal(KEY, "list", cursor) is None


@given(st.data())
def test_edited_cursors_are_refused(data: st.DataObject) -> None:
    cursor = seal(KEY, "list", [1, "abc"])
    at = data.draw(st.integers(0, len(cursor) - 2))  # the last letter has bits that nobody reads
    letter = data.draw(st.sampled_from("ABCabc019-_").filter(lambda found: found != cursor[at]))
    assert unseal(KEY, "list", cursor[:at] + letter + cursor[at + 1 :]) is None


def test_a_cursor_is_for_one_list_and_one_key() -> None:
    cursor = seal(KEY, "tokens of 1", [7])
    assert unseal(KEY, "tokens of 2", cursor) is None
    assert unseal(bytes(31) + b"1", "tokens of 1", cursor) is None


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b'{"name": "a"} x', "not valid JSON"),
        (b'{"name": "\xff"}', "not valid JSON"),
        (b'{"name": "\\ud800"}', "not valid JSON"),
        (b"[]", "Expected `object`"),
        (b"{}", "missing required field `name`"),
        (b'{"name": 1}', "Expected `str`"),
        (b'{"name": "a", "count": 0}', ">= 1"),
        (b'{"name": "a", "count": 1.5}', "Expected `int`"),
        (b'{"name": "a", "count": 99999999999999999999999999}', "$.count"),
        (b'{"name": "a", "admin": true}', "unknown field `admin`"),
        (b'{"name": "a\\u0000b"}', "control characters"),
        (b'{"name": "a\\r\\nSet-Cookie: x"}', "control characters"),
        (b'{"name": "a", "tags": ["b\\u001b[31m"]}', "control characters"),
        (b'{"name": ' + b"[" * 60_000, "Expected `str`"),
        (b'{"tags": ' + b"[" * 60_000, "Expected `str`"),
        (b"[" * 60_000, "Expected `object`"),
        (b'{"a":' * 10_000, "unknown field"),
    ],
)
def test_bodies_that_are_wrong_are_refused_with_a_reason(raw: bytes, message: str) -> None:
    with pytest.raises(ApiProblemError) as caught:
        parse_body(Thing, "application/json", raw)
    assert caught.value.status == 400
    assert message in caught.value.message


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "json"])
def test_what_a_form_can_send_is_not_json(content_type: str) -> None:
    with pytest.raises(ApiProblemError) as caught:
        parse_body(Thing, content_type, b'{"name": "a"}')
    assert caught.value.status == 415


def test_a_right_body_is_read() -> None:
    assert parse_body(Thing, "Application/JSON; charset=utf-8", b'{"name": "\xc3\xa4"}') == Thing("ä")


class Poem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    multi_line: ClassVar[frozenset[str]] = frozenset({"verses"})

    title: str
    verses: str


def test_only_texts_that_say_so_have_several_lines() -> None:
    assert parse_body(Poem, "application/json", b'{"title": "a", "verses": "b\\nc"}') == Poem("a", "b\nc")
    for raw in (rb'{"title": "a\nb", "verses": "c"}', rb'{"title": "a", "verses": "b\r\nc\u0000"}'):
        with pytest.raises(ApiProblemError, match="control characters"):
            parse_body(Poem, "application/json", raw)


@given(st.binary(max_size=100))
def test_no_body_does_anything_but_parse_or_be_refused(raw: bytes) -> None:
    with contextlib.suppress(ApiProblemError):
        parse_body(Thing, "application/json", raw)


def test_parameters_may_be_repeated_only_where_they_are_lists() -> None:
    assert parse_query(Thing, {"name": ["a"], "count": ["7"], "tags": ["x", "y"]}) == Thing(
        "a", 7, ["x", "y"]
    )
    for wrong in (
        {"name": ["a", "b"]},
        {"name": ["a"], "other": ["b"]},
        {"name": ["a"], "tags": ["x"] * 101},
        {},
    ):
        with pytest.raises(ApiProblemError):
            parse_query(Thing, wrong)


def test_a_path_that_cannot_be_leads_nowhere() -> None:
    for wrong in ({"name": "a", "count": "0"}, {"name": "a", "count": "x"}, {"name": "a\x00"}):
        with pytest.raises(ApiProblemError) as caught:
            parse_path(Thing, wrong)
        assert caught.value.status == 404


async def get(app: QuartTrio, peer: str = "10.0.0.7", **headers: str) -> tuple[int, dict[str, str]]:
    response = await app.test_client().get("/api/site", headers=headers, scope_base={"client": (peer, 1)})
    return response.status_code, {name.lower(): value for name, value in response.headers.items()}


async def test_answers_tell_how_many_requests_are_left(app_factory: Callable[..., QuartTrio]) -> None:
    app = app_factory(points_per_minute=3)
    status, headers = await get(app)
    assert (status, headers["ratelimit-limit"], headers["ratelimit-remaining"]) == (200, "3", "2")
    assert int(headers["ratelimit-reset"]) > 1_700_000_000
    for _ in range(2):
        await get(app)
    status, headers = await get(app)
    assert (status, headers["ratelimit-remaining"]) == (429, "0")
    assert 1 <= int(headers["retry-after"]) <= 20
    assert (await get(app, "10.0.0.8"))[0] == 200
    assert "ratelimit-limit" not in (await get(app, "127.0.0.1"))[1]


async def test_guessing_tokens_costs_the_address_its_requests(app_factory: Callable[..., QuartTrio]) -> None:
    app = app_factory(points_per_minute=3)
    guesses = [await get(app, Authorization=f"Bearer {number}") for number in range(5)]
    assert [status for status, _ in guesses] == [503, 503, 503, 429, 429]  # the database is away in this test


async def test_the_document_is_openapi_and_names_every_route(app: QuartTrio) -> None:
    client = app.test_client()
    document = json.loads(await (await client.get("/api/openapi.json")).get_data())
    assert document["openapi"].startswith("3.1")
    routes = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    documented = {"/api" + path.replace("{", "<").replace("}", ">") for path in document["paths"]}
    assert routes - {"/api/openapi.json", "/api/docs"} == documented
    references = set(find_references(document))
    assert references <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


def find_references(value: object) -> list[str]:
    match value:
        case {"$ref": str(found)}:
            return [found]
        case dict():
            return [found for item in value.values() for found in find_references(item)]
        case list():
            return [found for item in value for found in find_references(item)]
        case _:
            return []


async def test_the_documentation_page_needs_no_script_and_allows_none(app: QuartTrio) -> None:
    response = await app.test_client().get("/api/docs")
    assert response.status_code == 200
    assert "/api/channels/{login}" in await response.get_data(as_text=True)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/api/sessions", "/api/users", "/api/password-resets"])
async def test_a_body_beyond_64_kib_is_refused(app: QuartTrio, path: str) -> None:
    response = await app.test_client().post(
        path, data=b" " * 70_000, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 413
    assert response.content_type == "application/problem+json"


async def test_whatever_needs_the_database_says_when_to_come_back(app: QuartTrio) -> None:
    client = app.test_client()
    for method, path, body in (
        ("POST", "/api/sessions", {"login": "anna", "password": "correct horse"}),
        ("GET", "/api/users?login=anna", None),
        ("POST", "/api/password-resets", {"token": "x" * 30, "password": "correct horse"}),
    ):
        response = await client.open(path, method=method, json=body)
        assert (path, response.status_code, response.headers["Retry-After"]) == (path, 503, "5")
