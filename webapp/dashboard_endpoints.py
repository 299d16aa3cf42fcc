"""The routes that only dashboards of streamers and moderators need, in one list."""

from common.db import Database
from webapp.activity_routes import ActivityRoutes
from webapp.actors import Actors
from webapp.broadcast_graph_routes import BroadcastGraphRoutes
from webapp.channel_access import ChannelAccess
from webapp.cursors import Cursors
from webapp.endpoint import AnyEndpoint
from webapp.ingest_routes import IngestRoutes
from webapp.user_card_routes import UserCardRoutes


def dashboard_endpoints(
    db: Database, cursors: Cursors, access: ChannelAccess, actors: Actors
) -> list[AnyEndpoint]:
    """Give what arrives from encoders, graphs of broadcasts, what happens, and people as moderators see them."""
    return [
        *IngestRoutes(db, access).endpoints(),
        *BroadcastGraphRoutes(db, access).endpoints(),
        *ActivityRoutes(db, cursors, access).endpoints(),
        *UserCardRoutes(db, access, actors).endpoints(),
    ]
