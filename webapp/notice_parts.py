"""All routes about notices and how they reach people, and what they share."""

from dataclasses import dataclass, field

from common.db import Database
from common.egress_policy import EgressPolicy
from webapp.cursors import Cursors
from webapp.dead_letter_routes import DeadLetterRoutes
from webapp.endpoint import AnyEndpoint
from webapp.notice_routes import NoticeRoutes
from webapp.notification_settings_routes import NotificationSettingsRoutes
from webapp.push_keys import PushKeys
from webapp.push_routes import PushRoutes
from webapp.webhook_log_routes import WebhookLogRoutes


@dataclass(frozen=True, slots=True)
class NoticeParts:
    """What is known of how notices are sent."""

    contact: str = "mailto:postmaster@localhost.localdomain"
    """See `webapp.push_message.VapidSigner`."""
    policy: EgressPolicy = field(default_factory=EgressPolicy)
    """Where push services may be."""


def notice_endpoints(db: Database, cursors: Cursors, parts: NoticeParts) -> list[AnyEndpoint]:
    """Give the routes about notices, settings of them, browsers that take them, what was given up, and what webhooks were sent."""
    return [
        *NoticeRoutes(db, cursors).endpoints(),
        *NotificationSettingsRoutes(db).endpoints(),
        *PushRoutes(db, PushKeys(db, contact=parts.contact), parts.policy).endpoints(),
        *DeadLetterRoutes(db, cursors).endpoints(),
        *WebhookLogRoutes(db, cursors).endpoints(),
    ]
