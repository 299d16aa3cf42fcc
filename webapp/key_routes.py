"""Routes about stream keys: what an encoder publishes with. A key is told once, when it is made."""

import msgspec

from common.credentials import new_stream_key
from common.db import Database
from common.queries import stream_keys
from common.rights import Right
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.cursors import Cursors
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import (
    Data,
    Id,
    IdText,
    Label,
    Login,
    Page,
    PageQuery,
    Timestamp,
    rfc3339,
    rfc3339_or_none,
)
from webapp.problems import ApiProblemError

MAX_KEYS = 20
"""Of one channel that work."""


class StreamKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stream key as its owner sees it."""

    id: IdText
    label: str
    last4: str
    created_at: Timestamp
    last_used_at: Timestamp | None
    revoked_at: Timestamp | None
    stream_key: str | msgspec.UnsetType = msgspec.UNSET
    """The key itself; only in the answer to making it."""


class KeyPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which key."""

    login: Login
    id: Id


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key that is wanted."""

    label: Label = ""


class KeyRoutes:
    """Keys of channels."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/channels/{login}/keys",
                tag="Stream keys",
                summary="The keys of your channel, the newest first, revoked ones included.",
                handle=self._list,
                answer=Page[StreamKey],
                access=Access(scope="channel:read:stream_key"),
                path=ChannelPath,
                query=PageQuery,
            ),
            Endpoint(
                method="POST",
                route="/channels/{login}/keys",
                tag="Stream keys",
                summary="Make a key. It is shown in this answer, and never again.",
                handle=self._create,
                answer=Data[StreamKey],
                status=201,
                access=Access(scope="channel:manage:stream_key"),
                path=ChannelPath,
                body=NewKey,
                problems=(409,),
            ),
            Endpoint(
                method="POST",
                route="/channels/{login}/keys/{id}/rotation",
                tag="Stream keys",
                summary="Put a new key in the place of one, which is revoked at once. It is shown in this answer only.",
                handle=self._rotate,
                answer=Data[StreamKey],
                status=201,
                access=Access(scope="channel:manage:stream_key"),
                path=KeyPath,
            ),
            Endpoint(
                method="DELETE",
                route="/channels/{login}/keys/{id}",
                tag="Stream keys",
                summary="Revoke a key. Who publishes with it is cut off within a second.",
                handle=self._revoke,
                status=204,
                access=Access(scope="channel:manage:stream_key"),
                path=KeyPath,
            ),
        ]

    async def _list(self, call: Call[ChannelPath, PageQuery, Nothing]) -> Answer:
        channel = await self._access.channel(call, call.path.login, Right.SEE_KEYS)
        name, query = f"keys of {channel.id}", call.query
        found = await stream_keys.select_newest_keys(
            self._db, channel.id, limit=query.first + 1, before_id=await self._cursors.last_id(name, query)
        )
        return Answer(await self._cursors.page(name, query, found, _stream_key))

    async def _create(self, call: Call[ChannelPath, Nothing, NewKey]) -> Answer:
        channel = await self._access.channel(call, call.path.login, Right.MANAGE_KEYS)
        secret = new_stream_key()
        made = await stream_keys.insert_key_among(
            self._db,
            channel_id=channel.id,
            label=call.body.label,
            key_hash=secret.sha256,
            last4=secret.last4,
            most=MAX_KEYS,
        )
        if made is None:
            raise ApiProblemError(409, f"A channel has at most {MAX_KEYS} keys; revoke one first.")
        return Answer(Data([_stream_key(made, secret.text)]))

    async def _rotate(self, call: Call[KeyPath, Nothing, Nothing]) -> Answer:
        channel = await self._access.channel(call, call.path.login, Right.MANAGE_KEYS)
        secret = new_stream_key()
        async with self._db.transaction() as transaction:
            key_id = await stream_keys.rotate_key(
                transaction,
                channel_id=channel.id,
                key_id=call.path.id,
                key_hash=secret.sha256,
                last4=secret.last4,
            )
            made = key_id and await stream_keys.select_key(transaction, channel_id=channel.id, key_id=key_id)
        if not made:
            raise ApiProblemError(404, "This channel has no such key, or it was revoked before.")
        return Answer(Data([_stream_key(made, secret.text)]))

    async def _revoke(self, call: Call[KeyPath, Nothing, Nothing]) -> Answer:
        channel = await self._access.channel(call, call.path.login, Right.REVOKE_KEYS)
        if not await stream_keys.revoke_key(self._db, channel_id=channel.id, key_id=call.path.id):
            raise ApiProblemError(404, "This channel has no such key.")
        return Answer()


def _stream_key(key: stream_keys.StreamKey, text: str | None = None) -> StreamKey:
    return StreamKey(
        id=str(key.id),
        label=key.label,
        last4=key.last4,
        created_at=rfc3339(key.created_at),
        last_used_at=rfc3339_or_none(key.last_used_at),
        revoked_at=rfc3339_or_none(key.revoked_at),
        stream_key=msgspec.UNSET if text is None else text,
    )
