"""How a chat moderates itself, as every door takes and shows it. Pure."""

from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

Level = Literal["off", "low", "medium", "high"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""The laxest first."""
Action = Annotated[
    Literal["hold", "drop"], Meta(description="Whether what is found waits for a moderator, or is refused.")
]
AutomodSpares = Annotated[
    Literal["subscribers", "vips", "moderators"],
    Meta(description="Whose messages are not looked at, beside those of who stands above them."),
]
RaidGuard = Annotated[
    Literal["off", "hold", "shield"],
    Meta(
        description="`hold`: what strangers write alike is found; `shield`: and shield mode is switched on."
    ),
]
SlowRate = Annotated[
    int, Meta(ge=0, le=200, description="Messages a second above which everybody is slowed; 0: never.")
]
SamplingRate = Annotated[
    int, Meta(ge=0, le=200, description="Messages a second that viewers' pages are told at most; 0: all.")
]


class AutomaticSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a chat looks for by itself, and what it does then."""

    automod_caps: Level | UnsetType = UNSET
    automod_repetition: Level | UnsetType = UNSET
    automod_length: Level | UnsetType = UNSET
    automod_symbols: Level | UnsetType = UNSET
    """Signs, and emotes."""
    automod_zalgo: Level | UnsetType = UNSET
    """Marks that pile up on letters."""
    automod_profanity: Level | UnsetType = UNSET
    """What a classifier takes for insults, in English."""
    automod_action: Action | UnsetType = UNSET
    automod_spares: AutomodSpares | UnsetType = UNSET
    automod_fails_closed: bool | UnsetType = UNSET
    """Whether messages count as found while the classifier is away."""
    raid_guard: RaidGuard | UnsetType = UNSET
    crowd_slow_rate: SlowRate | UnsetType = UNSET
    sampling_rate: SamplingRate | UnsetType = UNSET


AUTOMATIC = AutomaticSettings.__struct_fields__
"""Names of all of them."""
_LEVELLED = ("caps", "repetition", "length", "symbols", "zalgo", "profanity")
STRICTNESS: Final[dict[str, tuple[str, ...]]] = {
    **{f"automod_{name}": LEVELS for name in _LEVELLED},
    "automod_action": ("hold", "drop"),
    "automod_spares": ("subscribers", "vips", "moderators"),
    "raid_guard": ("off", "hold", "shield"),
}
"""By setting that is a word: what it can be, the laxest first."""
