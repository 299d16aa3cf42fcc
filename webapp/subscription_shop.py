"""How subscriptions are paid for: by whom it is done, what the routes need of them, and the one that takes no money."""

from dataclasses import dataclass
from typing import Literal, Protocol

import trio

from common.queries.subscription_orders import Order
from common.subscription_terms import TIERS, Tier
from webapp.problems import ApiProblemError


@dataclass(frozen=True, slots=True)
class Prices:
    """What a month costs."""

    currency: str
    """ISO 4217, in lower case."""
    amounts: tuple[int, int, int]
    """By tier, in the smallest unit of the currency."""

    def of(self, tier: Tier) -> int:
        """Give the price of a tier."""
        return self.amounts[TIERS.index(tier)]


@dataclass(frozen=True, slots=True)
class ForSale:
    """What an order is called where it is paid."""

    channel_login: str
    channel_name: str


class Shop(Protocol):
    """Takes money for orders, or does not. Each call may raise `ApiProblemError` with a sentence for the buyer."""

    @property
    def name(self) -> Literal["grant", "stripe"]:
        """Which one it is."""

    @property
    def prices(self) -> Prices | None:
        """What a month costs; `None`: nothing is sold."""

    async def checkout(self, order: Order, what: ForSale) -> str:
        """Give the address where an order can be paid; asking again gives the same one."""

    async def set_renewal(self, order: Order, *, renews: bool) -> None:
        """Have what was bought renew at the end of its period, or not."""

    async def portal(self, customer_id: str) -> str:
        """Give the address where somebody sees their invoices."""


class GrantShop:
    """Takes no money: subscriptions are what streamers and operators give."""

    name: Literal["grant", "stripe"] = "grant"
    prices: Prices | None = None

    async def checkout(self, order: Order, what: ForSale) -> str:
        """Refuse."""
        del order, what
        await trio.lowlevel.checkpoint()
        raise nothing_sold()

    async def set_renewal(self, order: Order, *, renews: bool) -> None:
        """Refuse: what was bought while the site took money is its provider's matter."""
        del order, renews
        await trio.lowlevel.checkpoint()
        raise nothing_sold()

    async def portal(self, customer_id: str) -> str:
        """Refuse."""
        del customer_id
        await trio.lowlevel.checkpoint()
        raise nothing_sold()


def nothing_sold() -> ApiProblemError:
    """Make the refusal of a site that takes no money."""
    return ApiProblemError(
        409,
        "This site takes no payments: subscriptions here are given by the owner of the channel.",
        reason="no_payments",
    )
