"""All routes about emotes and badges, and what they share."""

from common.db import Database
from common.site_settings import CurrentSettings
from webapp.actors import Actors
from webapp.badge_routes import BadgeRoutes
from webapp.channel_access import ChannelAccess
from webapp.cursors import Cursors
from webapp.emote_desk_routes import EmoteDeskRoutes
from webapp.emote_keeping_routes import EmoteKeepingRoutes
from webapp.emote_routes import EmoteRoutes
from webapp.emote_uploads import EmoteUploads
from webapp.endpoint import AnyEndpoint
from webapp.image_press import ImagePress


def emote_endpoints(
    db: Database,
    cursors: Cursors,
    access: ChannelAccess,
    actors: Actors,
    settings: CurrentSettings,
    press: ImagePress,
) -> list[AnyEndpoint]:
    """Give the routes."""
    uploads = EmoteUploads(db, press, settings)
    return [
        *EmoteRoutes(db, cursors, access).endpoints(),
        *EmoteKeepingRoutes(db, access, actors, uploads).endpoints(),
        *EmoteDeskRoutes(db, cursors, actors, uploads).endpoints(),
        *BadgeRoutes(db, cursors, access, actors, uploads).endpoints(),
    ]
