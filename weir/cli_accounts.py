"""`weir user` and `weir key`: accounts from the shell. Work while `weir serve` runs and without it."""

import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, TypeVar

import trio
import typer

from common.config import Config, load_config
from common.credentials import hash_password, new_stream_key
from common.db import Database, UniqueViolationError
from common.errors import WeirError
from common.ids import check_login
from common.queries import stream_keys, users
from weir.database import open_ready_for
from weir.links import make_link, make_token, web_url

T = TypeVar("T")

user_app = typer.Typer(help="Make and list accounts.", no_args_is_help=True)
key_app = typer.Typer(help="Make, list and revoke stream keys.", no_args_is_help=True)

MIN_PASSWORD_LENGTH = 8
MAX_PASSWORD_LENGTH = 200
MAX_LISTED = 1000

Login = Annotated[str, typer.Argument(help="Login of the account.", show_default=False)]


class AccountError(WeirError):
    """The command cannot do what it was asked; the text says why."""


@user_app.command("add")
def add_user(
    login: Login,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password, one line, from standard input.")
    ] = False,
    admin: Annotated[bool, typer.Option("--admin", help="May administrate the site.")] = False,
) -> None:
    """Make an account and its channel; without a password until one is set."""
    name = check_login(login)
    password = _read_password() if password_stdin else None

    async def add(db: Database) -> None:
        password_hash = None if password is None else await hash_password(password)
        try:
            await users.insert_user_with_channel(
                db, login=name, display_name=login, password_hash=password_hash, is_admin=admin
            )
        except UniqueViolationError:
            raise AccountError(f"there is a user {name} already") from None

    with_database(add)
    print(f"added user {name}")


@user_app.command("list")
def list_users() -> None:
    """List the accounts."""
    found = with_database(lambda db: users.select_users(db, limit=MAX_LISTED))
    print_table(
        ("id", "login", "display name", "admin", "suspended", "created"),
        [
            (
                str(user.id),
                user.login,
                user.display_name,
                "yes" if user.is_admin else "",
                minute(user.suspended_at),
                minute(user.created_at),
            )
            for user in found
        ],
    )


@user_app.command("reset-link")
def reset_link(login: Login) -> None:
    """Print a link with which somebody sets a new password; it works once, for a day. All their sessions end then."""

    async def make(db: Database, config: Config) -> str:
        return await make_link(db, web_url(config), "reset", await user_id_of(db, login))

    print(_with_config(make))


@user_app.command("invite")
def invite() -> None:
    """Print an invitation, for a site whose `registration` is `invite`; it works once, for two weeks."""
    print(with_database(lambda db: make_token(db, "invite")))


@user_app.command("setup-link")
def setup_link() -> None:
    """Print a link with which somebody makes themselves administrator; it works once, for a week."""

    async def make(db: Database, config: Config) -> str:
        return await make_link(db, web_url(config), "setup")

    print(_with_config(make))


@key_app.command("create")
def create_key(
    login: Login,
    label: Annotated[str, typer.Option("--label", help="What the key is for, e.g. the encoder's name.")] = "",
) -> None:
    """Make a stream key and print it, and nothing else: it is shown this once."""
    if len(label) > 100:
        raise AccountError(f"a label has at most 100 characters, this one has {len(label)}")
    secret = new_stream_key()

    async def create(db: Database) -> None:
        channel_id = await user_id_of(db, login)
        await stream_keys.insert_key(
            db, channel_id=channel_id, label=label, key_hash=secret.sha256, last4=secret.last4
        )

    with_database(create)
    print(secret.text)


@key_app.command("list")
def list_keys(login: Login) -> None:
    """List the stream keys of an account, revoked ones included."""

    async def select(db: Database) -> list[stream_keys.StreamKey]:
        return await stream_keys.select_keys(db, await user_id_of(db, login))

    print_table(
        ("id", "ends with", "label", "created", "last used", "revoked"),
        [
            (
                str(key.id),
                key.last4,
                key.label,
                *map(minute, (key.created_at, key.last_used_at, key.revoked_at)),
            )
            for key in with_database(select)
        ],
    )


@key_app.command("revoke")
def revoke_key(
    login: Login,
    key_id: Annotated[int, typer.Argument(metavar="ID", help="Id of the key, from `weir key list`.")],
) -> None:
    """Revoke a stream key; whoever publishes with it is cut off within a second."""

    async def revoke(db: Database) -> None:
        channel_id = await user_id_of(db, login)
        if not await stream_keys.revoke_key(db, channel_id=channel_id, key_id=key_id):
            raise AccountError(f"{login} has no key {key_id}; `weir key list {login}` shows which there are")

    with_database(revoke)
    print(f"revoked key {key_id} of {login}")


async def user_id_of(db: Database, login: str) -> int:
    """Give the id of an account, which is its channel's too; raise `AccountError` when there is none."""
    user = await users.select_user_by_login(db, login)
    if user is None:
        raise AccountError(f"there is no user {login}; `weir user add {login}` makes one")
    return user.id


def _read_password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise AccountError(
            f"a password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters; "
            f"the line on standard input has {len(password)}"
        )
    return password


def with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on the configured database, and give what it gives."""
    return _with_config(lambda db, _: work(db))


def _with_config(work: Callable[[Database, Config], Awaitable[T]]) -> T:
    config = load_config()

    async def run() -> T:
        async with open_ready_for(config) as db:
            return await work(db, config)

    return trio.run(run)


def minute(at: datetime | None) -> str:
    """Show a time, or nothing."""
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


def print_table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print aligned columns, never cut: people read them, and scripts. What people typed must not steer the terminal."""
    shown = [header, *([_printable(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _printable(text: str) -> str:
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
