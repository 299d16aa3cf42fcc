"""Routes about badges: those of the site, those that a channel has for its subscribers, and the review of these."""

from dataclasses import replace
from datetime import datetime

import msgspec
import trio

from common.audit import Actor, Target, write_down
from common.db import Database, Executor, ForeignKeyViolationError
from common.queries import badges
from common.queries.badges import ChannelBadge, QueuedBadge
from common.queries.emotes import Status
from common.rights import Right, may
from common.subscription_months import BADGE_MONTHS, badge_version
from webapp.actors import Actors, require_site_right
from webapp.badge_pictures import TIERS, shipped, subscriber_badge
from webapp.channel_access import ChannelAccess, ChannelPath, VisitedChannel, no_channel
from webapp.cursors import Cursors, micros, moment
from webapp.emote_check import BADGE_SIDES
from webapp.emote_desk_routes import QueueQuery, Verdict, check_verdict
from webapp.emote_keeping_routes import SCOPE
from webapp.emote_uploads import BADGE_UPLOAD, EmoteUploads
from webapp.emote_views import Images, images_of
from webapp.endpoint import SESSION_ONLY, Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Id, IdText, Login, Page, Timestamp, rfc3339
from webapp.problems import ApiProblemError
from webapp.texts import check_text

_TITLES = {
    "admin": "Administrator",
    "bot": "Bot",
    "broadcaster": "Broadcaster",
    "moderator": "Moderator",
    "staff": "Staff",
    "vip": "VIP",
}
_NEVER = datetime.fromisoformat("1970-01-01T00:00:00Z")


class BadgeVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One badge, in the shape of Helix."""

    id: IdText
    image_url_1x: str
    """18 pixels; the others have 36 and 72."""
    image_url_2x: str
    image_url_4x: str
    title: str
    description: str
    click_action: None = None
    click_url: None = None


class BadgeSet(msgspec.Struct, frozen=True):
    """Badges of one kind."""

    set_id: str
    versions: list[BadgeVersion]


class OwnBadge(msgspec.Struct, frozen=True, kw_only=True):
    """A badge as those see it who keep it."""

    months: int
    """From which on a subscriber has it."""
    images: Images | None
    """None of one that was rejected."""
    status: Status
    reason: str
    created_at: Timestamp


class ReviewedBadge(OwnBadge, frozen=True, kw_only=True):
    """A badge as the staff sees it."""

    broadcaster_id: IdText
    broadcaster_login: str
    uploader_login: str | None


class BadgePath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which badge of which channel."""

    login: Login
    months: Id


class BadgeRoutes:
    """Badges."""

    def __init__(
        self, db: Database, cursors: Cursors, access: ChannelAccess, actors: Actors, uploads: EmoteUploads
    ) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access
        self._actors = actors
        self._uploads = uploads

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        edit = Access(scope=SCOPE)
        badge = "/channels/{login}/badges/subscriber/{months}"
        return [
            Endpoint(
                method="GET",
                route="/chat/badges/global",
                tag="Badges",
                summary="The badges of the site.",
                handle=self._global,
                answer=Data[BadgeSet],
            ),
            Endpoint(
                method="GET",
                route="/channels/{login}/badges",
                tag="Badges",
                summary="The badges that a channel has instead of those of the site.",
                handle=self._channel,
                answer=Data[BadgeSet],
                path=ChannelPath,
            ),
            Endpoint(
                method="GET",
                route="/channels/{login}/badges/all",
                tag="Badges",
                summary="All badges of a channel that you edit, also those that wait for review or were rejected.",
                handle=self._all,
                answer=Data[OwnBadge],
                access=edit,
                path=ChannelPath,
            ),
            Endpoint(
                method="PUT",
                route=badge,
                tag="Badges",
                summary="Upload the badge that subscribers have from some month on, in place of the one there is.",
                handle=self._put,
                answer=Data[OwnBadge],
                access=edit,
                path=BadgePath,
                upload=BADGE_UPLOAD,
            ),
            Endpoint(
                method="DELETE",
                route=badge,
                tag="Badges",
                summary="Remove a badge of your channel.",
                handle=self._delete,
                status=204,
                access=edit,
                path=BadgePath,
            ),
            Endpoint(
                method="GET",
                route="/admin/badges",
                tag="Administration",
                summary="For staff: badges that wait for review, the oldest first; or those that were reviewed.",
                handle=self._list,
                answer=Page[ReviewedBadge],
                access=SESSION_ONLY,
                query=QueueQuery,
            ),
            Endpoint(
                method="PATCH",
                route="/admin/badges/{login}/{months}",
                tag="Administration",
                summary="For staff: approve a badge, or reject it, which takes its pictures away everywhere.",
                handle=self._review,
                answer=Data[OwnBadge],
                access=SESSION_ONLY,
                path=BadgePath,
                body=Verdict,
                problems=(409,),
            ),
        ]

    async def _global(self, _call: Call[Nothing, Nothing, Nothing]) -> Answer:
        await trio.lowlevel.checkpoint()
        sets = [
            BadgeSet(name, [_version("1", shipped()[name], title, title)]) for name, title in _TITLES.items()
        ]
        sets.append(_subscriber_set({}))
        return Answer(Data(sorted(sets, key=lambda one: one.set_id)))

    async def _channel(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        channel = await self._access.find(call, call.path.login)
        own = {
            badge.months: badge.images for badge in await badges.select_channel_badges(self._db, channel.id)
        }
        return Answer(Data([_subscriber_set(own)] if own else []))

    async def _all(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        found = await badges.select_channel_badges(self._db, visited.id, every_status=True)
        return Answer(Data([_show(badge) for badge in found]))

    async def _put(self, call: Call[BadgePath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        months = _months(call.path)
        scaled = await self._uploads.take_badge(call)
        actor = await self._actors.of(call.caller)
        try:
            async with self._db.transaction() as transaction:
                await badges.upsert_channel_badge(
                    transaction,
                    channel_id=visited.id,
                    months=months,
                    status=self._uploads.first_status,
                    images=await self._uploads.store(transaction, scaled, sides=BADGE_SIDES),
                    created_by=call.user_id,
                )
                await _tell(transaction, actor, visited, "add_badge", months)
                stored = await badges.lock_channel_badge(transaction, visited.id, months)
        except ForeignKeyViolationError:
            raise no_channel(call.path.login) from None  # just left
        assert stored is not None  # it was written in the same transaction
        return Answer(Data([_show(stored)]))

    async def _delete(self, call: Call[BadgePath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        actor = await self._actors.of(call.caller)
        async with self._db.transaction() as transaction:
            if not await badges.delete_channel_badge(transaction, visited.id, _months(call.path)):
                raise ApiProblemError(404, "This channel has no such badge.")
            await _tell(transaction, actor, visited, "delete_badge", call.path.months)
        return Answer()

    async def _list(self, call: Call[Nothing, QueueQuery, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.REVIEW)
        query = call.query
        name = f"{query.status} badges"
        place = await self._cursors.place(name, query.after, tuple[int, int, int])
        found = await badges.select_badge_queue(
            self._db,
            status=query.status,
            after=(_NEVER, 0, 0) if place is None else (moment(place[0]), place[1], place[2]),
            limit=query.first + 1,
        )
        more = await self._cursors.more(
            name, query.first, found, lambda row: [micros(row.created_at), row.channel_id, row.months]
        )
        return Answer(Page([_show_reviewed(row) for row in found[: query.first]], more))

    async def _review(self, call: Call[BadgePath, Nothing, Verdict]) -> Answer:
        principal, body = call.caller.principal, call.body
        require_site_right(principal, Right.REVIEW)
        check_text("reason", body.reason)
        channel = await self._access.find(call, call.path.login)
        if channel.id == call.user_id and not may(principal, Right.MANAGE_SITE):
            raise ApiProblemError(403, "This badge is yours; somebody else has to review it.")
        actor = await self._actors.of(call.caller)
        async with self._db.transaction() as transaction:
            badge = await badges.lock_channel_badge(transaction, channel.id, _months(call.path))
            if badge is None:
                raise ApiProblemError(404, "This channel has no such badge.")
            check_verdict(badge.status, body)
            reason = body.reason if body.status == "rejected" else ""
            await badges.review_channel_badge(
                transaction,
                channel.id,
                badge.months,
                status=body.status,
                reviewed_by=call.user_id,
                reason=reason,
            )
            await write_down(
                transaction,
                actor,
                "approve_badge" if body.status == "approved" else "reject_badge",
                target=Target("channel", str(channel.id)),
                channel_id=channel.id,
                details={"months": badge.months, "reason": reason},
            )
        images = badge.images if body.status == "approved" else ()
        return Answer(Data([_show(replace(badge, status=body.status, reason=reason, images=images))]))


async def _tell(
    transaction: Executor, actor: Actor, visited: VisitedChannel, action: str, months: int
) -> None:
    """Say in the channel's log that somebody else than its owner did something."""
    await trio.lowlevel.checkpoint()
    if not visited.is_own:
        await write_down(transaction, actor, action, channel_id=visited.id, details={"months": months})


def _months(path: BadgePath) -> int:
    if path.months not in BADGE_MONTHS:
        known = ", ".join(map(str, BADGE_MONTHS))
        raise ApiProblemError(404, f"There are badges from these months on: {known}.")
    return path.months


def _subscriber_set(own: dict[int, tuple[str, ...]]) -> BadgeSet:
    """Give all badges of subscribers, of every tier: the channel's own from the first month on that it has one for."""
    versions = []
    for tier in TIERS:
        for months in BADGE_MONTHS:
            uploaded = [name for name in own if name <= months]
            images = own[max(uploaded)] if uploaded else subscriber_badge(tier, months)
            title = "Subscriber" if months == 1 else f"{months}-Month Subscriber"
            about = title if tier == TIERS[0] else f"{title} (Tier {tier // 1000})"
            versions.append(_version(badge_version(tier, months), images, title, about))
    return BadgeSet("subscriber", versions)


def _version(version: str, images: tuple[str, ...], title: str, description: str) -> BadgeVersion:
    shown = images_of(images)
    assert shown is not None  # shipped, or approved
    return BadgeVersion(
        id=version,
        image_url_1x=shown.url_1x,
        image_url_2x=shown.url_2x,
        image_url_4x=shown.url_4x,
        title=title,
        description=description,
    )


def _show(badge: ChannelBadge) -> OwnBadge:
    return OwnBadge(
        months=badge.months,
        images=images_of(badge.images),
        status=badge.status,
        reason=badge.reason,
        created_at=rfc3339(badge.created_at),
    )


def _show_reviewed(badge: QueuedBadge) -> ReviewedBadge:
    return ReviewedBadge(
        **msgspec.structs.asdict(_show(badge)),
        broadcaster_id=str(badge.channel_id),
        broadcaster_login=badge.channel_login,
        uploader_login=badge.uploader_login,
    )
