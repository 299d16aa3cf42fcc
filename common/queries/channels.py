"""Channels: the page, the settings and the stream of a user."""

import uuid
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import LiteralString

import msgspec

from common.db import Executor, Row


class Panel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One box below the player. All of it is what a streamer typed: to be shown as text."""

    title: str = ""
    text: str = ""
    image: str | None = None
    """Name of an asset."""
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel with what its page shows."""

    id: int
    """Also the id of its user."""
    login: str
    display_name: str
    title: str
    language: str
    """BCP 47, or '' where the streamer did not say."""
    tags: list[str]
    visibility: str
    """`public`; or in no list: `unlisted` (reachable), `followers`, `subs` or `password` (for those only)."""
    suspended: bool
    category_id: int | None
    category_name: str | None
    is_mature: bool
    content_labels: list[str]
    panels: list[Panel]
    offline_image: str | None
    """Name of an asset."""
    followers: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Broadcast:
    """What a channel broadcasts now."""

    stream_id: uuid.UUID
    started_at: datetime
    viewer_count: int


@dataclass(frozen=True, slots=True)
class ChannelUpdate:
    """What to change of a channel; `None` leaves a field as it is."""

    title: str | None = None
    category_id: int | None = None
    """0: no category."""
    language: str | None = None
    tags: list[str] | None = None
    is_mature: bool | None = None
    content_labels: list[str] | None = None
    panels: list[Panel] | None = None
    offline_image: str | None = None
    """'': none."""
    visibility: str | None = None
    password_hash: str | None = None
    """argon2id; '' takes it away, which the visibility `password` does not allow."""


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """How a channel's chat and raids are set; names, units and limits of Helix `chat/settings`."""

    emote_mode: bool = False
    follower_mode: bool = False
    follower_mode_duration: int = 0
    """Minutes somebody must have followed, while `follower_mode` is on."""
    slow_mode: bool = False
    slow_mode_wait_time: int = 30
    """Seconds between messages of one person, while `slow_mode` is on; 3 to 120."""
    subscriber_mode: bool = False
    unique_chat_mode: bool = False
    non_moderator_chat_delay: bool = False
    non_moderator_chat_delay_duration: int = 2
    """Seconds, 2, 4 or 6, that moderators see messages earlier."""
    subscriber_slow_mode_wait_time: int | None = None
    """Seconds for subscribers in slow mode, if less than for the others; 0: none, `None`: the same."""
    verified_email_mode: bool = False
    """Whether people need an e-mail address that was proved theirs."""
    account_age_minimum: int = 0
    """Minutes that an account must be old; 0: none."""
    verification_spares: str = "vips"
    """For whom the two above do not count: `subscribers`, `vips` or `moderators`, and who stands above them."""
    links_from: str = "everyone"
    """Who may write links: `everyone`, `subscribers`, `vips` or `moderators`, and who stands above them."""
    automod_caps: str = "off"
    """How strictly messages are looked at for this: `off`, `low`, `medium` or `high`, here and below."""
    automod_repetition: str = "off"
    automod_length: str = "off"
    automod_symbols: str = "off"
    """Signs, and emotes."""
    automod_zalgo: str = "off"
    """Marks that pile up on letters."""
    automod_profanity: str = "off"
    """What a classifier thinks of it."""
    automod_action: str = "hold"
    """`hold` for a moderator, or `drop`: what becomes of what is found."""
    automod_spares: str = "vips"
    """For whom all of this does not count, as `verification_spares`."""
    automod_fails_closed: bool = False
    """Whether messages count as found while the classifier is away."""
    raid_guard: str = "off"
    """`off`; `hold`: what strangers write in a raid is found, too; `shield`: and the shield goes up."""
    crowd_slow_rate: int = 0
    """Messages a second above which everybody is slowed; 0: never."""
    sampling_rate: int = 0
    """Messages a second that viewers' pages are told at most; 0: all."""
    raids_from: str = "everyone"
    """`everyone`, `followed` (channels that the owner follows) or `nobody`."""
    raids_min_viewers: int = 0


_COLUMNS: LiteralString = """
channels.id, users.login, users.display_name, channels.title, language, tags, visibility,
suspended_at is not null as suspended, category_id, categories.name as category_name, is_mature, content_labels,
panels::text as panels, offline_image, followers, channels.created_at
"""
_JOINED: LiteralString = """
channels join users on users.id = channels.user_id
join channel_search on channel_search.channel_id = channels.id
left join categories on categories.id = channels.category_id
"""
_SETTINGS: LiteralString = """
emote_mode, follower_mode, follower_mode_duration, slow_mode, slow_mode_wait_time, subscriber_mode, unique_chat_mode,
non_moderator_chat_delay, non_moderator_chat_delay_duration, subscriber_slow_mode_wait_time, verified_email_mode,
account_age_minimum, verification_spares, links_from, automod_caps, automod_repetition, automod_length, automod_symbols,
automod_zalgo, automod_profanity, automod_action, automod_spares, automod_fails_closed, raid_guard, crowd_slow_rate,
sampling_rate, raids_from, raids_min_viewers
"""
"""In the order of the fields of `ChatSettings`."""
_VALUES: LiteralString = """
$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27,
$28, $29
"""


def _channel(row: Row) -> Channel:
    columns = {name: row[name] for name in row.keys()}  # noqa: SIM118 # a record iterates over its values
    columns["panels"] = msgspec.json.decode(columns["panels"], type=list[Panel])
    return Channel(**columns)


async def select_channel_by_login(db: Executor, login: str) -> Channel | None:
    """Find a channel, whatever case `login` is written in."""
    row = await db.fetchrow(
        f"select {_COLUMNS} from {_JOINED} where lower(users.login) = lower($1)",  # noqa: S608 # constants
        login,
    )
    return _channel(row) if row else None


async def exists_channel(db: Executor, login: str) -> bool:
    """Say whether there is a channel, whatever case `login` is written in, of somebody who is not suspended."""
    found: bool = await db.fetchval(
        "select exists (select from users where lower(login) = lower($1) and suspended_at is null)", login
    )
    return found


async def select_channels(db: Executor, channel_ids: list[int]) -> list[Channel]:
    """Give channels by id, by rising id; those that are not there are missing."""
    rows = await db.fetch(
        # Twice, because the planner does not see that both ids are one, and would read all users for 100 channels.
        f"""
        select {_COLUMNS} from {_JOINED}
        where channels.id = any($1::bigint[]) and users.id = any($1::bigint[]) order by channels.id
        """,  # noqa: S608 # constants
        channel_ids,
    )
    return [_channel(row) for row in rows]


async def select_broadcast(db: Executor, channel_id: int) -> Broadcast | None:
    """Give what a channel broadcasts now, whoever may watch it; `None` while it is offline."""
    row = await db.fetchrow(
        """
        select id as stream_id, started_at, viewer_count from streams
        where channel_id = $1 and ended_at is null order by started_at desc limit 1
        """,
        channel_id,
    )
    return Broadcast(**row) if row else None


async def lock_channel(db: Executor, channel_id: int) -> str | None:
    """Keep others from changing a channel or its chat settings until the transaction ends; give its visibility.

    `None` when there is no such channel.
    """
    visibility: str | None = await db.fetchval(
        "select visibility from channels where id = $1 for no key update", channel_id
    )
    return visibility


async def update_channel(db: Executor, channel_id: int, change: ChannelUpdate) -> bool:
    """Change some settings of a channel; `False` when there is no such channel. Every process hears of it at commit.

    What a running broadcast shows in the directory follows in the same transaction. Raises `CheckViolationError` where a
    text is too long or a value none of those allowed, `ForeignKeyViolationError` when there is no such category.
    """
    touched = await db.execute(
        """
        update channels set
            title = coalesce($2, title),
            category_id = case $3::bigint when 0 then null else coalesce($3, category_id) end,
            language = coalesce($4, language),
            tags = coalesce($5::text[], tags),
            is_mature = coalesce($6, is_mature),
            content_labels = coalesce($7::text[], content_labels),
            panels = coalesce($8::text::jsonb, panels),
            offline_image = nullif(coalesce($9, offline_image), ''),
            visibility = coalesce($10, visibility),
            password_hash = nullif(coalesce($11, password_hash), ''),
            updated_at = now()
        where id = $1
        """,
        channel_id,
        change.title,
        change.category_id,
        change.language,
        change.tags,
        change.is_mature,
        change.content_labels,
        None if change.panels is None else msgspec.json.encode(change.panels).decode(),
        change.offline_image,
        change.visibility,
        change.password_hash,
    )
    return touched == 1


async def select_channel_password(db: Executor, channel_id: int) -> str | None:
    """Give the argon2id hash of the password that opens a channel; `None` where none does."""
    found: str | None = await db.fetchval(
        "select password_hash from channels where id = $1 and visibility = 'password'", channel_id
    )
    return found


async def select_chat_settings(db: Executor, channel_id: int) -> ChatSettings:
    """Give how a channel's chat is set; the defaults where nobody ever set it, and where there is no such channel."""
    row = await db.fetchrow(f"select {_SETTINGS} from chat_settings where channel_id = $1", channel_id)  # noqa: S608 # constants
    return ChatSettings(**row) if row else ChatSettings()


async def upsert_chat_settings(db: Executor, channel_id: int, settings: ChatSettings) -> None:
    """Set a channel's chat, all of it. Every process hears of it at commit.

    Raises `CheckViolationError` for a duration that is not allowed, `ForeignKeyViolationError` without such a channel.
    """
    await db.execute(
        f"""
        insert into chat_settings (channel_id, {_SETTINGS}) values ($1, {_VALUES})
        on conflict (channel_id) do update set ({_SETTINGS}, updated_at) = row({_VALUES}, now())
        """,  # noqa: S608 # constants
        channel_id,
        *astuple(settings),
    )
