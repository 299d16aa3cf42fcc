"""The database as live channels see it: verdicts are asked at once, everything else is written down through the journal."""

import uuid
from datetime import UTC, datetime
from functools import partial

from common.credentials import secret_sha256
from common.db import Database, DatabaseUnavailableError, StatementTimeoutError
from common.ingest import PublishRequest
from common.queries import stream_keys, streams
from common.queries.streams import Claim
from hls.stream import StreamInfo
from weir.journal import Journal
from weir.live import REVOKED, KeyOwner, LedgerUnavailableError

SUSPENDED = "This account is suspended and cannot go live."


class DatabaseLedger:
    """`weir.live.Ledger` on PostgreSQL. `node` names this process in the rows it writes."""

    def __init__(self, db: Database, journal: Journal, *, node: str) -> None:
        self._db = db
        self._journal = journal
        self._node = node

    async def key_owner(self, key: str) -> KeyOwner | None:
        """Look a stream key up; see `Ledger`."""
        try:
            found = await stream_keys.select_key_by_hash(self._db, secret_sha256(key))
        except (DatabaseUnavailableError, StatementTimeoutError) as error:
            raise LedgerUnavailableError from error
        if found is None:
            return None
        refusal = REVOKED if found.revoked_at else SUSPENDED if found.suspended_at else None
        return KeyOwner(found.id, found.channel_id, found.login, found.title, refusal)

    async def claim(self, channel_id: int, session_id: uuid.UUID) -> int:
        """Claim a channel; see `Ledger`."""
        try:
            return await streams.claim_channel(
                self._db,
                channel_id=channel_id,
                node=self._node,
                session_id=session_id,
                claimed_at=datetime.now(UTC),
            )
        except (DatabaseUnavailableError, StatementTimeoutError) as error:
            raise LedgerUnavailableError from error

    async def current_claim(self, channel_id: int) -> Claim | None:
        """Give the newest claim; see `Ledger`."""
        try:
            return await streams.select_claim(self._db, channel_id)
        except (DatabaseUnavailableError, StatementTimeoutError) as error:
            raise LedgerUnavailableError from error

    def stream_started(self, stream_id: uuid.UUID, owner: KeyOwner) -> None:
        """Write down a broadcast; see `Ledger`."""
        self._journal.append(
            "stream_started",
            partial(
                streams.open_stream,
                stream_id=stream_id,
                channel_id=owner.channel_id,
                node=self._node,
                title=owner.title,
                started_at=datetime.now(UTC),
            ),
        )

    def stream_described(self, stream_id: uuid.UUID, info: StreamInfo, encoder: str) -> None:
        """Write down what a broadcast consists of; see `Ledger`."""
        self._journal.append(
            "stream_described",
            partial(
                streams.update_stream_media,
                stream_id=stream_id,
                video_codec=info.video_codec,
                audio_codec=info.audio_codec,
                width=info.width,
                height=info.height,
                fps=info.fps,
                encoder=encoder or None,
            ),
        )

    def stream_ended(self, stream_id: uuid.UUID, reason: str) -> None:
        """Write down the end of a broadcast; see `Ledger`."""
        self._journal.append(
            "stream_ended",
            partial(streams.end_stream, stream_id=stream_id, ended_at=datetime.now(UTC), reason=reason),
        )

    def session_started(
        self, session_id: uuid.UUID, stream_id: uuid.UUID, owner: KeyOwner, request: PublishRequest
    ) -> None:
        """Write down a publisher connection and that its key was used; see `Ledger`."""
        now = datetime.now(UTC)
        self._journal.append(
            "session_started",
            partial(
                streams.insert_session,
                session_id=session_id,
                stream_id=stream_id,
                key_id=owner.key_id,
                address=request.address,
                encoder=request.encoder,
                started_at=now,
            ),
        )
        self._journal.append("key_used", partial(stream_keys.touch_key, key_id=owner.key_id, used_at=now))

    def session_ended(self, session_id: uuid.UUID, *, clean: bool) -> None:
        """Write down that a publisher is gone; see `Ledger`."""
        self._journal.append(
            "session_ended",
            partial(streams.end_session, session_id=session_id, ended_at=datetime.now(UTC), clean=clean),
        )
