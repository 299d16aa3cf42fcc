"""The paths of pages: the same file at each, the right status, and frames only where they are meant to be."""

import re
from collections.abc import Callable

import pytest
from quart_trio import QuartTrio

from common.db import Database
from common.ids import RESERVED_LOGINS
from common.queries.categories import insert_category
from tests.webapp.conftest import put_channel
from webapp.fields import MAX_ID
from webapp.page_routes import CHANNEL_PAGES, PAGES, may_be_framed

EVERYWHERE = [path.replace("<tab>", "profile") for path in PAGES]


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_a_page_is_there(app: QuartTrio, path: str) -> None:
    response = await app.test_client().get(path)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    assert (await response.get_data(as_text=True)).startswith("<!doctype html>")
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/no/such/page", "/directory/none", "/settings/a/b", "/popout/anna", "/a-b", "/x"]
)
async def test_where_no_page_is_the_page_says_so(app: QuartTrio, path: str) -> None:
    response = await app.test_client().get(path)
    assert (response.status_code, response.content_type) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    "path", ["/directory/category/x", "/directory/category/99999999999999999999", "/directory/category/0x1"]
)
async def test_what_is_no_id_is_no_category(app: QuartTrio, path: str) -> None:
    assert (await app.test_client().get(path)).status_code == 404


async def test_a_category_loads_while_the_database_is_away(app: QuartTrio) -> None:
    assert (await app.test_client().get("/directory/category/1")).status_code == 200


def test_no_page_hides_a_channel() -> None:
    ours = {path.split("/")[1] for path in (*PAGES, *CHANNEL_PAGES)}
    assert {name for name in ours if re.fullmatch("[a-z0-9_]{3,25}", name)} <= RESERVED_LOGINS


@pytest.mark.parametrize(
    ("path", "ancestors"),
    [
        ("/", "'none'"),
        ("/anna", "'none'"),
        ("/popout/anna/chat", "'none'"),
        ("/embed", "'none'"),
        ("/embed/anna", "*"),
        ("/embed/anna/chat", "*"),
    ],
)
async def test_only_embedded_pages_may_be_framed(app: QuartTrio, path: str, ancestors: str) -> None:
    policy = (await app.test_client().get(path)).headers["Content-Security-Policy"]
    assert f"frame-ancestors {ancestors}" in policy.split("; ")


def test_what_may_be_framed_is_told_by_the_path() -> None:
    assert may_be_framed("/embed/anna")
    assert not may_be_framed("/embedded/anna")


@pytest.mark.real
async def test_a_channel_or_category_that_does_not_exist_is_a_404(
    database: Database, app_factory: Callable[..., QuartTrio]
) -> None:
    client = app_factory(database=database).test_client()
    await put_channel(database, "anna", live=False)
    category = await insert_category(database, slug="chess", name="Chess")
    for path, status in {
        "/anna": 200,
        "/ANNA": 200,
        "/embed/anna": 200,
        "/popout/anna/chat": 200,
        "/popout/anna/health": 200,
        "/dashboard/anna": 200,
        "/dashboard/anna/stream": 200,
        "/dashboard/berta/stream": 404,
        "/berta": 404,
        "/embed/berta/chat": 404,
        f"/directory/category/{category}": 200,
        f"/directory/category/{MAX_ID}": 404,
    }.items():
        assert (await client.get(path)).status_code == status, path
