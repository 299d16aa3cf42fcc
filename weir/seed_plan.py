"""What a seeded site consists of: made-up people, their channels, whom they follow, who is live. Pure: the same numbers give
the same site, apart from the time it is made at.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from common.ids import RANDOM_BITS, uuid7

T = TypeVar("T")

_MANNER_WORDS = """
amber ancient bold brave bright calm clever cosmic crimson curious dizzy dusty early electric fancy fierce fluffy foggy
frosty gentle giant golden happy hidden hollow icy jolly keen kind lazy little lively lonely lucky lunar mellow mighty misty
modern neon nimble noble odd patient polar proud quick quiet rapid royal rusty salty secret silent silver sleepy sly snowy
solar spicy stormy sunny swift tiny velvet vivid warm wild witty zen
"""
_MANNERS = _MANNER_WORDS.split()
_BEING_WORDS = """
badger beaver bison bobcat camel cheetah cobra condor coyote crane cricket dingo dolphin eagle falcon ferret finch fox gecko
gibbon hare hawk heron hippo ibis iguana jackal jaguar koala lemur leopard llama lobster lynx magpie mantis marmot marten
moose newt ocelot octopus orca osprey otter owl panda panther parrot pelican penguin puffin python quail rabbit raccoon raven
rhino robin salmon seal shark sparrow squid stork swan tapir tiger toucan turtle viper walrus weasel wolf wombat yak zebra
"""
_BEINGS = _BEING_WORDS.split()
_DEEDS = """
Building|Learning|Speedrunning|Painting|Finishing|Reviewing|Exploring|Fixing|Practising|Breaking|Restoring|Testing
""".strip().split("|")
_THINGS = """
a tiny synthesizer|the final castle|my first game engine|an old radio|the hardest level|oil portraits|chess endgames
|a garden shed|sourdough bread|piano sonatas|the community map|a racing wheel|every boss|Japanese grammar|ten retro classics
""".replace("\n", "").split("|")
_REMARKS = [
    "",
    "",
    " until it works",
    " with viewers",
    " (part 2)",
    " — ask me anything",
    " all night",
    " again",
]
_TAG_WORDS = "English Chill Beginner Competitive NoSpoilers Relaxed Educational Retro 100Percent Cosy FirstTime Community"
_TAGS = _TAG_WORDS.split()
_LANGUAGES = ["en"] * 10 + ["de", "de", "es", "es", "fr", "pt", "ja", "ko", "pl", "it", "ru", "zh", ""]

MAX_USERS = 10_000_000
"""As many names as there are with numbers of at most four digits is more than this."""

HISTORY_MINUTES = 30
"""Of viewers, for each live broadcast."""

_PAST_BROADCASTS = 3
_POPULARITY = 3.0
"""Exponent of how unevenly followers and viewers are spread: a tenth of the channels has almost half of the followers."""


@dataclass(frozen=True, slots=True)
class SeedSize:
    """How much to make."""

    users: int
    channels: int
    """How many of the users have set their channel up, and stream."""
    live: int
    """How many of these are live."""
    follows_per_user: int


@dataclass(frozen=True, slots=True)
class SeedUser:
    """One user and their channel."""

    login: str
    display_name: str
    created_at: datetime
    title: str
    language: str
    category: int | None
    """Index into the site's categories."""
    tags: list[str]


@dataclass(frozen=True, slots=True)
class SeedBroadcast:
    """One broadcast, over or live."""

    id: uuid.UUID
    channel: int
    """Index into the users."""
    title: str
    started_at: datetime
    ended_at: datetime | None
    viewers: int


class SeedPlan:
    """The contents of a site of one size, made from a number."""

    def __init__(self, size: SeedSize, *, seed: int, now: datetime, categories: int) -> None:
        self.size = size
        self._seed = seed
        self._now = now
        self._categories = categories

    def _random(self, purpose: str) -> random.Random:
        return random.Random(f"{self._seed} {purpose}")  # noqa: S311 # made-up people, no secrets

    def users(self) -> Iterator[SeedUser]:
        """Give all users; the first `channels` of them have set their channel up."""
        pick = self._random("users")
        manners, beings = pick.sample(_MANNERS, len(_MANNERS)), pick.sample(_BEINGS, len(_BEINGS))
        for index in range(self.size.users):
            rest, first = divmod(index, len(manners))
            number, second = divmod(rest, len(beings))
            words = manners[first], beings[(second + first) % len(beings)]
            digits = str(number) if number else ""
            streams = index < self.size.channels
            yield SeedUser(
                login="_".join(words) + digits if number % 3 == 1 else "".join(words) + digits,
                display_name="".join(map(str.title, words)) + digits,
                created_at=self._now - timedelta(seconds=pick.randrange(3 * 365 * 86400)),
                title=_title(pick) if streams else "",
                language=pick.choice(_LANGUAGES) if streams else "",
                category=int(self._categories * pick.random() ** 2) if streams and self._categories else None,
                tags=pick.sample(_TAGS, pick.randrange(5)) if streams else [],
            )

    def follows(self) -> Iterator[tuple[int, int, datetime]]:
        """Give who follows whom since when, users and channels by index; pairs may repeat."""
        pick = self._random("follows")
        if self.size.users < 2 or self.size.channels < 1:
            return
        for _ in range(self.size.users * self.size.follows_per_user):
            channel = int(self.size.channels * pick.random() ** _POPULARITY)
            user = pick.randrange(self.size.users - 1)
            since = self._now - timedelta(seconds=pick.randrange(365 * 86400))
            yield user + (user >= channel), channel, since

    def broadcasts(self) -> Iterator[SeedBroadcast]:
        """Give all broadcasts: of each channel that streams some that are over, then those that are live."""
        pick = self._random("broadcasts")
        for channel in range(self.size.channels):
            for days in range(_PAST_BROADCASTS, 0, -1):
                started_at = self._now - timedelta(days=days, seconds=pick.randrange(43_200))
                ended_at = started_at + timedelta(seconds=pick.randrange(600, 36_000))
                yield self._broadcast(pick, channel, started_at, ended_at)
        for channel in sorted(pick.sample(range(self.size.channels), self.size.live)):
            started_at = self._now - timedelta(seconds=pick.randrange(60, 6 * 3600))
            yield self._broadcast(pick, channel, started_at, None)

    def _broadcast(
        self, pick: random.Random, channel: int, started_at: datetime, ended_at: datetime | None
    ) -> SeedBroadcast:
        now_ms = int(started_at.timestamp() * 1000)
        viewers = int(20_000 * (1 - channel / self.size.channels) ** 30 * pick.random()) + pick.randrange(30)
        return SeedBroadcast(
            uuid7(now_ms, pick.getrandbits(RANDOM_BITS)), channel, _title(pick), started_at, ended_at, viewers
        )


def _title(pick: random.Random) -> str:
    return f"{pick.choice(_DEEDS)} {pick.choice(_THINGS)}{pick.choice(_REMARKS)}"


def batches(items: Iterator[T], size: int) -> Iterator[list[T]]:
    """Cut an iterator into lists of at most `size`, none of them empty."""
    while batch := list(islice(items, size)):
        yield batch
