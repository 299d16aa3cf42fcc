"""`weir user suspend`, `unsuspend` and `role`: what staff do, from the shell. The audit log says that the shell did it."""

import enum
from typing import Annotated

import typer

from common import site_staff
from common.audit import SHELL
from common.db import Database
from common.principals import SiteRole
from weir.cli_accounts import AccountError, Login, user_id_of, with_database

MAX_REASON_LENGTH = 500


class Role(enum.Enum):
    """What somebody can be to the site."""

    ADMIN = "admin"
    STAFF = "staff"
    NONE = "none"


SITE_ROLES: dict[Role, SiteRole] = {Role.ADMIN: "admin", Role.STAFF: "staff", Role.NONE: ""}


def add_staff_commands(user_app: typer.Typer) -> None:
    """Add the commands to `weir user`."""
    user_app.command("suspend")(suspend_user)
    user_app.command("unsuspend")(unsuspend_user)
    user_app.command("role")(set_role)


def suspend_user(
    login: Login,
    reason: Annotated[
        str, typer.Option("--reason", help="Why, for the staff of the site.", show_default=False)
    ],
) -> None:
    """Suspend an account: it is logged out, its tokens and keys are refused, its broadcast ends within a second."""
    if not 1 <= len(reason) <= MAX_REASON_LENGTH:
        raise AccountError(f"a reason has 1 to {MAX_REASON_LENGTH} characters, this one has {len(reason)}")

    async def suspend(db: Database) -> None:
        await site_staff.suspend(db, SHELL, await user_id_of(db, login), reason)

    with_database(suspend)
    print(f"suspended {login}")


def unsuspend_user(login: Login) -> None:
    """Let a suspended account in again."""

    async def unsuspend(db: Database) -> bool:
        return await site_staff.unsuspend(db, SHELL, await user_id_of(db, login))

    if not with_database(unsuspend):
        raise AccountError(f"{login} is not suspended")
    print(f"{login} is not suspended any more")


def set_role(
    login: Login,
    role: Annotated[Role, typer.Argument(help="What the account is to the site.", show_default=False)],
) -> None:
    """Make an account administrator or staff of the site, or neither."""

    async def change(db: Database) -> None:
        await site_staff.set_site_role(db, SHELL, await user_id_of(db, login), SITE_ROLES[role])

    with_database(change)
    print(f"{login} is {'neither staff nor administrator' if role is Role.NONE else role.value} now")
