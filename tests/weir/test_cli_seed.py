"""`weir seed` on the real embedded database: what it makes, and what it refuses."""

from collections.abc import Awaitable, Callable, Iterator

import pytest
import trio
import typer
from typer.testing import CliRunner, Result

from common.credentials import verify_password
from common.db import Database
from common.queries import directory, streams, users
from tests.common.database_site import running_cluster, searchable_directory
from tests.weir.test_cli_accounts import Site
from weir.cli_seed import seed
from weir.database import open_ready_for
from weir.seed import SeedError

pytestmark = pytest.mark.real

app = typer.Typer()
app.command()(seed)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with searchable_directory() as path:
        site = Site(path / "data")
        site.output("user", "add", "streamer")
        with running_cluster(site.data_path):
            yield site


def weir_seed(site: Site, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"WEIR_DATA_DIR": str(site.data_path)})


def asked(site: Site, question: Callable[[Database], Awaitable[object]]) -> object:
    async def ask() -> object:
        async with open_ready_for(site) as db:
            return await question(db)

    return trio.run(ask)


def test_a_new_site_is_filled_once_and_then_only_by_force(site: Site) -> None:
    refused = weir_seed(site, "--users", "10", "--live", "5")
    assert isinstance(refused.exception, SeedError)
    made = weir_seed(site, "--users", "200")
    assert made.exit_code == 0, made.exception
    line, password = made.stdout.splitlines()
    assert line == "made 200 users, 20 channels that stream, 2 live"

    async def look(db: Database) -> None:
        found = await users.select_users(db, limit=1000)
        assert len(found) == 201
        person = next(user for user in found if user.login != "streamer")
        stored = await users.select_password_hash(db, person.id)
        assert await verify_password(password.rpartition(" ")[2], stored)
        assert len(await directory.select_directory(db, limit=100)) == 2
        assert len(await streams.select_live(db, limit=100)) == 2

    asked(site, look)
    refused = weir_seed(site, "--users", "10")
    assert isinstance(refused.exception, SeedError)
    assert "has users already" in str(refused.exception)
    assert weir_seed(site, "--users", "10", "--seed", "2", "--no-password", "--force").exit_code == 0
    assert weir_seed(site, "--end-live").stdout == "ended 2 broadcasts\n"
    assert asked(site, lambda db: streams.select_live(db, limit=9)) == []
