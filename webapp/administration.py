"""All routes by which a site is run, and what they share."""

from common.db import Database
from common.site_settings import CurrentSettings
from webapp.actors import Actors
from webapp.admin_routes import AdminRoutes
from webapp.audit_routes import AuditRoutes
from webapp.channel_access import ChannelAccess
from webapp.channel_desk_routes import ChannelDeskRoutes
from webapp.cursors import Cursors
from webapp.endpoint import AnyEndpoint
from webapp.event_routes import EventRoutes
from webapp.invitation_routes import InvitationRoutes
from webapp.live_desk_routes import LiveDeskRoutes
from webapp.node_routes import NodeRoutes
from webapp.people import People
from webapp.report_desk_routes import ReportDeskRoutes
from webapp.report_routes import ReportRoutes
from webapp.settings_routes import SettingsRoutes
from webapp.stream_end_routes import StreamEndRoutes
from webapp.test_stream_routes import TestPictures, TestStreamRoutes


def administration_endpoints(
    db: Database,
    cursors: Cursors,
    people: People,
    access: ChannelAccess,
    actors: Actors,
    settings: CurrentSettings,
    test_pictures: TestPictures,
) -> list[AnyEndpoint]:
    """Give the routes about accounts, channels, what is live, invitations, nodes, settings, reports, the audit log, events and test pictures."""
    return [
        *AdminRoutes(db, cursors, people, actors).endpoints(),
        *ChannelDeskRoutes(db, cursors).endpoints(),
        *LiveDeskRoutes(db, cursors, actors).endpoints(),
        *InvitationRoutes(db, actors).endpoints(),
        *NodeRoutes(db).endpoints(),
        *SettingsRoutes(db, settings, actors).endpoints(),
        *ReportRoutes(db, cursors).endpoints(),
        *ReportDeskRoutes(db, cursors, actors).endpoints(),
        *StreamEndRoutes(db, access, actors).endpoints(),
        *AuditRoutes(db, cursors, access).endpoints(),
        *EventRoutes(db, cursors, access).endpoints(),
        *TestStreamRoutes(access, test_pictures).endpoints(),
    ]
