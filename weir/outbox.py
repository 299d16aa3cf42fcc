"""What passes events on: every expander and every deliverer of the web role, in one list each."""

from collections.abc import Iterator
from contextlib import contextmanager

from common.config import Config
from common.db import Database
from common.egress import EgressClient, EgressLimits
from common.egress_policy import EgressPolicy
from webapp.deliveries import Deliverer, Expander
from webapp.eventsub_webhooks import WebhookDeliverer, WebhookExpander
from webapp.mail import Post
from webapp.notice_expander import NoticeExpander
from webapp.notice_mail import MailDeliverer
from webapp.notice_parts import NoticeParts
from webapp.outbox_worker import OutboxWorker
from webapp.push_delivery import CAPACITY, PushDeliverer
from webapp.push_keys import PushKeys, contact_of

PUSH_LIMITS = EgressLimits(wait_s=20.0, total=CAPACITY, per_host=CAPACITY // 2, idle=CAPACITY)
"""Most browsers are at one of three push services, so many requests go to one host; a slow one leaves room for others."""

WEBHOOK_LIMITS = EgressLimits(total_s=10.0, total=200, per_host=40, idle=100)
"""A webhook has to say that it has it, and work on it later."""


def notice_parts(config: Config) -> NoticeParts:
    """Say how notices are sent from this site."""
    return NoticeParts(
        contact=contact_of(config.public_web_url, config.smtp_from),
        policy=EgressPolicy(config.egress_allow, config.egress_ports),
    )


@contextmanager
def outbox_worker(
    db: Database, config: Config, post: Post | None, webhooks: EgressClient
) -> Iterator[OutboxWorker]:
    """Put the worker together, with connections that are closed at the end of the block. `webhooks`: reaches them."""
    parts = notice_parts(config)
    mails = post is not None and config.public_web_url is not None
    with EgressClient(parts.policy, PUSH_LIMITS) as push_services:
        expanders: list[Expander] = [NoticeExpander(mail=mails), WebhookExpander()]
        deliverers: list[Deliverer] = [
            PushDeliverer(db, PushKeys(db, contact=parts.contact), push_services),
            WebhookDeliverer(db, webhooks),
        ]
        if post is not None and config.public_web_url is not None:
            deliverers.append(MailDeliverer(db, post.settings, config.public_web_url))
        yield OutboxWorker(db, expanders, deliverers)
