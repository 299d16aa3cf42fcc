"""The routes about what a room shows beside its talk, in one list."""

from common.bus import Bus
from common.db import Database
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess
from webapp.cursors import Cursors
from webapp.endpoint import AnyEndpoint
from webapp.pin_routes import PinRoutes
from webapp.poll_routes import PollRoutes
from webapp.raid_routes import RaidRoutes


def stage_endpoints(
    db: Database, cursors: Cursors, access: ChannelAccess, actors: Actors, bus: Bus | None
) -> list[AnyEndpoint]:
    """Give announcements, pins, polls and raids. `bus`: where chat is."""
    return [
        *PinRoutes(db, access, actors, bus).endpoints(),
        *PollRoutes(db, cursors, access, actors).endpoints(),
        *RaidRoutes(db, access, actors).endpoints(),
    ]
