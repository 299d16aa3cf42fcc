"""All routes about subscriptions, for `webapp.app`."""

from common.db import Database
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess
from webapp.cursors import Cursors
from webapp.endpoint import AnyEndpoint
from webapp.stripe_routes import StripeRoutes
from webapp.stripe_shop import StripeShop
from webapp.subscription_routes import SubscriptionRoutes
from webapp.subscription_sales import SubscriptionSales
from webapp.subscription_shop import Shop


def subscription_endpoints(
    db: Database, cursors: Cursors, access: ChannelAccess, actors: Actors, shop: Shop
) -> list[AnyEndpoint]:
    """Give the routes of a site whose payments, if any, are taken by `shop`."""
    return [
        *SubscriptionRoutes(db, cursors, access, actors).endpoints(),
        *SubscriptionSales(db, access, actors, shop).endpoints(),
        *StripeRoutes(shop if isinstance(shop, StripeShop) else None).endpoints(),
    ]
