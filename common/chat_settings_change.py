"""What somebody may set of a chat, as every door takes it: names, units and limits of Helix `chat/settings`, and ours. Pure."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from common.automatic_settings import AutomaticSettings

SlowModeWait = Annotated[int, Meta(ge=3, le=120, description="Seconds between two messages of one person.")]
FollowerModeDuration = Annotated[
    int, Meta(ge=0, le=129_600, description="Minutes that somebody must have followed.")
]
ChatDelay = Literal[2, 4, 6]

Minutes = Annotated[int, Meta(ge=0, le=129_600, description="0: none.")]
SubscriberWait = Annotated[
    int, Meta(ge=0, le=120, description="Seconds for subscribers in slow mode, if that is less; 0: none.")
]
Spared = Literal["subscribers", "vips", "moderators"]
Linkers = Literal["everyone", "subscribers", "vips", "moderators"]


class ChatSettingsChange(AutomaticSettings, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to change; what is left out stays as it is."""

    emote_mode: bool | UnsetType = UNSET
    follower_mode: bool | UnsetType = UNSET
    follower_mode_duration: FollowerModeDuration | UnsetType = UNSET
    slow_mode: bool | UnsetType = UNSET
    slow_mode_wait_time: SlowModeWait | UnsetType = UNSET
    subscriber_mode: bool | UnsetType = UNSET
    unique_chat_mode: bool | UnsetType = UNSET
    subscriber_slow_mode_wait_time: SubscriberWait | UnsetType | None = UNSET
    verified_email_mode: bool | UnsetType = UNSET
    account_age_minimum: Minutes | UnsetType = UNSET
    verification_spares: Spared | UnsetType = UNSET
    links_from: Linkers | UnsetType = UNSET
    non_moderator_chat_delay: bool | UnsetType = UNSET
    non_moderator_chat_delay_duration: ChatDelay | UnsetType = UNSET

    def wanted(self) -> dict[str, Any]:
        """Give what is to change, by name."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}
