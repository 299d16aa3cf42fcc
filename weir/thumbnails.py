"""Live thumbnails: each live stream's newest keyframe, small, for lists; never of a stream that is not for everybody.

Ingest hands keyframes over synchronously and never waits. One task takes them in turn: it asks whether anybody may see the
stream, has the picture made by a child process, and stores it as the broadcast's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

import structlog
import trio

from common.db import Database, DatabaseError
from common.metrics import Sample
from common.queries import assets
from common.queries.assets import NewAsset
from weir.thumbnail_process import ChildFailedError, Developer, UndecodableError, open_developer
from weir.thumbnail_queue import AGAIN_S, Shot, ShotQueue, Tap
from weir.thumbnail_wire import HEIGHT, WIDTH

log = structlog.get_logger(__name__)

GIVE_UP_S = 15.0
"""A keyframe whose broadcast is not written down by then is too old: the database was away, and a newer one will do."""


@dataclass(slots=True)
class ThumbnailStats:
    """Counters for /metrics."""

    made: int = 0
    undecodable: int = 0
    failed: int = 0
    """Of the child, which died or was killed."""
    hidden: int = 0
    """Not made: the stream is not for everybody."""
    unstored: int = 0
    """The database was away."""


class Thumbnails:
    """The pictures of all live streams of this process."""

    def __init__(self, db: Database) -> None:
        self.stats = ThumbnailStats()
        self.developer: Developer | None = None
        """Who makes them, while `run` does."""
        self._db = db
        self._offered = trio.Event()
        self._queue = ShotQueue(on_offer=self._wake)

    def _wake(self) -> None:
        self._offered.set()

    def tap(self, stream_id: UUID) -> Tap:
        """Give what takes keyframes of a broadcast."""
        return Tap(self._queue, stream_id)

    async def run(self) -> NoReturn:
        """Make pictures, for ever."""
        async with open_developer() as developer:
            self.developer = developer
            while True:
                shot = self._queue.take(trio.current_time())
                if shot is None:
                    self._offered = trio.Event()
                    with trio.move_on_at(self._queue.next_ready_at()):
                        await self._offered.wait()
                else:
                    await self._handle(shot, developer)

    async def _handle(self, shot: Shot, developer: Developer) -> None:
        tap = shot.tap
        await trio.lowlevel.checkpoint()
        try:
            allowed = await assets.select_may_have_thumbnail(self._db, tap.stream_id)
            if allowed is None:
                self._not_written_down(shot)
                return
            if allowed:
                data = await developer.develop(shot.question)
                allowed = await assets.replace_thumbnail(
                    self._db, tap.stream_id, NewAsset("image/jpeg", WIDTH, HEIGHT, data)
                )
        except UndecodableError as error:
            self.stats.undecodable += 1
            tap.failed(shot.taken_at)
            log.info("thumbnail_undecodable", stream=str(tap.stream_id), error=str(error))
        except ChildFailedError:
            self.stats.failed += 1
            tap.failed(shot.taken_at)
        except DatabaseError:
            self.stats.unstored += 1
            tap.done(shot.taken_at)
        else:
            self.stats.made += allowed
            self.stats.hidden += not allowed
            tap.done(shot.taken_at)

    def _not_written_down(self, shot: Shot) -> None:
        """Try again soon: what the database is told goes through a journal."""
        now = trio.current_time()
        if shot.tap.closed or now - shot.taken_at > GIVE_UP_S:
            shot.tap.done(shot.taken_at)
        elif shot.tap.shot is None:  # no newer one came meanwhile
            shot.tap.due_at = now
            self._queue.offer(Shot(shot.tap, shot.question, shot.taken_at, now + AGAIN_S))

    def samples(self) -> Iterable[Sample]:
        """Counters for /metrics."""
        stats, deaths = self.stats, self.developer.deaths if self.developer else 0
        yield "weir_thumbnails_made_total", "Thumbnails of live streams that were stored", stats.made
        yield "weir_thumbnails_undecodable_total", "Keyframes that no picture is in", stats.undecodable
        yield "weir_thumbnails_failed_total", "Keyframes that the decoding process died of", stats.failed
        yield "weir_thumbnails_hidden_total", "Not made: the stream is not for everybody", stats.hidden
        yield "weir_thumbnails_unstored_total", "Lost because the database was away", stats.unstored
        yield (
            "weir_thumbnails_skipped_total",
            "Keyframes that found no room in the queue",
            self._queue.skipped,
        )
        yield "weir_thumbnails_waiting", "Keyframes that wait for their turn", len(self._queue)
        yield "weir_thumbnails_child_deaths_total", "Decoding processes that died or were killed", deaths
