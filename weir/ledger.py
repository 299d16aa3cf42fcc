"""The database as live channels see it: verdicts are asked at once, everything else is written down through the journal."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from common.credentials import secret_sha256
from common.db import Database, DatabaseUnavailableError, StatementTimeoutError
from common.ingest import PublishRequest
from common.queries import ingest, stream_health, stream_holds, stream_keys, streams
from common.queries.stream_health import HealthRow
from common.queries.stream_keys import KeyVerdict
from common.queries.streams import Claim
from hls.stream import StreamInfo
from weir.ingest_reading import Reading, Status
from weir.journal import Journal
from weir.keys import KeyOwner
from weir.live import REVOKED
from weir.seams import LedgerUnavailableError
from weir.stream_issues import Issue

MAX_PENDING_WITH_HEALTH = 200
"""Writes that may wait before readings are left out: an outage must not fill the journal with them. Some 15 minutes."""

SUSPENDED = "This account is suspended and cannot go live."


class DatabaseLedger:
    """`weir.seams.Ledger` on PostgreSQL. `node` names this process in the rows it writes."""

    def __init__(self, db: Database, journal: Journal, *, node: str) -> None:
        self._db = db
        self._journal = journal
        self._node = node
        self.health_skipped = 0
        """Readings that were not written down because too much waited."""

    async def key_owner(self, key: str) -> KeyOwner | None:
        """Look a stream key up; see `Ledger`."""
        try:
            found = await stream_keys.select_key_by_hash(self._db, secret_sha256(key))
        except (DatabaseUnavailableError, StatementTimeoutError) as error:
            raise LedgerUnavailableError from error
        return _owner(found) if found else None

    async def admit(self, key: str, session_id: uuid.UUID) -> tuple[KeyOwner, int | None] | None:
        """Look a stream key up and claim its channel; see `Ledger`."""
        try:
            found = await streams.claim_with_key(
                self._db,
                key_hash=secret_sha256(key),
                node=self._node,
                session_id=session_id,
                claimed_at=datetime.now(UTC),
            )
        except (DatabaseUnavailableError, StatementTimeoutError) as error:
            raise LedgerUnavailableError from error
        return (_owner(found.key), found.fence) if found else None

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

    async def channel_refusal(self, channel_id: int) -> str | None:
        """Say why a channel must not be live now; see `Ledger`."""
        try:
            standing = await stream_holds.select_standing(self._db, channel_id)
        except (DatabaseUnavailableError, StatementTimeoutError) as error:
            raise LedgerUnavailableError from error
        if standing is None:
            return REVOKED
        return SUSPENDED if standing.suspended_at else standing.hold

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

    def publisher_refused(self, channel_id: int, request: PublishRequest, description: str) -> None:
        """Write down that an encoder was sent away; see `Ledger`. Some come back each second, so it must not fill the journal."""
        if len(self._journal) < MAX_PENDING_WITH_HEALTH:
            self._journal.append(
                "publisher_refused",
                partial(
                    ingest.upsert_refusal,
                    channel_id=channel_id,
                    at=datetime.now(UTC),
                    description=description,
                    encoder=request.encoder,
                ),
            )

    def health_read(self, readings: Sequence[tuple[uuid.UUID, Status, Reading]], *, detail: bool) -> None:
        """Write readings down, all in one statement, unless too much waits; see `HealthLedger`."""
        if len(self._journal) >= MAX_PENDING_WITH_HEALTH:
            self.health_skipped += len(readings)
            return
        now = datetime.now(UTC)
        rows = [
            health_row(stream_id, status, reading, now, detail=detail)
            for stream_id, status, reading in readings
        ]
        self._journal.append("health_read", partial(stream_health.insert_health, rows=rows))

    def issue_began(self, stream_id: uuid.UUID, issue: Issue) -> None:
        """Write down what a streamer is told; see `HealthLedger`."""
        self._journal.append(
            "issue_began",
            partial(
                stream_health.insert_issue,
                stream_id=stream_id,
                type=issue.type,
                severity=issue.severity,
                reason=issue.reason,
                description=issue.description,
                started_at=datetime.now(UTC),
            ),
        )

    def issue_ended(self, stream_id: uuid.UUID, kind: str) -> None:
        """Write down that it is over; see `HealthLedger`."""
        self._journal.append(
            "issue_ended",
            partial(stream_health.end_issue, stream_id=stream_id, type=kind, ended_at=datetime.now(UTC)),
        )


def health_row(
    stream_id: uuid.UUID, status: Status, reading: Reading, at: datetime, *, detail: bool
) -> HealthRow:
    """Give a reading as it is stored."""
    video, audio, connection = reading.video, reading.audio, reading.connection
    return HealthRow(
        stream_id=stream_id,
        at=at,
        detail=detail,
        status=status,
        kbps=connection.kbps,
        video_kbps=video.kbps if video else 0.0,
        audio_kbps=audio.kbps if audio else 0.0,
        fps=video.fps if video else None,
        keyframe_interval_s=video.keyframe_interval_s if video else None,
        gop_frames=video.gop_frames if video else None,
        missing_frames=reading.total_missing_frames,
        dropped=reading.total_refused,
        undecodable=reading.total_undecodable,
        jitter_s=reading.delivery.jitter_s,
        behind_s=reading.delivery.behind_s,
        round_trip_ms=connection.round_trip_ms,
        reconnects=connection.reconnects,
    )


def _owner(found: KeyVerdict) -> KeyOwner:
    barred = SUSPENDED if found.suspended_at else found.hold
    refusal = REVOKED if found.revoked_at else barred
    return KeyOwner(
        found.id,
        found.channel_id,
        found.login,
        found.title,
        refusal,
        needed_grant=found.needed_grant,
        is_wrong=found.revoked_at is not None,
    )
