"""`weir user suspend`, `unsuspend` and `role` on the real embedded database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
import typer
from typer.testing import CliRunner

from common.errors import WeirError
from common.queries import audit_log
from common.queries.audit_log import LoggedDeed
from tests.common.database_site import running_cluster, searchable_directory
from weir.cli_accounts import user_app
from weir.cli_staff import add_staff_commands
from weir.database import open_ready_for

pytestmark = pytest.mark.real

app = typer.Typer()
app.add_typer(user_app, name="user")
add_staff_commands(user_app)


@pytest.fixture
def shell() -> Iterator["Shell"]:
    with searchable_directory() as path:
        shell = Shell(str(path / "data"))
        shell.weir("user", "add", "boss", "--admin", "--password-stdin", stdin="correct horse\n")
        with running_cluster(path / "data"):
            yield shell


class Shell:
    """A shell in front of a data directory."""

    database_url = None

    def __init__(self, data_dir: str) -> None:
        self.data_path = Path(data_dir)

    def weir(self, *arguments: str, stdin: str = "") -> str:
        """Give what a command prints, or the sentence that it refuses with."""
        result = CliRunner().invoke(app, arguments, input=stdin, env={"WEIR_DATA_DIR": str(self.data_path)})
        if isinstance(result.exception, WeirError):
            return f"refused: {result.exception}"
        assert result.exit_code == 0, result.exception
        return result.stdout

    def log(self) -> list[LoggedDeed]:
        async def select() -> list[LoggedDeed]:
            async with open_ready_for(self) as db:
                return await audit_log.select_deeds(db, limit=100)

        return list(reversed(trio.run(select)))


def test_what_the_shell_does_to_accounts_is_done_and_written_down(shell: Shell) -> None:
    shell.weir("user", "add", "anna")
    assert shell.weir("user", "suspend", "Anna", "--reason", "spam") == "suspended Anna\n"
    assert "anna" in shell.weir("user", "list")
    assert shell.weir("user", "unsuspend", "anna") == "anna is not suspended any more\n"
    assert shell.weir("user", "unsuspend", "anna") == "refused: anna is not suspended"
    assert shell.weir("user", "role", "anna", "staff") == "anna is staff now\n"
    assert shell.weir("user", "role", "anna", "none") == "anna is neither staff nor administrator now\n"
    last = "This is the only administrator who can log in; make another one first."
    assert shell.weir("user", "role", "boss", "none") == f"refused: {last}"
    assert shell.weir("user", "suspend", "boss", "--reason", "x") == f"refused: {last}"
    assert "there is no user nobody" in shell.weir("user", "suspend", "nobody", "--reason", "x")
    assert "1 to 500 characters" in shell.weir("user", "suspend", "anna", "--reason", "x" * 501)
    assert [(deed.action, deed.actor_kind, deed.actor_id) for deed in shell.log()] == [
        ("suspend", "shell", None),
        ("unsuspend", "shell", None),
        ("site_role", "shell", None),
        ("site_role", "shell", None),
    ]
    assert shell.log()[0].details == {"login": "anna", "reason": "spam"}
