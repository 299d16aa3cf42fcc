"""Emotes as the API tells them, in the shape of Helix, with where their pictures are."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from common.queries import emotes
from common.queries.emotes import SITE, QueuedEmote, Status, Tier
from webapp.assets import asset_url, site_url
from webapp.fields import IdText, Pagination, Timestamp, rfc3339

EmoteType = Literal["globals", "none", "follower", "subscriptions"]
Format = Literal["static", "animated"]
Scale = Literal["1.0", "2.0", "3.0"]
_TYPES: dict[Tier, EmoteType] = {"": "none", "follower": "follower"}
Template = Annotated[
    str,
    Meta(
        description="Where any emote's picture is: put in `{{id}}`, a `{{format}}`, a `{{theme_mode}}` and a `{{scale}}` of it."
    ),
]


class Images(msgspec.Struct, frozen=True):
    """The same picture in three sizes."""

    url_1x: str
    url_2x: str
    url_4x: str


class Emote(msgspec.Struct, frozen=True, kw_only=True):
    """An emote."""

    id: IdText
    name: str
    """Its code: the word that becomes it."""
    images: Images
    """PNGs of 28, 56 and 112 pixels, which do not move."""
    animated_images: Images | None
    """WebPs that move, if it does."""
    tier: str
    """Of the subscription that it needs: `1000`, `2000`, `3000` or ''."""
    emote_type: EmoteType
    """`none`: for everybody, in its channel."""
    emote_set_id: IdText
    owner_id: IdText
    """The channel; `0`: the site."""
    format: list[Format]
    scale: list[Scale]
    theme_mode: list[Literal["light", "dark"]]


class OwnEmote(msgspec.Struct, frozen=True, kw_only=True):
    """An emote as those see it who keep it."""

    id: IdText
    name: str
    images: Images | None
    """None of one that was rejected."""
    animated_images: Images | None
    tier: Tier
    """`follower` too."""
    status: Status
    reason: str
    """Why it was rejected; ''."""
    created_at: Timestamp


class ReviewedEmote(OwnEmote, frozen=True, kw_only=True):
    """An emote as the staff sees it."""

    broadcaster_id: IdText | None
    """None of an emote of the site."""
    broadcaster_login: str | None
    uploader_login: str | None
    """None where the account is gone."""


class EmoteList(msgspec.Struct, frozen=True):
    """Emotes, all of them."""

    data: list[Emote]
    template: Template


class EmotePage(msgspec.Struct, frozen=True):
    """One page of emotes."""

    data: list[Emote]
    template: Template
    pagination: Pagination = Pagination()


class OwnEmotes(msgspec.Struct, frozen=True):
    """All emotes of a channel, and what their codes begin with."""

    data: list[OwnEmote]
    prefix: str
    """'' before the first upload, which settles it."""
    most: int
    """How many there may be."""


def template() -> str:
    """Say where pictures of emotes are by their id. Within a request only."""
    return site_url("/emotes/{{id}}/{{format}}/{{theme_mode}}/{{scale}}")


def images_of(names: tuple[str, ...]) -> Images | None:
    """Give the addresses of three assets; `None` where there are none."""
    return Images(*map(asset_url, names)) if names else None


def show(emote: emotes.Emote) -> Emote:
    """Tell an emote that is in use."""
    still = images_of(emote.images[:3])
    assert still is not None  # or it would not be in use
    is_paid = emote.tier not in _TYPES
    return Emote(
        id=str(emote.id),
        name=emote.code,
        images=still,
        animated_images=images_of(emote.images[3:]),
        tier=emote.tier if is_paid else "",
        emote_type="globals" if emote.channel_id is None else _TYPES.get(emote.tier, "subscriptions"),
        emote_set_id=emote.set_id,
        owner_id=str(emote.channel_id or SITE),
        format=["static", "animated"] if emote.is_animated else ["static"],
        scale=["1.0", "2.0", "3.0"],
        theme_mode=["light", "dark"],
    )


def show_own(emote: emotes.Emote) -> OwnEmote:
    """Tell an emote to who keeps it."""
    return OwnEmote(
        id=str(emote.id),
        name=emote.code,
        images=images_of(emote.images[:3]),
        animated_images=images_of(emote.images[3:]),
        tier=emote.tier,
        status=emote.status,
        reason=emote.reason,
        created_at=rfc3339(emote.created_at),
    )


def show_reviewed(emote: QueuedEmote) -> ReviewedEmote:
    """Tell an emote to the staff."""
    return ReviewedEmote(
        **msgspec.structs.asdict(show_own(emote)),
        broadcaster_id=None if emote.channel_id is None else str(emote.channel_id),
        broadcaster_login=emote.channel_login,
        uploader_login=emote.uploader_login,
    )
