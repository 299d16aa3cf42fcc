"""How this site takes money for subscriptions, from the configuration; and what has to go on beside it."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import NoReturn

from common.config import Config
from common.db import Database
from common.egress import EgressClient, EgressLimits
from common.egress_policy import EgressPolicy
from common.queries import subscription_orders, subscriptions
from common.subscriptions import end_lapsed
from webapp.stripe_client import StripeClient
from webapp.stripe_shop import StripeShop
from webapp.subscription_shop import GrantShop, Prices, Shop
from weir.retention import BATCH, FEW, keep_clean, remove_in_batches

LAPSED_EVERY_S = 10.0
STRIPE_EVENTS_KEPT = timedelta(days=90)
"""Stripe sends what was not taken for three days, and signs it anew each time."""

Task = Callable[[], Awaitable[object]]


def make_shop(config: Config, db: Database) -> tuple[Shop, list[Task]]:
    """Make what takes the money, and the tasks that run beside the web role, each for ever."""
    tasks: list[Task] = [
        partial(keep_clean, "subscriptions", partial(_end_lapsed, db), every_s=LAPSED_EVERY_S)
    ]
    if config.stripe_secret_key is None:
        return GrantShop(), tasks
    egress = EgressClient(
        EgressPolicy(config.egress_allow, config.egress_ports), EgressLimits(total=20, per_host=20)
    )
    low, middle, high = config.subscription_prices
    shop = StripeShop(
        db,
        StripeClient(egress, config.stripe_api_url, config.stripe_secret_key),
        web_url=config.public_web_url or "",
        webhook_secret=config.stripe_webhook_secret or "",
        prices=Prices(config.subscription_currency, (low, middle, high)),
        unix_s=time.time,
    )
    tasks += [
        partial(_pay_debts, shop, egress),
        partial(keep_clean, "events of Stripe", partial(_forget_events, db)),
    ]
    return shop, tasks


async def _end_lapsed(db: Database) -> int:
    return await remove_in_batches(lambda limit: end_lapsed(db, limit=limit), batch=FEW)


async def _forget_events(db: Database) -> int:
    before = await subscriptions.select_now(db) - STRIPE_EVENTS_KEPT
    return await remove_in_batches(
        lambda limit: subscription_orders.delete_old_stripe_events(db, before=before, limit=limit),
        batch=BATCH,
    )


async def _pay_debts(shop: StripeShop, egress: EgressClient) -> NoReturn:
    with egress:  # what it keeps open is closed with the role
        await shop.pay_debts()
