"""What channels are told of subscriptions, announcements and raids: events under EventSub's names, and the notices that chat shows of them. Pure.

A notice is complete when it is written, badges and sentence too, so that chat and programs look nothing up. Its form is that
of EventSub's `channel.chat.notification`.
"""

from collections.abc import Iterator

import msgspec

from common.subscription_months import badge_version
from common.subscription_terms import Subscription

NOTIFICATION = "channel.chat.notification"
ANONYMOUS_ID, ANONYMOUS_LOGIN, ANONYMOUS_NAME = "274598607", "ananonymousgifter", "AnAnonymousGifter"
"""Who gives when nobody is to know, on Twitch: bots know these names. The id is no account here as long as there are fewer."""

_BADGES_BEFORE = ("admin", "staff", "broadcaster", "moderator", "vip")


class NoticeBadge(msgspec.Struct, frozen=True):
    """A badge beside a name."""

    set_id: str
    id: str
    info: str


class NoticeEmote(msgspec.Struct, frozen=True):
    """The emote that a piece is."""

    id: str
    emote_set_id: str
    owner_id: str
    """The channel; '0': the site."""
    format: list[str]


class NoticeFragment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A piece of what somebody added. Only chat, which knows emotes, finds those; the rest is `text`."""

    type: str
    text: str
    emote: NoticeEmote | None = None


class NoticeMessage(msgspec.Struct, frozen=True):
    """What somebody added."""

    text: str
    fragments: list[NoticeFragment]


class Sub(msgspec.Struct, frozen=True):
    """Somebody subscribed for the first time."""

    sub_tier: str
    duration_months: int
    is_prime: bool = False


class Resub(msgspec.Struct, frozen=True):
    """Somebody tells that their subscription goes on."""

    sub_tier: str
    cumulative_months: int
    duration_months: int
    streak_months: int | None
    """`None`: they keep it to themselves."""
    is_gift: bool
    gifter_is_anonymous: bool
    is_prime: bool = False


class SubGift(msgspec.Struct, frozen=True):
    """Somebody gave another person a subscription."""

    sub_tier: str
    duration_months: int
    cumulative_total: int | None
    """Gifts that they ever gave in this channel; `None`: unknown, as they are."""
    recipient_user_id: str
    recipient_user_login: str
    recipient_user_name: str
    recipient_months: int
    """All months of who got it; EventSub does not have this one, IRC does."""
    community_gift_id: str | None


class CommunitySubGift(msgspec.Struct, frozen=True):
    """Somebody gave several away; a `sub_gift` for each follows."""

    id: str
    total: int
    sub_tier: str
    cumulative_total: int | None


class Announcement(msgspec.Struct, frozen=True):
    """A moderator said something that stands out."""

    color: str
    """`PRIMARY`, `BLUE`, `GREEN`, `ORANGE` or `PURPLE`."""


class RaidArrival(msgspec.Struct, frozen=True):
    """The viewers of another channel come."""

    user_id: str
    user_login: str
    user_name: str
    viewer_count: int
    profile_image_url: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """EventSub's event, without the channel."""

    chatter_user_id: str
    chatter_user_login: str
    chatter_user_name: str
    chatter_is_anonymous: bool
    color: str
    badges: list[NoticeBadge]
    system_message: str
    message_id: str
    message: NoticeMessage
    notice_type: str
    sub: Sub | None = None
    resub: Resub | None = None
    sub_gift: SubGift | None = None
    community_sub_gift: CommunitySubGift | None = None
    announcement: Announcement | None = None
    raid: RaidArrival | None = None


class Person(msgspec.Struct, frozen=True):
    """Who a notice is about, as they look in the channel."""

    id: str
    login: str
    name: str
    color: str = ""
    badges: list[NoticeBadge] = []  # msgspec copies it
    is_anonymous: bool = False


NOBODY_KNOWN = Person(ANONYMOUS_ID, ANONYMOUS_LOGIN, ANONYMOUS_NAME, is_anonymous=True)


def badges_of(held: frozenset[str], subscription: tuple[Subscription, int] | None) -> Iterator[NoticeBadge]:
    """List badges for what somebody holds (`admin`, `staff`, `broadcaster`, `moderator`, `vip`) and their months."""
    for name in _BADGES_BEFORE:
        if name in held:
            yield NoticeBadge(name, "1", "")
    if subscription is not None:
        what, months = subscription
        yield NoticeBadge("subscriber", badge_version(what.tier, months), str(months))


def sub_notice(message_id: str, person: Person, *, tier: int, duration_months: int) -> Notice:
    """Tell of a first subscription."""
    return _notice(
        message_id,
        person,
        "sub",
        f"{person.name} subscribed at {tier_name(tier)}.",
        sub=Sub(str(tier), duration_months),
    )


def resub_notice(message_id: str, person: Person, resub: Resub, text: str) -> Notice:
    """Tell of one that goes on, with what the subscriber says about it."""
    sentence = f"{person.name} subscribed at {tier_name(int(resub.sub_tier))}."
    if resub.cumulative_months > 1:
        sentence += f" They've subscribed for {resub.cumulative_months} months"
        if resub.streak_months is not None and resub.streak_months > 1:
            sentence += f", currently on a {resub.streak_months} month streak"
        sentence += "!"
    return _notice(message_id, person, "resub", sentence, text, resub=resub)


def gift_notice(message_id: str, person: Person, gift: SubGift) -> Notice:
    """Tell of one that was given."""
    who = "An anonymous user" if person.is_anonymous else person.name
    sentence = f"{who} gifted a {tier_name(int(gift.sub_tier))} sub to {gift.recipient_user_name}!"
    if gift.cumulative_total is not None and gift.community_gift_id is None and gift.cumulative_total > 1:
        sentence += f" They have given {gift.cumulative_total} Gift Subs in the channel!"
    return _notice(message_id, person, "sub_gift", sentence, sub_gift=gift)


def community_notice(message_id: str, person: Person, gift: CommunitySubGift, channel_name: str) -> Notice:
    """Tell of several that were given."""
    who = "An anonymous user" if person.is_anonymous else person.name
    sentence = (
        f"{who} is gifting {gift.total} {tier_name(int(gift.sub_tier))} Subs to {channel_name}'s community!"
    )
    if gift.cumulative_total is not None and gift.cumulative_total > gift.total:
        sentence += f" They've gifted a total of {gift.cumulative_total} in the channel!"
    return _notice(message_id, person, "community_sub_gift", sentence, community_sub_gift=gift)


def announcement_notice(message_id: str, person: Person, text: str, color: str) -> Notice:
    """Tell what a moderator announces."""
    notice = _notice(message_id, person, "announcement", "", text)
    return msgspec.structs.replace(notice, announcement=Announcement(color.upper()))


def raid_notice(message_id: str, person: Person, viewers: int) -> Notice:
    """Tell a channel of viewers who come with the owner of another one."""
    sentence = f"{viewers} raider{'' if viewers == 1 else 's'} from {person.name} have joined!"
    arrival = RaidArrival(person.id, person.login, person.name, viewers)
    return msgspec.structs.replace(_notice(message_id, person, "raid", sentence), raid=arrival)


def tier_name(tier: int) -> str:
    """Name a tier in sentences."""
    return f"Tier {tier // 1000}"


def _notice(
    message_id: str,
    person: Person,
    notice_type: str,
    sentence: str,
    text: str = "",
    *,
    sub: Sub | None = None,
    resub: Resub | None = None,
    sub_gift: SubGift | None = None,
    community_sub_gift: CommunitySubGift | None = None,
) -> Notice:
    return Notice(
        chatter_user_id=person.id,
        chatter_user_login=person.login,
        chatter_user_name=person.name,
        chatter_is_anonymous=person.is_anonymous,
        color=person.color,
        badges=person.badges,
        system_message=sentence,
        message_id=message_id,
        message=NoticeMessage(text, [NoticeFragment("text", text)] if text else []),
        notice_type=notice_type,
        sub=sub,
        resub=resub,
        sub_gift=sub_gift,
        community_sub_gift=community_sub_gift,
    )
