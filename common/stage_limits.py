"""Limits of announcements, pins, polls and raids, as every door takes them; those of Twitch, where it has one. Pure."""

from typing import Annotated, Final, Literal

from msgspec import Meta

AnnouncementColor = Literal["primary", "blue", "green", "orange", "purple"]
COLORS: Final[tuple[AnnouncementColor, ...]] = ("primary", "blue", "green", "orange", "purple")

AnnouncementText = Annotated[str, Meta(min_length=1, max_length=500)]
PinSeconds = Annotated[int, Meta(ge=30, le=86_400)]
PollTitle = Annotated[str, Meta(min_length=1, max_length=60)]
ChoiceTitle = Annotated[str, Meta(min_length=1, max_length=25)]
PollSeconds = Annotated[int, Meta(ge=15, le=1800, description="How long it takes votes.")]
RaidsFrom = Literal["everyone", "followed", "nobody"]
MinViewers = Annotated[int, Meta(ge=0, le=1_000_000, description="Of the channel that raids; 0: any.")]

ANNOUNCEMENTS_EVERY_S = 2
RAID_S = 90
RAIDS_AT_MOST, RAIDS_WINDOW_S = 10, 600
"""So many may be called up in so long."""
