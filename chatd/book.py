"""What this node knows of channels and of people in them: read from the database when needed, dropped when it changes.

Everything kept here is at most half a minute old even if no notification comes, and a second if one does.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

import trio

from chatd.delivery import RoomName
from chatd.events import Badge, Chatter, Role, RoomState
from chatd.room_settings import slowed, state_of
from chatd.standing import Automod, Ban, Level, Rank, RoomRules, Standing
from common.db import Change, ControlChange, Database, FullRecheck
from common.principals import Principal
from common.queries import channels, chat
from common.subscription_months import badge_version

KEEP_S = 30.0
FRESH_S = 3.0
"""Age of what is known of somebody who was refused: they may have followed, or proved their address, since."""
MAX_CHANNELS = 10_000
MAX_PEOPLE = 20_000
"""Of one channel."""

K = TypeVar("K")
V = TypeVar("V")


class _Kept(Generic[K, V]):
    """Answers, for a while. Bounded: the one that was asked for longest ago goes first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self.changes = 0

    def find(self, key: K, *, younger_than_s: float = KEEP_S) -> tuple[V] | None:
        found = self._answers.get(key)
        if found is None or found[0] <= trio.current_time() + KEEP_S - younger_than_s:
            return None
        self._answers.move_to_end(key)
        return (found[1],)

    def keep(self, key: K, value: V, *, asked_at: int) -> None:
        """Keep an answer, unless something was dropped since it was asked for."""
        if asked_at != self.changes:
            return
        self._answers[key] = (trio.current_time() + KEEP_S, value)
        if len(self._answers) > self._size:
            self._answers.popitem(last=False)

    def values(self) -> list[V]:
        return [value for _, value in self._answers.values()]

    def drop(self, key: K) -> None:
        """Forget one answer, and those to come that were asked for already."""
        self.changes += 1
        self._answers.pop(key, None)

    def drop_all(self) -> None:
        self.changes += 1
        self._answers.clear()


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """A channel, as its room needs it."""

    name: RoomName
    display_name: str
    state: RoomState
    rules: RoomRules


_People = _Kept[int, chat.ChatStanding | None]


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody in a room: how they look, and what the rules need."""

    chatter: Chatter
    standing: Standing
    warning: str | None = None
    """Why they were warned, until they acknowledge it; `None`: they were not."""
    suspicion: str = ""
    """`ACTIVE_MONITORING` or `RESTRICTED`, by moderators of the room; ''."""


class Book:
    """Looks channels and people up. `follow_changes` must run beside it. Every look-up may raise `DatabaseUnavailableError`."""

    def __init__(self, db: Database, *, unix_s: Callable[[], float], site_sends_mail: bool = True) -> None:
        """`site_sends_mail`: whether people can prove that an address is theirs."""
        self._db = db
        self._site_sends_mail = site_sends_mail
        self._unix_s = unix_s
        self._channels: _Kept[str, ChannelFacts | None] = _Kept(MAX_CHANNELS)
        self._people: _Kept[int, _People] = _Kept(MAX_CHANNELS)
        """By channel: what changes in one concerns nobody in the others."""
        self._unique: OrderedDict[int, None] = OrderedDict()
        """Channels in which nothing may be said twice, as far as was last heard."""
        self._waits: dict[int, int] = {}
        """Channels that are too fast to read, and the seconds that everybody waits there."""

    async def channel(self, login: str) -> ChannelFacts | None:
        """Find a channel by its login in lower case; `None` if there is none, or its owner is suspended."""
        facts = await self._channel(login)
        return facts if facts is None or not self._waits else self._slowed(facts)

    def slow(self, channel_id: int, wait_s: int) -> None:
        """Have everybody wait in a channel, at least so many seconds; 0: as it is set."""
        self._waits.pop(channel_id, None)
        if wait_s:
            self._waits[channel_id] = wait_s

    def _slowed(self, facts: ChannelFacts) -> ChannelFacts:
        wait_s = self._waits.get(facts.name.channel_id)
        if wait_s is None:
            return facts
        rules = replace(facts.rules, slow_s=max(wait_s, facts.rules.slow_s))
        return replace(facts, state=slowed(facts.state, wait_s), rules=rules)

    async def _channel(self, login: str) -> ChannelFacts | None:
        await trio.lowlevel.checkpoint()
        if (kept := self._channels.find(login)) is not None:
            return kept[0]
        asked_at = self._channels.changes
        found = await channels.select_channel_by_login(self._db, login)
        facts = None
        if found is not None and not found.suspended:
            settings = await channels.select_chat_settings(self._db, found.id)
            facts = ChannelFacts(
                RoomName(found.login, found.id),
                found.display_name,
                _state(settings),
                _rules(settings, site_sends_mail=self._site_sends_mail),
            )
            self.note_unique(found.id, is_unique=facts.rules.unique)
        self._channels.keep(login, facts, asked_at=asked_at)
        return facts

    def is_unique(self, channel_id: int) -> bool:
        """Say whether nothing may be said twice in a channel, as far as was last heard."""
        return channel_id in self._unique

    def note_unique(self, channel_id: int, *, is_unique: bool) -> None:
        """Take note of it."""
        self._unique.pop(channel_id, None)
        if is_unique:
            self._unique[channel_id] = None
            if len(self._unique) > MAX_CHANNELS:
                self._unique.popitem(last=False)

    async def presence(
        self, principal: Principal, channel_id: int, *, younger_than_s: float = KEEP_S
    ) -> Presence | None:
        """Say how somebody stands in a room, or did less than some seconds ago; `None` for an account that is gone or suspended."""
        await trio.lowlevel.checkpoint()
        assert principal.user_id is not None  # who may only read has no standing
        people = self._people_of(channel_id)
        kept = people.find(principal.user_id, younger_than_s=younger_than_s)
        if kept is not None:
            found = kept[0]
        else:
            asked_at = people.changes
            found = await chat.select_standing(self._db, channel_id=channel_id, user_id=principal.user_id)
            people.keep(principal.user_id, found, asked_at=asked_at)
        return None if found is None else self._presence(principal, channel_id, found)

    def forget_person(self, user_id: int) -> None:
        """Look somebody up anew at once: what they changed here themselves shows in the next thing they say."""
        for people in self._people.values():
            people.drop(user_id)

    async def follow_changes(self, on_change: Callable[[Change], object]) -> None:
        """Drop what changes, for ever, and pass on what it was; `on_change` must not block."""
        with self._db.subscribe() as feed:
            async for change in feed:
                self._drop(change)
                on_change(change)

    def _people_of(self, channel_id: int) -> _People:
        if (kept := self._people.find(channel_id)) is not None:
            return kept[0]
        people: _People = _Kept(MAX_PEOPLE)
        self._people.keep(channel_id, people, asked_at=self._people.changes)
        return people

    def _drop(self, change: Change) -> None:
        match change:
            case FullRecheck() | ControlChange(table="users"):
                self._channels.drop_all()
                for people in self._people.values():
                    people.drop_all()
            case ControlChange(table="channels" | "chat_settings"):
                self._channels.drop_all()  # they are kept by login; asking again is one statement for each that is open
            case ControlChange(
                table="chat_bans" | "channel_roles" | "subscriptions" | "chat_warnings" | "suspicious_users"
            ):
                if (kept := self._people.find(int(change.id))) is not None:
                    kept[0].drop_all()
            case ControlChange(table="chat_colors"):
                self.forget_person(int(change.id))

    def _presence(self, principal: Principal, channel_id: int, found: chat.ChatStanding) -> Presence:
        assert principal.user_id is not None
        roles = _roles(principal, channel_id, found.roles)
        if found.tier is not None:
            roles |= {"subscriber"}
        badges = tuple(
            Badge(name, "1")
            for name in ("admin", "staff", "broadcaster", "moderator", "vip")
            if name in roles
        )
        if found.is_bot:
            badges += (Badge("bot", "1"),)
        if found.tier is not None:
            badges += (Badge("subscriber", badge_version(found.tier, found.months), str(found.months)),)
        chatter = Chatter(
            principal.user_id, principal.login, principal.display_name, found.chat_color, badges, roles
        )
        standing = Standing(
            principal.user_id,
            is_moderator=bool(roles & {"broadcaster", "moderator", "staff", "admin"}),
            is_vip="vip" in roles,
            is_subscriber=found.tier is not None,
            ban=self._ban(found),
            followed_s=None if found.following_since is None else self._age_s(found.following_since),
            has_verified_email=found.has_verified_email,
            account_age_s=0.0 if found.joined_at is None else self._age_s(found.joined_at),
        )
        return Presence(chatter, standing, found.warning, found.suspicion)

    def _age_s(self, since: datetime) -> float:
        return max(0.0, self._unix_s() - since.timestamp())

    def _ban(self, found: chat.ChatStanding) -> Ban | None:
        if not found.is_banned:
            return None
        if found.ban_expires_at is None:
            return Ban(None)
        return Ban(trio.current_time() + found.ban_expires_at.timestamp() - self._unix_s())


def _roles(principal: Principal, channel_id: int, held: frozenset[str]) -> frozenset[Role]:
    roles: set[Role] = set()
    if principal.user_id == channel_id:
        roles.add("broadcaster")
    if "moderator" in held:
        roles.add("moderator")
    if "vip" in held:
        roles.add("vip")
    if principal.site_role:
        roles.add(principal.site_role)
    return frozenset(roles)


def _state(settings: channels.ChatSettings) -> RoomState:
    return state_of(asdict(settings))


def _rules(settings: channels.ChatSettings, *, site_sends_mail: bool) -> RoomRules:
    """Read a channel's settings. Where a site sends no mail nobody can prove an address, so nobody needs one."""
    return RoomRules(
        slow_s=settings.slow_mode_wait_time if settings.slow_mode else 0,
        subscriber_slow_s=settings.subscriber_slow_mode_wait_time,
        followed_minutes=settings.follower_mode_duration if settings.follower_mode else None,
        subscribers_only=settings.subscriber_mode,
        emotes_only=settings.emote_mode,
        unique=settings.unique_chat_mode,
        verified_email=settings.verified_email_mode and site_sends_mail,
        account_age_minutes=settings.account_age_minimum,
        verification_spares=Rank[settings.verification_spares],
        links_from=Rank[settings.links_from],
        delay_s=settings.non_moderator_chat_delay_duration if settings.non_moderator_chat_delay else 0,
        automod=_automod(settings),
    )


def _automod(settings: channels.ChatSettings) -> Automod:
    return Automod(
        caps=Level[settings.automod_caps],
        repetition=Level[settings.automod_repetition],
        length=Level[settings.automod_length],
        symbols=Level[settings.automod_symbols],
        zalgo=Level[settings.automod_zalgo],
        profanity=Level[settings.automod_profanity],
        drops=settings.automod_action == "drop",
        spares=Rank[settings.automod_spares],
        fails_closed=settings.automod_fails_closed,
        guards=settings.raid_guard != "off",
        raises_shield=settings.raid_guard == "shield",
        slow_rate=settings.crowd_slow_rate,
        sampling_rate=settings.sampling_rate,
    )
