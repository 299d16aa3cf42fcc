"""Notices of subscriptions, announcements and raids as lines of Twitch's IRC: USERNOTICE with what tmi.js, twurple and TwitchIO read of it. Pure."""

from chatd.delivery import RoomName
from chatd.events import SubscriptionNoticed
from chatd.irc_lines import emote_places, one_line, render_tags
from chatd.irc_session import SERVER
from common.subscription_notices import CommunitySubGift, Notice, RaidArrival, Resub, Sub, SubGift, tier_name

Tags = list[tuple[str, str]]


def render_user_notice(event: SubscriptionNoticed, room: RoomName, *, with_tags: bool = True) -> str:
    """Write a notice: `msg-id` is `sub`, `resub`, `subgift`, `submysterygift`, `announcement` or `raid`."""
    notice = event.notice
    text = f" :{one_line(notice.message.text)}" if notice.message.text else ""
    prefix = render_tags(sorted(_tags(event, room))) if with_tags else ""
    return f"{prefix}:{SERVER} USERNOTICE #{room.login}{text}"


def _tags(event: SubscriptionNoticed, room: RoomName) -> Tags:
    notice = event.notice
    pieces = notice.message.fragments
    message_id, parameters = _parameters(notice)
    held = {badge.set_id for badge in notice.badges}
    return [
        ("badge-info", ",".join(f"{badge.set_id}/{badge.info}" for badge in notice.badges if badge.info)),
        ("badges", ",".join(f"{badge.set_id}/{badge.id}" for badge in notice.badges)),
        ("color", notice.color),
        ("display-name", notice.chatter_user_name),
        ("emotes", emote_places((piece.emote.id if piece.emote else "", piece.text) for piece in pieces)),
        ("flags", ""),
        ("id", notice.message_id),
        ("login", notice.chatter_user_login),
        ("mod", str(int("moderator" in held))),
        ("msg-id", message_id),
        ("room-id", str(room.channel_id)),
        ("subscriber", str(int("subscriber" in held))),
        ("system-msg", notice.system_message),
        ("tmi-sent-ts", str(event.at_ms)),
        ("user-id", notice.chatter_user_id),
        ("user-type", _user_type(held)),
        *((f"msg-param-{name}", value) for name, value in parameters),
    ]


def _user_type(held: set[str]) -> str:
    for name, written in (("admin", "admin"), ("staff", "staff"), ("moderator", "mod")):
        if name in held:
            return written
    return ""


def _parameters(notice: Notice) -> tuple[str, Tags]:
    if notice.sub is not None:
        return "sub", _sub(notice.sub)
    if notice.resub is not None:
        return "resub", _resub(notice.resub)
    if notice.sub_gift is not None:
        return "subgift", _gift(notice, notice.sub_gift)
    if notice.community_sub_gift is not None:
        return "submysterygift", _community_gift(notice.community_sub_gift)
    if notice.announcement is not None:
        return "announcement", [("color", notice.announcement.color)]
    if notice.raid is not None:
        return "raid", _raid(notice.raid)
    return notice.notice_type, []


def _raid(raid: RaidArrival) -> Tags:
    return [
        ("displayName", raid.user_name),
        ("login", raid.user_login),
        ("profileImageURL", raid.profile_image_url),
        ("viewerCount", str(raid.viewer_count)),
    ]


def _plan(tier: str) -> Tags:
    return [("sub-plan", tier), ("sub-plan-name", f"{tier_name(int(tier))} subscription")]


def _sub(sub: Sub) -> Tags:
    return [
        ("cumulative-months", "1"),
        ("months", "0"),
        ("multimonth-duration", str(sub.duration_months)),
        ("multimonth-tenure", "0"),
        ("should-share-streak", "0"),
        ("was-gifted", "false"),
        *_plan(sub.sub_tier),
    ]


def _resub(resub: Resub) -> Tags:
    shared = resub.streak_months
    streak = [] if shared is None else [("streak-months", str(shared))]
    return [
        ("cumulative-months", str(resub.cumulative_months)),
        ("months", "0"),
        ("multimonth-duration", str(resub.duration_months)),
        ("multimonth-tenure", "0"),
        ("should-share-streak", str(int(shared is not None))),
        *streak,
        ("was-gifted", "true" if resub.is_gift else "false"),
        *_plan(resub.sub_tier),
    ]


def _gift(notice: Notice, gift: SubGift) -> Tags:
    # tmi.js and twurple tell gifts that belong together by the origin.
    total = [] if gift.cumulative_total is None else [("sender-count", str(gift.cumulative_total))]
    origin = gift.community_gift_id or notice.message_id
    community = [] if gift.community_gift_id is None else [("community-gift-id", gift.community_gift_id)]
    return [
        *community,
        ("gift-months", str(gift.duration_months)),
        ("months", str(gift.recipient_months)),
        ("origin-id", origin),
        ("recipient-display-name", gift.recipient_user_name),
        ("recipient-id", gift.recipient_user_id),
        ("recipient-user-name", gift.recipient_user_login),
        *total,
        *_plan(gift.sub_tier),
    ]


def _community_gift(gift: CommunitySubGift) -> Tags:
    total = [] if gift.cumulative_total is None else [("sender-count", str(gift.cumulative_total))]
    return [
        ("community-gift-id", gift.id),
        ("mass-gift-count", str(gift.total)),
        ("origin-id", gift.id),
        *total,
        ("sub-plan", gift.sub_tier),
    ]
