"""What the rules of a room need to know: of who writes there, and of how the room is set. Pure values."""

from dataclasses import dataclass
from enum import IntEnum


class Rank(IntEnum):
    """How far somebody is trusted in a room; settings spare a rank and those above it."""

    everyone = 0
    subscribers = 1
    vips = 2
    moderators = 3


class Level(IntEnum):
    """How strictly messages are looked at for something."""

    off = 0
    low = 1
    medium = 2
    high = 3


@dataclass(frozen=True, slots=True)
class Automod:
    """How a room moderates itself; names and meanings are those of `common.automatic_settings`."""

    caps: Level = Level.off
    repetition: Level = Level.off
    length: Level = Level.off
    symbols: Level = Level.off
    zalgo: Level = Level.off
    profanity: Level = Level.off
    drops: bool = False
    """Whether what is found is refused; else it waits for a moderator."""
    spares: Rank = Rank.vips
    fails_closed: bool = False
    guards: bool = False
    """Against raids."""
    raises_shield: bool = False
    """When one begins."""
    slow_rate: int = 0
    """Messages a second above which everybody is slowed; 0: never."""
    sampling_rate: int = 0
    """Messages a second that viewers are told; 0: all."""

    @property
    def looks(self) -> bool:
        """Whether anything about how a message looks counts."""
        return bool(self.caps or self.repetition or self.length or self.symbols or self.zalgo)


@dataclass(frozen=True, slots=True)
class Ban:
    """Somebody must not write in a room."""

    expires_at: float | None
    """On the caller's clock; `None`: never."""

    def is_over(self, now: float) -> bool:
        """Whether it has ended."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rules need to know of who writes, in this room."""

    user_id: int
    is_moderator: bool = False
    """The broadcaster, site staff too."""
    is_vip: bool = False
    is_subscriber: bool = False
    ban: Ban | None = None
    followed_s: float | None = None
    """How long they have followed the channel; `None`: they do not."""
    has_verified_email: bool = False
    account_age_s: float = 0.0

    @property
    def is_free(self) -> bool:
        """Whether modes, pace and repetition do not count, as for moderators and VIPs on Twitch."""
        return self.is_moderator or self.is_vip

    @property
    def rank(self) -> Rank:
        """The highest that they have."""
        if self.is_moderator:
            return Rank.moderators
        if self.is_vip:
            return Rank.vips
        return Rank.subscribers if self.is_subscriber else Rank.everyone


@dataclass(frozen=True, slots=True)
class RoomRules:
    """How a room is set, as far as messages are judged by it."""

    slow_s: int = 0
    """Seconds between messages of one person in slow mode; 0 without."""
    subscriber_slow_s: int | None = None
    """The same for subscribers, if it is less; `None`: the same."""
    followed_minutes: int | None = None
    """Followers only: that they must have followed; `None`: not only followers."""
    subscribers_only: bool = False
    emotes_only: bool = False
    unique: bool = False
    verified_email: bool = False
    account_age_minutes: int = 0
    verification_spares: Rank = Rank.vips
    links_from: Rank = Rank.everyone
    delay_s: int = 0
    """Seconds that moderators see messages earlier."""
    automod: Automod = Automod()

    def wait_s(self, standing: Standing) -> int:
        """Give the seconds of slow mode that count for somebody."""
        if standing.is_free:
            return 0
        if standing.is_subscriber and self.subscriber_slow_s is not None:
            return min(self.slow_s, self.subscriber_slow_s)
        return self.slow_s
