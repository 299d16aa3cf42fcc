"""`weir subscription grant` and `take-back` on the real embedded database."""

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from common.errors import WeirError
from tests.common.database_site import running_cluster, searchable_directory
from weir.cli import app

pytestmark = pytest.mark.real


@pytest.fixture
def data_dir() -> Iterator[str]:
    with searchable_directory() as path:
        run(str(path / "data"), "user", "add", "anna")
        with running_cluster(path / "data"):
            run(str(path / "data"), "user", "add", "ben")
            yield str(path / "data")


def run(data_dir: str, *arguments: str) -> str:
    """Give what a command prints, or the sentence that it refuses with."""
    result = CliRunner().invoke(app, arguments, env={"WEIR_DATA_DIR": data_dir})
    if isinstance(result.exception, WeirError):
        return f"refused: {result.exception}"
    return result.stdout if result.exit_code == 0 else f"exit {result.exit_code}"


def test_operator_grants_and_takes_back(data_dir: str) -> None:
    def weir(*arguments: str) -> str:
        return run(data_dir, "subscription", *arguments).strip()

    assert (
        weir("grant", "anna", "ben", "--tier", "2", "--months", "3") == "ben subscribes to anna at tier 2 now"
    )
    assert (
        weir("grant", "anna", "ben") == "refused: ben is subscribed at this tier, or a higher one, already."
    )
    assert weir("grant", "anna", "ben", "--tier", "3", "--forever") == "ben subscribes to anna at tier 3 now"
    assert weir("take-back", "anna", "ben") == "took back what ben was granted by anna"
    assert weir("take-back", "anna", "ben") == "refused: ben was granted no subscription to anna"
    assert weir("grant", "anna", "anna") == "refused: Nobody subscribes to their own channel."
    assert weir("grant", "anna", "nobody_here") == "refused: There is nobody of that name."
    assert weir("grant", "nobody_here", "ben") == "refused: there is no channel nobody_here"
    assert weir("grant", "anna", "ben", "--months", "0") == "exit 2"
    assert weir("grant", "anna", "ben", "--tier", "4") == "exit 2"
