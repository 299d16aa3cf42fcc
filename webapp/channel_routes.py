"""Routes about channels: what their pages show, and how their owners change it.

All of it is public, of channels too that only some may watch: what is restricted there is the broadcast itself.
"""

from typing import Annotated, Any, Literal, TypeVar

import msgspec
import trio
from msgspec import UNSET, Meta, UnsetType
from quart import request

from common.audit import write_down
from common.credentials import hash_password
from common.db import CheckViolationError, Database, Executor, ForeignKeyViolationError
from common.queries import channels
from common.queries.assets import select_known_assets
from common.queries.channels import Broadcast, ChannelUpdate
from common.rights import Right
from common.staleness import STALE, changed_since, stale_message
from webapp.actors import Actors
from webapp.assets import asset_url_or_empty
from webapp.channel_access import ChannelAccess, ChannelPath, VisitedChannel, no_channel
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import MAX_ID, Data, IdText, Password, Timestamp, rfc3339_or_none
from webapp.media_places import MediaPlaces
from webapp.problems import ApiProblemError
from webapp.texts import canonical_language, check_tags, check_text

T = TypeVar("T")

Label = Literal[
    "DebatedSocialIssuesAndPolitics",
    "DrugsIntoxication",
    "Gambling",
    "MatureGame",
    "ProfanityVulgarity",
    "SexualThemes",
    "ViolentGraphic",
]
"""Ids of Twitch's content classification labels."""
Visibility = Literal["public", "unlisted", "followers", "subs", "password"]

Title = Annotated[str, Meta(max_length=140)]
Tag = Annotated[str, Meta(min_length=1, max_length=25, description="One word.")]
CategoryId = Annotated[
    str, Meta(pattern="^[0-9]{0,19}$", description="Of a category; '' takes the channel out of its category.")
]
Language = Annotated[str, Meta(max_length=35, description="BCP 47: en, pt-BR, zh-Hant; '' for none.")]
AssetName = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\.(webp|png|jpg)$", description="As in /assets/NAME.")]
# The characters of RFC 3986: no quotes, brackets, spaces or backslashes; and no user before the host, which would show one
# address and lead to another.
Link = Annotated[
    str,
    Meta(
        max_length=500,
        pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*)?$",
    ),
]


class Panel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One box below the player, as its owner typed it; nothing in it is HTML."""

    title: Annotated[str, Meta(max_length=100)] = ""
    text: Annotated[str, Meta(max_length=2000, description="Markdown, as its source.")] = ""
    image: AssetName | None = None
    link: Link | None = None


class Channel(msgspec.Struct, frozen=True, omit_defaults=True):
    """One channel, and what is on there."""

    broadcaster_id: IdText
    broadcaster_login: str
    broadcaster_name: str
    broadcaster_language: str
    """'' where the owner did not say."""
    game_id: str
    """Of its category; '' without one."""
    game_name: str
    title: str
    tags: list[str]
    content_classification_labels: list[str]
    is_mature: bool
    panels: list[Panel]
    offline_image_url: str
    """'' without one."""
    visibility: str
    """`public`; or in no list: `unlisted` (watched by who knows it), `followers`, `subs` or `password` (by those only)."""
    follower_count: int
    is_live: bool
    stream_id: str | None
    started_at: Timestamp | None
    viewer_count: int | UnsetType = UNSET
    """While it is live."""
    hls_url: str | UnsetType = UNSET
    """Of its playlist, while it is live; what is not public or unlisted needs a play ticket, too."""


class ChannelFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a channel is to the knowledge of who changes it; what is left out is not looked at."""

    title: Title | UnsetType = UNSET
    game_id: CategoryId | UnsetType = UNSET
    broadcaster_language: Language | UnsetType = UNSET
    tags: Annotated[list[Tag], Meta(max_length=10)] | UnsetType = UNSET
    content_classification_labels: Annotated[list[Label], Meta(max_length=7)] | UnsetType = UNSET
    is_mature: bool | UnsetType = UNSET
    panels: Annotated[list[Panel], Meta(max_length=20)] | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    """Who may watch; only the owner changes it."""


class ChannelChange(ChannelFacts, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to change; what is left out stays as it is."""

    was: ChannelFacts | UnsetType = UNSET
    """If one of these is otherwise by now, nothing is changed, and the answer is 409 with the reason `stale`."""
    password: Password | UnsetType = UNSET
    """What opens a channel with the visibility `password`; only the owner changes it."""


class ChannelRoutes:
    """Channels."""

    def __init__(self, db: Database, access: ChannelAccess, actors: Actors, places: MediaPlaces) -> None:
        self._db = db
        self._access = access
        self._actors = actors
        self._places = places

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/channels/{login}",
                tag="Channels",
                summary="One channel, and whether it is live.",
                handle=self._show,
                answer=Data[Channel],
                path=ChannelPath,
            ),
            Endpoint(
                method="PATCH",
                route="/channels/{login}",
                tag="Channels",
                summary="Change a channel, and what it broadcasts now, at once.",
                handle=self._change,
                answer=Data[Channel],
                access=Access(scope="channel:manage:broadcast"),
                path=ChannelPath,
                body=ChannelChange,
                problems=(409,),
            ),
        ]

    async def _show(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        found = await self._access.find(call, call.path.login)
        return await self._answer(found)

    async def _change(self, call: Call[ChannelPath, Nothing, ChannelChange]) -> Answer:
        visited, body = await self._access.channel(call, call.path.login, Right.EDIT), call.body
        _check(visited, body)
        actor = await self._actors.of(call.caller)
        # Before the transaction: a hash waits for a thread, and nobody's row is locked meanwhile.
        password_hash = None if body.password is UNSET else await hash_password(body.password)
        try:
            async with self._db.transaction() as transaction:
                visibility = await channels.lock_channel(transaction, visited.id)
                if visibility is None:
                    raise no_channel(call.path.login)
                if body.was is not UNSET:
                    await _check_unchanged(transaction, visited.id, body.was)
                update = _update(body, visibility, password_hash)
                await _check_pictures(transaction, body)
                await channels.update_channel(transaction, visited.id, update)
                if not visited.is_own:
                    details = {"fields": [name for name in _given(body) if name != "was"]}
                    await write_down(
                        transaction, actor, "update_channel", channel_id=visited.id, details=details
                    )
        except ForeignKeyViolationError:
            raise _no_category(body.game_id) from None
        except CheckViolationError:
            raise ApiProblemError(400, "All that together is more than a channel's page may hold.") from None
        return await self._answer(await self._access.find(call, call.path.login))

    async def _answer(self, channel: channels.Channel) -> Answer:
        broadcast = await channels.select_broadcast(self._db, channel.id)
        if broadcast is None or channel.suspended:
            return Answer(Data([_channel(channel, None)]))
        url = await self._places.hls_url(channel.id, channel.login, request.host)
        return Answer(Data([_channel(channel, broadcast, url)]))


def _check(visited: VisitedChannel, change: ChannelChange) -> None:
    """Refuse what the caller may not change, and texts that play tricks."""
    if not visited.is_own and (change.visibility is not UNSET or change.password is not UNSET):
        raise ApiProblemError(403, "Who may watch a channel is for its owner to say.")
    if change.title is not UNSET:
        check_text("title", change.title)
    if change.tags is not UNSET:
        check_tags(change.tags)
    if change.panels is not UNSET:
        for panel in change.panels:
            check_text("panels.title", panel.title)
            check_text("panels.text", panel.text, lines=True)
            for name in ("image", "link"):  # a pattern lets one line feed stand at the end
                check_text(f"panels.{name}", getattr(panel, name) or "")
    labels = change.content_classification_labels
    if labels is not UNSET and len(set(labels)) < len(labels):
        raise ApiProblemError(400, "A label in content_classification_labels is there twice.")


def _given(facts: ChannelFacts) -> dict[str, Any]:
    """Give the fields that were sent."""
    return {name: value for name, value in msgspec.structs.asdict(facts).items() if value is not UNSET}


async def _check_unchanged(db: Executor, channel_id: int, was: ChannelFacts) -> None:
    """Refuse when the channel, whose row is locked, is not what the caller took it for."""
    [found] = await channels.select_channels(db, [channel_id])
    if names := changed_since(_given(was), msgspec.structs.asdict(_channel(found, None))):
        raise ApiProblemError(409, stale_message(names), reason=STALE)


async def _check_pictures(db: Executor, change: ChannelChange) -> None:
    """Refuse a panel with a picture that was never uploaded, or is gone since."""
    await trio.lowlevel.checkpoint()
    panels = [] if change.panels is UNSET else change.panels
    names = {panel.image for panel in panels if panel.image}
    for missing in sorted(names - await select_known_assets(db, sorted(names)) if names else ()):
        raise ApiProblemError(400, f"panels: there is no picture {missing}; upload it first.")


def _update(change: ChannelChange, visibility: str, password_hash: str | None) -> ChannelUpdate:
    """Say what to write, knowing who may watch now, which nobody changes meanwhile."""
    language, labels = change.broadcaster_language, change.content_classification_labels
    return ChannelUpdate(
        title=_or_none(change.title),
        category_id=None if change.game_id is UNSET else _category_id(change.game_id),
        language=None if language is UNSET else canonical_language(language),
        tags=_or_none(change.tags),
        is_mature=_or_none(change.is_mature),
        content_labels=None if labels is UNSET else [str(label) for label in labels],
        panels=None if change.panels is UNSET else [_stored(panel) for panel in change.panels],
        visibility=_or_none(change.visibility),
        password_hash=_kept_hash(visibility, _or_none(change.visibility) or visibility, password_hash),
    )


def _kept_hash(before: str, after: str, given: str | None) -> str | None:
    """Say what becomes of the hash of the password: it is there exactly while it opens the channel."""
    if after == "password":
        if given is None and before != "password":
            raise ApiProblemError(400, "The visibility `password` needs a password.")
        return given
    if given is not None:
        raise ApiProblemError(400, "A password needs the visibility `password`.")
    return ""


def _category_id(game_id: str) -> int:
    number = int(game_id or "0")
    if number > MAX_ID:
        raise _no_category(game_id)
    return number


def _no_category(game_id: str | UnsetType) -> ApiProblemError:
    return ApiProblemError(400, f"There is no category with the id {game_id}.")


def _or_none(value: T | UnsetType) -> T | None:
    return None if value is UNSET else value


def _stored(panel: Panel) -> channels.Panel:
    return channels.Panel(panel.title, panel.text, panel.image, panel.link)


def _channel(
    channel: channels.Channel, broadcast: Broadcast | None, hls_url: str | UnsetType = UNSET
) -> Channel:
    return Channel(
        broadcaster_id=str(channel.id),
        broadcaster_login=channel.login,
        broadcaster_name=channel.display_name,
        broadcaster_language=channel.language,
        game_id="" if channel.category_id is None else str(channel.category_id),
        game_name=channel.category_name or "",
        title=channel.title,
        tags=channel.tags,
        content_classification_labels=channel.content_labels,
        is_mature=channel.is_mature,
        panels=[Panel(panel.title, panel.text, panel.image, panel.link) for panel in channel.panels],
        offline_image_url=asset_url_or_empty(channel.offline_image),
        visibility=channel.visibility,
        follower_count=channel.followers,
        is_live=broadcast is not None,
        stream_id=str(broadcast.stream_id) if broadcast else None,
        started_at=rfc3339_or_none(broadcast.started_at) if broadcast else None,
        viewer_count=broadcast.viewer_count if broadcast else UNSET,
        hls_url=hls_url,
    )
