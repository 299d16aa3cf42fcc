"""`weir user`, `weir key` and `weir token` on the real embedded database: what is printed, and what errors say."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
import typer
from typer.testing import CliRunner, Result

from common.credentials import secret_sha256, verify_password
from common.errors import WeirError
from common.queries import access_tokens, one_time_tokens, stream_keys, users
from common.queries.one_time_tokens import Purpose
from common.queries.sessions import Identity
from tests.common.database_site import running_cluster, searchable_directory
from weir.cli_accounts import key_app, user_app
from weir.cli_tokens import token_app
from weir.database import open_ready_for
from weir.first_run import first_lines

pytestmark = pytest.mark.real

app = typer.Typer()
app.add_typer(user_app, name="user")
app.add_typer(key_app, name="key")
app.add_typer(token_app, name="token")


class Site:
    """A data directory, and a shell in front of it."""

    database_url = None

    def __init__(self, data_path: Path) -> None:
        self.data_path = data_path

    def weir(self, *arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, arguments, input=stdin, env={"WEIR_DATA_DIR": str(self.data_path)})

    def output(self, *arguments: str, stdin: str = "") -> str:
        result = self.weir(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.exception
        assert result.stderr == ""
        return result.stdout

    def refusal(self, *arguments: str, stdin: str = "") -> str:
        result = self.weir(*arguments, stdin=stdin)
        assert isinstance(result.exception, WeirError)  # which `weir` prints as one sentence, exit code 1
        assert result.stdout == ""
        return str(result.exception)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with searchable_directory() as path:
        site = Site(path / "data")
        assert (
            site.output("user", "add", "first") == "added user first\n"
        )  # alone: starts and stops PostgreSQL
        with running_cluster(site.data_path):  # and from now on as while `weir serve` runs
            yield site


def test_a_key_is_printed_alone_and_lets_its_owner_publish(site: Site) -> None:
    site.output("user", "add", "Alice")
    printed = site.output("key", "create", "ALICE", "--label", "living room")
    assert re.fullmatch(r"live_[a-z0-9]{50}\n", printed)

    async def look() -> stream_keys.KeyVerdict | None:
        async with open_ready_for(site) as db:
            return await stream_keys.select_key_by_hash(db, secret_sha256(printed.strip()))

    verdict = trio.run(look)
    assert verdict is not None
    assert verdict.login == "alice"
    assert verdict.revoked_at is None


def test_keys_are_listed_without_the_secret_and_revoked_by_id(site: Site) -> None:
    site.output("user", "add", "bob_1")
    key = site.output("key", "create", "bob_1", "--label", "[red]\x1b[31mobs").strip()
    header, row = site.output("key", "list", "bob_1").splitlines()
    assert header.split() == ["id", "ends", "with", "label", "created", "last", "used", "revoked"]
    key_id, last4, label, *rest = row.split()
    assert key.endswith(last4)
    assert key not in row
    assert label == "[red]\N{REPLACEMENT CHARACTER}[31mobs"
    assert len(rest) == 2  # created, never used, not revoked
    assert site.output("key", "revoke", "bob_1", key_id) == f"revoked key {key_id} of bob_1\n"
    assert len(site.output("key", "list", "bob_1").splitlines()[1].split()) == 7


def test_a_password_comes_on_standard_input_and_is_stored_hashed(site: Site) -> None:
    site.output("user", "add", "carol", "--password-stdin", "--admin", stdin="correct horse\n")

    async def check() -> bool:
        async with open_ready_for(site) as db:
            user = await users.select_user_by_login(db, "carol")
            assert user is not None
            assert user.is_admin
            return await verify_password("correct horse", await users.select_password_hash(db, user.id))

    assert trio.run(check)
    listed = site.output("user", "list")
    assert re.search(r"^\d+ +carol +carol +yes", listed, re.MULTILINE)
    assert "first" in listed


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["user", "add", "first"], "there is a user first already"),
        (["user", "add", "a b"], "a login has only letters a-z"),
        (["user", "add", "admin"], "reserved"),
        (["user", "add", "dave", "--password-stdin"], "a password has 8 to 200 characters"),
        (
            ["key", "create", "nobody_here"],
            "there is no user nobody_here; `weir user add nobody_here` makes one",
        ),
        (["key", "list", "nobody_here"], "there is no user nobody_here"),
        (
            ["key", "revoke", "first", "4711"],
            "first has no key 4711; `weir key list first` shows which there are",
        ),
        (["key", "create", "first", "--label", "x" * 101], "at most 100 characters"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(site: Site, arguments: list[str], sentence: str) -> None:
    assert sentence in site.refusal(*arguments, stdin="short\n")


@pytest.mark.parametrize(
    "arguments", [["user", "add"], ["key", "revoke", "first", "seven"], ["key", "create"]]
)
def test_wrong_usage_has_exit_code_2(site: Site, arguments: list[str]) -> None:
    result = site.weir(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_a_database_that_does_not_answer_is_named_as_the_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weir.database.COMMAND_WAIT_S", 0.2)
    monkeypatch.setenv("WEIR_DATABASE_URL", "postgresql://weir@/weir?host=/nowhere")
    assert "no answer from the database" in site.refusal("user", "list")


def test_a_shared_database_is_not_migrated_by_a_command(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with searchable_directory() as path, running_cluster(path / "other") as dsn:
        monkeypatch.setenv("WEIR_DATABASE_URL", dsn)
        assert "run `weir migrate`" in site.refusal("user", "list")


def test_a_token_is_printed_alone_and_speaks_for_its_user(site: Site) -> None:
    site.output("user", "add", "tina")
    printed = site.output(
        "token", "create", "TINA", "--scope", "chat:read", "--scope", "chat:edit", "--label", "bot"
    )
    assert re.fullmatch(r"weirt_[a-z0-9]{50}\n", printed)

    async def look() -> Identity | None:
        async with open_ready_for(site) as db:
            return await access_tokens.select_token_identity(db, secret_sha256(printed.strip()))

    found = trio.run(look)
    assert found is not None
    assert (found.login, found.scopes) == ("tina", ["chat:edit", "chat:read"])
    header, row = site.output("token", "list", "tina").splitlines()
    assert header.split()[0] == "id"
    assert printed.strip() not in row
    assert "bot" in row
    token_id = row.split()[0]
    assert site.output("token", "revoke", "tina", token_id) == f"revoked token {token_id} of tina\n"
    assert trio.run(look) is None
    assert "has no token" in site.refusal("token", "revoke", "tina", token_id)


def test_a_token_needs_scopes_that_exist(site: Site) -> None:
    assert "there is no scope admin; there are channel:manage" in site.refusal(
        "token", "create", "first", "--scope", "admin"
    )
    assert site.weir("token", "create", "first").exit_code == 2
    assert "there is no user nobody_here" in site.refusal(
        "token", "create", "nobody_here", "--scope", "chat:read"
    )


def test_links_are_printed_alone_and_work_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_PUBLIC_WEB_URL", "https://live.example/")
    site.output("user", "add", "rita")
    reset = re.fullmatch(
        r"https://live\.example/reset\?token=(weirreset_\w+)\n", site.output("user", "reset-link", "rita")
    )
    setup = re.fullmatch(
        r"https://live\.example/setup\?token=(weirsetup_\w+)\n", site.output("user", "setup-link")
    )
    invitation = re.fullmatch(r"(weirinvite_\w+)\n", site.output("user", "invite"))
    assert reset
    assert setup
    assert invitation

    async def use(purpose: Purpose, token: str) -> one_time_tokens.OneTimeToken | None:
        async with open_ready_for(site) as db:
            return await one_time_tokens.use_one_time_token(
                db, purpose=purpose, token_hash=secret_sha256(token)
            )

    found = trio.run(use, "reset", reset[1])
    assert found is not None
    assert found.user_id is not None
    assert trio.run(use, "reset", reset[1]) is None
    assert trio.run(use, "setup", setup[1]) is not None
    assert trio.run(use, "invite", invitation[1]) is not None
    assert "there is no user" in site.refusal("user", "reset-link", "nobody_here")


def test_an_empty_site_tells_its_key_and_set_up_link_once() -> None:
    async def start(data_dir: Path) -> list[list[str]]:
        async with open_ready_for(NoUsers(data_dir)) as db:
            told = [await first_lines(db, "http://127.0.0.1:8080") for _ in range(2)]
            await users.insert_user_with_channel(
                db, login="anna", display_name="anna", password_hash="x", is_admin=True
            )
            return [*told, await first_lines(db, "http://127.0.0.1:8080")]

    with searchable_directory() as path:
        first, again, later = trio.run(start, path / "data")
    assert any("http://127.0.0.1:8080/setup?token=weirsetup_" in line for line in first)
    assert not any("token=" in line or "live_" in line for line in again + later)
    assert "`weir user setup-link` prints a link" in "\n".join(again)
    assert "setup-link" not in "\n".join(later)


class NoUsers:
    """A configuration that names an empty data directory."""

    database_url = None

    def __init__(self, data_path: Path) -> None:
        self.data_path = data_path
