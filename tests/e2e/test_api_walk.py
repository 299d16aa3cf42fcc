"""docs/api.md can be followed: by a new user with curl alone, from signing up to being followed, and all of its other commands."""

import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.api_story import Reader, lines
from tests.e2e.harness import Weir, poll

pytestmark = pytest.mark.real

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
STORY = "From nothing to live"
ELSEWHERE = {"The test picture"}
"""Sections whose commands are held by tests of their own, because they take long."""


@pytest.fixture
def weir(weir_factory: Callable[..., Weir]) -> Weir:
    return weir_factory(WEIR_VIEWER_TTL_S="9", WEIR_RECONNECT_GRACE_S="2")


def test_a_new_user_follows_the_page_from_signing_up_to_being_followed(weir: Weir, tmp_path: Path) -> None:
    reader = Reader(
        tmp_path,
        {"http://127.0.0.1:8080": weir.web, "rtmp://127.0.0.1:1935/live": weir.rtmp.removesuffix("/")},
    )
    try:
        walk(reader, weir)
    finally:
        reader.close()


def walk(reader: Reader, weir: Weir) -> None:
    sign_up(weir, "troll")  # whom the page blocks
    page = list(lines(PAGE.read_text()))
    assert page[0].section == "", "addresses come first"
    assert {line.section for line in page} > {STORY, *ELSEWHERE}
    for line in page:
        if line.section in {"", STORY}:
            reader.follow(line)
    check_story(reader)
    for line in page:
        if line.section not in {"", STORY, *ELSEWHERE}:
            reader.follow(line)


def check_story(reader: Reader) -> None:
    """What the story promises has come true."""
    (live,) = reader.answers(STORY, "/api/streams?")
    assert (live["user_login"], live["title"]) == ("anna", "Chess & tea")
    (found,) = reader.answers(STORY, "/api/search/channels")
    assert (found["broadcaster_login"], found["is_live"]) == ("anna", True)
    (follower,) = reader.answers(STORY, "/api/channels/anna/followers")
    assert follower["user_login"] == "berta"
    (followed,) = reader.answers(STORY, "/api/users/me/follows")
    assert (followed["broadcaster_login"], followed["is_live"]) == ("anna", True)
    poll("viewers are counted", lambda: reader.again(STORY, "/api/streams?")[0]["viewer_count"] == 1, 30)
    assert all(process.poll() is None for process in reader.background), "ffmpeg goes on"


def sign_up(weir: Weir, login: str) -> None:
    body = f'{{"login": "{login}", "password": "correct horse"}}'.encode()
    request = urllib.request.Request(f"{weir.web}/api/users", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 201
