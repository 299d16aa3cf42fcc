"""Routes by which a channel keeps its emotes: uploaded one by one or as an archive, renamed, deleted."""

from dataclasses import replace

import msgspec
from msgspec import UNSET, UnsetType

from common.audit import write_down
from common.db import Database, Executor, ForeignKeyViolationError, UniqueViolationError
from common.queries import emotes
from common.queries.emotes import MAX_CHANNEL_EMOTES, Emote, Tier
from common.rights import Right
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess, ChannelPath, VisitedChannel, no_channel
from webapp.emote_archive import Entry
from webapp.emote_codes import Code, Prefix, channel_code, prefixes_for
from webapp.emote_deeds import TAKEN, write_emote_down
from webapp.emote_uploads import ARCHIVE_UPLOAD, EMOTE_UPLOAD, AnyCall, EmoteUploads
from webapp.emote_views import OwnEmote, OwnEmotes, show_own
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Id, Login
from webapp.image_press import Scaled
from webapp.problems import ApiProblemError

SCOPE = "channel:manage:emotes"


class EmotePath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which emote of which channel."""

    login: Login
    id: Id


class NewEmoteQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the picture that follows is to be."""

    code: Code
    tier: Tier = ""


class ArchiveQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the pictures that follow are to be."""

    tier: Tier = ""


class EmoteChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change; what is left out stays as it is."""

    code: Code | UnsetType = UNSET
    """Where emotes are reviewed, one with another code is reviewed again."""
    tier: Tier | UnsetType = UNSET


class PrefixChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What codes are to begin with."""

    prefix: Prefix


class ArchiveResult(msgspec.Struct, frozen=True):
    """What became of one picture of an archive."""

    file: str
    """Its name there, without the ending."""
    emote: OwnEmote | None
    problem: str | None
    """Why there is none."""


class EmoteKeepingRoutes:
    """Emotes, for those who edit a channel."""

    def __init__(self, db: Database, access: ChannelAccess, actors: Actors, uploads: EmoteUploads) -> None:
        self._db = db
        self._access = access
        self._actors = actors
        self._uploads = uploads

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        access = Access(scope=SCOPE)
        return [
            Endpoint(
                method="GET",
                route="/channels/{login}/emotes/all",
                tag="Emotes",
                summary="All emotes of a channel that you edit, also those that wait for review or were rejected.",
                handle=self._all,
                answer=OwnEmotes,
                access=access,
                path=ChannelPath,
            ),
            Endpoint(
                method="PUT",
                route="/channels/{login}/emotes/prefix",
                tag="Emotes",
                summary="Choose what the codes of your channel's emotes begin with, while there are none.",
                handle=self._set_prefix,
                status=204,
                access=access,
                path=ChannelPath,
                body=PrefixChange,
                problems=(409,),
            ),
            Endpoint(
                method="POST",
                route="/channels/{login}/emotes",
                tag="Emotes",
                summary="Upload an emote.",
                handle=self._add,
                answer=Data[OwnEmote],
                status=201,
                access=access,
                path=ChannelPath,
                query=NewEmoteQuery,
                upload=EMOTE_UPLOAD,
                problems=(409, 422),
            ),
            Endpoint(
                method="POST",
                route="/channels/{login}/emotes/archive",
                tag="Emotes",
                summary="Upload many emotes at once; each that can be taken is.",
                handle=self._add_archive,
                answer=Data[ArchiveResult],
                access=access,
                path=ChannelPath,
                query=ArchiveQuery,
                upload=ARCHIVE_UPLOAD,
            ),
            Endpoint(
                method="PATCH",
                route="/channels/{login}/emotes/{id}",
                tag="Emotes",
                summary="Give an emote another code, or have it need another tier.",
                handle=self._change,
                answer=Data[OwnEmote],
                access=access,
                path=EmotePath,
                body=EmoteChange,
                problems=(409, 422),
            ),
            Endpoint(
                method="DELETE",
                route="/channels/{login}/emotes/{id}",
                tag="Emotes",
                summary="Delete an emote. Messages that were said with it keep it for three months.",
                handle=self._delete,
                status=204,
                access=access,
                path=EmotePath,
            ),
        ]

    async def _all(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        found = await emotes.select_emotes(self._db, [visited.id], every_status=True)
        prefix = await emotes.select_prefix(self._db, visited.id)
        return Answer(OwnEmotes([show_own(emote) for emote in found], prefix or "", MAX_CHANNEL_EMOTES))

    async def _set_prefix(self, call: Call[ChannelPath, Nothing, PrefixChange]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        actor = await self._actors.of(call.caller)
        try:
            async with self._db.transaction() as transaction:
                if await emotes.lock_emotes(transaction, visited.id):
                    raise ApiProblemError(409, "The prefix stays while there are emotes that begin with it.")
                await emotes.upsert_prefix(transaction, visited.id, call.body.prefix)
                if not visited.is_own:
                    details = {"prefix": call.body.prefix}
                    await write_down(
                        transaction, actor, "emote_prefix", channel_id=visited.id, details=details
                    )
        except UniqueViolationError:
            raise ApiProblemError(
                409, "Another channel has this prefix, or one that looks like it."
            ) from None
        except ForeignKeyViolationError:
            raise no_channel(call.path.login) from None
        return Answer()

    async def _add(self, call: Call[ChannelPath, NewEmoteQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        scaled = await self._uploads.take_emote(call)
        return Answer(
            Data([show_own(await self._keep(call, visited, call.query.code, call.query.tier, scaled))])
        )

    async def _add_archive(self, call: Call[ChannelPath, ArchiveQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)

        async def keep(entry: Entry, scaled: Scaled) -> ArchiveResult:
            emote = await self._keep(call, visited, entry.name, call.query.tier, scaled)
            return ArchiveResult(entry.name, show_own(emote), None)

        def refuse(entry: Entry, problem: str) -> ArchiveResult:
            return ArchiveResult(entry.name, None, problem)

        return Answer(Data(await self._uploads.take_archive(call, keep, refuse)))

    async def _keep(
        self, call: AnyCall, visited: VisitedChannel, given: str, tier: Tier, scaled: Scaled
    ) -> Emote:
        """Store an emote. Raises `ApiProblemError`: its code is none of this channel's, or taken, or there are too many."""
        actor = await self._actors.of(call.caller)
        try:
            async with self._db.transaction() as transaction:
                if await emotes.lock_emotes(transaction, visited.id) >= MAX_CHANNEL_EMOTES:
                    raise ApiProblemError(
                        409, f"The channel has {MAX_CHANNEL_EMOTES} emotes; delete some first."
                    )
                code = channel_code(await self._prefix(transaction, visited), given)
                emote = await emotes.insert_emote(
                    transaction,
                    channel_id=visited.id,
                    code=code,
                    tier=tier,
                    status=self._uploads.first_status,
                    images=await self._uploads.store(transaction, scaled),
                    created_by=call.user_id,
                )
                if not visited.is_own:
                    await write_emote_down(transaction, actor, "add_emote", emote)
        except UniqueViolationError:
            raise ApiProblemError(409, TAKEN) from None
        except ForeignKeyViolationError:
            raise no_channel(visited.channel.login) from None  # just left
        return emote

    async def _prefix(self, transaction: Executor, visited: VisitedChannel) -> str:
        """Give the channel's prefix, and settle it now if it never was."""
        found = await emotes.select_prefix(transaction, visited.id)
        if found is not None:
            return found
        for prefix in prefixes_for(visited.channel.login, visited.id):
            if await emotes.insert_prefix(transaction, visited.id, prefix):
                return prefix
        raise ApiProblemError(409, "Choose a prefix first.")

    async def _change(self, call: Call[EmotePath, Nothing, EmoteChange]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        actor = await self._actors.of(call.caller)
        try:
            async with self._db.transaction() as transaction:
                before = await _find(transaction, call.path.id, visited.id)
                prefix = await self._prefix(transaction, visited)
                after = self._changed(before, prefix, call.body)
                await emotes.update_emote(
                    transaction, after.id, code=after.code, tier=after.tier, status=after.status
                )
                if not visited.is_own and after != before:
                    await write_emote_down(transaction, actor, "update_emote", after)
        except UniqueViolationError:
            raise ApiProblemError(409, TAKEN) from None
        return Answer(Data([show_own(after)]))

    def _changed(self, before: Emote, prefix: str, change: EmoteChange) -> Emote:
        if before.status == "rejected":
            raise ApiProblemError(409, "This emote was rejected; delete it, and upload another one.")
        code = before.code if change.code is UNSET else channel_code(prefix, change.code)
        tier = before.tier if change.tier is UNSET else change.tier
        status = before.status if code == before.code else self._uploads.first_status
        return replace(before, code=code, tier=tier, status=status)

    async def _delete(self, call: Call[EmotePath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        actor = await self._actors.of(call.caller)
        async with self._db.transaction() as transaction:
            emote = await _find(transaction, call.path.id, visited.id)
            await emotes.delete_emote(transaction, emote)
            if not visited.is_own:
                await write_emote_down(transaction, actor, "delete_emote", emote)
        return Answer()


async def _find(transaction: Executor, emote_id: int, channel_id: int) -> Emote:
    found = await emotes.select_emote(transaction, emote_id, scope=channel_id)
    if found is None:
        raise ApiProblemError(404, "This channel has no such emote.")
    return found
