"""What a room finds wrong with a message by itself, once the rules took it: how it looks, raids, the classifier. Pure.

What becomes of a message that is found is the room's choice: it waits for a moderator, or is refused.
"""

from typing import Final, Literal

from chatd.content import Draft
from chatd.events import Trust
from chatd.raids import FOLLOWED_S, NEW_S, Kind, Raids
from chatd.shape import Fault, find_fault
from chatd.standing import Level, Rank, RoomRules, Standing

Category = Fault | Literal["profanity", "raid", "unclassified"]
"""`unclassified`: the classifier is away, and the room wants its messages looked at all the same."""

THRESHOLDS: Final = {Level.low: 0.97, Level.medium: 0.9, Level.high: 0.75}
"""Chances of being an insult from which on a message is one."""


class Automod:
    """Judges for the rooms of one node; remembers what raids need."""

    def __init__(self) -> None:
        self.raids = Raids()
        self._began: Kind | None = None

    def judge(
        self, channel_id: int, standing: Standing, draft: Draft, now: float, *, room: RoomRules
    ) -> Category | None:
        """Say what is wrong with a message; `None`: nothing, but `must_classify` may have to be asked."""
        automod = room.automod
        if standing.rank >= automod.spares:
            if automod.guards:  # they count as regulars who write the same
                self._see(channel_id, standing, draft, now)
            return None
        fault = find_fault(draft, automod) if automod.looks else None
        is_raid = automod.guards and self._see(channel_id, standing, draft, now)
        return "raid" if is_raid else fault

    def take_began(self) -> Kind | None:
        """Give the raid that was found out with the message that was judged last; `None`: none, or it was asked for already."""
        began, self._began = self._began, None
        return began

    def _see(self, channel_id: int, standing: Standing, draft: Draft, now: float) -> bool:
        seen = self.raids.see(
            channel_id,
            standing.user_id,
            draft.folded,
            now,
            is_trusted=is_trusted(standing),
            account_age_s=standing.account_age_s,
        )
        self._began = seen.began
        return seen.is_caught


def is_trusted(standing: Standing) -> bool:
    """Say whether somebody is no stranger, by what they are to the room."""
    followed_s = standing.followed_s
    return standing.rank > Rank.everyone or (followed_s is not None and followed_s >= FOLLOWED_S)


def trust_of(standing: Standing, room: RoomRules) -> Trust:
    """Say what other nodes, which cannot look it up for each message, need to know to count what somebody says."""
    if not room.automod.guards:
        return ""
    if is_trusted(standing):
        return "trusted"
    return "new" if standing.account_age_s < NEW_S else "stranger"


def must_classify(standing: Standing, draft: Draft, room: RoomRules) -> bool:
    """Say whether the classifier is to be asked about a message."""
    return bool(room.automod.profanity) and standing.rank < room.automod.spares and not draft.is_emotes


def verdict_of(chance: float | None, room: RoomRules) -> Category | None:
    """Say what the classifier's answer means; `None` of it: there is none."""
    automod = room.automod
    if chance is None:
        return "unclassified" if automod.fails_closed else None
    return "profanity" if chance >= THRESHOLDS[automod.profanity] else None
