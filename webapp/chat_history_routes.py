"""Routes about what was said in chats: for moderators, who look for something, and for who watches a broadcast again."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
import trio
from msgspec import UNSET, Meta, UnsetType

from common.db import Database
from common.message_grams import sought
from common.principals import Principal
from common.queries import broadcasts, chat_history, users
from common.queries.chat_history import FIRST_ID, LAST_ID, KeptMessage, first_id_at
from common.queries.viewing import select_viewing_of
from common.rights import Right
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.cursors import Cursors, micros
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import (
    DEFAULT_PAGE,
    CursorText,
    IdText,
    Login,
    Page,
    PageSize,
    Pagination,
    Timestamp,
    rfc3339,
    rfc3339_or_none,
)
from webapp.play_access import OPEN, AskPassword, Refused, decide
from webapp.problems import ApiProblemError

Moment = Annotated[datetime, Meta(tz=True)]
MAX_OFFSET_MS = 10 * 86_400_000


class Badge(msgspec.Struct, frozen=True):
    """A badge beside a name."""

    set_id: str
    id: str
    info: str


class Fragment(msgspec.Struct, frozen=True):
    """A piece of a message, as in the JSON protocol of chat; the texts of all, joined, are its text."""

    type: str
    """`text`, `mention` or `emote`."""
    text: str
    emote: dict[str, Any] | UnsetType = UNSET
    """Of an emote: `id`, `emote_set_id`, `owner_id`, `format`."""
    mention: dict[str, Any] | UnsetType = UNSET
    """Of a mention: `user_id`."""


class Reply(msgspec.Struct, frozen=True):
    """The message that is answered. Null: its author, or itself, is gone."""

    parent_message_id: uuid.UUID
    parent_message_body: str | None
    parent_user_id: IdText
    parent_user_login: str | None
    parent_user_name: str | None
    thread_message_id: str


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said. Names are those of now."""

    message_id: uuid.UUID
    user_id: IdText
    user_login: str
    user_name: str
    color: str
    badges: list[Badge]
    text: str
    fragments: list[Fragment]
    is_action: bool
    reply: Reply | None
    sent_at: Timestamp
    stream_id: uuid.UUID | None
    """The broadcast that was live; null: none."""
    stream_offset_ms: int | None
    """Since that began."""
    deleted_at: Timestamp | UnsetType | None = UNSET
    """When it was taken away, with all of its author or of the room, perhaps; null: it was not. As the next two, for moderators."""
    deleted_by_id: IdText | UnsetType | None = UNSET
    deleted_by_login: str | UnsetType | None = UNSET


class SearchQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which messages."""

    user: Login | None = None
    """Of whom; by the login of now."""
    text: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    """Words, or how they begin; all must be there. Case and accents do not matter."""
    since: Moment | None = None
    """Written then, or later."""
    until: Moment | None = None
    """Written before then."""
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class ReplayQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From where on."""

    offset_ms: Annotated[
        int, Meta(ge=0, le=MAX_OFFSET_MS, description="Since the broadcast began; for the first page.")
    ] = 0
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class StreamPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which broadcast."""

    id: uuid.UUID


class ChatHistoryRoutes:
    """What was said in chats."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/channels/{login}/chat/messages",
                tag="Chat",
                summary="What was said in a chat that you moderate, the newest first; a page may hold fewer than there are.",
                handle=self._search,
                answer=Page[ChatMessage],
                access=Access(scope="moderator:read:chat_messages"),
                path=ChannelPath,
                query=SearchQuery,
            ),
            Endpoint(
                method="GET",
                route="/streams/{id}/chat",
                tag="Streams",
                summary="What was said during a broadcast and is still there, the oldest first, for who watches it again.",
                handle=self._replay,
                answer=Page[ChatMessage],
                path=StreamPath,
                query=ReplayQuery,
                problems=(401, 403),
            ),
        ]

    async def _search(self, call: Call[ChannelPath, SearchQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        query = call.query
        name = _name_of(visited.id, query)
        place = await self._cursors.place(name, query.after, tuple[uuid.UUID])
        before = place[0] if place else LAST_ID if query.until is None else first_id_at(query.until)
        # Behind the id before the first of `since`: bounds are left out.
        after = FIRST_ID if query.since is None else _before(first_id_at(query.since))
        user_id = None
        if query.user is not None:
            user = await users.select_user_by_login(self._db, query.user)
            if user is None:
                return Answer(Page[ChatMessage]([]))
            user_id = user.id
        if query.text is not None:
            return await self._find(visited.id, query, name, user_id=user_id, after=after, before=before)
        found = await chat_history.select_messages(
            self._db, visited.id, limit=query.first + 1, user_id=user_id, after=after, before=before
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [row.id.hex])
        return Answer(Page([_shown(row) for row in found[: query.first]], more))

    async def _find(
        self,
        channel_id: int,
        query: SearchQuery,
        name: str,
        *,
        user_id: int | None,
        after: uuid.UUID,
        before: uuid.UUID,
    ) -> Answer:
        wanted = sought(query.text or "", channel_id)
        if wanted is None:
            await trio.lowlevel.checkpoint()
            return Answer(Page[ChatMessage]([]))
        found = await chat_history.find_messages(
            self._db,
            channel_id,
            wanted,
            limit=query.first,
            now=datetime.now(UTC),
            user_id=user_id,
            after=after,
            before=before,
        )
        more = Pagination()
        if found.searched_to is not None:
            more = Pagination(await self._cursors.write(name, found.searched_to.hex))
        return Answer(Page([_shown(row) for row in found.messages], more))

    async def _replay(self, call: Call[StreamPath, ReplayQuery, Nothing]) -> Answer:
        stream = await broadcasts.select_broadcast(self._db, call.path.id)
        if stream is None:
            raise _no_broadcast()
        await self._let_in(call.caller.principal, stream.channel_id)
        query, name = call.query, f"chat of {stream.id}"
        place = await self._cursors.place(name, query.after, tuple[uuid.UUID])
        begin = first_id_at(stream.started_at + timedelta(milliseconds=query.offset_ms))
        found = await chat_history.select_replay(
            self._db,
            stream.channel_id,
            limit=query.first + 1,
            after=place[0] if place else _before(begin),
            before=LAST_ID if stream.ended_at is None else first_id_at(stream.ended_at),
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [row.id.hex])
        shown = [
            _replayed(row, stream.id, stream.started_at) for row in found[: query.first] if not row.is_hidden
        ]
        return Answer(Page(shown, more))

    async def _let_in(self, principal: Principal, channel_id: int) -> None:
        """Refuse who may not watch the channel."""
        viewing = await select_viewing_of(self._db, channel_id, principal.user_id)
        if viewing is None or viewing.suspended:
            raise _no_broadcast()
        if viewing.visibility in OPEN:
            return
        match decide(viewing, principal):
            case Refused(status, message, reason):
                raise ApiProblemError(status, message, reason=reason)
            case AskPassword():
                message = (
                    "The chat of a channel with a password is for its owner, editors, moderators and VIPs."
                )
                raise ApiProblemError(403, message, reason="closed")
            case _:
                pass


def _no_broadcast() -> ApiProblemError:
    return ApiProblemError(404, "There is no such broadcast.")


def _before(message_id: uuid.UUID) -> uuid.UUID:
    return uuid.UUID(int=max(0, message_id.int - 1))


def _name_of(channel_id: int, query: SearchQuery) -> str:
    """Name the list, for its cursors: another question is another list."""
    since, until = (None if moment is None else micros(moment) for moment in (query.since, query.until))
    return f"messages of {channel_id} {query.user} {since} {until} {query.text}"


def _shown(row: KeptMessage) -> ChatMessage:
    """Show a message to moderators."""
    return ChatMessage(
        **_common(row),
        stream_id=row.stream_id,
        stream_offset_ms=row.stream_offset_ms,
        deleted_at=rfc3339_or_none(row.deleted_at),
        deleted_by_id=None if row.deleted_by_id is None else str(row.deleted_by_id),
        deleted_by_login=row.deleted_by_login,
    )


def _replayed(row: KeptMessage, stream_id: uuid.UUID, started_at: datetime) -> ChatMessage:
    """Show a message to who watches a broadcast again."""
    offset_ms = max(0, (row.said_at - started_at) // timedelta(milliseconds=1))
    shown = ChatMessage(**_common(row), stream_id=stream_id, stream_offset_ms=offset_ms)
    if shown.reply is not None and row.reply is not None and row.reply.is_hidden:
        unquoted = msgspec.structs.replace(shown.reply, parent_message_body=None)
        shown = msgspec.structs.replace(shown, reply=unquoted)
    return shown


def _common(row: KeptMessage) -> dict[str, Any]:
    fragments = row.fragments or [{"type": "text", "text": row.text}]
    reply = None
    if row.reply is not None:
        reply = Reply(
            parent_message_id=row.reply.message_id,
            parent_message_body=row.reply.text,
            parent_user_id=str(row.reply.user_id),
            parent_user_login=row.reply.user_login,
            parent_user_name=row.reply.user_name,
            thread_message_id=row.reply.thread_id,
        )
    return {
        "message_id": row.id,
        "user_id": str(row.user_id),
        "user_login": row.user_login,
        "user_name": row.user_name,
        "color": row.color,
        "badges": [Badge(**badge) for badge in row.badges],
        "text": row.text,
        "fragments": [Fragment(**fragment) for fragment in fragments],
        "is_action": row.is_action,
        "reply": reply,
        "sent_at": rfc3339(row.said_at),
    }
