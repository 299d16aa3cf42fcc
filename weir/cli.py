"""The `weir` command. Commands print for people; errors are one sentence on stderr, never a traceback."""

import enum
import sys
from functools import partial
from typing import Annotated

import trio
import typer

from common.config import Config, load_config
from common.errors import WeirError, leaves
from common.logs import configure_logs
from weir.cli_accounts import key_app, user_app
from weir.cli_backup import backup_command, restore_command
from weir.cli_doctor import doctor
from weir.cli_publish import publish
from weir.cli_seed import seed
from weir.cli_staff import add_staff_commands
from weir.cli_subscriptions import subscription_app
from weir.cli_tokens import token_app

app = typer.Typer(
    help="weir: self-hosted live streaming. RTMP in, Low-Latency HLS out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
add_staff_commands(user_app)
app.add_typer(user_app, name="user")
app.add_typer(key_app, name="key")
app.add_typer(token_app, name="token")
app.add_typer(subscription_app, name="subscription")
app.command("publish")(publish)
app.command("doctor")(doctor)
app.command("seed")(seed)
app.command("backup")(backup_command)
app.command("restore")(restore_command)


class Role(enum.Enum):
    """What a single process can be."""

    MEDIA = "media"
    CHAT = "chat"
    WEB = "web"


def main() -> None:
    """Entry point of `weir`."""
    refusals: list[WeirError] = []
    try:
        app()
    except* WeirError as group:  # Trio's nurseries group what they raise
        refusals = leaves(group)
    except* KeyboardInterrupt:
        raise SystemExit(130) from None
    if refusals:
        for error in refusals:
            print(f"weir: {error}", file=sys.stderr)
        raise SystemExit(1)


@app.command()
def serve(
    role: Annotated[
        Role | None,
        typer.Argument(
            help="One role only, for many processes behind Redis and PostgreSQL; all when left out."
        ),
    ] = None,
) -> None:
    """Run the server until SIGTERM or Ctrl-C."""
    from weir.app import run_server

    config = _configure()
    roles = frozenset(Role) if role is None else frozenset({role})
    if role is not None:
        _refuse_private_parts(config, role)
    trio.run(partial(run_server, config, roles={r.value for r in roles}))


@app.command()
def demo() -> None:
    """Run everything with one channel already live: a test picture with a clock and a tone."""
    from weir.app import run_server

    trio.run(partial(run_server, _configure(), roles={r.value for r in Role}, demo=True))


@app.command()
def migrate() -> None:
    """Bring the database to the version this program needs, and say what was done."""
    trio.run(_migrate, _configure())


async def _migrate(config: Config) -> None:
    from common.db import migrate as apply_migrations
    from weir.database import open_for

    async with open_for(config) as db:
        applied = await apply_migrations(db)
    names = ", ".join(str(number) for number in applied)
    print(f"applied migrations: {names}" if applied else "nothing to do: the database is up to date")


def _configure() -> Config:
    config = load_config()
    configure_logs(level=config.log_level, json=config.log_format == "json")
    return config


def _refuse_private_parts(config: Config, role: Role) -> None:
    """A single role with a database or bus of its own would be split from the others in silence."""
    missing = [
        name
        for name, value in (("WEIR_DATABASE_URL", config.database_url), ("WEIR_REDIS_URL", config.redis_url))
        if value is None
    ]
    if missing:
        raise WeirError(
            f"`weir serve {role.value}` shares its database and Redis with the other roles: set {' and '.join(missing)}, "
            "or run `weir serve` for everything in one process"
        )
