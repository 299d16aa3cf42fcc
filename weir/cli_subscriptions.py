"""`weir subscription grant` and `take-back`: subscriptions that an operator gives, without money."""

import enum
from typing import Annotated

import typer

from common.audit import SHELL
from common.db import Database
from common.queries import users
from common.subscription_telling import Place
from common.subscription_terms import TIERS
from common.subscriptions import MAX_GRANT_MONTHS, grant, take_back
from weir.cli_accounts import AccountError, Login, with_database

subscription_app = typer.Typer(help="Subscriptions to channels, given without money.", no_args_is_help=True)

Channel = Annotated[str, typer.Argument(help="Login of the channel.", show_default=False)]


class TierName(enum.Enum):
    """Tiers as people count them."""

    ONE = "1"
    TWO = "2"
    THREE = "3"


@subscription_app.command("grant")
def grant_subscription(
    channel: Channel,
    login: Login,
    tier: Annotated[TierName, typer.Option("--tier", help="Which tier.")] = TierName.ONE,
    months: Annotated[
        int, typer.Option("--months", min=1, max=MAX_GRANT_MONTHS, help="For how many months.")
    ] = 1,
    forever: Annotated[
        bool, typer.Option("--forever", help="Until it is taken back, whatever --months says.")
    ] = False,
) -> None:
    """Have somebody subscribe to a channel. Chat and pages of a running weir show it within a second."""

    async def do(db: Database) -> None:
        place = await _place(db, channel)
        what = TIERS[int(tier.value) - 1]
        await grant(db, SHELL, place, login, what, None if forever else months)

    with_database(do)
    print(f"{login} subscribes to {channel} at tier {tier.value} now")


@subscription_app.command("take-back")
def take_subscription_back(channel: Channel, login: Login) -> None:
    """End what somebody was granted or given without money; what was paid for stays."""

    async def do(db: Database) -> bool:
        place = await _place(db, channel)
        user = await users.select_user_by_login(db, login)
        return user is not None and await take_back(db, SHELL, place, user.id, user.login)

    if not with_database(do):
        raise AccountError(f"{login} was granted no subscription to {channel}")
    print(f"took back what {login} was granted by {channel}")


async def _place(db: Database, channel: str) -> Place:
    owner = await users.select_user_by_login(db, channel)
    if owner is None:
        raise AccountError(f"there is no channel {channel}")
    return Place(owner.id, owner.display_name)
